"""Builtins that make numbers and text."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import torch

from compiler.breaks import GraphBreak
from compiler.rules import arithmetic
from compiler.rules.basics import checked_result, fold
from compiler.rules.builtins.table import builtin
from compiler.rules.text import format_value, to_text
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import TupleValue
from compiler.values.objects import ObjectValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def _number(cls: type, dunder: str) -> None:
    def convert(cx: Capture, *args: Value, **kwargs: Value) -> Value:
        if args and isinstance(args[0], TensorValue):
            raise GraphBreak("data-dependent value", f"{cls.__name__} of a tensor")
        if len(args) == 1 and not kwargs and isinstance(args[0], ObjectValue):
            for name in (dunder, "__index__"):
                method = cx.rules.special_method(cx, args[0], name)
                if method is not None:
                    given = cls if name == dunder else int
                    return fold(cx, cls, [checked_result(cx.call(method, [], {}).realize(cx), given, name)], {})
        return fold(cx, cls, list(args), kwargs)

    convert.__name__ = cls.__name__
    builtin(cls)(convert)


_number(int, "__int__")
_number(float, "__float__")


@builtin(bool)
def _bool(cx: Capture, value: Value | None = None, /) -> Value:
    return ConstantValue(value is not None and value.truth(cx))


@builtin(str)
def _str(cx: Capture, value: Value | None = None, /) -> Value:
    return ConstantValue("") if value is None else to_text(cx, value, str)


@builtin(repr)
def _repr(cx: Capture, value: Value, /) -> Value:
    return to_text(cx, value, repr)


@builtin(format)
def _format(cx: Capture, value: Value, spec: Value | None = None, /) -> Value:
    return format_value(cx, value, spec or ConstantValue(""))


@builtin(abs, operator.abs)
def _abs(cx: Capture, value: Value, /) -> Value:
    if isinstance(value, TensorValue):
        return cx.graph.call(torch.abs, [value], {})
    if isinstance(value, ObjectValue):
        return cx.call_method(value, "__abs__")
    return fold(cx, abs, [value], {})


@builtin(round)
def _round(cx: Capture, value: Value, digits: Value | None = None) -> Value:
    rest = [] if digits is None else [digits]
    if isinstance(value, TensorValue):
        raise GraphBreak("operator refused", "round of a tensor, which has no __round__")
    return fold(cx, round, [value, *rest], {})


@builtin(pow)
def _pow(cx: Capture, base: Value, exponent: Value, modulus: Value | None = None) -> Value:
    if modulus is None:
        return arithmetic.binary(cx, "**", base, exponent.realize(cx))
    return fold(cx, pow, [base, exponent, modulus], {})


@builtin(divmod)
def _divmod(cx: Capture, left: Value, right: Value, /) -> Value:
    if isinstance(left, TensorValue) or isinstance(right, TensorValue):
        raise GraphBreak("operator refused", "divmod of a tensor, which has no __divmod__")
    if isinstance(left, ObjectValue) or isinstance(right, ObjectValue):
        for owner, name, other in ((left, "__divmod__", right), (right, "__rdivmod__", left)):
            found = arithmetic.try_dunder(cx, owner, name, other)
            if found is not None:
                return found
        raise GraphBreak("operator refused", f"divmod of {left.describe()} and {right.describe()}")
    return TupleValue([arithmetic.binary(cx, "//", left, right), arithmetic.binary(cx, "%", left, right)])
