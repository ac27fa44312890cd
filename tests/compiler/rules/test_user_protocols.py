"""Classes and functions that change between calls, and methods that answer nonsense."""

from __future__ import annotations

import functools

import pytest
import torch

import compiler
from tests.compiler.running import check


def test_a_descriptor_that_comes_later():
    class Box:
        pass

    def main(box, x):
        return x * box.value

    compiled, box = compiler.optimize(main), Box()
    box.value = 2
    for change in (
        lambda: None,
        lambda: setattr(Box, "value", property(lambda self: 50)),
        lambda: delattr(Box, "value"),
        lambda: setattr(Box, "__getattribute__", lambda self, name: 11),
    ):
        change()
        assert torch.equal(compiled(box, torch.ones(1)), main(box, torch.ones(1)))


def test_operators_that_come_later():
    class Box:
        pass

    def main(one, other, x):
        return x + 1, one == other, one != other, bool(one)

    compiled, one, other = compiler.optimize(main), Box(), Box()
    for name, method in (
        ("__hash__", object.__hash__),
        ("__eq__", lambda self, other: True),
        ("__ne__", lambda self, other: "maybe"),
        ("__len__", lambda self: 0),
        ("__bool__", lambda self: True),
    ):
        setattr(Box, name, method)
        assert compiled(one, other, torch.ones(1))[1:] == main(one, other, torch.ones(1))[1:], name


class Nonsense:
    def __len__(self):
        return 2.5  # noqa: PLE0303 - the nonsense

    def __index__(self):
        return "a"  # noqa: PLE0305 - the nonsense

    def __int__(self):
        return 2.5

    def __float__(self):
        return 2


class Negative:
    def __len__(self):
        return -1  # noqa: PLE0303 - the nonsense


class NoBool:
    def __bool__(self):
        return 3  # noqa: PLE0304 - the nonsense


@pytest.mark.parametrize(
    "ask",
    [
        lambda: len(Nonsense()),
        lambda: [1][Nonsense()],
        lambda: list(range(Nonsense())),
        lambda: int(Nonsense()),
        lambda: float(Nonsense()),
        lambda: len(Negative()),
        lambda: bool(Negative()),
        lambda: bool(NoBool()),
        lambda: 1 if NoBool() else 2,
    ],
)
def test_methods_that_answer_nonsense(ask):
    def main(x):
        try:
            return x + 1, ask()
        except (TypeError, ValueError) as error:
            return x, str(error)

    check(main, torch.ones(1))


def test_attributes_of_a_compiled_function():
    @compiler.optimize
    def counting(x):
        counting.calls = getattr(counting, "calls", 0) + 1
        return x * counting.calls

    assert [counting(torch.ones(1)).item() for _ in range(4)] == [1, 2, 3, 4]
    assert counting.calls == 4


def test_attributes_of_a_function_through_its_dict():
    def hung():
        pass

    def main(x):
        hung.a = x + 1
        table = hung.__dict__
        table["b"] = 3
        table["a"] = x + 7
        return hung.a, hung.b

    compiled = compiler.optimize(main)
    for _ in range(2):
        assert torch.equal(compiled(torch.ones(1))[0], torch.full((1,), 8.0))


def test_keywords_of_a_partial():
    part = functools.partial(lambda x, k=1: x * k, k=2)

    def main(x):
        part.keywords["k"] += 1
        return part(x), part.keywords is part.keywords

    compiled = compiler.optimize(main)
    assert [compiled(torch.ones(1))[0].item() for _ in range(3)] == [3, 4, 5]


def test_a_dict_whose_attributes_are_its_entries():
    class Table(dict):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.__dict__ = self

    def main(table, x):
        table.b = x + table.a
        table["c"] = 3
        return table["b"], table.c, list(table)

    compiled = compiler.optimize(main)
    for _ in range(2):
        one, other = Table(a=2), Table(a=2)
        assert compiled(one, torch.ones(1))[1:] == main(other, torch.ones(1))[1:]
        assert list(one) == list(other)


def test_hashes_run_as_often_as_in_eager():
    count = []

    class Key:
        def __hash__(self):
            count.append("hash")
            return 1

        def __eq__(self, other):
            count.append("eq")
            return True

    def main(x, one, other):
        return x + 1, {one: 1}[other], len({one, other})

    main(torch.ones(1), Key(), Key())
    expected = list(count)
    compiled = compiler.optimize(main)
    for _ in range(2):
        count.clear()
        compiled(torch.ones(1), Key(), Key())
        assert count == expected
