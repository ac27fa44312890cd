"""V17: looking into a capture."""

from __future__ import annotations

import io

import pytest
import torch

import compiler
from tests.compiler.running import check, records_of

X = torch.arange(3.0)


def test_it_sees_the_capture_and_leaves_no_trace():
    seen = {}

    def look(view):
        seen["locals"] = {name: str(value) for name, value in view.locals.items()}
        seen["ops"] = [node.name for node in view.graph.nodes if node.op.startswith("call")]
        seen["guards"] = view.guards
        seen["line"] = view.stack[-1].source_line
        seen["shape"] = view.locals["y"].example.shape
        seen["source"] = view.locals["x"].source

    def fn(x, k):
        y = x.sin() * k
        compiler.comptime(look)
        return y + 1

    compiled = compiler.optimize(fn, fullgraph=True)
    run = records_of(compiled, X, 2)
    assert torch.equal(run.result, fn(X, 2))
    assert seen["locals"].pop("look").startswith("function ")
    assert seen["locals"] == {
        "x": "a tensor of shape (3,) and torch.float32",
        "k": "2",
        "y": "a tensor of shape (3,) and torch.float32",
    }
    assert seen["ops"] == ["sin", "mul"]
    assert any("k == 2" in guard for guard in seen["guards"])
    assert seen["line"] == "compiler.comptime(look)"
    assert seen["shape"] == (3,)
    assert seen["source"] == "x"
    seen.clear()
    compiled(X, 2)
    assert not seen, "only while captured"


def test_lambdas_made_in_the_function():
    out = io.StringIO()
    view_of = []

    def fn(x):
        z = x * 2
        name = "z"
        compiler.comptime(lambda view: view_of.append(str(view.locals[name])))
        return z

    assert check(fn, X, fullgraph=True).whole
    assert set(view_of) == {"a tensor of shape (3,) and torch.float32"}

    def printing(view):
        view.print_graph(out)
        view.print_locals(out)
        view.print_stack(out)
        view.print_guards(out)

    def inner(x):
        compiler.comptime(printing)
        return x + 1

    check(lambda x: inner(x.cos()), X, fullgraph=True)
    text = out.getvalue()
    assert "cos" in text
    assert "in test_lambdas_made_in_the_function.<locals>.inner" in text


def test_it_can_break_the_graph():
    def fn(x):
        y = x + 1
        compiler.comptime(lambda view: view.graph_break("here"))
        return y * 2

    run = check(fn, X)
    assert ("user request", "here") in run.reasons


def test_in_eager_it_does_nothing():
    compiler.comptime(lambda view: pytest.fail("called"))


def test_variables_that_are_not_constants_are_refused():
    def fn(x):
        y = x + 1
        compiler.comptime(lambda view: print(y))
        return y

    run = check(fn, X)
    assert run.reasons[0][0] == "unsupported call"
