"""Methods of strings that take values which are no constants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.rules.basics import fold_plain
from compiler.rules.methods.table import method_of
from compiler.values.base import ConstantValue, Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


@method_of(ConstantValue, "join")
def _join(cx: Capture, self: ConstantValue, parts: Value) -> Value:
    items = [item.realize(cx) for item in cx.unpack(parts)]
    for position, item in enumerate(items):
        if item.pytype() is not type(self.value):
            message = f"sequence item {position}: expected str instance, {item.pytype().__name__} found"
            cx.raise_(TypeError, message)
    return ConstantValue(self.value.join([item.constant() for item in items]))


@method_of(ConstantValue, "format")
def _format(cx: Capture, self: ConstantValue, /, *args: Value, **kwargs: Value) -> Value:
    plain = [_formattable(cx, arg) for arg in args]
    named = {name: _formattable(cx, arg) for name, arg in kwargs.items()}
    return fold_plain(cx, self.value.format, plain, named)


def _formattable(cx: Capture, value: Value) -> Any:
    value = value.realize(cx)
    return value.constant() if value.is_constant() else cx.rules.convert(cx, value, str).realize(cx).constant()
