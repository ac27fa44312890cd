"""C3: unary, binary, in-place and comparison operators, subscripts and slices, strings."""

from __future__ import annotations

import operator

import pytest
import torch

from tests.compiler.running import check

X = torch.arange(6.0).reshape(2, 3) + 1
BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift"]
INPLACE = ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"]
COMPARE = ["lt", "le", "eq", "ne", "gt", "ge"]


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    """C3: BINARY_OP on tensors, on numbers, mixed and reflected."""
    symbol = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
              "and_": "&", "or_": "|", "xor": "^", "lshift": "<<", "rshift": ">>"}[name]  # fmt: skip
    whole_numbers = name in ("and_", "or_", "xor", "lshift", "rshift")
    left = torch.tensor([5, 6, 7]) if whole_numbers else X
    right = torch.tensor([1, 2, 3]) if whole_numbers else (X.T if name == "matmul" else X + 1)
    source = f"lambda a, b: (a {symbol} b)"
    assert check(eval(source), left, right, fullgraph=True).whole
    if name != "matmul":
        assert check(eval(f"lambda a, k: (a {symbol} k, k {symbol} a, k {symbol} 3)"), left, 2, fullgraph=True).whole


@pytest.mark.parametrize("name", INPLACE)
def test_in_place(name):
    """C3: in-place operators change the caller's tensor, and rebind names of numbers."""
    symbol = {
        "iadd": "+=",
        "isub": "-=",
        "imul": "*=",
        "itruediv": "/=",
        "ifloordiv": "//=",
        "imod": "%=",
        "ipow": "**=",
    }[name]
    scope: dict = {}
    exec(f"def fn(x, k):\n    x {symbol} 2\n    k {symbol} 2\n    return x, k, x + k\n", scope)
    assert check(scope["fn"], X.clone(), 7, fullgraph=True).whole


@pytest.mark.parametrize("name", COMPARE)
def test_comparisons(name):
    """C3: COMPARE_OP."""
    compare = getattr(operator, name)

    def fn(x, y, k):
        return compare(x, y), compare(x, k), compare(k, 3), compare("a", "b"), compare((1, k), (1, 3))

    assert check(fn, X, X + torch.tensor([0.0, 1.0, -1.0]), 3, fullgraph=True).whole


def test_chained_comparisons_and_booleans():
    def fn(x, k):
        a = 1 < k < 5 and k != 3
        b = not a or k
        return x * a + (b or 2)

    for k in (2, 3, 0, 9):
        assert check(fn, X, k, fullgraph=True).whole


def test_unary():
    """C3."""

    def fn(x, k):
        return -x, +x, ~(x > 2), -k, ~k, not k, abs(x), abs(-k)

    assert check(fn, X, 3, fullgraph=True).whole


def test_is_and_contains():
    """C3: IS_OP, CONTAINS_OP."""

    def fn(x, items):
        y = x
        same = [x is y, x is not y, x is None, items is not None, 2 in items, 9 not in items, "a" in "cat"]
        return x + sum(same), same, (1, 2) in {(1, 2): 3}, 1 in {1, 2}

    assert check(fn, X, [1, 2], fullgraph=True).whole


def test_subscripts_are_read():
    """C3: BINARY_SUBSCR, BINARY_SLICE."""

    def fn(x, items):
        return (x[0], x[:, 1], x[..., -1], x[None], x[1:], x[:, ::2], x[[0, 1]], x[x > 2].shape == x.shape if False else 0,
                items[0], items[-1], items[1:], items[::-1], "hello"[1:3], (1, 2, 3)[:-1])  # fmt: skip

    assert check(fn, X, [1, 2, 3], fullgraph=True).whole


def test_subscripts_are_stored_and_deleted():
    """C3: STORE_SUBSCR, STORE_SLICE, DELETE_SUBSCR."""

    def fn(x, items, table):
        x[0] = 7.0
        x[:, 1] = x[:, 0]
        items[0] = x
        items[1:2] = [5, 6]
        del items[-1]
        table["new"] = 1
        table["k"] += 2
        del table["gone"]
        return x + len(items)

    assert check(fn, X.clone(), [1, 2, 3], {"k": 1, "gone": 2}, fullgraph=True).whole


def test_strings():
    """C3: FORMAT_*, BUILD_STRING, CONVERT_VALUE."""

    def fn(x, k):
        name = f"{k:>5}|{k!r:<4}|{x.shape}|{x.dtype!s}|{'q'!a}|{k=}"
        return x + k, name, "%d-%s" % (k, "z"), "{}/{a}".format(k, a=1), "-".join([*name, "b"]), "ab" * 2 + "c"

    assert check(fn, X, 3, fullgraph=True).whole


def test_numbers():
    def fn(x, a, b):
        return (
            x * (a // b) + a % b,
            a**b,
            a << b,
            a & b,
            divmod(a, b),
            round(a / b, 2),
            int("7"),
            float("1.5"),
            max(a, b),
        )

    assert check(fn, X, 7, 2, fullgraph=True).whole


def test_errors_are_the_programs_own():
    def fn(x, which):
        try:
            if which == 0:
                return x + 1 / 0
            if which == 1:
                return [1][5]  # noqa: PLE0643 - that is the question
            if which == 2:
                return {}["k"]
            if which == 3:
                return 1 + "a"
            return (1).nothing
        except (ZeroDivisionError, IndexError, KeyError, TypeError, AttributeError) as error:
            return type(error).__name__, str(error), x + 1

    for which in range(5):
        check(fn, X, which)
