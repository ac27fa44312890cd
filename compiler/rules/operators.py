"""Dunders of builtin types that are operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
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
    def rule(cx: Capture, left: Value, right: Value) -> Value:
        _refuse_others(op, left, right)
        return compare(cx, op, left, right)

    return rule


def _binary_method(op: str) -> Callable[..., Value]:
    def rule(cx: Capture, left: Value, right: Value) -> Value:
        if not (op in _TAKE_ANYTHING or (op in ("*", "*=") and isinstance(right, ConstantValue))):
            _refuse_others(op, left, right)
        return binary(cx, op, left, right)

    return rule


_TAKE_ANYTHING = ("+=", "|=")
"""What ``__iadd__`` of a list and ``__ior__`` of a dict are given may be any iterable."""


def _refuse_others(op: str, left: Value, right: Value) -> None:
    """A dunder called by its name answers for its own kind; for others it gives NotImplemented, or raises, natively."""
    if left.pytype() is not right.pytype():
        text = f"the method behind {op} of {left.pytype().__name__} and {right.pytype().__name__}"
        raise GraphBreak("unsupported method", text)


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
