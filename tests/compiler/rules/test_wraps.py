"""`functools.wraps` inside a captured function."""

from __future__ import annotations

import functools

import torch
import torch.utils._pytree as pytree

import compiler
from tests.compiler.running import check

X = torch.arange(3.0)


def outer(x: int) -> float:
    """Adds five."""
    return x + 5


outer.mark = [1]


def tagged(function):
    function.tag = 3

    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) * 2

    return wrapper


def test_of_a_function_made_in_the_frame():
    def function(x):
        def inner(a: int, b: str = "") -> float:
            return a + 1

        made = tagged(inner)
        return made(x), made.__annotations__, made.__annotations__ is inner.__annotations__, made.__name__, made.tag

    assert check(function, X).whole


def test_of_a_function_that_exists():
    def function(x):
        @functools.wraps(outer)
        def made(*args):
            return outer(*args) * 2

        return made(x), made.__name__, made.__qualname__, made.__doc__, made.mark, made.__wrapped__ is outer

    assert check(function, X).whole


def test_the_function_can_leave_the_frame():
    def function(x):
        @functools.wraps(outer)
        def made(*args):
            return outer(*args) * 2

        return x + 1, made

    made = compiler.optimize(function)(X)[1]
    assert made.__wrapped__ is outer
    assert (made.__name__, made.__doc__, made.__annotations__) == ("outer", "Adds five.", outer.__annotations__)
    assert vars(made) == {"mark": [1], "__wrapped__": outer}
    assert torch.equal(made(X), (X + 5) * 2)


def test_attributes_are_guarded():
    def inner(x):
        return x

    def function(x):
        @functools.wraps(inner)
        def made(*args):
            return inner(*args)

        return x + 1, hasattr(made, "added")

    compiled = compiler.optimize(function)
    assert compiled(X)[1] is False
    inner.added = 1
    assert compiled(X)[1] is True


def test_trees_of_one_type():
    assert check(lambda x: pytree.tree_map_only(torch.Tensor, lambda t: t * 2, [x, 1]), X).whole
