"""Pointwise operators of three operands, and those with bounds or a mask."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import (
    KIND,
    NUMBERS,
    any_grad,
    check_example,
    check_number,
    is_tensor,
    new_example,
    require,
)
from compiler.graph.shape_rules.layout import broadcast, contiguous_strides
from compiler.graph.shape_rules.pointwise import common_dtype, overwrite, pointwise
from compiler.graph.shape_rules.table import Rule, register, rule


@rule("torch.where")
def where(condition: Any, input: Any, other: Any) -> Tensor:
    check_example(condition, "b")
    operands = [condition]
    for value in (input, other):
        if type(value) in NUMBERS:
            check_number(value)
        else:
            check_example(value)
            operands.append(value)
    dtype = common_dtype(input, other)
    values = [condition] + [value if value.dtype is dtype else value.to(dtype) for value in operands[1:]]
    return pointwise(dtype, values, None, len(operands) < 3)


@rule(".where")
def where_method(self: Any, condition: Any, other: Any) -> Tensor:
    check_example(self)
    return where(condition, self, other)


# --- clamping ------------------------------------------------------------------------------


def _clamp(in_place: bool) -> Rule:
    def clamp(input: Any, min: Any = None, max: Any = None) -> Tensor:
        check_example(input, "fi")
        bounds = [bound for bound in (min, max) if bound is not None]
        require(bool(bounds))
        tensors = [bound for bound in bounds if is_tensor(bound)]
        if tensors:
            require(len(tensors) == len(bounds) and all(bound.dtype is input.dtype for bound in tensors))
            for bound in tensors:
                check_example(bound)
            dtype = input.dtype
        else:
            check_number(*bounds)
            floats = [bound for bound in bounds if type(bound) is float]
            dtype = common_dtype(input, floats[0] if floats else bounds[0])
        operands = [input, *tensors]
        return overwrite(input, dtype, operands) if in_place else pointwise(dtype, operands, dtype)

    return clamp


_CLAMP, _CLAMP_IN_PLACE = _clamp(in_place=False), _clamp(in_place=True)
register("torch.clamp .clamp torch.clip .clip", _CLAMP)
register(".clamp_ .clip_ torch.clamp_ torch.clip_", _CLAMP_IN_PLACE)


@rule("torch.clamp_min .clamp_min")
def clamp_min(input: Any, min: Any) -> Tensor:
    return _CLAMP(input, min, None)


@rule("torch.clamp_max .clamp_max")
def clamp_max(input: Any, max: Any) -> Tensor:
    return _CLAMP(input, None, max)


@rule(".clamp_min_ torch.clamp_min_")
def clamp_min_(input: Any, min: Any) -> Tensor:
    return _CLAMP_IN_PLACE(input, min, None)


@rule(".clamp_max_ torch.clamp_max_")
def clamp_max_(input: Any, max: Any) -> Tensor:
    return _CLAMP_IN_PLACE(input, None, max)


# --- masks ---------------------------------------------------------------------------------


def _check_fill(input: Any, mask: Any, value: Any) -> None:
    check_example(mask, "b")
    kind = check_example(input)
    if is_tensor(value):
        check_example(value)
        require(value.dtype is input.dtype and not value.shape)
    else:
        check_number(value)
        require(kind == "f" or type(value) is bool or (kind == "i" and type(value) is int and -128 <= value < 128))
        require(input.dtype is not torch.uint8 or value >= 0)


@rule("torch.masked_fill .masked_fill")
def masked_fill(input: Any, mask: Any, value: Any) -> Tensor:
    _check_fill(input, mask, value)
    shape = broadcast(input.shape, mask.shape)
    sources = (input, value) if is_tensor(value) else (input,)
    return new_example(shape, contiguous_strides(shape), input.dtype, any_grad(sources))


@rule(".masked_fill_")
def masked_fill_(input: Any, mask: Any, value: Any) -> Tensor:
    _check_fill(input, mask, value)
    return overwrite(input, input.dtype, (input, mask, value) if is_tensor(value) else (input, mask))


# --- fused arithmetic ------------------------------------------------------------------------


def _fused(in_place: bool) -> Rule:
    def fused(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
        check_number(value)
        return _of_one_dtype(in_place, input, tensor1, tensor2)

    return fused


def _of_one_dtype(in_place: bool, *operands: Any) -> Tensor:
    for tensor in operands:
        check_example(tensor, "f")
        require(tensor.dtype is operands[0].dtype)
    dtype: torch.dtype = operands[0].dtype
    require(KIND[dtype] == "f")
    return overwrite(operands[0], dtype, operands) if in_place else pointwise(dtype, operands)


register("torch.addcmul .addcmul torch.addcdiv .addcdiv", _fused(in_place=False))
register(".addcmul_ .addcdiv_", _fused(in_place=True))


def _lerp(in_place: bool) -> Rule:
    def lerp(input: Any, end: Any, weight: Any) -> Tensor:
        if is_tensor(weight):
            return _of_one_dtype(in_place, input, end, weight)
        check_number(weight)
        return _of_one_dtype(in_place, input, end)

    return lerp


register("torch.lerp .lerp", _lerp(in_place=False))
register(".lerp_", _lerp(in_place=True))
