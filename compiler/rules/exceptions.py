"""Attributes of exceptions that are kept apart from the others: arguments, causes, contexts, tracebacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.attributes import missing
from compiler.rules.basics import TracebackValue, traceback_of
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import TupleValue
from compiler.values.objects import ExceptionValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def _exception_args(cx: Capture, value: ExceptionValue) -> Value:
    return TupleValue(value.init_args)


def _or_none(value: Value | None) -> Value:
    return value if value is not None else ConstantValue(None)


def _traceback(cx: Capture, value: ExceptionValue) -> Value:
    return traceback_of(cx, value)


def _stop_value(cx: Capture, value: ExceptionValue) -> Value:
    if issubclass(value.cls, StopIteration):
        return value.init_args[0] if value.init_args else ConstantValue(None)
    own = value.attrs.get("value")
    if isinstance(own, Value):
        return own
    return missing(cx, value, "value")


EXCEPTION_ATTRS: dict[str, Any] = {
    "args": _exception_args,
    "__cause__": lambda cx, value: _or_none(value.cause),
    "__context__": lambda cx, value: _or_none(value.context),
    "__suppress_context__": lambda cx, value: ConstantValue(value.suppress),
    "__traceback__": _traceback,
    "value": _stop_value,
}


def _set_cause(value: ExceptionValue, new: Value) -> None:
    value.cause = _exception_or_none(new)
    value.suppress = True


def _set_context(value: ExceptionValue, new: Value) -> None:
    value.context = _exception_or_none(new)


def _set_suppress(value: ExceptionValue, new: Value) -> None:
    value.suppress = bool(new.constant())


def _set_traceback(value: ExceptionValue, new: Value) -> None:
    """Only to what it is: one traceback stands for all, and nobody looks into it."""
    if not isinstance(new, TracebackValue) or value.raised is None:
        raise GraphBreak("attribute write", f"'__traceback__' of {value.describe()}")


def _exception_or_none(new: Value) -> Value:
    if isinstance(new, ExceptionValue) or (isinstance(new, ConstantValue) and new.value is None):
        return new
    raise GraphBreak("attribute write", f"{new.describe()} as the cause or context of an exception")


EXCEPTION_WRITES: dict[str, Callable[[ExceptionValue, Value], None]] = {
    "__cause__": _set_cause,
    "__context__": _set_context,
    "__suppress_context__": _set_suppress,
    "__traceback__": _set_traceback,
}
