"""Adapter to torch's own default backend, for comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def inductor(
    graph_module: torch.fx.GraphModule,
    example_inputs: list[torch.Tensor],
    *,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
) -> Callable[..., Any]:
    """Compile the captured graph with torch._inductor."""
    from torch._inductor import list_mode_options
    from torch._inductor.compile_fx import compile_fx

    patches = list_mode_options(mode) if mode else options
    compiled: Callable[..., Any] = compile_fx(graph_module, example_inputs, config_patches=patches)
    return compiled
