"""Adapter to torch's own default backend, for comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from compiler.options import closest

_SUGGESTED = 3
"""So many of some hundred options are named to who misspelt one."""


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


def _check_keywords(mode: str | None = None, options: dict[str, Any] | None = None) -> None:
    from torch._inductor import config, list_mode_options

    modes = list(list_mode_options())
    if mode is not None and mode not in modes:
        raise ValueError(f"backend 'inductor' has no mode {mode!r}; there are: {closest(mode, modes)}")
    known = config.get_config_copy() if options else {}
    for name in options or {}:
        if name.replace("-", "_") not in known:
            near = closest(name, list(known)).split(", ")[:_SUGGESTED]
            raise ValueError(f"backend 'inductor' has no option {name!r}; the closest are: {', '.join(near)}")


inductor.check_keywords = _check_keywords  # type: ignore[attr-defined]
