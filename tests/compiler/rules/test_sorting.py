"""Sorting by keys whose comparison is the program's own."""

from __future__ import annotations

import dataclasses

from tests.compiler.plain import agree_plain


@dataclasses.dataclass(order=True)
class Pair:
    first: int
    second: int


def test_objects_with_an_order():
    def main():
        pairs = [Pair(2, 1), Pair(1, 5), Pair(1, 2)]
        by_key = sorted(pairs, key=lambda pair: (-pair.first, pair))
        pairs.sort(reverse=True)
        return by_key, pairs, min(pairs), max(pairs)

    agree_plain(main, whole=True)


def test_the_same_comparisons_in_the_same_order():
    def main():
        asked = []

        class Number:
            def __init__(self, number):
                self.number = number

            def __lt__(self, other):
                asked.append((self.number, other.number))
                return self.number % 3 < other.number % 3

        found = sorted([Number(number) for number in (5, 3, 8, 1, 9, 2, 7)])
        return [number.number for number in found], asked

    agree_plain(main)


def test_tuples_that_hold_lists():
    agree_plain(lambda: (sorted([(1, [2]), (1, [1]), (0, [9])]), (1, (2,)) in [(1, (2,))]), whole=True)


def test_names_of_methods():
    agree_plain(lambda: [(one.__name__, one.__qualname__) for one in ([].append, {}.get, "".join)], whole=True)


def test_hashes_of_objects():
    class Key:
        def __hash__(self):
            return 5

    agree_plain(lambda: (hash(Key()), hash((1, "a"))), whole=True)


def test_exceptions_keep_what_their_class_keeps_apart():
    def main():
        stop = StopIteration(StopIteration(2))
        return stop, stop.value.value

    found = agree_plain(main)
    assert found

    def outside():
        return StopIteration(7)

    import compiler

    with compiler.config.patch(capture_all_frames=True):
        assert compiler.optimize(outside)().value == 7
