"""Frames of torch that are not the user's computation."""

from __future__ import annotations

import types

import torch

import compiler

X = torch.arange(4.0)


def test_modules_that_torch_generates_are_left_to_it():
    generated = types.ModuleType("torch.made.up")
    exec(compile("def call(x):\n    return x.sin() + 1\n", "/tmp/cache/generated.py", "exec"), vars(generated))

    def fn(x):
        return list(map(generated.call, [x + 1]))

    compiled = compiler.optimize(fn, backend="eager")
    with compiler.events.collect() as records:
        compiler.graph_break()
        assert torch.equal(compiled(X)[0], (X + 1).sin() + 1)
    assert all("/tmp/cache" not in record.frame.file or record.outcome == "skipped" for record in records)


def test_housekeeping_of_modules_is_not_captured():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())

    def fn(x):
        names = dir(model)
        return model(x), len(names)

    with compiler.events.collect() as records:
        result, names = compiler.optimize(fn)(X)
    assert names == len(dir(model))
    assert torch.equal(result, model(X))
    assert not [record for record in records if "__dir__" in record.frame.function]
