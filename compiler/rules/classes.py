"""What a raw class attribute becomes when it is read through an object or a class."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable
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
    for base in cls.__mro__ or ():  # a class that is being made has none yet
        if name in base.__dict__:
            return base.__dict__[name]
    return ABSENT


def formats_itself(cls: type) -> bool:
    """Whether the class has a ``__format__`` in Python; those in C say of no format what ``str`` says."""
    return not isinstance(lookup(cls, "__format__"), types.MethodDescriptorType)


def is_data_descriptor(raw: Any) -> bool:
    """Whether writes go through the attribute; one that cannot be read does not hide what the instance holds."""
    return hasattr(type(raw), "__set__") or hasattr(type(raw), "__delete__")


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
    attribute = ClassAttribute(cls, name, raw)
    for kinds, binder in _BINDERS:
        if isinstance(raw, kinds):
            return binder(cx, owner, attribute)
    if not hasattr(type(raw), "__get__"):
        return cx.wrap_constant(raw, attribute.label)
    return _python_descriptor(cx, owner, attribute)


@dataclasses.dataclass(frozen=True)
class ClassAttribute:
    """A raw attribute as it stands in the ``__dict__`` of a class or one of its bases."""

    cls: type
    name: str
    raw: Any

    @property
    def label(self) -> str:
        return f"{self.cls.__qualname__}.{self.name}"


def _read_on_class(owner: Value, attribute: ClassAttribute) -> bool:
    """Whether there is no instance: ``super(cls, subclass).name``; an attribute of a metaclass has one."""
    return isinstance(owner, ClassValue) and owner.obj is attribute.cls


def _function(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    if _read_on_class(owner, attribute):
        return cx.wrap_constant(attribute.raw, attribute.label)
    return BoundMethodValue(cx.wrap_constant(attribute.raw, attribute.label), owner)


def _static_method(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    return cx.wrap_constant(attribute.raw.__func__, attribute.label)


def _class_method(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    holder = owner if isinstance(owner, ClassValue) else cx.wrap_constant(attribute.cls)
    return BoundMethodValue(cx.wrap_constant(attribute.raw.__func__, attribute.label), holder)


def _property(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    if _read_on_class(owner, attribute):
        return cx.wrap_constant(attribute.raw, attribute.label)
    if attribute.raw.fget is None:
        raise GraphBreak("unsupported attribute", f"unreadable property {attribute.label}")
    return cx.call(cx.wrap_constant(attribute.raw.fget, attribute.label), [owner], {})


def _method_of_c(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    raw = attribute.raw
    if isinstance(raw, types.ClassMethodDescriptorType):
        return MethodValue(owner, attribute.name)
    if not issubclass(owner.pytype(), raw.__objclass__):
        raise GraphBreak("unsupported attribute", f"{attribute.label}, a method of {raw.__objclass__.__name__}")
    found = raw.__name__ == attribute.name and lookup(owner.pytype(), attribute.name) is raw
    return MethodValue(owner, raw.__name__, None if found else raw)


def _function_of_c(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    return cx.wrap_constant(attribute.raw, attribute.label)


def _class(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    return cx.wrap_constant(attribute.raw, attribute.label)


def _cached_function(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    func = cx.wrap_constant(attribute.raw, attribute.label)
    return func if isinstance(owner, ClassValue) else BoundMethodValue(func, owner)


def _cached(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    return _cached_property(cx, owner, attribute.raw, attribute.label)


def _python_descriptor(cx: Capture, owner: Value, attribute: ClassAttribute) -> Value:
    getter = lookup(type(attribute.raw), "__get__")
    if not isinstance(getter, types.FunctionType):
        what = f"{attribute.label} is a descriptor of class {type(attribute.raw).__qualname__}"
        raise GraphBreak("unsupported attribute", what)
    instance = ConstantValue(None) if isinstance(owner, ClassValue) else owner
    descriptor = cx.wrap_constant(attribute.raw, attribute.label)
    return cx.call(cx.wrap_constant(getter), [descriptor, instance, cx.wrap_constant(attribute.cls)], {})


_BINDERS: list[tuple[tuple[type, ...], Callable[[Capture, Value, ClassAttribute], Value]]] = [
    ((types.FunctionType, _C.Optimized, _C.Disabled), _function),
    ((staticmethod,), _static_method),
    ((classmethod,), _class_method),
    ((property,), _property),
    ((types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType), _method_of_c),
    ((types.BuiltinFunctionType,), _function_of_c),
    ((type,), _class),
    ((functools.cached_property,), _cached),
    ((functools._lru_cache_wrapper,), _cached_function),
]
"""Classes of raw attribute → what it becomes when it is read."""
