"""Joining, reordering, sorting and indexing by tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import check_example, check_int, check_number, is_tensor, require, wrap_dim
from compiler.graph.shape_rules.layout import is_standard
from compiler.graph.shape_rules.reductions import fresh
from compiler.graph.shape_rules.table import rule


def _check_standard(tensor: Any, kinds: str = "fib") -> None:
    check_example(tensor, kinds)
    require(is_standard(tensor) and 0 not in tensor.shape)


# --- joining -------------------------------------------------------------------------------


def _joined_dtype(tensors: Sequence[Any]) -> torch.dtype:
    for tensor in tensors:
        _check_standard(tensor)
    dtype: torch.dtype = tensors[0].dtype
    for tensor in tensors[1:]:
        if tensor.dtype is not dtype:
            dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype


@rule("torch.cat torch.concat torch.concatenate")
def cat(tensors: Any, dim: Any = 0) -> Tensor:
    require(isinstance(tensors, (tuple, list)) and len(tensors) > 0)
    dtype = _joined_dtype(tensors)
    shape = list(tensors[0].shape)
    require(bool(shape))
    at = wrap_dim(dim, len(shape))
    for tensor in tensors[1:]:
        other = tensor.shape
        require(
            len(other) == len(shape)
            and all(a == b or i == at for i, (a, b) in enumerate(zip(shape, other, strict=True)))
        )
        shape[at] += other[at]
    return fresh(tuple(shape), dtype, *tensors)


@rule("torch.stack")
def stack(tensors: Any, dim: Any = 0) -> Tensor:
    require(isinstance(tensors, (tuple, list)) and len(tensors) > 0)
    dtype = _joined_dtype(tensors)
    shape = tensors[0].shape
    require(all(tensor.shape == shape for tensor in tensors))
    at = wrap_dim(dim, len(shape) + 1)
    return fresh((*shape[:at], len(tensors), *shape[at:]), dtype, *tensors)


# --- reordering ------------------------------------------------------------------------------


@rule("torch.triu .triu torch.tril .tril")
def triangle(input: Any, diagonal: Any = 0) -> Tensor:
    check_example(input)
    check_int(diagonal)
    require(input.dim() >= 2)
    return fresh(input.shape, input.dtype, input)


@rule(".flip")
def flip(input: Any, *dims: Any) -> Tensor:
    return torch_flip(input, dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims)


@rule("torch.flip")
def torch_flip(input: Any, dims: Any) -> Tensor:
    _check_standard(input)
    require(isinstance(dims, (tuple, list)))
    require(bool(dims) and len({wrap_dim(dim, input.dim()) for dim in dims}) == len(dims) <= input.dim())
    return fresh(input.shape, input.dtype, input)


@rule("torch.roll .roll")
def roll(input: Any, shifts: Any, dims: Any = None) -> Tensor:
    _check_standard(input)
    if type(shifts) is int:
        check_int(shifts)
        if dims is not None:
            wrap_dim(dims, input.dim())
    else:
        check_int(*shifts)
        require(len(shifts) == len([wrap_dim(dim, input.dim()) for dim in dims]) > 0)
    require(input.dim() > 0)
    return fresh(input.shape, input.dtype, input)


@rule(".repeat")
def repeat(input: Any, *repeats: Any) -> Tensor:
    check_example(input)
    if len(repeats) == 1 and isinstance(repeats[0], (tuple, list)):
        repeats = tuple(repeats[0])
    check_int(*repeats)
    lead = len(repeats) - input.dim()
    require(lead >= 0 and bool(repeats) and all(count >= 0 for count in repeats))
    shape = (1,) * lead + tuple(input.shape)
    return fresh(tuple(size * count for size, count in zip(shape, repeats, strict=True)), input.dtype, input)


# --- sorting -----------------------------------------------------------------------------------


@rule("torch.diag_embed .diag_embed")
def diag_embed(input: Any, offset: Any = 0, dim1: Any = -2, dim2: Any = -1) -> Tensor:
    """The meta kernel imports torch's own compiler, which takes seconds."""
    check_example(input)
    check_int(offset)
    require(input.ndim > 0)
    outer, inner = sorted((wrap_dim(dim1, input.ndim + 1), wrap_dim(dim2, input.ndim + 1)))
    require(outer != inner)
    *shape, length = input.shape
    for dim in (outer, inner):
        shape.insert(dim, length + abs(offset))
    return fresh(tuple(shape), input.dtype, input)


@rule("torch.sort .sort")
def sort(input: Any, dim: Any = -1, descending: Any = False) -> Any:
    _check_standard(input)
    require(type(descending) is bool)
    wrap_dim(dim, input.dim())
    indices = fresh(input.shape, torch.int64)
    return torch.return_types.sort((fresh(input.shape, input.dtype, input), indices))


@rule("torch.argsort .argsort")
def argsort(input: Any, dim: Any = -1, descending: Any = False) -> Tensor:
    return sort(input, dim, descending)[1]


@rule("torch.topk .topk")
def topk(input: Any, k: Any, dim: Any = -1, largest: Any = True, sorted: Any = True) -> Any:
    check_example(input, "fi")
    check_int(k)
    require(type(largest) is bool and type(sorted) is bool and input.dim() > 0)
    at = wrap_dim(dim, input.dim())
    require(0 <= k <= input.shape[at])
    shape = (*input.shape[:at], k, *input.shape[at + 1 :])
    return torch.return_types.topk((fresh(shape, input.dtype, input), fresh(shape, torch.int64)))


# --- by tensors --------------------------------------------------------------------------------


@rule("operator.getitem .__getitem__")
def getitem(input: Any, index: Any) -> Tensor:
    """One tensor of row numbers; indices without tensors are views and cheap as they are."""
    _check_standard(input)
    check_example(index, "i")
    require(index.dtype is torch.int64 and is_standard(index) and 0 not in index.shape and input.dim() > 0)
    require(index.dim() > 0)
    return fresh((*index.shape, *input.shape[1:]), input.dtype, input)


def _check_index(input: Any, dim: Any, index: Any) -> int:
    check_example(input)
    check_example(index, "i")
    require(index.dtype is torch.int64 and index.dim() == input.dim() > 0 and 0 not in input.shape)
    at = wrap_dim(dim, input.dim())
    require(all(i == at or a <= b for i, (a, b) in enumerate(zip(index.shape, input.shape, strict=True))))
    return at


@rule("torch.gather .gather")
def gather(input: Any, dim: Any, index: Any, *, sparse_grad: Any = False) -> Tensor:
    require(sparse_grad is False)
    _check_index(input, dim, index)
    return fresh(index.shape, input.dtype, input)


@rule("torch.scatter .scatter torch.scatter_add .scatter_add")
def scatter(input: Any, dim: Any, index: Any, src: Any) -> Tensor:
    _check_index(input, dim, index)
    if not is_tensor(src):
        check_number(src)
        raise TypeError("scatter of a number takes other dtypes")
    check_example(src)
    require(src.dtype is input.dtype and src.dim() == index.dim() and is_standard(input))
    require(all(a <= b for a, b in zip(index.shape, src.shape, strict=True)))
    return fresh(input.shape, input.dtype, input, src)


@rule("torch.index_add .index_add")
def index_add(input: Any, dim: Any, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
    _check_standard(input, "fi")
    check_example(index, "i")
    check_example(source)
    check_number(alpha)
    at = wrap_dim(dim, input.dim())
    require(index.dtype is torch.int64 and index.dim() == 1 and input.dim() > 0 and alpha == 1)
    wanted = (*input.shape[:at], index.shape[0], *input.shape[at + 1 :])
    require(source.dtype is input.dtype and tuple(source.shape) == wanted)
    return fresh(input.shape, input.dtype, input, source)
