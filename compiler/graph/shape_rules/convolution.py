"""Convolution, pooling and resampling of freshly laid out, batched inputs."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import check_example, check_int, check_number, check_optional, require
from compiler.graph.shape_rules.layout import is_standard
from compiler.graph.shape_rules.reductions import fresh
from compiler.graph.shape_rules.table import Rule, register, rule


def _each(value: Any, count: int, least: int) -> tuple[int, ...]:
    """An int or ints for `count` spatial dimensions, none of them below `least`."""
    values = (value,) * count if type(value) is int else tuple(value)
    if len(values) == 1:
        values *= count
    require(len(values) == count)
    check_int(*values)
    require(min(values) >= least)
    return values


def _check_images(input: Any, spatial: int) -> None:
    check_example(input, "f")
    require(input.dim() == spatial + 2 and 0 not in input.shape and is_standard(input))


def _convolution(spatial: int) -> Rule:
    def convolution(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        _check_images(input, spatial)
        _check_images(weight, spatial)
        check_int(groups)
        require(input.dtype is weight.dtype and groups > 0)
        filters, depth, *kernel = weight.shape
        require(input.shape[1] == depth * groups and filters % groups == 0)
        check_optional(bias, (filters,), input.dtype)
        strides, dilations = _each(stride, spatial, 1), _each(dilation, spatial, 1)
        paddings = _each(0 if padding == "valid" else padding, spatial, 0)
        sizes = [
            (size + 2 * pad - apart * (width - 1) - 1) // step + 1
            for size, width, step, pad, apart in zip(input.shape[2:], kernel, strides, paddings, dilations, strict=True)
        ]
        require(min(sizes) > 0)
        return fresh((input.shape[0], filters, *sizes), input.dtype, input, weight, bias)

    return convolution


for _spatial in (1, 2, 3):
    register(f"F.conv{_spatial}d torch.conv{_spatial}d", _convolution(_spatial))


# --- pooling -------------------------------------------------------------------------------


def _pooled(input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any) -> Tensor:
    require(type(ceil_mode) is bool)
    kernel, paddings = _each(kernel_size, 2, 1), _each(padding, 2, 0)
    strides = kernel if stride is None else _each(stride, 2, 1)
    dilations = _each(dilation, 2, 1)
    sizes = []
    for size, width, step, pad, apart in zip(input.shape[2:], kernel, strides, paddings, dilations, strict=True):
        require(pad <= width // 2)
        room = size + 2 * pad - apart * (width - 1) - 1
        length = (room + (step - 1 if ceil_mode else 0)) // step + 1
        if ceil_mode and (length - 1) * step >= size + pad:
            length -= 1
        require(room >= 0 and length > 0)
        sizes.append(length)
    return fresh((*input.shape[:2], *sizes), input.dtype, input)


@rule("F.max_pool2d torch.max_pool2d")
def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    _check_images(input, 2)
    require(return_indices is False)
    return _pooled(input, kernel_size, stride, padding, dilation, ceil_mode)


@rule("F.avg_pool2d")
def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    _check_images(input, 2)
    require(divisor_override is None or (type(divisor_override) is int and divisor_override != 0))
    return _pooled(input, kernel_size, stride, padding, 1, ceil_mode)


@rule("F.adaptive_avg_pool2d")
def adaptive_avg_pool2d(input: Any, output_size: Any) -> Tensor:
    _check_images(input, 2)
    if isinstance(output_size, (tuple, list)):
        output_size = [old if new is None else new for old, new in zip(input.shape[2:], output_size, strict=True)]
    return fresh((*input.shape[:2], *_each(output_size, 2, 1)), input.dtype, input)


@rule("F.adaptive_avg_pool1d torch.adaptive_avg_pool1d")
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Tensor:
    _check_images(input, 1)
    return fresh((*input.shape[:2], *_each(output_size, 1, 1)), input.dtype, input)


# --- resampling ----------------------------------------------------------------------------


@rule("F.interpolate")
def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    _check_images(input, 2)
    require(mode in ("nearest", "nearest-exact", "bilinear", "bicubic"))
    require(align_corners is None or (mode.startswith("bi") and type(align_corners) is bool))
    require((size is None) != (scale_factor is None) and not recompute_scale_factor and not antialias)
    if size is not None:
        return fresh((*input.shape[:2], *_each(size, 2, 1)), input.dtype, input)
    factors = tuple(scale_factor) if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * 2
    check_number(*factors)
    sizes = [math.floor(float(old) * factor) for old, factor in zip(input.shape[2:], factors, strict=True)]
    require(min(sizes) > 0)
    return fresh((*input.shape[:2], *sizes), input.dtype, input)


@rule("F.pixel_shuffle torch.pixel_shuffle")
def pixel_shuffle(input: Any, upscale_factor: int) -> Tensor:
    _check_images(input, 2)
    check_int(upscale_factor)
    batch, channels, height, width = torch.Size(input.shape)
    require(upscale_factor > 0 and channels % upscale_factor**2 == 0)
    shape = (batch, channels // upscale_factor**2, height * upscale_factor, width * upscale_factor)
    return fresh(shape, input.dtype, input)
