"""Results whose strides are not known before they are computed.

Where inputs are not contiguous, some kernels choose the order of a result's dimensions by more than shapes and strides
(the library that computes it, say), or otherwise than PyTorch's meta kernels. Such a result is *unsure*, and so is all
that is computed from it: a question for its strides breaks the graph, and is asked natively.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak

if TYPE_CHECKING:
    from compiler.values.tensor import TensorValue

CHOOSE_FOR_THEMSELVES = frozenset(
    "_batch_norm_with_update adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d "
    "avg_pool1d avg_pool2d avg_pool3d batch_norm channel_shuffle conv1d conv2d conv3d conv_transpose1d "
    "conv_transpose2d conv_transpose3d convolution copysign cross_entropy_loss fft_hfft fft_irfft group_norm "
    "heaviside interpolate ldexp logical_and logical_or logical_xor max_unpool1d max_unpool2d max_unpool3d "
    "native_group_norm nll_loss nll_loss2d nll_loss_nd pad pixel_shuffle pixel_unshuffle upsample_bicubic2d "
    "upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d "
    "upsample_trilinear3d".split()
)
"""Operators, functions and methods, whose result's strides are unsure where an input is not contiguous."""

_QUESTIONS = frozenset("stride is_contiguous dim_order is_non_overlapping_and_dense".split())


def is_unsure(name: str, tensors: Iterable[TensorValue], by_rule: bool) -> bool:
    """Whether the strides of an operator's result are; shape rules answer where they are sure."""
    chooses = name in CHOOSE_FOR_THEMSELVES and not by_rule
    return any(value.layout_unsure or (chooses and not _is_plainly_contiguous(value.example)) for value in tensors)


def _is_plainly_contiguous(example: torch.Tensor) -> bool:
    """Contiguous also where a dimension of size 1 would allow for other strides, which kernels take for an order of
    dimensions."""
    expected = 1
    for size, stride in zip(reversed(example.shape), reversed(example.stride()), strict=True):
        if stride != expected:
            return False
        expected *= max(size, 1)
    return True


def facts(example: torch.Tensor) -> tuple[object, ...]:
    """What an operator that works in place may change of a tensor besides its contents."""
    return example.shape, example.stride(), example.requires_grad


def refuse_changed_facts(name: str, before: Iterable[tuple[TensorValue, tuple[object, ...]]]) -> None:
    """
    Raises:
        GraphBreak: facts have changed of a tensor that may be another one's too.
    """
    if any(facts(value.example) != known for value, known in before):
        raise GraphBreak("unsupported method", f"{name} of a tensor that may be the same as another one")


def refuse_question(name: str, tensors: Iterable[TensorValue]) -> None:
    """
    Raises:
        GraphBreak: the operator answers with facts of the layout, which is unsure.
    """
    if name in _QUESTIONS and any(value.layout_unsure for value in tensors):
        raise GraphBreak("unsupported method", f"{name} of a tensor whose strides are not known yet")


def depends_on_layout(name: str, kwargs: dict[str, Any]) -> bool:
    """Whether an operator that gives back its own argument does so because of its layout; it may be a copy as well.

    Raises:
        GraphBreak: it is, and the layout of the copy would not be known.
    """
    if kwargs.get("memory_format") is not None:
        raise GraphBreak("unsupported method", f"{name} of a tensor whose strides are not known yet")
    return name == "contiguous"
