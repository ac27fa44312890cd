"""What the traceback of an exception out of a compiled call shows."""

from __future__ import annotations

import traceback

import pytest
import torch

import compiler

X = torch.arange(4.0)


def shown(error):
    """The entries below this file's call of the compiled function."""
    return [(entry.name, entry.line) for entry in traceback.extract_tb(error.__traceback__)[1:]]


def test_a_function_that_goes_on_after_a_break_has_one_entry():
    def fn(x):
        x = x + 1
        compiler.graph_break()
        x = x * 2
        compiler.graph_break()
        raise LookupError("mine")

    compiled = compiler.optimize(fn)
    for _ in range(3):
        with pytest.raises(LookupError) as caught:
            compiled(X)
        assert shown(caught.value) == [("fn", 'raise LookupError("mine")')]


def test_calls_of_the_users_have_an_entry_each():
    def inner(x):
        compiler.graph_break()
        raise LookupError(x.shape)

    def fn(x):
        compiler.graph_break()
        return inner(x + 1)

    with pytest.raises(LookupError) as caught:
        compiler.optimize(fn)(X)
    assert shown(caught.value) == [("fn", "return inner(x + 1)"), ("inner", "raise LookupError(x.shape)")]


def test_a_violated_full_graph_ends_at_the_users_line():
    def inner(x):
        compiler.graph_break("here")
        return x

    def fn(x):
        return inner(x + 1)

    with pytest.raises(compiler.Unsupported) as caught:
        compiler.optimize(fn, fullgraph=True)(X)
    assert shown(caught.value) == [("fn", "return inner(x + 1)"), ("inner", 'compiler.graph_break("here")')]
    text = "".join(traceback.format_exception(caught.value))
    assert "^" not in text.partition(", in fn\n")[2], "the whole line is meant"
    assert "\ncompiler.Unsupported: user request: here (line " in text


def test_errors_of_backends_show_no_frames_of_ours():
    def bad(graph, inputs):
        raise ValueError("no")

    with pytest.raises(compiler.BackendError) as caught:
        compiler.optimize(lambda x: x + 1, backend=bad)(X)
    assert shown(caught.value) == []
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_deep_recursion_keeps_its_error():
    def fn(x, n):
        compiler.graph_break()
        return compiled(x, n + 1)

    compiled = compiler.optimize(fn)
    with compiler.config.patch(strict=False), pytest.raises(RecursionError):
        compiled(X, 0)
