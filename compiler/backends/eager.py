"""The backend that runs the captured graph as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from compiler.options import closest

MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


def eager(
    graph_module: torch.fx.GraphModule, example_inputs: list[torch.Tensor], *, mode: str = "default"
) -> Callable[..., Any]:
    """The graph's own code, operator by operator, whatever the mode."""
    forward: Callable[..., Any] = graph_module.forward
    return forward


def _check_keywords(mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f"backend 'eager' has no mode {mode!r}; there are: {closest(mode, list(MODES))}")


eager.check_keywords = _check_keywords  # type: ignore[attr-defined]
