"""Sets: what iterates over one sees CPython's order, or the frame ends there."""

from __future__ import annotations

import pytest
import torch

from tests.compiler.agreement import agree
from tests.compiler.running import check


def literal():
    return list({5, 1, 100, 10, 3})


def added():
    numbers = {9, 2}
    numbers.add(64)
    numbers.add(1)
    numbers |= {32, 8}
    return list(numbers), str(numbers)


def removed():
    numbers = set(range(0, 80, 8))
    numbers.discard(8)
    numbers.remove(64)
    numbers.update([3, 11, 72, 8])
    return [number for number in numbers]


def algebra():
    some, others = {8, 16, 0, 24, 3}, frozenset([16, 40, 3, 32])
    return (
        list(some | others),
        list(others & some),
        list(some - others),
        list(some ^ others),
        list(some.union([56, 48])),
    )


@pytest.mark.parametrize("program", [literal, added, removed, algebra])
def test_order(program):
    check(program)


def test_a_set_from_outside_that_changed():
    def main(numbers):
        numbers.add(8)
        numbers.discard(16)
        return list(numbers), sorted(numbers)

    check(main, {0, 16, 24, 3})


KINDS = {int}
FUNCTIONS = {torch.add, list.append}
TABLE = {torch.add: "add", list.append: "append", (int, float): "kinds"}


def test_elements_that_are_classes_or_functions_are_those_themselves():
    def main(x):
        found = [kind is int for kind in KINDS]
        found += [func(x, 1) for func in FUNCTIONS if func is torch.add]
        return found, torch.mul in FUNCTIONS, TABLE[torch.add], TABLE[list.append], TABLE[int, float], x + 1

    records = agree(main, lambda: (torch.ones(2),))
    assert [record.outcome for record in records] == ["compiled"]
