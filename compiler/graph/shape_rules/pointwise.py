"""What every pointwise rule is made of: promotion, the result, the in-place form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import (
    KIND,
    any_grad,
    check_example,
    is_tensor,
    new_example,
    require,
    write_into,
)
from compiler.graph.shape_rules.layout import broadcast, pointwise_layout


def pointwise(
    dtype: torch.dtype, operands: Sequence[Tensor], compute: torch.dtype | None = None, numbers: bool = False
) -> Tensor:
    """A result of `dtype` laid out as `pointwise_layout` says."""
    shape, strides = pointwise_layout(operands, compute, numbers)
    return new_example(shape, strides, dtype, KIND[dtype] == "f" and any_grad(operands))


def overwrite(target: Any, dtype: torch.dtype, operands: Sequence[Tensor]) -> Tensor:
    """The in-place form of a pointwise operator whose result has `dtype`."""
    check_example(target)
    shape = target.shape
    require(all(tensor.shape == shape or broadcast(tensor.shape, shape) == shape for tensor in operands))
    require(dtype is target.dtype or torch.can_cast(dtype, target.dtype))
    return write_into(target, operands)


def common_dtype(*operands: Any) -> torch.dtype:
    """The dtype one or two operands are promoted to; each is an example or a number."""
    first, last = operands[0], operands[-1]
    if is_tensor(first):
        if is_tensor(last):
            if first.dtype is last.dtype:
                return first.dtype
        elif KIND[first.dtype] == "f":
            return first.dtype
    return torch.result_type(first, last)


Result = Callable[[torch.dtype], torch.dtype]
"""From the promoted dtype of the operands to the dtype of the result."""


def floating(dtype: torch.dtype) -> torch.dtype:
    """Integers and booleans become the default dtype."""
    return dtype if KIND[dtype] == "f" else torch.get_default_dtype()


def truth(dtype: torch.dtype) -> torch.dtype:
    """Predicates and comparisons."""
    return torch.bool


def same(dtype: torch.dtype) -> torch.dtype:
    """The promoted dtype itself."""
    return dtype
