"""Strings: formatting, methods, building names."""

from __future__ import annotations

from typing import Any

import torch

from tests.compiler.programs.harness import Made, call, program


@program()
def formatting() -> Made:
    def work(x: torch.Tensor, name: str, n: float) -> Any:
        return (
            f"{name}_{x.shape[0]:03d} {n:.2f} {x.dtype} {tuple(x.shape)} {name!r:>8}", "%s=%d" % (name, 3), "{0}-{k}".format(1, k=name),
            ", ".join(str(s) for s in x.shape), f"{x.shape}", str(x.device), x * len(name),
        )  # fmt: skip

    return work, [call(torch.randn(2), "abc", 1.5)]


@program()
def methods() -> Made:
    def work(x: torch.Tensor, name: str) -> Any:
        prefix, _, rest = name.partition(".")
        parts = name.upper().split(".")
        if name.endswith("weight") and not name.startswith("b"):
            x = x * 2
        return (
            x,
            prefix,
            rest,
            parts,
            name.replace(".", "_"),
            name[::-1],
            "w" in name,
            name.find("w"),
            name.strip("t").title(),
            name.count("e"),
        )

    return work, [call(torch.randn(2), "layer.weight"), call(torch.randn(2), "b.weight")]


@program()
def names_of_things() -> Made:
    def work(x: torch.Tensor) -> Any:
        parts = {f"layer_{i}": x + i for i in range(2)}
        return {key.removeprefix("layer_"): value for key, value in parts.items()}, type(x).__name__, work.__name__

    return work, [call(torch.randn(2))]
