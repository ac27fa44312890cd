"""What a compiled graph must return, and how a result that is something else is phrased."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch


@dataclasses.dataclass(frozen=True)
class Output:
    """What was learnt of an output while the graph was recorded."""

    shape: torch.Size
    dtype: torch.dtype
    device: torch.device

    def __str__(self) -> str:
        return _phrase(self.shape, self.dtype, self.device)


def misfit(result: Any, outputs: tuple[Output, ...]) -> str | None:
    """What was returned in place of what; ``None`` for a result as it should be."""
    if not isinstance(result, tuple | list) or len(result) != len(outputs):
        found = f"{len(result)} values" if isinstance(result, tuple | list) else _a(result)
        return f"{found} instead of a tuple or list of {len(outputs)} {'tensor' if len(outputs) == 1 else 'tensors'}"
    for index, (found, output) in enumerate(zip(result, outputs, strict=True)):
        if type(found) not in (torch.Tensor, torch.nn.Parameter):
            return f"{_a(found)} instead of {output} as output {index}"
        if found.shape != output.shape or found.dtype != output.dtype or not _is_on(found.device, output.device):
            return f"{_phrase(found.shape, found.dtype, found.device)} instead of {output} as output {index}"
    return None


def _a(found: object) -> str:
    """``an int``, ``a dict``."""
    name = type(found).__name__
    return f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"


def _is_on(found: torch.device, wanted: torch.device) -> bool:
    """A device without a number is whichever of its kind is current."""
    return found.type == wanted.type and (wanted.index is None or found.index is None or found.index == wanted.index)


def _phrase(shape: torch.Size, dtype: torch.dtype, device: torch.device) -> str:
    return f"a tensor of shape {tuple(shape)}, {dtype}, on {device}"
