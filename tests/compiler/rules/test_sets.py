"""Sets: what iterates over one sees CPython's order, or the frame ends there."""

from __future__ import annotations

import pytest
import torch

import compiler
from tests.compiler.agreement import agree
from tests.compiler.plain import agree_plain
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


def emptied_and_filled(numbers):
    numbers.clear()
    for number in (9, 1, 64, 33):
        numbers.add(number)


def changed_by_a_set(numbers):
    numbers |= {100, 3, 77}
    numbers &= {3, 68, 5, 77}
    numbers ^= {1, 5}
    numbers.update({65, 33})


def emptied_by_hand(numbers):
    for number in range(30):
        numbers.add(number)
    for number in range(28):
        numbers.discard(number)


@pytest.mark.parametrize("program", [emptied_and_filled, changed_by_a_set, emptied_by_hand])
def test_a_set_from_outside_keeps_its_table(program):
    def main(numbers):
        program(numbers)
        for number in (129, 7, 24, 16):
            numbers.add(number)
        return list(numbers)

    def grown(numbers, change):
        change(numbers)
        numbers.update((129, 7, 24, 16, 99))
        return list(numbers)

    check(main, {5, 68, 1, 2})
    compiled = compiler.optimize(program)
    for _ in range(2):
        assert grown({5, 68, 1, 2}, compiled) == grown({5, 68, 1, 2}, program)


def few_of_many():
    numbers = set(range(30))
    for number in range(28):
        numbers.remove(number)
    return numbers


def copied():
    return frozenset(few_of_many()), few_of_many().copy(), few_of_many() | {8}


@pytest.mark.parametrize("program", [few_of_many, copied])
def test_a_set_from_inside_has_the_same_table(program):
    def grown(made):
        made = [set(made)] if isinstance(made, set) else list(made)
        for part in made:
            if isinstance(part, set):
                part.update((48, 32, 64, 24))
        return [list(part) for part in made]

    compiled = compiler.optimize(program)
    for _ in range(2):
        assert grown(compiled()) == grown(program())


def test_unions_of_sets_from_outside():
    def main(numbers):
        more = numbers | {1000, 8}
        return list(more), list(more - {36}), list(numbers & more), list(numbers.copy())

    numbers = set(range(41))
    numbers -= set(range(35))
    check(main, numbers | {68})
    check(main, numbers)


def test_which_of_two_equal_elements_stays():
    def main():
        return [str(each) for each in ({1} & {True}, {True} & {1}, {1} | {True}, {1, 2} & {True}, {1.0} & {1, 2})]

    check(main)


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


def test_frozen_sets_in_cycles():
    class Holder:
        pass

    def main():
        holder = Holder()
        held = frozenset([holder])
        holder.value = held
        compiler.graph_break()
        return holder in held, holder.value is held, len(held)

    agree_plain(main)
