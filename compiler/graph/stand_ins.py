"""Operators that have no kernel for meta tensors though their result's shape depends on shapes alone.

They are run once on stand-ins: tensors on the CPU with an example's shape and strides. That costs what
the operator costs, once for each capture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.utils._pytree as pytree

NEED_MEMORY: frozenset[Any] = frozenset(
    found
    for name in "binomial combinations corrcoef cov geqrf histogram _histogramdd_bin_edges histogramdd".split()
    for found in (getattr(torch, name, None), name if hasattr(torch.Tensor, name) else None)
    if found is not None
)
"""Functions, and names of Tensor methods. None of them gives a view, or changes an argument."""


def run_on_stand_ins(target: Callable[..., Any] | str, args: Any, kwargs: Any) -> Any:
    """The result as examples on the meta device; no random number is drawn."""
    args, kwargs = pytree.tree_map_only(torch.Tensor, _stand_in, (args, kwargs))
    with torch.random.fork_rng(devices=()):
        result = getattr(args[0], target)(*args[1:], **kwargs) if isinstance(target, str) else target(*args, **kwargs)
    return pytree.tree_map_only(torch.Tensor, _example, result)


def _stand_in(example: torch.Tensor) -> torch.Tensor:
    """Ones, which few operators refuse."""
    made = torch.empty_strided(example.shape, example.stride(), dtype=example.dtype).fill_(1)
    return made.requires_grad_(example.requires_grad)


def _example(made: torch.Tensor) -> torch.Tensor:
    return made.to("meta") if made.requires_grad else made.detach().to("meta")
