"""Backends by name, and what happens to bad ones."""

from __future__ import annotations

import importlib.metadata

import pytest
import torch

import compiler
from compiler.backends import registry

X = torch.arange(4.0)


def double(x):
    return x * 2


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})


def test_the_built_in_ones():
    """D5: a registry."""
    assert {"eager", "inductor"} <= set(compiler.list_backends())


def test_register_directly_and_as_a_decorator(registered):
    calls = []

    @compiler.register_backend
    def first(module, inputs):
        calls.append("first")
        return module.forward

    @compiler.register_backend(name="other-name")
    def second(module, inputs):
        calls.append("second")
        return module.forward

    assert {"first", "other-name"} <= set(compiler.list_backends())
    for name in ("first", "other-name"):
        assert torch.equal(compiler.optimize(double, backend=name)(X), X * 2)
    assert calls == ["first", "second"]
    with pytest.raises(TypeError, match="a backend must be callable, not int"):
        compiler.register_backend(3)


def test_a_name_that_is_taken(registered):
    def first(module, inputs):
        return module.forward

    def second(module, inputs):
        return lambda x: (x * 3,)

    compiler.register_backend(first, name="taken")
    assert compiler.register_backend(first, name="taken") is first
    for name in ("taken", "eager", "inductor"):
        with pytest.raises(ValueError, match=f"there is a backend '{name}' already; overwrite=True"):
            compiler.register_backend(second, name=name)
        with pytest.raises(ValueError, match=f"there is a backend '{name}' already"):
            compiler.register_backend(name=name)(second)
    assert torch.equal(compiler.optimize(double, backend="taken")(X), X * 2)
    compiler.register_backend(second, name="taken", overwrite=True)
    assert torch.equal(compiler.optimize(double, backend="taken")(X), X * 3)


def test_a_backend_gets_the_graph_and_the_real_inputs():
    """D5: backend(gm, example_inputs) → callable."""
    seen = {}

    def backend(module, inputs):
        seen.update(module=module, inputs=inputs)
        return module.forward

    compiler.optimize(double, backend=backend)(X)
    assert isinstance(seen["module"], torch.fx.GraphModule)
    assert seen["inputs"][0] is X
    targets = [node.op for node in seen["module"].graph.nodes]
    assert targets == ["placeholder", "call_function", "output"]


def test_entry_points(monkeypatch, registered):
    """D5: entry points."""
    point = importlib.metadata.EntryPoint("plugged", f"{__name__}:plugged", registry.ENTRY_POINTS)
    real = importlib.metadata.entry_points

    def entry_points(**wanted):
        if wanted.get("group") == registry.ENTRY_POINTS:
            return importlib.metadata.EntryPoints([point]).select(**wanted)
        return real(**wanted)

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    monkeypatch.setattr(importlib.metadata.EntryPoint, "load", lambda self: plugged)
    assert "plugged" in compiler.list_backends()
    plugged_calls.clear()
    assert torch.equal(compiler.optimize(double, backend="plugged")(X), X * 2)
    assert plugged_calls == [1]


plugged_calls = []


def plugged(module, inputs):
    plugged_calls.append(1)
    return module.forward


def test_an_unknown_backend_lists_the_known_ones_closest_first():
    with pytest.raises(compiler.UnknownBackend, match="unknown backend 'eagre'; there are: eager, ") as caught:
        compiler.optimize(double, backend="eagre")
    assert isinstance(caught.value, ValueError)
    assert "inductor" in str(caught.value)


def test_something_that_is_no_backend():
    with pytest.raises(TypeError, match="backend must be a name or a callable, not int: 3"):
        compiler.optimize(double, backend=3)


def test_a_backend_that_raises_names_itself_the_graph_and_the_users_line():
    def broken(module, inputs):
        raise KeyError("no kernel")

    with compiler.events.collect() as records, pytest.raises(compiler.BackendError) as caught:
        compiler.optimize(double, backend=broken)(X)
    text = str(caught.value)
    assert text.startswith("backend 'broken' raised KeyError: 'no kernel' (line ")
    assert f"{__file__}:{double.__code__.co_firstlineno + 1}" in text
    assert "return x * 2" in text
    assert "call_function" in text
    assert "mul" in text
    assert isinstance(caught.value.__cause__, KeyError)
    (record,) = records
    assert record.outcome == "fell_back"
    assert record.reason.kind == "backend error"
    assert caught.value.reason is record.reason


def test_a_backend_that_returns_something_else():
    def nothing(module, inputs):
        pass

    with pytest.raises(compiler.BackendError, match="backend 'nothing' returned None, which is not callable"):
        compiler.optimize(double, backend=nothing)(X)


def test_a_backend_of_a_wrong_signature():
    with pytest.raises(compiler.BackendError, match="raised TypeError") as caught:
        compiler.optimize(double, backend=lambda module: module)(X)
    assert isinstance(caught.value.__cause__, TypeError)


def test_a_backend_that_failed_is_asked_again():
    fail = [True, False]

    def shaky(module, inputs):
        if fail.pop(0):
            raise OSError("disk full")
        return module.forward

    compiled = compiler.optimize(double, backend=shaky)
    with pytest.raises(compiler.BackendError):
        compiled(X)
    assert torch.equal(compiled(X), X * 2)


@pytest.mark.parametrize("mode", ["fastest", "max-autotune", "reduce-overhead"])
def test_a_backend_without_modes(mode):
    with pytest.raises(TypeError, match=r"backend 'eager' takes no mode: .*; backends that do: inductor"):
        compiler.optimize(double, mode=mode)
    assert torch.equal(compiler.optimize(double, mode="default")(X), X * 2)
