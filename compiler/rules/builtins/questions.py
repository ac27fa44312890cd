"""Builtins that ask about values: types, attributes, the frame."""

from __future__ import annotations

import abc
import enum
import sys
import types
from types import FunctionType
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules import subscripts
from compiler.rules.attributes import getattr_
from compiler.rules.basics import class_of, fold, rely_on_registrations, traceback_of
from compiler.rules.builtins.table import builtin
from compiler.rules.classes import guarded_lookup, lookup
from compiler.rules.torch_construction import DTYPES
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import TupleValue
from compiler.values.functions import (
    ClassValue,
)
from compiler.values.objects import ExceptionValue, ObjectValue, ObservedException
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


@builtin(len)
def _len(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(subscripts.length(cx, value))


@builtin(callable)
def _callable(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(lookup(value.pytype(), "__call__") is not ABSENT)


_PLAIN_METACLASSES = (type, abc.ABCMeta, enum.EnumType, type(torch.nn.Parameter), type(torch.Tensor))


def _is_plain_metaclass(cx: Capture, meta: type, question: str) -> bool:
    """Whether the metaclass answers `question` as `type` or `abc.ABCMeta` does."""
    if meta in _PLAIN_METACLASSES:
        return True
    return guarded_lookup(cx, meta, question) in (vars(type)[question], vars(abc.ABCMeta)[question])


@builtin(isinstance)
def _isinstance(cx: Capture, value: Value, classes: Value, /) -> Value:
    return ConstantValue(any(is_instance(cx, value, cls) for cls in _classes(cx, classes)))


def is_instance(cx: Capture, value: Value, cls: type) -> bool:
    """``isinstance(value, cls)``."""
    if type(cls) is type(torch.FloatTensor):
        return _is_of_type(value, cls)
    if cls is torch.nn.Buffer:
        return isinstance(value, TensorValue) and _flag(cx, value, "_is_buffer")
    if not _is_plain_metaclass(cx, type(cls), "__instancecheck__"):
        raise GraphBreak("unsupported builtin", f"isinstance with {cls!r}, whose metaclass decides")
    if isinstance(value, TensorValue) and issubclass(cls, torch.nn.Parameter):
        return issubclass(value.cls, cls)
    if isinstance(cls, abc.ABCMeta):
        rely_on_registrations(cx)
    return issubclass(value.pytype(), cls)


def _is_of_type(value: Value, cls: Any) -> bool:
    """Whether it is a tensor of a type such as ``torch.FloatTensor``: a dtype on a kind of device."""
    if not isinstance(value, TensorValue):
        if issubclass(value.pytype(), torch.Tensor):
            raise GraphBreak("unsupported builtin", f"isinstance with {cls.__name__}")
        return False
    if cls not in DTYPES:
        raise GraphBreak("unsupported builtin", f"isinstance with {cls.__name__}")
    return value.device.type == "cpu" and value.example.dtype == DTYPES[cls]


def _flag(cx: Capture, value: Value, name: str) -> bool:
    """``bool(getattr(value, name, False))``."""
    try:
        return getattr_(cx, value, name).realize(cx).truth(cx)
    except ObservedException as exc:
        if not issubclass(exc.value.cls, AttributeError):
            raise
        return False


def _classes(cx: Capture, value: Value) -> list[type]:
    value = value.realize(cx)
    if isinstance(value, TupleValue):
        return [cls for item in value.items for cls in _classes(cx, item)]
    if not isinstance(value, ClassValue) and isinstance(getattr(value, "obj", None), types.UnionType):
        return list(value.obj.__args__)  # type: ignore[attr-defined]
    return [class_of(value)]


@builtin(issubclass)
def _issubclass(cx: Capture, cls: Value, classes: Value, /) -> Value:
    wanted = _classes(cx, classes)
    if not all(_is_plain_metaclass(cx, type(each), "__subclasscheck__") for each in wanted):
        raise GraphBreak("unsupported builtin", "issubclass with a class whose metaclass decides")
    for each in wanted:
        if isinstance(each, abc.ABCMeta):
            rely_on_registrations(cx)
    return ConstantValue(issubclass(class_of(cls), tuple(wanted)))


@builtin(type)
def _type(cx: Capture, value: Value, /) -> Value:
    return cx.wrap_constant(type(value.obj) if isinstance(value, ClassValue) else value.pytype())


@builtin(hash)
def _hash(cx: Capture, value: Value, /) -> Value:
    if isinstance(value, ObjectValue) and isinstance(lookup(value.cls, "__hash__"), FunctionType):
        found = cx.call_method(value, "__hash__").realize(cx).constant()
        return fold(cx, hash, [ConstantValue(found)], {})
    return fold(cx, hash, [value], {})


@builtin(abc.get_cache_token)
def _cache_token(cx: Capture) -> Value:
    rely_on_registrations(cx)
    return ConstantValue(abc.get_cache_token())


@builtin(id)
def _id(cx: Capture, value: Value, /) -> Value:
    raise GraphBreak("unsupported builtin", f"id of {value.describe()}")


def _name(value: Value) -> str:
    found = value.constant()
    if type(found) is not str:
        raise GraphBreak("operator refused", f"an attribute name of type {type(found).__name__}")
    return found


@builtin(getattr)
def _getattr(cx: Capture, value: Value, name: Value, default: Value | None = None, /) -> Value:
    try:
        return getattr_(cx, value, _name(name))
    except ObservedException as exc:
        if default is None or not issubclass(exc.value.cls, AttributeError):
            raise
        return default


@builtin(hasattr)
def _hasattr(cx: Capture, value: Value, name: Value, /) -> Value:
    try:
        getattr_(cx, value, _name(name))
    except ObservedException as exc:
        if not issubclass(exc.value.cls, AttributeError):
            raise
        return ConstantValue(False)
    return ConstantValue(True)


@builtin(setattr)
def _setattr(cx: Capture, value: Value, name: Value, new: Value, /) -> None:
    value.setattr(cx, _name(name), new)


@builtin(delattr)
def _delattr(cx: Capture, value: Value, name: Value, /) -> None:
    value.delattr(cx, _name(name))


@builtin(vars)
def _vars(cx: Capture, value: Value | None = None, /) -> Value:
    if value is None:
        raise GraphBreak("unsupported builtin", "vars() of the frame")
    return getattr_(cx, value, "__dict__")


@builtin(sys.exc_info)
def _exc_info(cx: Capture) -> Value:
    exc = cx.handled
    if isinstance(exc, ExceptionValue):
        return TupleValue([cx.wrap_constant(exc.cls), exc, traceback_of(cx, exc)])
    if isinstance(exc, ConstantValue):
        return TupleValue([ConstantValue(None)] * 3)
    raise GraphBreak("unsupported builtin", "sys.exc_info() of an exception caught natively")


@builtin(sys.exception)
def _exception(cx: Capture) -> Value:
    if isinstance(cx.handled, ExceptionValue | ConstantValue):
        return cx.handled
    raise GraphBreak("unsupported builtin", "sys.exception() of an exception caught natively")


@builtin(globals)
def _globals(cx: Capture) -> Value:
    frame = cx.frames[-1]
    if cx.ledger.globals:
        raise GraphBreak("unsupported builtin", "globals() after a global was written")
    return cx.wrap_constant(frame.globals, "globals()")
