"""Deques that existed before the frame, and deques made in it."""

from __future__ import annotations

import collections

import pytest

import compiler
from tests.compiler.plain import agree_plain


def queue(*items, maxlen=None):
    return collections.deque(items, maxlen)


@pytest.mark.parametrize("items", [queue(1, 2, 3), queue(1, 2, 3, maxlen=3), queue(maxlen=2), queue()])
def test_changes_are_written_back(items):
    def main(items):
        items.append(4)
        items.appendleft(9)
        items.rotate(1)
        compiler.graph_break()
        first = items.popleft()
        items.extend([7, 8])
        return items, first, items.maxlen, len(items), 7 in items, items[0], items[-1]

    agree_plain(main, items)


def test_a_queue_that_moves_on():
    def main(items):
        items.popleft()
        items.append(10)
        items.append(11)
        return list(items)

    agree_plain(main, queue(1, 2, 3), whole=True)
    agree_plain(main, queue(1, 2, 3, maxlen=3), whole=True)


def test_items():
    def main(items):
        items[0] = 5
        del items[1]
        items.reverse()
        items.insert(1, "new")
        items.remove(3)
        return items, items.index(5), items.count(5), items.copy() == items, [*reversed(items)], items == list(items)

    agree_plain(main, queue(1, 2, 3, 3), whole=True)


def test_errors():
    def main(items):
        errors = []
        for call in (
            lambda: items[9],
            lambda: items["a"],
            lambda: items.index(9),
            lambda: items.remove(9),
            lambda: items.insert(0, 1),
            lambda: queue().popleft(),
        ):
            try:
                call()
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
        return errors

    agree_plain(main, queue(1, 2, maxlen=2), whole=True)


def test_another_length_is_another_deque():
    def main(items):
        return len(items), items.maxlen

    with compiler.config.patch(capture_all_frames=True):
        compiled = compiler.optimize(main)
        for items in (queue(1), queue(1, 2), queue(1, maxlen=4)):
            assert compiled(items) == main(items)
