"""Examples that require a gradient although no operator on examples has made them."""

from __future__ import annotations

from typing import Any

import torch


class _Differentiable(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, anchor: torch.Tensor, example: torch.Tensor) -> torch.Tensor:
        return example.detach()


def differentiable(example: torch.Tensor) -> torch.Tensor:
    """An alias of an example that looks like the result of a differentiable operator: it requires a gradient, and is
    no leaf."""
    with torch.enable_grad():
        anchor = torch.empty((), device="meta", requires_grad=True)
        return _Differentiable.apply(anchor, example)
