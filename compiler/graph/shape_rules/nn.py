"""Normalisation, embedding, attention and gating: the functions behind `torch.nn` layers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import (
    any_grad,
    check_example,
    check_int,
    check_number,
    check_optional,
    new_example,
    require,
    wrap_dim,
    write_into,
)
from compiler.graph.shape_rules.layout import Shape, broadcast, channels_last_strides, is_standard, preserved_strides
from compiler.graph.shape_rules.reductions import fresh
from compiler.graph.shape_rules.table import rule

# --- normalisation -------------------------------------------------------------------------


def _check_normalized_shape(input: Any, normalized_shape: Any) -> Shape:
    check_example(input, "f")
    require(isinstance(normalized_shape, (tuple, list)))
    shape = tuple(normalized_shape)
    check_int(*shape)
    require(bool(shape) and tuple(input.shape[-len(shape) :]) == shape)
    return shape


@rule("F.layer_norm")
def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    shape = _check_normalized_shape(input, normalized_shape)
    check_number(eps)
    check_optional(weight, shape, input.dtype)
    check_optional(bias, shape, input.dtype)
    return fresh(input.shape, input.dtype, input, weight, bias)


@rule("torch.layer_norm")
def torch_layer_norm(
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    return layer_norm(input, normalized_shape, weight, bias, eps)


@rule("F.rms_norm torch.rms_norm")
def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Tensor:
    shape = _check_normalized_shape(input, normalized_shape)
    if eps is not None:
        check_number(eps)
    check_optional(weight, shape, input.dtype)
    require(is_standard(input) and 0 not in input.shape)
    return fresh(input.shape, input.dtype, input, weight)


@rule("F.batch_norm")
def batch_norm(  # noqa: PLR0913  (torch's own signature)
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """In training the running statistics are written to, as the operator does."""
    check_example(input, "f")
    check_number(momentum, eps)
    require(type(training) is bool and input.dim() >= 2 and 0 not in input.shape)
    channels = input.shape[1:2]
    for each in (running_mean, running_var, weight, bias):
        check_optional(each, channels, input.dtype)
    require((running_mean is None) == (running_var is None))
    strides = _standard_or_channels_last(input)
    if training:
        require(input.numel() > channels[0])
        for statistic in (running_mean, running_var):
            if statistic is not None:
                require(not statistic.requires_grad)
                write_into(statistic, ())
    else:
        require(running_mean is not None)
    return new_example(input.shape, strides, input.dtype, any_grad((input, weight, bias)))


def _standard_or_channels_last(input: Tensor) -> Shape:
    if not is_standard(input):
        require(input.dim() == 4 and input.stride() == channels_last_strides(input.shape) and 1 not in input.shape)
    return input.stride()


@rule("F.group_norm")
def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    check_example(input, "f")
    check_int(num_groups)
    check_number(eps)
    require(input.dim() >= 2 and is_standard(input) and 0 not in input.shape)
    channels = input.shape[1]
    require(num_groups > 0 and channels % num_groups == 0)
    require(input.numel() > num_groups)
    check_optional(weight, (channels,), input.dtype)
    check_optional(bias, (channels,), input.dtype)
    return fresh(input.shape, input.dtype, input, weight, bias)


@rule("F.normalize")
def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> Tensor:
    check_example(input, "f")
    check_number(p, eps)
    require(out is None and p > 0 and p != math.inf and is_standard(input) and 0 not in input.shape)
    wrap_dim(dim, input.dim())
    return fresh(input.shape, input.dtype, input)


# --- embedding -------------------------------------------------------------------------------


@rule("F.embedding")
def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    check_example(input, "i")
    check_example(weight, "f")
    require(input.dtype in (torch.int64, torch.int32) and weight.dim() == 2 and weight.shape[0] > 0)
    require(max_norm is None and not sparse)
    if padding_idx is not None:
        wrap_dim(padding_idx, weight.shape[0])
    return fresh((*input.shape, weight.shape[1]), weight.dtype, weight)


# --- attention -------------------------------------------------------------------------------


@rule("F.scaled_dot_product_attention")
def attention(  # noqa: PLR0913  (torch's own signature)
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """The fused kernels give the result the layout of the query; the plain formula a fresh one."""
    for tensor in (query, key, value):
        check_example(tensor, "f")
        require(tensor.dtype is query.dtype and tensor.dim() == query.dim() >= 2 and 0 not in tensor.shape)
    check_number(dropout_p, *(() if scale is None else (scale,)))
    require(type(is_causal) is bool and enable_gqa is False)
    batch, scores = query.shape[:-2], torch.Size((*query.shape[:-2], query.shape[-2], key.shape[-2]))
    require(key.shape[:-2] == batch == value.shape[:-2])
    require(query.shape[-1] == key.shape[-1] and key.shape[-2] == value.shape[-2])
    if attn_mask is not None:
        require(check_example(attn_mask, "fb") == "b" or attn_mask.dtype is query.dtype)
        require(not is_causal and attn_mask.dim() in (2, 4) and broadcast(attn_mask.shape, scores) == scores)
    shape = (*query.shape[:-1], value.shape[-1])
    if is_standard(query):
        return fresh(shape, query.dtype, query, key, value, attn_mask)
    require(query.dim() == 4 and dropout_p == 0 and value.shape[-1] == query.shape[-1])
    require(query.stride(-1) == key.stride(-1) == value.stride(-1) == 1)
    require(attn_mask is None or not attn_mask.requires_grad)
    outer, middle, inner, last = preserved_strides(query.transpose(1, 2))
    return new_example(shape, (outer, inner, middle, last), query.dtype, any_grad((query, key, value)))


# --- gates -----------------------------------------------------------------------------------


@rule("F.glu")
def glu(input: Any, dim: int = -1) -> Tensor:
    check_example(input, "f")
    require(is_standard(input) and input.dim() > 0 and 0 not in input.shape)
    where = wrap_dim(dim, input.dim())
    shape = list(input.shape)
    require(shape[where] % 2 == 0)
    shape[where] //= 2
    return fresh(tuple(shape), input.dtype, input)


@rule("F.prelu torch.prelu .prelu")
def prelu(input: Any, weight: Any) -> Tensor:
    check_example(input, "f")
    check_example(weight, "f")
    require(input.dtype is weight.dtype and is_standard(input) and 0 not in input.shape and weight.dim() == 1)
    channels = weight.shape[0]
    require(channels == 1 or (input.dim() > 1 and input.shape[1] == channels))
    return fresh(input.shape, input.dtype, input, weight)
