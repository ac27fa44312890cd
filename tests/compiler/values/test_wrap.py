"""A first look at objects."""

from __future__ import annotations

import gc
import typing
import weakref

import torch

import compiler


def test_a_class_that_was_looked_at_can_die():
    class Box:
        def __init__(self, value):
            self.value = value

    def main(box):
        return box.value + 1

    compiled = compiler.optimize(main, backend="eager")
    compiled(Box(torch.ones(2)))
    died = weakref.ref(Box), weakref.ref(main)
    compiler.reset()
    del Box, main, compiled
    gc.collect()
    assert [reference() for reference in died] == [None, None]


def test_objects_that_hide_their_dict():
    """Type variables, from CPython 3.12 on: they have one, and do not show it."""
    T = typing.TypeVar("T")

    def fn(x, kind):
        return x + 1, kind.__name__

    for held in (T, [T], {"kind": T}):
        compiled = compiler.optimize(lambda x, given: (x + 1, len([given])))
        assert compiled(torch.ones(2), held)[1] == 1
    assert compiler.optimize(fn)(torch.ones(2), T)[1] == "T"
