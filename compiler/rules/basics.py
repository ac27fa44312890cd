"""Small questions about values that every other rule asks."""

from __future__ import annotations

import abc
import types
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.rules.results import fresh
from compiler.rules.untraced import refused
from compiler.sources import CallSource
from compiler.values.base import ConstantValue, LazyValue, NullValue, Value
from compiler.values.containers import IdentityKey, SliceValue, TupleValue
from compiler.values.functions import ClassValue, FunctionValue, NestedFunctionValue, ObjectConstant
from compiler.values.objects import ExceptionValue, ObjectValue, OpaqueValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

PINNED_TYPES = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ModuleType,
    type,
)
"""Objects whose identity is guarded where they are found; from there on they are constants."""


def from_const(cx: Capture, obj: Any) -> Value:
    """A value for an immutable constant (of a code object, or the result of folding)."""
    if type(obj) in (tuple, torch.Size):
        return TupleValue([from_const(cx, item) for item in obj], type(obj))
    if type(obj) is frozenset or isinstance(obj, _CODE):
        return cx.wrap_constant(obj)
    return ConstantValue(obj)


_CODE = (
    type,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)


def is_none(cx: Capture, value: Value) -> bool:
    """``value is None``, guarding no more than that."""
    if isinstance(value, LazyValue) and value.realized is None and value.obj is not None:
        assert value.source is not None
        if issubclass(type(value.obj), bool | int | float | str):
            cx.guards.add(value.source, "is_not", None)
            return False
        value.realize(cx)
        return False
    value = value.realize(cx)
    return isinstance(value, ConstantValue) and value.value is None


def is_object(value: Value, obj: object) -> bool:
    return isinstance(value, ObjectConstant) and value.obj is obj


def class_of(value: Value) -> type:
    """The class that a class value stands for."""
    if not isinstance(value, ClassValue):
        raise GraphBreak("unsupported value", f"{value.describe()} where a class is needed")
    return value.obj


def is_exception_class(value: Value) -> bool:
    return isinstance(value, ClassValue) and issubclass(value.obj, BaseException)


def exception_matches(cx: Capture, exc: Value, wanted: Value) -> bool:
    """The test of an ``except`` clause."""
    if not isinstance(exc, ExceptionValue):
        raise GraphBreak("unsupported value", "an exception caught natively")
    choices = wanted.items if isinstance(wanted, TupleValue) else [wanted]
    return any(issubclass(exc.cls, class_of(choice.realize(cx))) for choice in choices)


def rely_on_registrations(cx: Capture) -> None:
    """What abstract base classes answer changes when a class is registered with one."""
    source = cx.sources.constant("abc.get_cache_token", abc.get_cache_token).child(CallSource)
    cx.guards.add(source, "equal", abc.get_cache_token())


class TracebackValue(Value):
    """The traceback of an exception raised inside the capture: passed on, never looked into."""

    def __init__(self, exc: ExceptionValue) -> None:
        super().__init__()
        self.born = exc.raised or exc.born

    def pytype(self) -> type:
        return types.TracebackType

    def truth(self, cx: Capture) -> bool:
        return True


def traceback_of(cx: Capture, exc: ExceptionValue) -> Value:
    return TracebackValue(exc)


def identity_key(cx: Capture, value: Value) -> Any:
    """What stands for an object as a dict key, or ``None`` when its hash is not by identity."""
    if isinstance(value, FunctionValue):
        return value.obj
    if isinstance(value, ObjectConstant):
        return (
            value.obj if type(value.obj).__hash__ in (object.__hash__, type.__hash__) or callable(value.obj) else None
        )
    if isinstance(value, TensorValue | NestedFunctionValue):
        return IdentityKey(value)
    if isinstance(value, ObjectValue) and value.cls.__hash__ is object.__hash__ and value.cls.__eq__ is object.__eq__:
        return IdentityKey(value)
    return None


def checked_result(found: Value, cls: type, name: str) -> Value:
    """What a method of the user's that Python converts by has given.

    Raises:
        GraphBreak: it is something that Python may refuse.
    """
    if not found.is_constant() or type(found.constant()) is not cls:
        raise GraphBreak("operator refused", f"{name}, which gives {found.describe()}")
    return found


def graph_argument(cx: Capture, value: Value) -> Any:
    """A plain object that a graph can hold as it is, or ``None``."""
    if isinstance(value, ObjectConstant) and isinstance(value.obj, type) and value.obj in (int, float, bool):
        return value.obj
    if isinstance(value, OpaqueValue):
        raise refused("not a graph argument", value.describe(), value)
    return None


def describe_args(args: list[Value], kwargs: dict[str, Value]) -> str:
    """Types of arguments, for messages."""
    parts = [_type_name(arg) for arg in args] + [f"{name}={_type_name(arg)}" for name, arg in kwargs.items()]
    return ", ".join(parts)


def _type_name(value: Value) -> str:
    return "NULL" if isinstance(value, NullValue) else value.pytype().__name__


def all_constant(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> bool:
    return all(arg.realize(cx).is_constant() for arg in [*args, *kwargs.values()])


def constant_of(cx: Capture, value: Value) -> Any:
    """The object itself, looking at all parts of a tuple or slice.

    Raises:
        GraphBreak: a part is not known during capture.
    """
    value = value.realize(cx)
    if isinstance(value, TupleValue | SliceValue):
        for item in value.items:
            constant_of(cx, item)
    return value.constant()


def fold(cx: Capture, func: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call a pure function of constants now; what it raises is raised inside the captured program."""
    plain = [constant_of(cx, arg) for arg in args]
    named = {name: constant_of(cx, arg) for name, arg in kwargs.items()}
    return fold_plain(cx, func, plain, named)


def fold_plain(cx: Capture, func: Any, args: list[Any], kwargs: dict[str, Any]) -> Value:
    try:
        result = func(*args, **kwargs)
    except Exception as error:  # the program's own error, raised where the program raises it
        raise_real(cx, error)
    return fresh(cx, result)


def raise_real(cx: Capture, error: Exception) -> Any:
    """Raise inside the captured program what Python raised while folding."""
    if type(error) is UnicodeDecodeError or not all(_simple(arg) for arg in error.args) or isinstance(error, OSError):
        raise GraphBreak("operator refused", f"{type(error).__name__}: {error}") from error
    cx.throw(ExceptionValue(type(error), [from_const(cx, arg) for arg in error.args]))


def _simple(obj: Any) -> bool:
    return (
        obj is None
        or isinstance(obj, str | int | float | bool | bytes)
        or (type(obj) is tuple and all(_simple(item) for item in obj))
    )
