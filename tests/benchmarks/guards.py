"""What a module with a thousand parameters costs per call: guards, and loading the graph's inputs.

The graph does nothing, and is called with as many inputs alone to be taken off. Where a system
lets its guards be checked by themselves, that is printed too.
"""

from __future__ import annotations

import builtins
from typing import Any

import torch
from torch import nn

import compiler
from compiler import _C
from tests.benchmarks.harness import KnownResult, Row, Target, Thunk, interleave, report

LAYERS = 500
"""Each has a weight and a bias."""

ROUNDS, NUMBER = 30, 50


def call(model: nn.Module, x: torch.Tensor) -> Any:
    return model(x)


def _our_check(model: nn.Module, x: torch.Tensor) -> Thunk | None:
    entries = _C.code_cache(call.__code__).entries
    if not entries or entries[0].guards is None:
        return None
    tree = entries[0].guards
    return lambda: tree.check((model, x), call.__globals__, vars(builtins), ())


def _their_check(model: nn.Module, x: torch.Tensor) -> Thunk:
    from torch._dynamo.eval_frame import _debug_get_cache_entry_list

    (entry,) = _debug_get_cache_entry_list(call.__code__)
    return lambda: entry.guard_manager.check({"model": model, "x": x})


def run() -> bool:
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(LAYERS)])
    x = torch.ones(1, 2)
    our_backend, their_backend = KnownResult(x), KnownResult(x)
    ours = compiler.optimize(call, backend=our_backend)
    theirs = torch.compile(call, backend=their_backend)
    with torch.no_grad():
        ours(model, x), theirs(model, x)
        our_inputs, their_inputs = [x] * our_backend.inputs, [x] * their_backend.inputs
        our_graph, their_graph = our_backend.graph, their_backend.graph
        thunks: dict[str, Thunk] = {
            "ours": lambda: ours(model, x),
            "theirs": lambda: theirs(model, x),
            "our graph": lambda: our_graph(*our_inputs),
            "their graph": lambda: their_graph(*their_inputs),
            "their check": _their_check(model, x),
        }
        our_check = _our_check(model, x)
        if our_check is not None:
            thunks["our check"] = our_check
        took = interleave(thunks, ROUNDS, NUMBER)
    share = "the call less its graph"
    rows = [
        Row(f"the whole call ({len(our_inputs)} and {len(their_inputs)} inputs)", took["ours"], took["theirs"]),
        Row("the graph alone", took["our graph"], took["their graph"]),
        Row(share, took["ours"] - took["our graph"], took["theirs"] - took["their graph"]),
        Row("the guards alone", took.get("our check"), took["their check"]),
    ]
    return report(
        "Guards: a module with 1,000 parameters, a graph that does nothing", rows, [Target(share, 30_000, 0.2)]
    )
