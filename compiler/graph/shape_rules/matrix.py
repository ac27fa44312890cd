"""Matrix products. Operands share one dtype; results are always laid out afresh."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import check_example, check_number, check_optional, require
from compiler.graph.shape_rules.layout import Shape, broadcast
from compiler.graph.shape_rules.reductions import fresh
from compiler.graph.shape_rules.table import register, rule


def _check_pair(left: Any, right: Any) -> None:
    check_example(left, "fi")
    check_example(right, "fi")
    require(left.dtype is right.dtype)


def _product_shape(left: Shape, right: Shape) -> Shape:
    """The shape of ``left @ right``."""
    require(bool(left) and bool(right))
    inner = right[0] if len(right) == 1 else right[-2]
    require(left[-1] == inner)
    rows = left[-2:-1]
    columns = right[-1:] if len(right) > 1 else ()
    return (*broadcast(torch.Size(left[:-2]), torch.Size(right[:-2])), *rows, *columns)


def _product(left: Any, right: Any, ranks: tuple[int, int] | None = None) -> Tensor:
    _check_pair(left, right)
    require((left.dim() > 2 or right.dim() <= 2) if ranks is None else (left.dim(), right.dim()) == ranks)
    require(0 not in left.shape and 0 not in right.shape)
    return fresh(_product_shape(left.shape, right.shape), left.dtype, left, right)


@rule("torch.matmul .matmul operator.matmul .__matmul__")
def matmul(input: Any, other: Any) -> Tensor:
    return _product(input, other)


@rule("torch.mm .mm")
def mm(input: Any, mat2: Any) -> Tensor:
    return _product(input, mat2, (2, 2))


@rule("torch.bmm .bmm")
def bmm(input: Any, mat2: Any) -> Tensor:
    require(input.shape[0] == mat2.shape[0])
    return _product(input, mat2, (3, 3))


@rule("torch.mv .mv")
def mv(input: Any, vec: Any) -> Tensor:
    return _product(input, vec, (2, 1))


@rule("torch.dot .dot")
def dot(input: Any, tensor: Any) -> Tensor:
    return _product(input, tensor, (1, 1))


@rule("torch.outer .outer torch.ger .ger")
def outer(input: Any, vec2: Any) -> Tensor:
    _check_pair(input, vec2)
    require(input.dim() == vec2.dim() == 1)
    return fresh((*input.shape, *vec2.shape), input.dtype, input, vec2)


def _added(input: Any, left: Any, right: Any, rank: int, beta: Any, alpha: Any) -> Tensor:
    check_example(input, "f")
    _check_pair(left, right)
    check_number(beta, alpha)
    require(left.dim() == right.dim() == rank and input.dtype is left.dtype)
    require(rank == 2 or left.shape[0] == right.shape[0])
    shape = torch.Size(_product_shape(left.shape, right.shape))
    require(broadcast(input.shape, shape) == shape)
    return fresh(shape, left.dtype, input, left, right)


@rule("torch.addmm .addmm")
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    return _added(input, mat1, mat2, 2, beta, alpha)


@rule("torch.baddbmm .baddbmm")
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    return _added(input, batch1, batch2, 3, beta, alpha)


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """The rule of ``torch.nn.functional.linear`` for a weight matrix."""
    check_example(input, "f")
    check_example(weight)
    require(input.dtype is weight.dtype and weight.dim() == 2)
    require(input.dim() > 0 and input.shape[-1] == weight.shape[1])
    check_optional(bias, weight.shape[:1], input.dtype)
    return fresh((*input.shape[:-1], weight.shape[0]), input.dtype, input, weight, bias)


register("F.linear", linear)
