"""Losses. Deprecated ``size_average`` and ``reduce`` are left to the operators themselves."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import check_example, check_int, check_number, check_optional, require
from compiler.graph.shape_rules.layout import Shape, is_standard
from compiler.graph.shape_rules.reductions import fresh
from compiler.graph.shape_rules.table import rule


def _reduced(shape: Shape, reduction: Any) -> Shape:
    if reduction == "none":
        return shape
    require(reduction in ("mean", "sum"))
    return ()


def _elementwise(input: Any, target: Any, reduction: Any, *weights: Any) -> Tensor:
    """A loss of two tensors alike; reduced, or laid out as its fresh inputs."""
    for tensor in (input, target):
        check_example(tensor, "f")
        require(is_standard(tensor) and 0 not in tensor.shape)
    require(input.shape == target.shape and input.dtype is target.dtype)
    for weight in weights:
        check_optional(weight, input.shape, input.dtype)
        require(weight is None or is_standard(weight))
    return fresh(_reduced(input.shape, reduction), input.dtype, input, target, *weights)


@rule("F.mse_loss")
def mse_loss(
    input: Any,
    target: Any,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: None = None,
) -> Tensor:
    require(size_average is None and reduce is None and weight is None)
    return _elementwise(input, target, reduction)


@rule("F.l1_loss")
def l1_loss(
    input: Any,
    target: Any,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    weight: None = None,
) -> Tensor:
    return mse_loss(input, target, size_average, reduce, reduction, weight)


@rule("F.smooth_l1_loss")
def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    check_number(beta)
    require(size_average is None and reduce is None and beta > 0)
    return _elementwise(input, target, reduction)


@rule("F.huber_loss")
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: None = None) -> Tensor:
    check_number(delta)
    require(weight is None and delta > 0)
    return _elementwise(input, target, reduction)


@rule("F.kl_div")
def kl_div(
    input: Any,
    target: Any,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    require(size_average is None and reduce is None and type(log_target) is bool)
    require(reduction in ("sum", "none") or (reduction == "batchmean" and input.dim() > 0))  # "mean" warns
    return _elementwise(input, target, "sum" if reduction == "batchmean" else reduction)


@rule("F.binary_cross_entropy")
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    require(size_average is None and reduce is None)
    return _elementwise(input, target, reduction, weight)


@rule("F.binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: None = None,
    reduce: None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    require(size_average is None and reduce is None)
    return _elementwise(input, target, reduction, weight, pos_weight)


# --- classification ------------------------------------------------------------------------


def _check_classes(input: Any, target: Any, weight: Any) -> Shape:
    """Scores ``(N, C, …)`` or ``(C)`` against class numbers; the shape of the unreduced loss."""
    check_example(input, "f")
    check_example(target, "i")
    require(target.dtype is torch.int64 and input.dim() > 0 and 0 not in input.shape)
    at = 1 if input.dim() > 1 else 0
    shape = (*input.shape[:at], *input.shape[at + 1 :])
    require(tuple(target.shape) == shape)
    check_optional(weight, input.shape[at : at + 1], input.dtype)
    return shape


@rule("F.nll_loss")
def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
) -> Tensor:
    require(size_average is None and reduce is None and (weight is None or not weight.requires_grad))
    check_int(ignore_index)
    require(reduction != "none" or input.dim() != 3)
    return fresh(_reduced(_check_classes(input, target, weight), reduction), input.dtype, input)


@rule("F.cross_entropy")
def cross_entropy(  # noqa: PLR0913  (torch's own signature)
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: None = None,
    ignore_index: int = -100,
    reduce: None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    check_number(label_smoothing)
    require(0 <= label_smoothing <= 1 and (weight is None or label_smoothing == 0))
    if target.dtype is not torch.int64:
        return _soft_cross_entropy(input, target, weight, size_average, reduce, reduction)
    return nll_loss(input, target, weight, size_average, ignore_index, reduce, reduction)


def _soft_cross_entropy(input: Any, target: Any, weight: Any, size_average: Any, reduce: Any, reduction: Any) -> Tensor:
    """Targets are probabilities, one per score."""
    require(size_average is None and reduce is None and weight is None)
    for tensor in (input, target):
        check_example(tensor, "f")
        require(tensor.dim() > 0 and 0 not in tensor.shape)
    require(input.shape == target.shape and input.dtype is target.dtype)
    at = 1 if input.dim() > 1 else 0
    shape = (*input.shape[:at], *input.shape[at + 1 :])
    return fresh(_reduced(shape, reduction), input.dtype, input, target)
