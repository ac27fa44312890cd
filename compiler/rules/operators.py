"""Dunders of builtin types that are operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from compiler.rules.arithmetic import BINARY, binary
from compiler.rules.comparison import COMPARE, compare
from compiler.rules.methods import (
    OPERATOR_METHODS,
)
from compiler.rules.subscripts import contains, delitem, getitem, length, setitem
from compiler.values.base import ConstantValue, Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def _setitem_method(cx: Capture, owner: Value, key: Value, value: Value) -> Value:
    setitem(cx, owner, key, value)
    return ConstantValue(None)


def _delitem_method(cx: Capture, owner: Value, key: Value) -> Value:
    delitem(cx, owner, key)
    return ConstantValue(None)


def _compare_method(op: str) -> Callable[..., Value]:
    return lambda cx, left, right: compare(cx, op, left, right)


def _binary_method(op: str) -> Callable[..., Value]:
    return lambda cx, left, right: binary(cx, op, left, right)


OPERATOR_METHODS |= {
    "__getitem__": getitem,
    "__len__": lambda cx, value: ConstantValue(length(cx, value)),
    "__contains__": lambda cx, container, item: ConstantValue(contains(cx, container, item)),
    "__setitem__": _setitem_method,
    "__delitem__": _delitem_method,
    "__iter__": lambda cx, value: cx.iterate(value),
    **{dunder: _compare_method(op) for op, (_, dunder, _reflected) in COMPARE.items()},
    **{f"__{stem}__": _binary_method(op) for op, (_, stem) in BINARY.items()},
    **{f"__i{stem}__": _binary_method(op + "=") for op, (_, stem) in BINARY.items()},
}
