"""A first look at objects."""

from __future__ import annotations

import gc
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
