"""C2, C12: stack and name opcodes, imports and globals inside traced code."""

from __future__ import annotations

import pytest
import torch

import compiler
from tests.compiler.running import check

X = torch.arange(4.0)
COUNTER = 0
TABLE = {"k": 2}


def test_locals_are_stored_deleted_and_swapped():
    """C2."""

    def fn(x):
        a, b, c = x, x + 1, x + 2
        a, b = b, a
        a, b, c = c, a, b
        del b
        return a - c

    assert check(fn, X, fullgraph=True).whole


def test_an_unbound_local():
    """C2: LOAD_FAST_CHECK."""

    def fn(x):
        if x.shape[0] > 100:
            y = 1
        try:
            return x + y
        except UnboundLocalError as error:
            return str(error), x * 2

    assert check(fn, X, fullgraph=True).whole


def test_a_deleted_local():
    def fn(x):
        y = x + 1
        del y
        return y  # noqa: F821 - deleted above

    check(fn, X)


def test_comprehensions_keep_the_outer_names():
    """C2: LOAD_FAST_AND_CLEAR."""

    def fn(x):
        i = 5
        items = [x * i for i in range(3)]
        table = {i: x + i for i in range(2)}
        kinds = {type(i) for i in (1, 2.0)}
        return items, table, len(kinds), i

    assert check(fn, X, fullgraph=True).whole


def test_nested_comprehensions_and_conditions():
    def fn(x):
        return [[x * i + j for j in range(3) if j != i] for i in range(3) if i % 2 == 0]

    assert check(fn, X, fullgraph=True).whole


def test_globals_are_written():
    """C12: STORE_GLOBAL."""

    def fn(x):
        global COUNTER
        COUNTER += 1
        y = x * COUNTER
        COUNTER += 10
        return y + COUNTER

    global COUNTER
    compiled = compiler.optimize(fn, fullgraph=True)
    COUNTER = 0
    expected = [fn(X), COUNTER, fn(X), COUNTER]
    COUNTER = 0
    ours = [compiled(X), COUNTER, compiled(X), COUNTER]
    assert ours[1::2] == expected[1::2] == [11, 22]
    assert torch.equal(ours[0], expected[0])
    assert torch.equal(ours[2], expected[2])


def test_globals_are_written_before_a_break():
    global COUNTER

    def fn(x):
        global COUNTER
        COUNTER = x.shape[0]
        compiler.graph_break()
        return x + COUNTER

    COUNTER = 0
    assert torch.equal(compiler.optimize(fn)(X), X + 4)
    assert COUNTER == 4


def test_global_containers():
    def fn(x):
        return x * TABLE["k"] + len(TABLE)

    assert check(fn, X, fullgraph=True).whole


def test_imports():
    """C12: IMPORT_NAME, IMPORT_FROM."""

    def fn(x):
        import math
        import os.path as path
        from collections import OrderedDict

        from torch import nn as layers

        return x * math.pi, path.join("a", "b"), OrderedDict(a=x), layers.functional.relu(x)

    assert check(fn, X, fullgraph=True).whole


def test_an_import_that_is_missing():
    def fn(x):
        try:
            import no_such_module_anywhere  # noqa: F401
        except ImportError:
            return x + 1
        return x

    check(fn, X)


def test_builtins_can_be_shadowed():
    def fn(x):
        len = lambda items: 10  # noqa: E731
        return x * len([])

    assert check(fn, X, fullgraph=True).whole


def test_an_undefined_name():
    def fn(x):
        try:
            return no_such_name + x
        except NameError as error:
            return str(error)

    check(fn, X)


@pytest.mark.parametrize("depth", [1, 3])
def test_cells_across_frames(depth):
    """C6: cells written and read across frames."""

    def fn(x):
        total = 0

        def add(k):
            nonlocal total
            total += k
            return x * total

        return [add(k) for k in range(depth)], total

    assert check(fn, X, fullgraph=True).whole


def test_attributes_are_stored_and_deleted():
    class Box:
        pass

    def fn(x, box):
        box.a = x + 1
        box.b = box.a * 2
        del box.a
        return hasattr(box, "a"), box.b

    assert check(fn, X, Box(), fullgraph=True).whole


def test_swapped_arguments_on_the_stack_at_a_break():
    def main(x, y, found):
        for _ in range(3):
            y, x = x, y
            x = x + int(x.sum().item())
            found.append(x)
        return x, y

    check(main, torch.ones(2), torch.full((2,), 10.0), [])
