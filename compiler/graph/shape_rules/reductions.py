"""Reductions and scans. Their results are always laid out afresh."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import (
    KIND,
    any_grad,
    check_dtype,
    check_example,
    check_int,
    check_number,
    new_example,
    require,
    wrap_dim,
)
from compiler.graph.shape_rules.layout import Shape, contiguous_strides
from compiler.graph.shape_rules.table import Rule, rule


def reduced_shape(shape: Shape, dim: Any, keepdim: Any, nonempty: bool = False) -> Shape:
    """The shape left after reducing `dim`: an int, ints, or None for all.

    Args:
        nonempty: Decline to reduce zero elements.
    """
    require(type(keepdim) is bool)
    if dim is None:
        dims = set(range(len(shape)))
    elif isinstance(dim, (tuple, list)):
        dims = {wrap_dim(one, len(shape)) for one in dim}
        require(len(dims) == len(dim) > 0)
    else:
        dims = {wrap_dim(dim, len(shape))}
    require(not nonempty or all(shape[one] for one in dims if one < len(shape)))
    if keepdim:
        return tuple(1 if index in dims else size for index, size in enumerate(shape))
    return tuple(size for index, size in enumerate(shape) if index not in dims)


def fresh(shape: Shape, dtype: torch.dtype, *sources: Any) -> Tensor:
    """A contiguous result of `sources`."""
    return new_example(shape, contiguous_strides(tuple(shape)), dtype, KIND[dtype] == "f" and any_grad(sources))


def _accumulated(kind: str, input: Tensor, dtype: Any) -> torch.dtype:
    if dtype is not None:
        require(check_dtype(dtype) == "f" or not any_grad((input,)))
        return dtype
    return input.dtype if kind == "f" else torch.int64


@rule("torch.sum .sum")
def sum_(input: Any, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
    kind = check_example(input)
    return fresh(reduced_shape(input.shape, dim, keepdim), _accumulated(kind, input, dtype), input)


@rule("torch.mean .mean")
def mean(input: Any, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
    kind = check_example(input)
    require((kind if dtype is None else check_dtype(dtype)) == "f")
    return fresh(reduced_shape(input.shape, dim, keepdim), dtype or input.dtype, input)


@rule("torch.prod .prod")
def prod(input: Any, *dims: Any, dtype: Any = None, **named: Any) -> Tensor:
    kind = check_example(input)
    dim, keepdim = _one_dim(*dims, **named) if dims or named else (None, False)
    return fresh(reduced_shape(input.shape, dim, keepdim), _accumulated(kind, input, dtype), input)


def _one_dim(dim: Any, keepdim: Any = False) -> tuple[int, Any]:
    check_int(dim)
    return dim, keepdim


@rule("torch.amax .amax torch.amin .amin")
def extremum(input: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
    check_example(input)
    require(dim is not None or not keepdim)
    return fresh(reduced_shape(input.shape, dim, keepdim, nonempty=True), input.dtype, input)


@rule("torch.any .any torch.all .all")
def any_all(input: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
    check_example(input)
    require(input.dtype is not torch.uint8 and (dim is not None or not keepdim))
    return fresh(reduced_shape(input.shape, dim, keepdim), torch.bool)


@rule("torch.argmax .argmax torch.argmin .argmin")
def arg_extremum(input: Any, dim: Any = None, keepdim: Any = False) -> Tensor:
    check_example(input, "fi")
    require(dim is None or type(dim) is int)
    return fresh(reduced_shape(input.shape, dim, keepdim, nonempty=True), torch.int64)


@rule("torch.count_nonzero .count_nonzero")
def count_nonzero(input: Any, dim: Any = None) -> Tensor:
    check_example(input)
    return fresh(reduced_shape(input.shape, dim, False), torch.int64)


@rule("torch.logsumexp .logsumexp")
def logsumexp(input: Any, dim: Any, keepdim: Any = False) -> Tensor:
    check_example(input, "f")
    require(dim is not None)
    return fresh(reduced_shape(input.shape, dim, keepdim), input.dtype, input)


@rule("torch.cumsum .cumsum torch.cumprod .cumprod")
def scan(input: Any, dim: Any, *, dtype: Any = None) -> Tensor:
    kind = check_example(input)
    wrap_dim(dim, input.dim())
    require(dtype is not torch.bool)
    return fresh(input.shape, _accumulated(kind, input, dtype), input)


# --- spread --------------------------------------------------------------------------------


def _spread_shape(input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: Any) -> Shape:
    check_example(input, "f")
    if type(dim) is bool:
        require(unbiased is None and correction is None and keepdim is False)
        dim = None
    elif unbiased is not None:
        require(type(unbiased) is bool and correction is None)
    if correction is not None:
        check_number(correction)
    return reduced_shape(input.shape, dim, keepdim)


@rule("torch.var .var torch.std .std")
def spread(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None
) -> Tensor:
    return fresh(_spread_shape(input, dim, unbiased, correction, keepdim), input.dtype, input)


@rule("torch.var_mean torch.std_mean")
def spread_mean(
    input: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    shape = _spread_shape(input, dim, unbiased, correction, keepdim)
    return fresh(shape, input.dtype, input), fresh(shape, input.dtype, input)


# --- norms -----------------------------------------------------------------------------------


def _norm(default: Any, needs_number: bool) -> Rule:
    def norm(input: Any, order: Any = default, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Tensor:
        check_example(input, "f")
        require(dtype is None)
        if needs_number or type(order) is not type(default):
            check_number(order)
            require(order > 0 and order != float("inf"))
        else:
            require(order == default)
        return fresh(reduced_shape(input.shape, dim, keepdim), input.dtype, input)

    return norm


_TORCH_NORM, _VECTOR_NORM = _norm("fro", False), _norm(2, True)


@rule(".norm")
def norm_method(input: Any, p: Any = "fro", dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Tensor:
    return _TORCH_NORM(input, p, dim, keepdim, dtype)


@rule("torch.norm")
def torch_norm(
    input: Any, p: Any = "fro", dim: Any = None, keepdim: Any = False, out: None = None, dtype: Any = None
) -> Tensor:
    require(out is None)
    return _TORCH_NORM(input, p, dim, keepdim, dtype)


@rule("linalg.vector_norm")
def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
    return _VECTOR_NORM(x, ord, dim, keepdim, dtype)


@rule("linalg.norm")
def linalg_norm(A: Any, ord: Any = None, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Tensor:
    require(ord is None)
    return _VECTOR_NORM(A, 2, dim, keepdim, dtype)


# --- softmax -----------------------------------------------------------------------------------


def _normalised(input: Any, dim: Any, dtype: Any) -> Tensor:
    kind = check_example(input)
    require((kind if dtype is None else check_dtype(dtype)) == "f")
    wrap_dim(dim, input.dim())
    return fresh(input.shape, dtype or input.dtype, input)


@rule("torch.softmax .softmax torch.log_softmax .log_softmax")
def softmax(input: Any, dim: Any, dtype: Any = None) -> Tensor:
    return _normalised(input, dim, dtype)


@rule("F.softmax F.log_softmax")
def functional_softmax(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    return _normalised(input, dim, dtype)


@rule("F.one_hot")
def one_hot(tensor: Any, num_classes: Any = -1) -> Tensor:
    check_example(tensor, "i")
    check_int(num_classes)
    require(tensor.dtype is torch.int64 and num_classes > 0)
    return fresh((*tensor.shape, num_classes), torch.int64)
