"""Calls of objects known by identity: builtins, classes, functions of C."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

import compiler.marks as marks
from compiler.breaks import GraphBreak
from compiler.rules import torch_functions
from compiler.rules.basics import all_constant, describe_args, fold
from compiler.rules.builtins import BUILTINS, PURE
from compiler.rules.instances import construct, new_object
from compiler.rules.methods import call_method
from compiler.rules.polyfills import POLYFILLS
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue
from compiler.values.functions import ClassValue, ObjectConstant

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def call_object(cx: Capture, target: ObjectConstant, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``target(*args, **kwargs)``."""
    obj = target.obj
    rule = BUILTINS.get(obj) if type(obj).__hash__ is not None else None
    if rule is not None:
        return rule(cx, args, kwargs)
    polyfill = POLYFILLS.get(obj)
    if polyfill is not None:
        return cx.call(cx.wrap_constant(polyfill), args, kwargs)
    if isinstance(target, ClassValue):
        return construct(cx, obj, args, kwargs)
    if isinstance(obj, types.MethodDescriptorType | types.WrapperDescriptorType) and args:
        return _unbound(cx, obj, args, kwargs)
    if isinstance(obj, functools._lru_cache_wrapper):
        return _cached(cx, obj, args, kwargs)
    if torch_functions.disposition(obj) == "graph":
        return torch_functions.call_torch(cx, obj, args, kwargs)
    if obj in PURE and all_constant(cx, args, kwargs):
        return fold(cx, obj, args, kwargs)
    owner = getattr(obj, "__self__", None)
    if isinstance(owner, type):
        return call_method(cx, cx.wrap_constant(owner), obj.__name__, args, kwargs)
    raise GraphBreak("unsupported call", f"{target.describe()}({describe_args(args, kwargs)})")


def _unbound(cx: Capture, descriptor: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``list.append(items, x)`` and the like."""
    owner = args[0].realize(cx)
    if not issubclass(owner.pytype(), descriptor.__objclass__):
        raise GraphBreak("operator refused", f"{descriptor.__qualname__} of {owner.describe()}")
    return call_method(cx, owner, descriptor.__name__, args[1:], kwargs)


def _cached(cx: Capture, func: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A function behind functools.lru_cache: with constant arguments its cached result is used, as eager uses it."""
    if all_constant(cx, args, kwargs):
        plain = [arg.realize(cx).constant() for arg in args]
        named = {name: arg.realize(cx).constant() for name, arg in kwargs.items()}
        try:
            result = func(*plain, **named)
        except Exception as error:
            raise GraphBreak("operator refused", f"{func.__name__}: {type(error).__name__}: {error}") from error
        return cx.wrap_constant(result, f"{func.__name__}(...)")
    return cx.call(cx.wrap_constant(func.__wrapped__), args, kwargs)


def call_class_method(cx: Capture, owner: ClassValue, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Methods of classes written in C."""
    cls = owner.obj
    if name == "__new__":
        return new_object(cx, cls, args, kwargs)
    if name == "__call__":
        return owner.call(cx, args, kwargs)
    if name == "fromkeys" and issubclass(cls, dict):
        default = args[1] if len(args) > 1 else ConstantValue(None)
        result = DictValue({}, cls)
        for key in cx.unpack(args[0]):
            cx.rules.dict_store(cx, result, key, default)
        return cx.new(result)
    polyfill = POLYFILLS.get(getattr(cls, name))
    if polyfill is not None:
        return cx.call(cx.wrap_constant(polyfill), args, kwargs)
    if name == "__init_subclass__":
        return ConstantValue(None)
    if all_constant(cx, args, kwargs) and cls in (str, bytes, int, float):
        return fold(cx, getattr(cls, name), args, kwargs)
    raise GraphBreak("unsupported method", f"{cls.__qualname__}.{name}({describe_args(args, kwargs)})")


def is_constant_result(obj: Any) -> bool:
    return obj in marks.CONSTANT_RESULT
