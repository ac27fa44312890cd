"""Reading examples and making new ones.

Invariant: an example made here is never a view, and its autograd history is cut: one that
requires grad hangs on a private leaf, so it is a non-leaf as the real result would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

KIND: dict[torch.dtype, str] = {
    torch.float16: "f",
    torch.bfloat16: "f",
    torch.float32: "f",
    torch.float64: "f",
    torch.uint8: "i",
    torch.int8: "i",
    torch.int16: "i",
    torch.int32: "i",
    torch.int64: "i",
    torch.bool: "b",
}
"""Floating, integral or boolean; rules decline every other dtype."""

NUMBERS = frozenset({int, float, bool})
_TENSOR_TYPES = frozenset({Tensor, torch.nn.Parameter})
_META = torch.device("meta")
_GRAD_SOURCE = torch.empty((), device=_META, requires_grad=True)

_any_autocast = torch._C._is_any_autocast_enabled
_function_transform = torch._C._functorch.peek_interpreter_stack
_dispatch_modes = torch._C._len_torch_dispatch_stack


class Unsure(Exception):
    """A rule does not vouch for this call; the operator itself has to be run."""


def require(condition: bool) -> None:
    """Decline the call unless `condition` holds."""
    if not condition:
        raise Unsure


def in_plain_context() -> bool:
    """Whether no autocast, function transform or dispatch mode changes what operators do."""
    return not _any_autocast() and _function_transform() is None and not _dispatch_modes()


def is_tensor(value: Any) -> bool:
    """Whether `value` is a plain tensor or parameter, of whatever device."""
    return type(value) in _TENSOR_TYPES


def check_example(value: Any, kinds: str = "fib") -> str:
    """The kind of an example; declines anything that is not one of a kind in `kinds`."""
    if type(value) not in _TENSOR_TYPES or not value.is_meta or value.layout is not torch.strided:
        raise Unsure
    kind = KIND.get(value.dtype)
    if kind is None or kind not in kinds:
        raise Unsure
    return kind


def check_optional(value: Any, shape: Sequence[int], dtype: torch.dtype) -> None:
    """Decline unless `value` is None or an example of just this shape and dtype."""
    if value is not None:
        check_example(value)
        require(value.dtype is dtype and tuple(value.shape) == tuple(shape))


def check_number(*values: Any) -> None:
    """Decline unless every value is a plain Python number that fits 64 bits."""
    for value in values:
        require(type(value) in NUMBERS)
        if type(value) is int:
            require(-(1 << 63) <= value < 1 << 63)


def check_int(*values: Any) -> None:
    """Decline unless every value is a plain Python int."""
    for value in values:
        require(type(value) is int)


def check_dtype(dtype: Any) -> str:
    """The kind of a dtype; declines other dtypes and other things."""
    if type(dtype) is not torch.dtype:
        raise Unsure
    return KIND[dtype]


def wrap_dim(dim: Any, ndim: int) -> int:
    """`dim` counted from the front; declines one that is out of range."""
    check_int(dim)
    ndim = ndim or 1
    require(-ndim <= dim < ndim)
    return int(dim) % ndim


def any_grad(tensors: Iterable[Any]) -> bool:
    """Whether autograd would record an operator on `tensors` (None is passed over)."""
    if torch.is_grad_enabled():
        for tensor in tensors:
            if tensor is not None and tensor.requires_grad:
                return True
    return False


def new_example(shape: Sequence[int], stride: Sequence[int], dtype: torch.dtype, requires_grad: bool = False) -> Tensor:
    """An example that an operator just computed: no view, and no leaf if it requires grad.

    An in-place copy of a leaf is the cheapest way there (2.5 µs against 0.9 µs without).
    """
    example = torch.empty_strided(shape, stride, dtype=dtype, device=_META)
    return record_grad(example) if requires_grad else example


def record_grad(example: Tensor) -> Tensor:
    """Write something that requires grad into `example`."""
    if torch.is_grad_enabled():
        return example.copy_(_GRAD_SOURCE)
    with torch.enable_grad():
        return example.copy_(_GRAD_SOURCE)


def write_into(example: Tensor, sources: Iterable[Any]) -> Tensor:
    """Do to `example` what an in-place operator reading `sources` does, and return it.

    The write is a real one, so autograd's own checks, the version counter and the history
    of views and their bases all come out as with the operator itself.
    """
    for size, stride in zip(example.shape, example.stride(), strict=True):
        require(stride != 0 or size < 2)
    if KIND[example.dtype] == "f" and any_grad(sources):
        return example.copy_(_GRAD_SOURCE)
    return example.zero_()
