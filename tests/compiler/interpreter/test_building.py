"""C4: building and unpacking."""

from __future__ import annotations

import pytest
import torch

from tests.compiler.running import check

X = torch.arange(4.0)


def test_displays():
    """C4: BUILD_LIST, BUILD_TUPLE, BUILD_SET, BUILD_MAP, constant keys."""

    def fn(x):
        a, b = 1, 2
        return [x, a], (x, b), {a, b, 1}, {"p": x, a: b, (a, b): x + 1}, [], (), {}, set()

    assert check(fn, X, fullgraph=True).whole


def test_star_displays():
    """C4: *_EXTEND, *_UPDATE, *_MERGE, LIST_TO_TUPLE."""

    def fn(x, items, table):
        return [0, *items, x + 1], (*items, *range(2)), {*items, 9}, {**table, "z": x, **{"k": 5}}

    assert check(fn, X, [1, 2], {"k": 1}, fullgraph=True).whole


def test_unpacking():
    """C4: UNPACK_SEQUENCE, UNPACK_EX."""

    def fn(x, items):
        a, b, c = items
        first, *middle, last = [*items, x, 5]
        *init, end = "abc"
        (p, (q, r)), s = (1, (2, 3)), 4
        (only,) = {7: 1}
        return x * a + b * c, first, middle, last, init, end, p + q + r + s, only

    assert check(fn, X, (1, 2, 3), fullgraph=True).whole


def test_tensors_are_unpacked():
    def fn(x):
        a, b = x.reshape(2, 2)
        first, *rest = x
        return a + b, first, len(rest), [row * 2 for row in x.reshape(2, 2)]

    assert check(fn, X, fullgraph=True).whole


@pytest.mark.parametrize("items", [(1,), (1, 2, 3)])
def test_unpacking_a_wrong_number(items):
    def fn(x, items):
        try:
            a, b = items
        except ValueError as error:
            return str(error), x + 1
        return a, b

    check(fn, X, items)


def test_slices():
    """C4: BUILD_SLICE."""

    def fn(x, i):
        part = slice(i, None, 2)
        return x[part], x[i:], x[:i], x[i : i + 2], [1, 2, 3, 4][part], part.start, part.indices(4)

    assert check(fn, X, 1, fullgraph=True).whole


def test_aliases_inside_containers_are_kept():
    """V5: identity and aliasing kept."""

    def fn(x):
        inner = [x + 1]
        outer = [inner, inner, {"again": inner}]
        outer[0].append(x * 2)
        return outer

    run = check(fn, X, fullgraph=True)
    outer = run.result
    assert outer[0] is outer[1] is outer[2]["again"]


def test_a_container_that_holds_itself():
    def fn(x):
        items = [x + 1]
        items.append(items)
        return items

    import compiler

    result = compiler.optimize(fn, fullgraph=True)(X)
    assert result[1] is result
    assert torch.equal(result[0], X + 1)


def test_arguments_are_returned_as_they_are():
    def fn(x, items, table):
        return items, x, table, x

    import compiler

    items, table = [1], {"a": X}
    result = compiler.optimize(fn)(X, items, table)
    assert result[0] is items
    assert result[1] is X
    assert result[2] is table
    assert result[3] is X
