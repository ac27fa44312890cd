"""Conversion and formatting of values to text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.basics import fold_plain
from compiler.rules.classes import formats_itself
from compiler.rules.objects import special_method
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, SequenceValue
from compiler.values.functions import ClassValue
from compiler.values.objects import ExceptionValue, ObjectValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_CONVERSIONS: dict[Any, Callable[[Any], str]] = {
    1: str,
    2: repr,
    3: ascii,
    "s": str,
    "r": repr,
    "a": ascii,
    str: str,
    repr: repr,
    ascii: ascii,
}


def convert(cx: Capture, value: Value, how: object) -> Value:
    """``!s``, ``!r`` or ``!a``."""
    return to_text(cx, value, _CONVERSIONS[how])


def to_text(cx: Capture, value: Value, func: Callable[[Any], str]) -> Value:
    """``str(value)``, ``repr(value)`` or ``ascii(value)``."""
    value = value.realize(cx)
    if isinstance(value, ConstantValue):
        return fold_plain(cx, func, [value.value], {})
    if value.is_constant():
        return fold_plain(cx, func, [value.constant()], {})
    if isinstance(value, SequenceValue | DictValue) and value.pytype() in (list, tuple, dict):
        try:
            return fold_plain(cx, func, [_plain(cx, value)], {})
        except RecursionError:
            raise GraphBreak("unsupported value", f"text of {value.describe()}, deeply nested") from None
    if isinstance(value, ClassValue) and type(value.obj).__repr__ is type.__repr__:
        return ConstantValue(func(value.obj))
    if isinstance(value, ExceptionValue) and func in (str, repr):
        text = _exception_text(cx, func, value)
        if text is not None:
            return ConstantValue(text)
    if isinstance(value, ObjectValue) and not isinstance(value, ExceptionValue):
        for name in ("__str__", "__repr__") if func is str else ("__repr__",):
            if getattr(value.cls, name) not in (object.__str__, object.__repr__):
                method = special_method(cx, value, name)
                assert method is not None
                return cx.call(method, [], {})
    raise _unknown_text("text", value)


_WITH_STATE = (OSError, UnicodeError, SyntaxError, ImportError, BaseExceptionGroup)
"""Exceptions whose text is made from more than their arguments."""


def _exception_text(cx: Capture, func: Callable[..., str], value: ExceptionValue) -> str | None:
    """What ``str`` and ``repr`` of C make of an exception's arguments, or ``None``."""
    name = f"__{func.__name__}__"
    base = next(base for base in value.cls.__mro__ if name in vars(base))
    args = [arg.realize(cx) for arg in value.init_args]
    if base.__module__ != "builtins" or issubclass(base, _WITH_STATE) or not all(arg.is_constant() for arg in args):
        return None
    made = base.__new__(base, *[arg.constant() for arg in args])
    text = func(made)
    return value.cls.__name__ + text.removeprefix(base.__name__) if func is repr else text


def _plain(cx: Capture, value: Value) -> object:
    value = value.realize(cx)
    if value.is_constant():
        return value.constant()
    if isinstance(value, SequenceValue) and value.cls in (list, tuple):
        return value.cls(_plain(cx, item) for item in value.items)
    if isinstance(value, DictValue) and value.cls is dict:
        return {_plain(cx, key): _plain(cx, item) for key, item in value.entries.values()}
    raise _unknown_text("text", value)


def format_value(cx: Capture, value: Value, spec: Value) -> Value:
    """``format(value, spec)``."""
    text = spec.realize(cx).constant()
    if not isinstance(text, str):
        raise GraphBreak("operator refused", f"a format of type {type(text).__name__}")
    value = value.realize(cx)
    if isinstance(value, ConstantValue):
        return fold_plain(cx, format, [value.value, text], {})
    if formats_itself(value.pytype()):
        return _formatted(cx, value, spec)
    if not text:
        return to_text(cx, value, str)
    raise _unknown_text("format", value)


def _formatted(cx: Capture, value: Value, spec: Value) -> Value:
    if not isinstance(value, ObjectValue):
        raise _unknown_text("format", value)
    method = special_method(cx, value, "__format__")
    assert method is not None
    text = cx.call(method, [spec], {}).realize(cx)
    if not issubclass(text.pytype(), str):
        cx.raise_(TypeError, f"__format__ must return a str, not {text.pytype().__name__}")
    return text


def _unknown_text(what: str, value: Value) -> GraphBreak:
    kind = "data-dependent value" if isinstance(value, TensorValue) else "unsupported value"
    return GraphBreak(kind, f"{what} of {value.describe()}")
