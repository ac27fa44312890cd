"""Which operations give the same object again."""

from __future__ import annotations

from tests.compiler.plain import agree_plain

FROZEN = frozenset([1, 2])


def test_tuples():
    def main(pair):
        empty = ()
        same = (pair * 1, 1 * pair, pair[:], pair[-5:9], tuple(pair), pair + empty, empty + pair)
        others = (pair * 2, pair[:1], pair * 0, pair[0:0], empty * 3)
        return [one is pair for one in same], [other is empty for other in others]

    agree_plain(main, (1, 2))


def test_frozen_sets():
    agree_plain(lambda: (FROZEN.copy() is FROZEN, frozenset(FROZEN) is FROZEN), whole=True)


def test_operators_in_place_give_the_container():
    def main():
        items, table, numbers = [1], {1: 2}, {1}
        gave = (items.__iadd__([2]), table.__ior__([(3, 4)]), numbers.__ior__({5}), items.__imul__(2))
        return gave, [one is other for one, other in zip(gave, (items, table, numbers, items), strict=True)]

    agree_plain(main, whole=True)


def test_slices_that_are_wrong():
    def main(step, start):
        errors = []
        for items in ([1, 2], (1, 2)):
            try:
                errors.append(items[start::step])
            except (TypeError, ValueError) as error:
                errors.append(str(error))
        return errors

    agree_plain(main, 0, 0, whole=True)
    agree_plain(main, 1, "a", whole=True)
