"""Each kind of break as a user meets it: a small program, its kind, and a word of the hint that helps."""

from __future__ import annotations

import logging
import os
import random
import threading
import time

import numpy as np
import pytest
import torch

import compiler
from compiler.breaks import KINDS

X = torch.arange(4.0)
LINEAR = torch.nn.Linear(4, 1)
OPTIMIZER = torch.optim.SGD(LINEAR.parameters(), 0.1)
LOCK = threading.Lock()


def write_a_log(x):
    logging.getLogger("nobody.hears").warning("half way")
    return x + 1


def read_a_file(x):
    with open(os.devnull) as file:
        return x + len(file.read())


def take_a_lock(x):
    with LOCK:
        return x + 1


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, xs):
        return xs[0] * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


def recursion(x, depth):
    return x if depth == 0 else recursion(x + 1, depth - 1)


def long_loop(x):
    for _ in range(1000):
        x = x + 1
    return x


def live(x):
    items = iter([1, 2])
    x = x + 1
    compiler.graph_break()
    for item in items:
        x = x * item
    return x


@compiler.disable
def disabled(x):
    return x


def raises(x):
    raise LookupError(x + 1)


def writes(x):
    x.mine = 3
    return x + 1


def forward_derivative(x):
    with torch.autograd.forward_ad.dual_level():
        return torch.autograd.forward_ad.make_dual(x, x) * 2


PROGRAMS = {
    "branch": (lambda x: x + 1 if x.sum() > 0 else x, "data-dependent jump", "torch.where"),
    "item": (lambda x: x * x.sum().item(), "data-dependent value", "in tensors"),
    "torch.equal": (lambda x: torch.equal(x, x + 1), "data-dependent value", "(a == b).all()"),
    "allclose": (lambda x: torch.allclose(x, x + 1), "data-dependent value", "(a == b).all()"),
    "text of a tensor": (lambda x: f"{x}", "data-dependent value", "in tensors"),
    "sorted tensors": (lambda x: sorted([x[1], x[0]]), "data-dependent jump", "torch.where"),
    "nonzero": (
        lambda x: torch.nonzero(x),
        "data-dependent shape",
        "mask",
    ),
    "mask": (lambda x: x[x > 1], "data-dependent shape", "mask"),
    "zero_grad": (lambda x: OPTIMIZER.zero_grad(), "training step", "inputs to the loss"),
    "backward": (lambda x: LINEAR(x).sum().backward(), "training step", "inputs to the loss"),
    "autograd.backward": (lambda x: torch.autograd.backward(LINEAR(x).sum()), "training step", "inputs to the loss"),
    "step": (lambda x: OPTIMIZER.step(), "training step", "inputs to the loss"),
    "print": (lambda x: print(x.shape), "output", "is_compiling"),
    "logging": (write_a_log, "output", "is_compiling"),
    "file": (read_a_file, "output", "is_compiling"),
    "lock": (take_a_lock, "lock", "outside"),
    "clock": (lambda x: x + time.time() * 0, "outside world", "as a tensor"),
    "random": (lambda x: x + random.random() * 0, "outside world", "torch's"),
    "numpy": (lambda x: np.zeros(2), "array library", "torch's function"),
    "autograd function": (lambda x: Twice.apply([x]) + 1, "autograd function", "compute new tensors"),
    "assert_close": (lambda x: torch.testing.assert_close(x, x), "torch tool", "outside"),
    "manual_seed": (lambda x: torch.manual_seed(0), "outside world", "Ask outside"),
    "new module": (lambda x: torch.nn.Linear(4, 2)(x).shape, "module construction", "outside"),
    "torch.compile": (lambda x: torch.compile(disabled, backend="eager") is None, "another compiler", "original"),
    "torch.func.grad": (lambda x: torch.func.grad(torch.sum)(x), "function transform", "outside"),
    "torch.vmap": (lambda x: torch.vmap(torch.sin)(x), "function transform", "whole batch"),
    "torch.func.jacrev": (lambda x: torch.func.jacrev(torch.sin)(x), "function transform", "outside"),
    "forward_ad": (forward_derivative, "function transform", "outside"),
    "live iterator": (live, "live iterator", "earlier graph break"),
    "recursion": (lambda x: recursion(x, 80), "inline depth", "max_inline_depth"),
    "long loop": (long_loop, "trace limit", "max_trace_instructions"),
    "graph_break": (lambda x: compiler.graph_break() or x, "user request", "Remove the call"),
    "disabled": (lambda x: disabled(x) + 1, "disabled function", "Remove the mark"),
    "exception": (raises, "exception leaves frame", "caught inside"),
    "bad shape": (lambda x: x.reshape(3), "operator refused", "the program's own"),
    "attribute of a tensor": (writes, "attribute write", "outside of hot"),
    "no operators": (lambda x: x, "no operators", "nothing to compile"),
    "memory": (lambda x: memoryview(b"ab")[0], "unsupported call", "allow_in_graph"),
    "address": (lambda x: x.data_ptr() > 0, "unsupported method", "move it out"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_told_what_helps(name):
    fn, kind, hint = PROGRAMS[name]
    limit = 5000 if kind == "trace limit" else compiler.config.max_trace_instructions
    with compiler.config.patch(max_trace_instructions=limit), compiler.events.collect() as records:
        try:
            compiler.optimize(fn)(X.clone())
        except (LookupError, RuntimeError) as error:
            assert kind in ("exception leaves frame", "operator refused"), error  # noqa: PT017 - others do not raise
    reasons = [record.reason for record in records if record.reason and record.reason.kind == kind]
    assert reasons, [record.reason and record.reason.headline for record in records]
    assert hint in " ".join(reasons[0].hints)


def test_kinds_in_use():
    """A row that no code names is a row that no user meets."""
    root = os.path.dirname(compiler.__file__)
    texts = []
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    texts.append(file.read())
    text = "\n".join(texts)
    assert not [kind for kind in KINDS if f'"{kind}"' not in text.replace(f'"{kind}": Kind(', "")]
