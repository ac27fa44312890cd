"""What a raw class attribute becomes when it is read through an object or a class."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from compiler import _C
from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.values.base import ConstantValue, Value
from compiler.values.functions import BoundMethodValue, ClassValue, MethodValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def lookup(cls: type, name: str) -> Any:
    """The raw attribute along the MRO, or `ABSENT`; runs no descriptor."""
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return ABSENT


def is_heap_type(cls: type) -> bool:
    """Whether a class can change; builtin types cannot."""
    return bool(cls.__flags__ & (1 << 9))


def guarded_lookup(cx: Capture, cls: type, name: str) -> Any:
    """`lookup`, relied upon: a later change of the class invalidates the compiled code."""
    found = lookup(cls, name)
    if is_heap_type(cls):
        cx.guards.class_attr(cx.sources.constant(cls.__qualname__, cls), cls, name, found)
    return found


def _cached_property(cx: Capture, owner: Value, raw: functools.cached_property[Any], label: str) -> Value:
    """The first read computes the value and leaves it in the instance."""
    if isinstance(owner, ClassValue) or raw.attrname is None:
        raise GraphBreak("unsupported attribute", f"{label} read on the class")
    found = cx.call(cx.wrap_constant(raw.func, label), [owner], {})
    cx.rules.instance_store(cx, owner, raw.attrname, found)
    return found


def bind_class_attr(cx: Capture, owner: Value, cls: type, name: str, raw: Any, *, guarded: bool = False) -> Value:
    """The descriptor protocol for the kinds of descriptors whose ``__get__`` is known."""
    if not guarded:
        guarded_lookup(cx, cls, name)
    label = f"{cls.__qualname__}.{name}"
    if isinstance(raw, types.FunctionType):
        func = cx.wrap_constant(raw, label)
        return BoundMethodValue(func, owner)
    if isinstance(raw, _C.Optimized | _C.Disabled):
        return BoundMethodValue(cx.wrap_constant(raw, label), owner)
    if isinstance(raw, staticmethod):
        return cx.wrap_constant(raw.__func__, label)
    if isinstance(raw, classmethod):
        holder = owner if isinstance(owner, ClassValue) else cx.wrap_constant(cls)
        return BoundMethodValue(cx.wrap_constant(raw.__func__, label), holder)
    if isinstance(raw, property):
        if raw.fget is None:
            raise GraphBreak("unsupported attribute", f"unreadable property {label}")
        return cx.call(cx.wrap_constant(raw.fget, label), [owner], {})
    if isinstance(raw, types.WrapperDescriptorType | types.MethodDescriptorType | types.ClassMethodDescriptorType):
        return MethodValue(owner, name)
    if isinstance(raw, types.BuiltinFunctionType):
        return MethodValue(owner, name) if name == "__new__" else cx.wrap_constant(raw, label)
    if isinstance(raw, type) or not hasattr(type(raw), "__get__"):
        return cx.wrap_constant(raw, label)
    if isinstance(raw, functools.cached_property):
        return _cached_property(cx, owner, raw, label)
    getter = lookup(type(raw), "__get__")
    if isinstance(getter, types.FunctionType):
        holder = cx.wrap_constant(cls)
        instance = ConstantValue(None) if isinstance(owner, ClassValue) else owner
        return cx.call(cx.wrap_constant(getter), [cx.wrap_constant(raw, label), instance, holder], {})
    if isinstance(raw, functools._lru_cache_wrapper) and not isinstance(owner, ClassValue):
        return BoundMethodValue(cx.wrap_constant(raw, label), owner)
    raise GraphBreak("unsupported attribute", f"{label} is a descriptor of class {type(raw).__qualname__}")
