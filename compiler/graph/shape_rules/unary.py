"""Operators of one tensor: elementwise functions, predicates, activations, dropout."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import any_grad, check_example, check_number, new_example, require
from compiler.graph.shape_rules.layout import is_standard, preserved_strides
from compiler.graph.shape_rules.pointwise import Result, floating, overwrite, pointwise, same, truth
from compiler.graph.shape_rules.table import Rule, register, rule

UNARY: list[tuple[Result, str, str]] = [
    (
        floating,
        "fib",
        (
            "sigmoid tanh exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh asinh acosh atanh "
            "arcsin arccos arctan sqrt rsqrt reciprocal erf erfc erfinv lgamma digamma sinc i0"
        ),
    ),
    (same, "fi", "relu abs absolute neg negative floor ceil trunc fix"),
    (same, "fib", "sign sgn"),
    (same, "f", "frac"),
    (same, "ib", "bitwise_not"),
    (truth, "fib", "isnan isposinf isneginf signbit logical_not"),
]
"""Result dtype, kinds of input the operator takes, names; ``torch.<name>`` and the method."""


def _unary(result: Result, kinds: str) -> Rule:
    def unary(input: Any) -> Tensor:
        check_example(input, kinds)
        dtype = result(input.dtype)
        return pointwise(dtype, (input,), None if result is truth else dtype)

    return unary


def _unary_in_place(result: Result, kinds: str) -> Rule:
    def unary_(input: Any) -> Tensor:
        check_example(input, kinds)
        return overwrite(input, result(input.dtype), (input,))

    return unary_


for _result, _kinds, _names in UNARY:
    for _name in _names.split():
        register(f"torch.{_name} .{_name}", _unary(_result, _kinds))
        if _result is not truth and _name != "relu" and hasattr(Tensor, _name + "_"):  # relu_ is native
            _spellings = f".{_name}_" + (f" torch.{_name}_" if hasattr(torch, _name + "_") else "")
            register(_spellings, _unary_in_place(_result, _kinds))

register("operator.neg .__neg__ operator.abs .__abs__ builtins.abs", _unary(same, "fi"))
register("operator.invert operator.inv .__invert__", _unary(same, "ib"))
register("F.sigmoid F.tanh", _unary(floating, "fib"))


@rule("torch.isinf .isinf torch.isfinite .isfinite")
def finiteness(input: Any) -> Tensor:
    """Built from several pointwise steps, so sure of the layout only for a fresh one."""
    check_example(input)
    require(is_standard(input) and 0 not in input.shape)
    return new_example(input.shape, input.stride(), torch.bool)


@rule("torch.round .round")
def round_(input: Any, *, decimals: int = 0) -> Tensor:
    check_example(input, "f" if decimals else "fi")
    check_number(decimals)
    return pointwise(input.dtype, (input,))


@rule("torch.nan_to_num .nan_to_num")
def nan_to_num(input: Any, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Tensor:
    check_example(input)
    check_number(*(value for value in (nan, posinf, neginf) if value is not None))
    return new_example(input.shape, preserved_strides(input), input.dtype, any_grad((input,)))


ACTIVATIONS: dict[str, tuple[str, ...]] = {
    "relu": ("inplace",),
    "relu6": ("inplace",),
    "silu": ("inplace",),
    "mish": ("inplace",),
    "selu": ("inplace",),
    "elu": ("alpha", "inplace"),
    "celu": ("alpha", "inplace"),
    "leaky_relu": ("negative_slope", "inplace"),
    "hardtanh": ("min_val", "max_val", "inplace"),
    "hardswish": ("inplace",),
    "hardsigmoid": ("inplace",),
    "softplus": ("beta", "threshold"),
    "softshrink": ("lambd",),
    "hardshrink": ("lambd",),
    "logsigmoid": (),
    "tanhshrink": (),
    "softsign": (),
    "gelu": ("approximate",),
}
"""Functions of ``torch.nn.functional`` → their parameters after the input."""

_FRESH_ONLY = frozenset({"tanhshrink", "softsign", "logsigmoid"})
_OUTPUT_LIKE_INPUT = frozenset({"hardtanh", "relu6"})
_OF_INTEGERS = frozenset({"relu", "relu6"})


def _activation(name: str, parameters: tuple[str, ...]) -> Rule:
    kinds = "fi" if name in _OF_INTEGERS else "f"

    def activation(input: Any, *args: Any, **kwargs: Any) -> Tensor:
        given = dict(zip(parameters, args, strict=False)) | kwargs
        require(len(given) == len(args) + len(kwargs) and given.keys() <= set(parameters))
        in_place = given.pop("inplace", False)
        if "approximate" in given:
            require(given.pop("approximate") in ("none", "tanh"))
        check_number(in_place, *given.values())
        check_example(input, kinds)
        if in_place:
            return overwrite(input, input.dtype, (input,))
        if name in _OUTPUT_LIKE_INPUT:
            return new_example(input.shape, preserved_strides(input), input.dtype, any_grad((input,)))
        require(name not in _FRESH_ONLY or is_standard(input))
        return pointwise(input.dtype, (input,))

    return activation


for _name, _parameters in ACTIVATIONS.items():
    register(f"F.{_name}", _activation(_name, _parameters))
register("torch.celu", _activation("celu", ("alpha",)))
register("torch.selu", _activation("selu", ()))


@rule("F.dropout")
def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    check_example(input, "f")
    check_number(p)
    require(type(training) is bool and 0 <= p <= 1)
    if not training or p == 0 or 0 in input.shape:
        return input
    require(p < 1 or is_standard(input))
    return overwrite(input, input.dtype, (input,)) if inplace else pointwise(input.dtype, (input,))


@rule("torch.dropout")
def dropout_without_default(input: Any, p: float, train: bool) -> Tensor:
    return dropout(input, p, train)
