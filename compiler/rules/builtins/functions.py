"""Builtins about classes, functions, output and the compiler itself."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterable
from typing import TYPE_CHECKING

import compiler.marks as marks
from compiler.breaks import GraphBreak
from compiler.rules.attributes import getattr_
from compiler.rules.basics import class_of, constant_of
from compiler.rules.builtins.table import builtin
from compiler.values.base import ConstantValue, Value
from compiler.values.functions import (
    BoundMethodValue,
    ClassValue,
    FunctionValue,
    NestedFunctionValue,
    SuperValue,
)
from compiler.values.objects import ObjectValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


_COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__")
"""What `functools.wraps` copies; parameters of types, of later versions, are the wrapper's own."""


@builtin(super)
def _super(cx: Capture, cls: Value | None = None, owner: Value | None = None, /) -> Value:
    if cls is not None and owner is not None:
        return _bound_super(class_of(cls), owner)
    if cls is not None:
        raise GraphBreak("unsupported builtin", "super() of a class alone")
    frame = cx.frames[-1]
    cell = frame.cells.get("__class__")
    if cell is None or cell.contents is None or not frame.code.co_argcount:
        raise GraphBreak("unsupported builtin", "super() outside of a method")
    name = frame.code.co_varnames[0]
    found = frame.locals.get(name) or (frame.cells[name].contents if name in frame.cells else None)
    if found is None:
        raise GraphBreak("unsupported builtin", "super() after the first argument was deleted")
    return _bound_super(class_of(cell.contents.realize(cx)), found.realize(cx))


def _bound_super(cls: type, owner: Value) -> Value:
    kinds = (owner.obj, owner.pytype()) if isinstance(owner, ClassValue) else (owner.pytype(),)
    if not any(issubclass(kind, cls) for kind in kinds):
        raise GraphBreak("operator refused", f"super of {owner.describe()}, which is not of class {cls.__qualname__}")
    return SuperValue(cls, owner)


@builtin(types.MethodType)
def _method_type(cx: Capture, func: Value, owner: Value, /) -> Value:
    return BoundMethodValue(func, owner)


@builtin(print)
def _print(cx: Capture, *args: Value, **kwargs: Value) -> Value:
    raise GraphBreak("output", "print()")


@builtin(input, open)
def _file(cx: Capture, *args: Value, **kwargs: Value) -> Value:
    raise GraphBreak("output", "a file or the terminal")


@builtin(object)
def _object(cx: Capture) -> Value:
    return cx.new(ObjectValue(object))


@builtin(marks.is_compiling)
def _is_compiling(cx: Capture) -> Value:
    return ConstantValue(True)


@builtin(marks.graph_break)
def _graph_break(cx: Capture, message: Value | None = None) -> Value:
    raise GraphBreak("user request", str(message.realize(cx).constant()) if message is not None else "graph_break()")


@builtin(inspect.signature)
def _signature(cx: Capture, func: Value, /) -> Value:
    """The signature of a Python function; a decorated one is looked through, as inspect does."""
    method = func if isinstance(func, BoundMethodValue) else None
    inner = method.func.realize(cx) if method is not None else func
    while isinstance(inner, FunctionValue):
        if "__signature__" in vars(inner.obj) or inner.source is None:
            break
        if "__wrapped__" not in vars(inner.obj):
            found = inspect.signature(types.MethodType(inner.obj, inner) if method is not None else inner.obj)
            return cx.wrap_constant(found, f"inspect.signature({inner.obj.__qualname__})")
        inner = getattr_(cx, inner, "__wrapped__").realize(cx)
    raise GraphBreak("unsupported builtin", f"the signature of {func.describe()}")


@builtin(functools.update_wrapper)
def _update_wrapper(
    cx: Capture, wrapper: Value, wrapped: Value, assigned: Value | None = None, updated: Value | None = None
) -> Value:
    """Of a function made in the frame: what `functools.wraps` copies, attributes of the other function's own too."""
    usual = (functools.WRAPPER_ASSIGNMENTS, functools.WRAPPER_UPDATES)
    given = [what if part is None else constant_of(cx, part) for what, part in zip(usual, (assigned, updated))]
    if tuple(given) != usual or not isinstance(wrapper, NestedFunctionValue):
        raise GraphBreak("unsupported builtin", f"functools.update_wrapper of {wrapper.describe()}")
    if not isinstance(wrapped, FunctionValue | NestedFunctionValue):
        raise GraphBreak("unsupported builtin", f"functools.update_wrapper with {wrapped.describe()}")
    own: Iterable[str] = wrapped.attrs if isinstance(wrapped, NestedFunctionValue) else vars(wrapped.obj)
    if wrapped.source is not None:
        cx.guards.add(wrapped.source.attr("__dict__"), "keys", tuple(own))
    for name in (*_COPIED, *own):
        wrapper.setattr(cx, name, getattr_(cx, wrapped, name))
    wrapper.setattr(cx, "__wrapped__", wrapped)
    return wrapper
