"""Tensors made from nothing, or from another's shape. A device is the caller's business."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import (
    check_dtype,
    check_example,
    check_int,
    check_number,
    new_example,
    require,
)
from compiler.graph.shape_rules.layout import Shape, preserved_strides
from compiler.graph.shape_rules.reductions import fresh
from compiler.graph.shape_rules.table import Rule, register, rule


def _shape(size: tuple[Any, ...]) -> Shape:
    """Sizes given one by one or as one sequence."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = tuple(size[0])
    check_int(*size)
    require(all(one >= 0 for one in size))
    return size


def _chosen(dtype: Any, default: torch.dtype, kinds: str = "fib") -> torch.dtype:
    chosen = default if dtype is None else dtype
    require(check_dtype(chosen) in kinds)
    return chosen


# --- from a size -----------------------------------------------------------------------------


def _factory(kinds: str) -> Rule:
    def factory(*size: Any, dtype: Any = None, requires_grad: Any = False, **size_by_name: Any) -> Tensor:
        if size_by_name:
            require(not size and size_by_name.keys() == {"size"})
            size = (size_by_name["size"],)
            require(isinstance(size[0], (tuple, list)))
        require(requires_grad is False and bool(size))
        return fresh(_shape(size), _chosen(dtype, torch.get_default_dtype(), kinds))

    return factory


register("torch.zeros torch.ones torch.empty", _factory("fib"))
register("torch.rand torch.randn", _factory("f"))


@rule("torch.full")
def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: Any = False) -> Tensor:
    require(requires_grad is False and isinstance(size, (tuple, list)))
    return fresh(_shape((size,)), _chosen(dtype, _dtype_of(fill_value)))


def _dtype_of(*numbers: Any) -> torch.dtype:
    check_number(*numbers)
    if any(type(number) is float for number in numbers):
        return torch.get_default_dtype()
    return torch.bool if all(type(number) is bool for number in numbers) else torch.int64


@rule("torch.arange")
def arange(*bounds: Any, dtype: Any = None, requires_grad: Any = False, **named: Any) -> Tensor:
    require(requires_grad is False)
    if named:
        require(named.keys() <= set(("start", "end", "step")[len(bounds) :]) and ("end" in named or len(bounds) == 2))
        start, end, step = _arange_bounds(bounds, named)
    else:
        require(0 < len(bounds) <= 3)
        start, end, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    default = _dtype_of(start, end, step)
    require(default is not torch.bool and step != 0 and math.isfinite(start) and math.isfinite(end))
    require((end >= start) if step > 0 else (end <= start))
    chosen = _chosen(dtype, default, "fi")
    if default is torch.int64:
        length = -((start - end) // step)
    else:
        require(check_dtype(chosen) == "f")
        length = math.ceil((end - start) / step)
    return fresh((length,), chosen)


def _arange_bounds(bounds: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any, Any]:
    step = named.get("step", 1)
    if len(bounds) == 2:
        return bounds[0], bounds[1], step
    return (bounds[0] if bounds else named.get("start", 0)), named["end"], step


@rule("torch.linspace")
def linspace(start: Any, end: Any, steps: Any, *, dtype: Any = None, requires_grad: Any = False) -> Tensor:
    check_number(start, end)
    check_int(steps)
    require(requires_grad is False)
    return fresh(_shape((steps,)), _chosen(dtype, torch.get_default_dtype(), "fi"))


@rule("torch.eye")
def eye(n: Any, m: Any = None, *, dtype: Any = None, requires_grad: Any = False) -> Tensor:
    require(requires_grad is False)
    return fresh(_shape((n, n if m is None else m)), _chosen(dtype, torch.get_default_dtype()))


@rule("torch.randint")
def randint(low: Any, high: Any, size: Any = None, *, dtype: Any = None, requires_grad: Any = False) -> Tensor:
    if size is None:
        low, high, size = 0, low, high
    check_int(low, high)
    require(requires_grad is False and low < high and dtype in (None, torch.int64) and isinstance(size, (tuple, list)))
    return fresh(_shape((size,)), torch.int64)


@rule("torch.randperm")
def randperm(n: Any) -> Tensor:
    check_int(n)
    return fresh(_shape((n,)), torch.int64)


# --- from another tensor -----------------------------------------------------------------------


def _like(kinds: str) -> Rule:
    def like(input: Any, *, dtype: Any = None, requires_grad: Any = False, memory_format: Any = None) -> Tensor:
        check_example(input)
        require(requires_grad is False and memory_format in (None, torch.preserve_format))
        return new_example(input.shape, preserved_strides(input), _chosen(dtype, input.dtype, kinds))

    return like


_LIKE = _like("fib")
register("torch.zeros_like torch.ones_like torch.empty_like", _LIKE)
register("torch.rand_like torch.randn_like", _like("f"))


@rule("torch.full_like")
def full_like(input: Any, fill_value: Any, *, dtype: Any = None, requires_grad: Any = False) -> Tensor:
    check_number(fill_value)
    return _LIKE(input, dtype=dtype, requires_grad=requires_grad)
