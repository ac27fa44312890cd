"""Calls of objects known by identity: builtins, classes, functions of C."""

from __future__ import annotations

import collections
import functools
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

import compiler.marks as marks
from compiler import _C
from compiler.breaks import GraphBreak
from compiler.rules import torch_functions
from compiler.rules.basics import all_constant, describe_args, fold
from compiler.rules.builtins import BUILTINS, PURE
from compiler.rules.instances import construct, construct_plainly, new_object
from compiler.rules.methods import call_method
from compiler.rules.polyfills import POLYFILLS
from compiler.rules.torch_construction import CONSTRUCTORS
from compiler.rules.untraced import refused
from compiler.sources import ConstantSource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue
from compiler.values.functions import CALL_OF_A_CLASS, ClassValue, FunctionValue, ObjectConstant

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


_NO_OWNER = (types.ModuleType, type(None))
"""What ``__self__`` of a C function is when it is no method."""


def call_object(cx: Capture, target: ObjectConstant, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``target(*args, **kwargs)``."""
    obj = target.obj
    if isinstance(obj, _C.Optimized):
        return cx.call(cx.wrap_constant(obj.__wrapped__), args, kwargs)
    if isinstance(obj, _C.Disabled):
        raise _disabled(obj, getattr(obj, "__compiler_reason__", None))
    rule = (BUILTINS.get(obj) or CONSTRUCTORS.get(obj)) if type(obj).__hash__ is not None else None
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
    if isinstance(obj, types.BuiltinMethodType | types.MethodWrapperType) and not isinstance(owner, _NO_OWNER):
        return call_method(cx, cx.wrap_constant(owner), obj.__name__, args, kwargs)
    raise refused("unsupported call", f"{target.describe()}({describe_args(args, kwargs)})", target)


def call_python(cx: Capture, func: FunctionValue, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call a Python function: by a rule, by a mark of the user's, else by tracing into it."""
    obj = func.obj
    how = _rule_of(obj) or _by_mark(obj)
    if how is None:
        return cx.call_function(func, args, kwargs)
    if func.source is not None and not isinstance(func.source, ConstantSource):
        cx.guards.add(func.source, "is", obj)
    return how(cx, args, kwargs)


def _rule_of(obj: types.FunctionType) -> Any:
    if obj.__qualname__ == _TAGGING and obj.__module__ == "torch._dynamo.mutation_guard":
        return _untagged
    rule = BUILTINS.get(obj) or torch_functions.RULES.get(obj)
    if rule is None and obj.__globals__.get("__name__") == "torch._compile":  # wraps some of torch's own functions
        inner = getattr(obj, "__wrapped__", None)
        rule = BUILTINS.get(inner) or torch_functions.RULES.get(inner)
    return rule


_TAGGING = "install_generation_tagging_init.<locals>.patched_init"


def _untagged(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``Module.__init__`` as torch's own compiler wraps it, to note the age of modules; ours are of this moment."""
    return cx.call(cx.wrap_constant(_plain_init()), args, kwargs)


def _plain_init() -> Any:
    init: Any = torch.nn.Module.__init__
    cells = dict(zip(init.__code__.co_freevars, init.__closure__ or (), strict=True))
    return cells["init"].cell_contents if "init" in cells else init


def _by_mark(obj: types.FunctionType) -> Any:
    for marked, how in _MARKS:
        if obj in marked:
            return lambda cx, args, kwargs: how(cx, obj, args, kwargs)
    by_torch = marks.by_torch(obj)
    if by_torch is not None:
        raise _disabled(by_torch.original, by_torch.reason)
    return None


def _skipped(cx: Capture, obj: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    raise _disabled(obj, marks.SKIPPED.reason(obj))


def _disabled(func: Any, reason: str | None) -> GraphBreak:
    name = getattr(func, "__qualname__", None) or repr(func)
    return GraphBreak("disabled function", f"{name}: {reason}" if reason else name)


def _constant_result(cx: Capture, obj: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Called now, with the objects themselves; the user has promised that the result stays the same."""
    plain = [_as_object(cx, arg.realize(cx), obj) for arg in args]
    named = {name: _as_object(cx, arg.realize(cx), obj) for name, arg in kwargs.items()}
    try:
        result = obj(*plain, **named)
    except Exception as error:
        raise GraphBreak("operator refused", f"{obj.__qualname__}: {type(error).__name__}: {error}") from error
    return cx.wrap_constant(result, f"{obj.__qualname__}(...)")


def _as_object(cx: Capture, value: Value, func: Any) -> Any:
    """A constant, or an unchanged object of the user's, whose identity is relied upon."""
    if value.is_constant():
        return value.constant()
    obj = getattr(value, "obj", None)
    if obj is None or value in cx.ledger.touched or value.source is None:
        raise GraphBreak("unsupported call", f"{func.__qualname__}, whose result is constant, with {value.describe()}")
    if not isinstance(value.source, ConstantSource):
        cx.guards.add(value.source, "is", obj)
    return obj


_MARKS: tuple[tuple[marks.MarkedFunctions, Any], ...] = (
    (marks.SKIPPED, _skipped),
    (marks.ALLOWED, torch_functions.call_torch),
    (marks.CONSTANT_RESULT, _constant_result),
)


def _unbound(cx: Capture, descriptor: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``list.append(items, x)`` and the like."""
    owner = args[0].realize(cx)
    if not issubclass(owner.pytype(), descriptor.__objclass__):
        raise GraphBreak("operator refused", f"{descriptor.__qualname__} of {owner.describe()}")
    if descriptor is CALL_OF_A_CLASS and isinstance(owner, ClassValue):
        return construct_plainly(cx, owner.obj, args[1:], kwargs)
    return call_method(cx, owner, descriptor.__name__, args[1:], kwargs)


def _cached(cx: Capture, func: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A function behind functools.lru_cache: of known arguments its cached result is used, as eager uses it.

    Tracing into it instead would run its body on every call, and make a new result each time.
    """
    plain = [_known_object(cx, func, arg) for arg in args]
    named = {name: _known_object(cx, func, arg) for name, arg in kwargs.items()}
    try:
        result = func(*plain, **named)
    except Exception as error:
        raise GraphBreak("operator refused", f"{func.__name__}: {type(error).__name__}: {error}") from error
    cx.guards.add(cx.sources.constant(func.__name__, func), "predicate", _still_cached(func, plain, named, result))
    return cx.wrap_constant(result, f"{func.__name__}(...)")


def _still_cached(func: Any, args: list[Any], kwargs: dict[str, Any], result: Any) -> Callable[[Any], bool]:
    """A check that the cache still holds the result; where it does not, the call that eager would make is made here."""

    def same(_: Any) -> bool:
        return func(*args, **kwargs) is result

    same.__doc__ = f"{func.__name__} still gives the same object from its cache"
    return same


def _known_object(cx: Capture, func: Any, value: Value) -> Any:
    """The object behind a value that is a constant, or whose identity has been guarded."""
    value = value.realize(cx)
    if value.is_constant():
        return value.constant()
    if isinstance(value, ObjectConstant | FunctionValue) and isinstance(value.source, ConstantSource):
        return value.obj
    raise GraphBreak("unsupported call", f"{func.__qualname__}, a cached function, with {value.describe()}")


def call_class_method(cx: Capture, owner: ClassValue, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Methods of classes written in C."""
    cls = owner.obj
    if name == "__new__":
        return new_object(cx, cls, args, kwargs)
    if name == "__call__":
        return owner.call(cx, args, kwargs)
    if name == "fromkeys" and cls in (dict, collections.OrderedDict, collections.defaultdict):
        default = args[1] if len(args) > 1 else ConstantValue(None)
        result = DictValue({}, cls)
        for key in cx.unpack(args[0]):
            cx.rules.dict_store(cx, result, key, default)
        return cx.new(result)
    rule = BUILTINS.get(getattr(cls, name))
    if rule is not None:
        return rule(cx, args, kwargs)
    if name == "__init_subclass__":
        return ConstantValue(None)
    if all_constant(cx, args, kwargs) and cls in (str, bytes, int, float):
        return fold(cx, getattr(cls, name), args, kwargs)
    raise GraphBreak("unsupported method", f"{cls.__qualname__}.{name}({describe_args(args, kwargs)})")
