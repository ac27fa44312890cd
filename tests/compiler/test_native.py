"""Nothing is silent: what was given to `optimize` and never compiles has a record."""

from __future__ import annotations

import asyncio
import pickle

import pytest
import torch

import compiler

X = torch.arange(4.0)


def generator(x):
    yield x + 1


async def coroutine(x):
    return x + 1


async def asynchronous(x):
    yield x + 1


@compiler.disable
def disabled(x):
    return x + 1


@compiler.skip
def skipped(x):
    return x + 1


def own_variables(x):
    return locals()["x"] + 1


class Yields(torch.nn.Module):
    def forward(self, x):
        yield x + 1


async def first(iterator):
    async for item in iterator:
        return item
    return None


CASES = {
    "generator": (generator, "generator frame", next),
    "coroutine": (coroutine, "generator frame", asyncio.run),
    "async generator": (asynchronous, "generator frame", lambda made: asyncio.run(first(made))),
    "builtin": (torch.exp, "not Python code", None),
    "disabled": (disabled, "disabled function", None),
    "skipped": (skipped, "disabled function", None),
    "own variables": (own_variables, "own variables", None),
    "module": (Yields(), "generator frame", next),
}


@pytest.mark.parametrize("case", CASES)
def test_what_never_compiles_says_so_once(case):
    fn, kind, finish = CASES[case]
    compiled = compiler.optimize(fn)
    with compiler.events.collect() as records:
        for _ in range(3):
            result = compiled(X)
            assert torch.equal(finish(result) if finish else result, X.exp() if fn is torch.exp else X + 1)
    assert [(record.outcome, record.reason.kind) for record in records] == [("skipped", kind)]
    assert records[0].reason.describe()


def test_it_is_no_full_graph():
    with pytest.raises(compiler.Unsupported, match="generator frame"):
        compiler.optimize(generator, fullgraph=True)(X)


def test_it_can_be_optimized_and_pickled_like_any_other():
    compiled = compiler.optimize(torch.exp)
    assert torch.equal(compiler.optimize(compiled)(X), X.exp())
    assert torch.equal(pickle.loads(pickle.dumps(compiled))(X), X.exp())


def test_files_that_the_user_skips_are_told_once_a_function():
    def inner(x):
        return x + 1

    scope = {}
    exec(compile("def outer(x, f):\n    return f(x) * 2\n", "/elsewhere/outer.py", "exec"), scope)
    outer = scope["outer"]

    def fn(x):
        return outer(x + 1, inner)

    with compiler.config.patch(skip_files="/elsewhere/"), compiler.events.collect() as records:
        compiled = compiler.optimize(fn)
        for _ in range(2):
            assert torch.equal(compiled(X), (X + 2) * 2)
    told = [(r.outcome, r.frame.function.rpartition(".")[2], r.reason and r.reason.kind) for r in records]
    assert told == [
        ("broken", "fn", "skipped file"),
        ("skipped", "outer", "skipped file"),
        ("compiled", "inner", None),
        ("skipped", "fn", "no operators"),
    ]
