"""What a compiled call costs beyond its graph: one tensor in, one out, a graph that does nothing."""

from __future__ import annotations

import torch

import compiler
from tests.benchmarks.harness import KnownResult, Row, Target, interleave, report

ROUNDS, NUMBER = 40, 5000


def add_one(x: torch.Tensor) -> torch.Tensor:
    return x + 1


def run() -> bool:
    x = torch.ones(4)
    our_backend, their_backend = KnownResult(x + 1), KnownResult(x + 1)
    ours = compiler.optimize(add_one, backend=our_backend)
    theirs = torch.compile(add_one, backend=their_backend)
    with torch.no_grad():
        ours(x), theirs(x)
        our_graph, their_graph = our_backend.graph, their_backend.graph
        took = interleave(
            {
                "eager": lambda: add_one(x),
                "ours": lambda: ours(x),
                "theirs": lambda: theirs(x),
                "our graph": lambda: our_graph(x),
                "their graph": lambda: their_graph(x),
            },
            ROUNDS,
            NUMBER,
        )
    share = "the call less its graph"
    rows = [
        Row("the whole call", took["ours"], took["theirs"], took["eager"]),
        Row("the graph alone", took["our graph"], took["their graph"]),
        Row(share, took["ours"] - took["our graph"], took["theirs"] - took["their graph"]),
    ]
    return report("Calls: x + 1 on four floats, a graph that does nothing, no_grad", rows, [Target(share, 1_000, 0.25)])
