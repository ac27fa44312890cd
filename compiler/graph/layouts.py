"""Results whose strides are not known before they are computed.

Where inputs are not contiguous, some kernels choose the order of a result's dimensions by more than shapes and strides
(the library that computes it, say), or otherwise than PyTorch's meta kernels. Such a result is *unsure*, and so is all
that is computed from it: a question for its strides breaks the graph, and is asked natively.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak

if TYPE_CHECKING:
    from compiler.values.tensor import TensorValue

CHOOSE_FOR_THEMSELVES = frozenset(
    "batch_norm channel_shuffle conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution "
    "copysign fft_hfft fft_irfft heaviside ldexp pad pixel_shuffle pixel_unshuffle".split()
)
"""Operators, functions and methods, whose result's strides are unsure where an input is not contiguous."""

_QUESTIONS = frozenset("stride is_contiguous dim_order is_non_overlapping_and_dense".split())


def is_unsure(name: str, tensors: Iterable[TensorValue], by_rule: bool) -> bool:
    """Whether the strides of an operator's result are; shape rules answer where they are sure."""
    chooses = name in CHOOSE_FOR_THEMSELVES and not by_rule
    return any(value.layout_unsure or (chooses and not value.example.is_contiguous()) for value in tensors)


def refuse_question(name: str, tensors: Iterable[TensorValue]) -> None:
    """
    Raises:
        GraphBreak: the operator answers with facts of the layout, which is unsure.
    """
    if name in _QUESTIONS and any(value.layout_unsure for value in tensors):
        raise GraphBreak("unsupported method", f"{name} of a tensor whose strides are not known yet")


def refuse_same(name: str) -> None:
    """An operator that gives back its own argument because of the argument's layout.

    Raises:
        GraphBreak: always.
    """
    raise GraphBreak("unsupported method", f"{name} of a tensor whose strides are not known yet")
