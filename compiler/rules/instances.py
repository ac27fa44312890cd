"""Calling a class: builtin types, exceptions, named tuples, user classes."""

from __future__ import annotations

import abc
import enum
import functools
import types
import weakref
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.basics import all_constant, describe_args, fold, is_none
from compiler.rules.classes import bind_class_attr, guarded_lookup, lookup
from compiler.rules.subclasses import blank
from compiler.rules.untraced import refused
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import TupleValue
from compiler.values.functions import ClassValue, PartialValue
from compiler.values.objects import ExceptionValue, ObjectValue
from compiler.values.wrap import container_base, is_plain_python

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

FOLDED = (torch.device, torch.finfo, torch.iinfo, complex, bytes, range)
"""Classes whose instances are constants when the arguments are."""


def construct(cx: Capture, cls: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``cls(*args, **kwargs)`` for a class without a rule of its own."""
    meta_call = lookup(type(cls), "__call__")
    if isinstance(meta_call, types.FunctionType) and not isinstance(cls, enum.EnumType):
        return cx.call(bind_class_attr(cx, cx.wrap_constant(cls), type(cls), "__call__", meta_call), args, kwargs)
    return construct_plainly(cx, cls, args, kwargs)


def construct_plainly(cx: Capture, cls: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``type.__call__(cls, *args, **kwargs)``."""
    refuse_observed_death(cx, cls)
    if cls in FOLDED and all_constant(cx, args, kwargs):
        return ConstantValue(fold_to_object(cx, cls, args, kwargs))
    if isinstance(cls, enum.EnumType):
        return fold(cx, cls, args, kwargs)
    if cls is functools.partial:
        return _partial(cx, args, kwargs)
    if isinstance(lookup(type(cls), "__call__"), staticmethod | classmethod | property):
        raise GraphBreak("unsupported call", f"class {cls.__qualname__}, whose metaclass overrides __call__")
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _named_tuple(cx, cls, args, kwargs)
    if issubclass(cls, BaseException):
        return _exception(cx, cls, args, kwargs)
    if issubclass(cls, torch.nn.Parameter):
        raise GraphBreak("module construction", f"{cls.__module__}.{cls.__qualname__}")
    if not is_plain_python(cls) and container_base(cls) is None and cls is not object:
        text = f"class {cls.__module__}.{cls.__qualname__}({describe_args(args, kwargs)})"
        raise refused("unsupported call", text, cx.wrap_constant(cls))
    return _user_object(cx, cls, args, kwargs)


def _partial(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A partial of a partial is one of the function within."""
    func = args[0].realize(cx) if args else None
    if func is None or lookup(func.pytype(), "__call__") is ABSENT:
        raise GraphBreak("operator refused", "functools.partial of what cannot be called")
    if isinstance(func, PartialValue):
        return cx.new(PartialValue(func.func, [*func.args, *args[1:]], {**func.kwargs, **kwargs}))
    return cx.new(PartialValue(func, args[1:], kwargs))


def fold_to_object(cx: Capture, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Any:
    plain = [arg.realize(cx).constant() for arg in args]
    named = {name: arg.realize(cx).constant() for name, arg in kwargs.items()}
    try:
        return cls(*plain, **named)
    except Exception as error:
        raise GraphBreak("operator refused", f"{cls.__name__}: {type(error).__name__}: {error}") from error


def _user_object(cx: Capture, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if getattr(cls, "__abstractmethods__", None) and isinstance(cls, abc.ABCMeta):
        raise GraphBreak("operator refused", f"abstract class {cls.__qualname__}")
    maker = guarded_lookup(cx, cls, "__new__")
    owner = cx.wrap_constant(cls)
    if isinstance(maker, staticmethod):
        made = cx.call(cx.wrap_constant(maker.__func__), [owner, *args], kwargs).realize(cx)
    elif isinstance(maker, types.FunctionType):
        made = cx.call(cx.wrap_constant(maker), [owner, *args], kwargs).realize(cx)
    elif not isinstance(maker, types.BuiltinFunctionType):
        raise GraphBreak("unsupported call", f"__new__ of class {cls.__qualname__}, a {type(maker).__name__}")
    elif kwargs and issubclass(cls, tuple):
        raise GraphBreak("operator refused", f"{cls.__qualname__} with keyword arguments")
    else:
        made = blank(cx, cls, args)
    if isinstance(made, ObjectValue) and issubclass(made.cls, cls):
        initialise(cx, made, args, kwargs)
    return made


def refuse_observed_death(cx: Capture, cls: type) -> None:
    """An object made in the frame is not real: nothing would call its ``__del__``, or clear a reference to it.

    Raises:
        GraphBreak: the class has one, or is a class of weak references.
    """
    if guarded_lookup(cx, cls, "__del__") is not ABSENT:
        raise GraphBreak("object lifetime", f"class {cls.__qualname__}, whose objects have a __del__")
    if issubclass(cls, weakref.ReferenceType | weakref.ProxyType | weakref.CallableProxyType):
        raise GraphBreak("object lifetime", f"class {cls.__module__}.{cls.__qualname__}")


def initialise(cx: Capture, made: ObjectValue, args: list[Value], kwargs: dict[str, Value]) -> None:
    """Run ``__init__`` of a new object."""
    init = guarded_lookup(cx, made.cls, "__init__")
    if isinstance(init, types.FunctionType):
        returned = cx.call(bind_class_attr(cx, made, made.cls, "__init__", init), args, kwargs)
        if not is_none(cx, returned):
            name = returned.realize(cx).pytype().__name__
            cx.raise_(TypeError, f"__init__() should return None, not '{name}'")
    elif made.base is not None and container_base(made.cls) is not tuple:
        cx.rules.call_on_part(cx, made, "__init__", args, kwargs)
    elif init is types.SimpleNamespace.__init__ and not args:
        made.attrs.update(kwargs)
    elif init is object.__init__:
        has_new = lookup(made.cls, "__new__") is not object.__dict__["__new__"]
        if (args or kwargs) and not has_new:
            raise GraphBreak("operator refused", f"{made.cls.__name__}() takes no arguments")
    else:
        raise GraphBreak("unsupported call", f"__init__ of class {made.cls.__qualname__}")


def new_object(cx: Capture, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``object.__new__(cls)``, reached as ``super().__new__(cls, ...)``."""
    wanted = args[0].realize(cx) if args else None
    if not isinstance(wanted, ClassValue):
        raise GraphBreak("unsupported call", "__new__ without a class")
    refuse_observed_death(cx, wanted.obj)
    if issubclass(wanted.obj, BaseException):
        return cx.new(ExceptionValue(wanted.obj, args[1:]))
    if issubclass(wanted.obj, tuple) and hasattr(wanted.obj, "_fields"):
        return cx.new(TupleValue(cx.unpack(args[1]), wanted.obj))
    if container_base(wanted.obj) is not None:
        return blank(cx, wanted.obj, args[1:])
    if not is_plain_python(wanted.obj):
        raise GraphBreak("unsupported call", f"{wanted.obj.__qualname__}.__new__")
    _refuse_excess(cx, wanted.obj, bool(args[1:] or kwargs))
    return cx.new(ObjectValue(wanted.obj))


def _refuse_excess(cx: Capture, cls: Any, excess: bool) -> None:
    """``object.__new__`` takes arguments only where ``__init__`` makes something of them, and is not called for."""
    if not excess:
        return
    if lookup(cls, "__new__") is not vars(object)["__new__"]:
        cx.raise_(TypeError, "object.__new__() takes exactly one argument (the type to instantiate)")
    if lookup(cls, "__init__") is vars(object)["__init__"]:
        cx.raise_(TypeError, f"{cls.__name__}() takes no arguments")


def _exception(cx: Capture, cls: type[BaseException], args: list[Value], kwargs: dict[str, Value]) -> Value:
    init = lookup(cls, "__init__")
    if isinstance(lookup(cls, "__new__"), types.FunctionType | staticmethod) or issubclass(cls, BaseExceptionGroup):
        raise GraphBreak("unsupported call", f"exception class {cls.__qualname__} with its own __new__")
    value = cx.new(ExceptionValue(cls, args))
    assert isinstance(value, ExceptionValue)
    if isinstance(init, types.FunctionType):
        cx.call(bind_class_attr(cx, value, cls, "__init__", init), args, kwargs)
    elif kwargs or (init is not BaseException.__init__ and init not in _PLAIN_INITS):
        raise GraphBreak("unsupported call", f"exception class {cls.__qualname__} with these arguments")
    else:
        value.made = True
    return value


_PLAIN_INITS = tuple(
    init
    for cls in (Exception, ValueError, TypeError, KeyError, IndexError, LookupError, RuntimeError, ArithmeticError,
                AssertionError, NotImplementedError, StopIteration, ZeroDivisionError, OverflowError, AttributeError,
                NameError, Warning, UserWarning)
    if (init := cls.__init__) is not ABSENT
)  # fmt: skip


def _named_tuple(cx: Capture, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Value:
    fields: tuple[str, ...] = cls._fields  # type: ignore[attr-defined]
    maker = lookup(cls, "__new__")
    maker = maker.__func__ if isinstance(maker, staticmethod) else maker
    if not getattr(maker, "__module__", "").startswith("namedtuple_"):
        return _user_object(cx, cls, args, kwargs)
    if lookup(cls, "__init__") is not object.__init__:
        raise GraphBreak("unsupported call", f"named tuple {cls.__qualname__} with its own __init__")
    found = dict(zip(fields, args, strict=False)) | kwargs
    defaults: dict[str, Any] = cls._field_defaults  # type: ignore[attr-defined]
    for name in fields:
        if name not in found and name in defaults:
            found[name] = cx.wrap_constant(defaults[name], f"{cls.__name__}.{name}")
    if len(args) > len(fields) or set(found) != set(fields):
        raise GraphBreak("operator refused", f"{cls.__name__}() with the wrong arguments")
    return cx.new(TupleValue([found[name] for name in fields], cls))
