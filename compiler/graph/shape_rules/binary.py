"""Operators of two operands, either of which may be a number: arithmetic and comparison."""

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
from compiler.graph.shape_rules.layout import contiguous_strides
from compiler.graph.shape_rules.pointwise import Result, common_dtype, floating, overwrite, pointwise, same, truth
from compiler.graph.shape_rules.table import Rule, register, rule

BINARY: dict[str, tuple[Result, str, str]] = {
    "add": (same, "fib", "torch.add .add .__add__ .__radd__"),
    "sub": (same, "fi", "torch.sub torch.subtract .sub .subtract .__sub__"),
    "mul": (same, "fib", "torch.mul torch.multiply .mul .multiply .__mul__ .__rmul__"),
    "truediv": (floating, "fib", "torch.true_divide .true_divide .__truediv__"),
    "floordiv": (same, "fi", "torch.floor_divide .floor_divide .__floordiv__"),
    "mod": (same, "fi", "torch.remainder .remainder .__mod__ torch.fmod .fmod"),
    "and_": (same, "ib", "torch.bitwise_and .bitwise_and .__and__ .__rand__"),
    "or_": (same, "ib", "torch.bitwise_or .bitwise_or .__or__ .__ror__"),
    "xor": (same, "ib", "torch.bitwise_xor .bitwise_xor .__xor__ .__rxor__"),
    "lshift": (same, "i", "torch.bitwise_left_shift .bitwise_left_shift .__lshift__"),
    "rshift": (same, "i", "torch.bitwise_right_shift .bitwise_right_shift .__rshift__"),
    "eq": (truth, "fib", "torch.eq .eq .__eq__"),
    "ne": (truth, "fib", "torch.ne torch.not_equal .ne .__ne__"),
    "lt": (truth, "fib", "torch.lt torch.less .lt .__lt__"),
    "le": (truth, "fib", "torch.le torch.less_equal .le .__le__"),
    "gt": (truth, "fib", "torch.gt torch.greater .gt .__gt__"),
    "ge": (truth, "fib", "torch.ge torch.greater_equal .ge .__ge__"),
}
"""Name in `operator` → result dtype, kinds the promoted dtype may have, other spellings."""

IN_PLACE: dict[str, str] = {
    "add": ".add_ .__iadd__ operator.iadd",
    "sub": ".sub_ .subtract_ .__isub__ operator.isub",
    "mul": ".mul_ .multiply_ .__imul__ operator.imul",
    "truediv": ".true_divide_ .__itruediv__ operator.itruediv",
    "floordiv": ".floor_divide_ .__ifloordiv__ operator.ifloordiv",
    "mod": ".remainder_ .fmod_ .__imod__ operator.imod",
    "and_": ".bitwise_and_ .__iand__ operator.iand",
    "or_": ".bitwise_or_ .__ior__ operator.ior",
    "xor": ".bitwise_xor_ .__ixor__ operator.ixor",
}


REFLECTED: dict[str, str] = {
    "sub": ".__rsub__ torch.rsub",
    "truediv": ".__rtruediv__",
    "floordiv": ".__rfloordiv__",
    "mod": ".__rmod__",
}
"""The spellings whose operands come in reverse; commutative ones stand above."""

_TAKES_ALPHA = frozenset({"add", "sub"})
_NO_BOOLEAN_OPERAND = frozenset({"sub"})


def _arithmetic(name: str, number_first: bool, in_place: bool = False) -> Rule:
    result, kinds, _ = BINARY[name]

    def binary(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
        operands = _operands(input, other, number_first)
        promoted = common_dtype(input, other)
        kind = KIND[promoted]
        require(kind in kinds)
        if name in _NO_BOOLEAN_OPERAND:
            require(type(input) is not bool and type(other) is not bool)
            require(all(tensor.dtype is not torch.bool for tensor in operands))
        if alpha != 1:
            require(name in _TAKES_ALPHA and not number_first)
            require((type(alpha) is int and kind != "b") or (type(alpha) is float and kind == "f"))
        return _finish(result, promoted, input, operands, in_place)

    return binary


def _finish(result: Result, promoted: torch.dtype, input: Any, operands: tuple[Tensor, ...], in_place: bool) -> Tensor:
    dtype = result(promoted)
    if in_place:
        return overwrite(input, dtype, operands)
    compute = dtype if result is floating else promoted
    if result is floating and operands[0] is not input:  # number / tensor: a reciprocal, then a product
        operands = (pointwise(dtype, operands, dtype),)
    return pointwise(dtype, operands, compute, len(operands) == 1)


def _operands(left: Any, right: Any, number_first: bool) -> tuple[Tensor, ...]:
    """The tensors among the two, checked; declines two numbers."""
    if type(left) in NUMBERS:
        require(number_first)
        check_number(left)
        check_example(right)
        return (right,)
    check_example(left)
    if type(right) in NUMBERS:
        check_number(right)
        return (left,)
    check_example(right)
    return (left, right)


def _reflected(forward: Rule) -> Rule:
    def reflected(input: Any, other: Any) -> Tensor:
        require(type(other) in NUMBERS)
        return forward(other, input)

    return reflected


for _name, _row in BINARY.items():
    register(_row[2], _arithmetic(_name, number_first=False))
    register(f"operator.{_name}", _arithmetic(_name, number_first=True))
for _name, _reverse in REFLECTED.items():
    register(_reverse, _reflected(_arithmetic(_name, number_first=True)))
for _name, _writing in IN_PLACE.items():
    register(_writing, _arithmetic(_name, number_first=False, in_place=True))


# --- division ------------------------------------------------------------------------------


def _division(in_place: bool) -> Rule:
    def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        operands = _operands(input, other, number_first=False)
        promoted = common_dtype(input, other)
        if rounding_mode is not None:
            require(rounding_mode in ("floor", "trunc") and promoted is not torch.bool)
        return _finish(floating if rounding_mode is None else same, promoted, input, operands, in_place)

    return div


register("torch.div torch.divide .div .divide .__div__", _division(in_place=False))
register(".div_ .divide_ .__idiv__", _division(in_place=True))


# --- powers ----------------------------------------------------------------------------------


def _power(in_place: bool = False) -> Rule:
    def power(input: Any, exponent: Any) -> Tensor:
        operands = _operands(input, exponent, number_first=not in_place)
        dtype = common_dtype(input, exponent)
        kind = KIND[dtype]
        require(kind != "b" and (kind == "f" or is_tensor(exponent) or exponent >= 0))
        if in_place:
            return overwrite(input, dtype, operands)
        if not is_tensor(input):
            return new_example(exponent.shape, contiguous_strides(exponent.shape), dtype, any_grad(operands))
        return pointwise(dtype, operands, dtype)

    return power


register("torch.pow .pow operator.pow .__pow__", _power())
register(".__rpow__", _reflected(_power()))
register(".pow_ .__ipow__ operator.ipow", _power(in_place=True))


@rule("torch.square .square")
def square(input: Any) -> Tensor:
    check_example(input, "fi")
    return pointwise(input.dtype, (input,))


# --- two tensors ---------------------------------------------------------------------------

OF_TENSORS: list[tuple[Result, str, str]] = [
    (same, "fib", "torch.maximum .maximum torch.minimum .minimum torch.fmax .fmax torch.fmin .fmin"),
    (same, "f", "torch.hypot .hypot torch.logaddexp .logaddexp"),
    (floating, "fib", "torch.atan2 .atan2 torch.arctan2 .arctan2"),
    (truth, "fib", "torch.logical_and .logical_and torch.logical_or .logical_or torch.logical_xor .logical_xor"),
]


def _of_tensors(result: Result, kinds: str) -> Rule:
    def binary(input: Any, other: Any) -> Tensor:
        check_example(input)
        check_example(other)
        promoted = common_dtype(input, other)
        require(KIND[promoted] in kinds)
        compute = promoted if result is truth else result(promoted)
        return pointwise(result(promoted), (input, other), compute)

    return binary


for _result, _kinds, _spelt in OF_TENSORS:
    register(_spelt, _of_tensors(_result, _kinds))
register("torch.max .max torch.min .min", _of_tensors(same, "fib"))
