"""Operators whose meta kernel is missing, or wrong, though their result's shape depends on shapes alone.

They are run once on stand-ins: tensors on the CPU with an example's shape and strides. That costs what
the operator costs, once for each capture.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.utils._pytree as pytree

from compiler.graph.shape_rules import new_example

_WITHOUT_KERNEL = "binomial combinations corrcoef cov ctc_loss geqrf histogram _histogramdd_bin_edges histogramdd"

_WITH_WRONG_KERNEL = (
    "native_batch_norm native_layer_norm _batch_norm_with_update _native_batch_norm_legit "
    "linalg.eig linalg.svd svd fft.hfft2 fft.hfftn fft.ihfft2 fft.ihfftn "
    "fft.rfft2 fft.rfftn fft.irfft2 fft.irfftn nonzero_static"
)
"""What it says of the result's strides, or of its shape, is true of other devices; none of these gives a view."""


def _function(path: str) -> Any:
    return functools.reduce(lambda owner, name: getattr(owner, name, None), path.split("."), torch)


def _spellings(names: str) -> frozenset[Any]:
    """Functions, and names of Tensor methods."""
    found = [(_function(name), name if hasattr(torch.Tensor, name) else None) for name in names.split()]
    return frozenset(spelling for spellings in found for spelling in spellings if spelling is not None)


_ON_EVERY_DEVICE = _spellings(_WITHOUT_KERNEL)
_ON_THE_CPU = _spellings(_WITH_WRONG_KERNEL)


def needs_memory(target: Any, devices: Iterable[torch.device]) -> bool:
    """Whether the result of an operator on tensors of these devices is to be told from stand-ins."""
    return target in _ON_EVERY_DEVICE or (target in _ON_THE_CPU and all(device.type == "cpu" for device in devices))


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
    return new_example(made.shape, made.stride(), made.dtype, made.requires_grad)
