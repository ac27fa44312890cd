"""Code that runs when an object dies runs when it would in eager."""

from __future__ import annotations

import weakref

import pytest
import torch

import compiler

LOG: list[object] = []


class Finalized:
    def __init__(self, name="made"):
        self.name = name

    def __del__(self):
        LOG.append(("died", self.name))


class FinalizedList(list):
    def __del__(self):
        LOG.append("list died")


class FinalizedError(Exception):
    def __del__(self):
        LOG.append("error died")


class Plain:
    pass


def guarded_steps():
    try:
        yield 1
        yield 2
    finally:
        LOG.append("closed")


def nested_steps():
    try:
        yield from guarded_steps()
    finally:
        LOG.append("outer closed")


def finalizers(x):
    made = Finalized("deleted")
    LOG.append("before")
    del made
    LOG.append("after")
    made = Finalized("rebound")
    LOG.append("made")
    made = None
    LOG.append("rebound")
    Finalized("never kept")
    kept = [Finalized("in a list")]
    kept.clear()
    LOG.append("cleared")
    FinalizedList([1])
    try:
        raise FinalizedError
    except FinalizedError:
        LOG.append("caught")
    return x + 1


def weak_references(x):
    made = Plain()
    reference = weakref.ref(made, lambda _: LOG.append("told"))
    LOG.append(reference() is made)
    del made
    LOG.append(reference() is None)
    y = x * 2
    reference = weakref.ref(y)
    LOG.append(reference() is y)
    z = y + 1
    del y
    LOG.append(reference() is None)
    return z


def weak_tables(x):
    table, names, members = weakref.WeakKeyDictionary(), weakref.WeakValueDictionary(), weakref.WeakSet()
    made = Plain()
    table[made], names["a"] = x, made
    members.add(made)
    LOG.append((len(table), len(names), len(members)))
    del made
    LOG.append((len(table), len(names), len(members)))
    return x + 1


def dropped_generators(x):
    steps = guarded_steps()
    next(steps)
    LOG.append("started")
    del steps
    LOG.append("dropped")
    for step in guarded_steps():
        x = x + step
        break
    LOG.append("left")
    any(step for step in guarded_steps())
    steps = guarded_steps()
    next(steps)
    steps = nested_steps()
    next(steps)
    LOG.append("rebound")
    steps = None
    LOG.append("none")
    return x


def given_back(x):
    steps = guarded_steps()
    return x + next(steps), steps


@pytest.mark.parametrize("program", [finalizers, weak_references, weak_tables, dropped_generators, given_back])
def test_deaths_are_in_order(program):
    def run(function):
        LOG.clear()
        for _ in range(2):
            result = function(torch.ones(2))
            LOG.append("returned")
            del result
            LOG.append("let go")
        return list(LOG)

    assert run(compiler.optimize(program)) == run(program)
