"""The module `operator`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from compiler.rules import arithmetic, comparison, subscripts
from compiler.rules.basics import fold
from compiler.rules.builtins.iteration import indexed
from compiler.rules.builtins.table import builtin
from compiler.values.base import ConstantValue, Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def _register_operators() -> None:
    for text, (func, _) in arithmetic.BINARY.items():
        builtin(func)(_binary(text))
        builtin(arithmetic.INPLACE[text])(_binary(text + "="))
    for text, (func, _, _) in comparison.COMPARE.items():
        builtin(func)(_compare(text))
    for name, (function, _) in arithmetic.UNARY.items():
        builtin(function)(_unary(name))


def _binary(text: str) -> Callable[..., Value]:
    return lambda cx, left, right, /: arithmetic.binary(cx, text, left, right)


def _compare(text: str) -> Callable[..., Value]:
    return lambda cx, left, right, /: comparison.compare(cx, text, left, right)


def _unary(name: str) -> Callable[..., Value]:
    return lambda cx, value, /: arithmetic.unary(cx, name, value)


_register_operators()


@builtin(operator.getitem)
def _getitem(cx: Capture, owner: Value, key: Value, /) -> Value:
    return subscripts.getitem(cx, owner, key)


@builtin(operator.setitem)
def _setitem(cx: Capture, owner: Value, key: Value, value: Value, /) -> None:
    subscripts.setitem(cx, owner, key, value)


@builtin(operator.contains)
def _contains(cx: Capture, container: Value, item: Value, /) -> Value:
    return ConstantValue(subscripts.contains(cx, container, item))


@builtin(operator.is_)
def _is(cx: Capture, left: Value, right: Value, /) -> Value:
    return ConstantValue(comparison.identical(cx, left, right))


@builtin(operator.is_not)
def _is_not(cx: Capture, left: Value, right: Value, /) -> Value:
    return ConstantValue(not comparison.identical(cx, left, right))


@builtin(operator.not_)
def _not(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(not value.truth(cx))


@builtin(operator.truth)
def _truth(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(value.truth(cx))


@builtin(operator.delitem)
def _delitem(cx: Capture, owner: Value, key: Value, /) -> None:
    subscripts.delitem(cx, owner, key)


@builtin(operator.inv)
def _inv(cx: Capture, value: Value, /) -> Value:
    return arithmetic.unary(cx, "UNARY_INVERT", value)


@builtin(operator.index)
def _index(cx: Capture, value: Value, /) -> Value:
    return fold(cx, operator.index, [indexed(cx, value)], {})
