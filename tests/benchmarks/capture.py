"""How long it takes to capture a 50-layer MLP, each time from nothing, with the eager backend."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

import compiler
from tests.benchmarks.harness import Row, Target, interleave, report

ROUNDS = 7


def call(model: nn.Module, x: torch.Tensor) -> Any:
    return model(x)


def run() -> bool:
    model = nn.Sequential(*[layer for _ in range(50) for layer in (nn.Linear(16, 16), nn.ReLU())])
    x = torch.ones(4, 16)

    def ours() -> None:
        compiler.reset()
        compiler.optimize(call, backend="eager")(model, x)

    def theirs() -> None:
        torch._dynamo.reset()
        torch.compile(call, backend="eager")(model, x)

    theirs()  # its imports
    took = interleave({"ours": ours, "theirs": theirs, "eager": lambda: call(model, x)}, ROUNDS)
    name = "capture and first call"
    rows = [Row(name, took["ours"], took["theirs"], took["eager"])]
    return report("Capture: 50 x (Linear + ReLU), eager backend, fresh state", rows, [Target(name, 150e6, 0.5)])
