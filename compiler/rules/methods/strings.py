"""Methods of strings that take values which are no constants."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.basics import fold_plain
from compiler.rules.classes import formats_itself
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
    shown = _shows_only_text(self.value)
    plain = [_formattable(cx, arg, shown) for arg in args]
    named = {name: _formattable(cx, arg, shown) for name, arg in kwargs.items()}
    return fold_plain(cx, self.value.format, plain, named)


def _formattable(cx: Capture, value: Value, shown: bool) -> Any:
    value = value.realize(cx)
    if value.is_constant():
        return value.constant()
    if not shown or formats_itself(value.pytype()):
        raise GraphBreak("unsupported value", f"str.format of {value.describe()}")
    return cx.rules.convert(cx, value, str).realize(cx).constant()


def _shows_only_text(template: str) -> bool:
    """Whether a value's ``str`` is all that is asked for: no attribute or item, no conversion, no format."""
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError:
        return True
    return all(field is None or not (set(field) & set(".[") or how or spec) for _, field, spec, how in fields)
