"""Methods of builtin types: a table of (kind of value, name) → rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.rules.arity import Arity
from compiler.rules.basics import all_constant, describe_args, fold
from compiler.rules.untraced import refused
from compiler.values.base import ConstantValue, Value
from compiler.values.functions import ClassValue, MethodValue
from compiler.values.objects import ObjectValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

Rule = Callable[..., Value | None]

METHODS: dict[tuple[type[Value], str], Rule] = {}


def method_of(kind: type[Value], *names: str) -> Callable[[Rule], Rule]:
    """Register a rule ``(cx, self, *args, **kwargs) -> Value | None`` (``None`` stands for None)."""

    def register(rule: Rule) -> Rule:
        for name in names:
            assert (kind, name) not in METHODS, (kind, name)
            METHODS[kind, name] = rule
        return rule

    return register


def call_method(cx: Capture, owner: Value, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``owner.name(*args, **kwargs)`` for a method of a builtin type."""
    owner = owner.realize(cx)
    if isinstance(owner, TensorValue):
        return cx.rules.call_tensor_method(cx, owner, name, args, kwargs)
    if isinstance(owner, ObjectValue) and owner.base is not None:
        found = cx.rules.call_on_part(cx, owner, name, args, kwargs)
        if found is not None:
            return found
    for kind in type(owner).__mro__:
        rule = METHODS.get((kind, name))
        if rule is not None:
            return _apply(cx, rule, owner, name, args, kwargs)
    if isinstance(owner, ConstantValue) and all_constant(cx, args, kwargs):
        return fold(cx, getattr(owner.value, name), args, kwargs)
    if name in OPERATOR_METHODS and not kwargs:
        return _apply(cx, OPERATOR_METHODS[name], owner, name, [arg.realize(cx) for arg in args], kwargs)
    if isinstance(owner, ClassValue):
        return cx.rules.call_class_method(cx, owner, name, args, kwargs)
    raise refused("unsupported method", f"{owner.pytype().__name__}.{name}({describe_args(args, kwargs)})", owner)


def call_inherited(cx: Capture, method: MethodValue, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method of a base class written in C, past the override of the object's own class."""
    owner = method.owner.realize(cx)
    if isinstance(owner, ObjectValue) and owner.base is None and method.name in OPERATOR_METHODS:
        raise GraphBreak("unsupported method", f"{method.through.__qualname__} of {owner.describe()}")
    return call_method(cx, owner, method.name, args, kwargs)


def _apply(cx: Capture, rule: Rule, owner: Value, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    try:
        _arity(rule).check((cx, owner, *args), kwargs)
    except TypeError as error:
        text = f"{owner.pytype().__name__}.{name}({describe_args(args, kwargs)}): {error}"
        raise GraphBreak("unsupported method", text) from None
    result = rule(cx, owner, *args, **kwargs)
    return ConstantValue(None) if result is None else result


def _arity(rule: Rule) -> Arity:
    found = _ARITIES.get(rule)
    if found is None:
        found = _ARITIES[rule] = Arity(rule)
    return found


_ARITIES: dict[Rule, Arity] = {}


def method(cx: Capture, owner: Value, name: str, *args: Value) -> Value:
    """Shorthand for the interpreter's own uses."""
    return call_method(cx, owner.realize(cx), name, list(args), {})


OPERATOR_METHODS: dict[str, Callable[..., Value]] = {}
"""Dunders that are operators: filled by `rules.operators`."""
