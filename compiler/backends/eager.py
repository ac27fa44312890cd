"""The backend that runs the captured graph as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def eager(graph_module: torch.fx.GraphModule, example_inputs: list[torch.Tensor]) -> Callable[..., Any]:
    """The graph's own code, operator by operator; a mode would change nothing, so none is taken."""
    forward: Callable[..., Any] = graph_module.forward
    return forward
