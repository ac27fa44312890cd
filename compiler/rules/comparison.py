"""Comparison and identity."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.arithmetic import try_dunder
from compiler.rules.basics import fold_plain, is_none
from compiler.rules.classes import guarded_lookup, lookup
from compiler.rules.methods import (
    same_or_equal,
    set_entries,
)
from compiler.rules.untraced import refused
from compiler.values.base import ConstantValue, NullValue, Value, pin_nan
from compiler.values.containers import (
    DequeValue,
    DictValue,
    DictViewValue,
    ListValue,
    SequenceValue,
    SetValue,
    SliceValue,
    TupleValue,
)
from compiler.values.functions import BoundMethodValue, FunctionValue, MethodValue, ObjectConstant
from compiler.values.objects import ObjectValue, OpaqueValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

COMPARE: dict[str, tuple[Callable[[Any, Any], Any], str, str]] = {
    "==": (operator.eq, "__eq__", "__eq__"),
    "!=": (operator.ne, "__ne__", "__ne__"),
    "<": (operator.lt, "__lt__", "__gt__"),
    "<=": (operator.le, "__le__", "__ge__"),
    ">": (operator.gt, "__gt__", "__lt__"),
    ">=": (operator.ge, "__ge__", "__le__"),
}
"""Operator text → function, dunder, reflected dunder."""


def compare(cx: Capture, op: str, left: Value, right: Value) -> Value:
    left, right = left.realize(cx), right.realize(cx)
    if isinstance(left, TensorValue) or isinstance(right, TensorValue):
        other = right if isinstance(left, TensorValue) else left
        if isinstance(other, ConstantValue) and not isinstance(other.value, int | float | complex | bool):
            return ConstantValue(op == "!=") if op in ("==", "!=") else _refuse_compare(op, left, right)
        return cx.graph.call(COMPARE[op][0], [left, right], {})
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        return fold_plain(cx, COMPARE[op][0], [left.value, right.value], {})
    if isinstance(left, SequenceValue) and isinstance(right, SequenceValue):
        return _compare_sequences(cx, op, left, right)
    if isinstance(left, SetValue | DictViewValue) and isinstance(right, SetValue | DictViewValue):
        return ConstantValue(COMPARE[op][0](set_entries(cx, left).keys(), set_entries(cx, right).keys()))
    if isinstance(left, ObjectValue) or isinstance(right, ObjectValue):
        return _dunder_compare(cx, op, left, right)
    if op in ("==", "!="):
        return ConstantValue(_equal(cx, left, right) == (op == "=="))
    return _refuse_compare(op, left, right)


def _refuse_compare(op: str, left: Value, right: Value) -> Any:
    raise refused("unsupported operator", f"{left.pytype().__name__} {op} {right.pytype().__name__}", left, right)


def _equal(cx: Capture, left: Value, right: Value) -> bool:
    if left is right and not isinstance(left, OpaqueValue):
        return True
    if isinstance(left, DictValue) and isinstance(right, DictValue):
        if left.entries.keys() != right.entries.keys():
            return False
        return all(_same_entry(cx, left, right, key) for key in list(left.entries))
    if isinstance(left, SliceValue) and isinstance(right, SliceValue):
        return all(same_or_equal(cx, a, b) for a, b in zip(left.items, right.items, strict=True))
    if isinstance(left, BoundMethodValue) and isinstance(right, BoundMethodValue):
        return identical(cx, left.func, right.func) and identical(cx, left.owner, right.owner)
    if isinstance(left, MethodValue) and isinstance(right, MethodValue):
        return left.name == right.name and identical(cx, left.owner, right.owner)
    if isinstance(left, OpaqueValue) or isinstance(right, OpaqueValue):
        _refuse_compare("==", left, right)
    if isinstance(left, ObjectConstant) or isinstance(right, ObjectConstant):
        return _equal_objects(left, right)
    if left.is_constant() and right.is_constant():
        return bool(left.constant() == right.constant())
    return False


def _same_entry(cx: Capture, left: DictValue, right: DictValue, key: Any) -> bool:
    if key not in left.entries or key not in right.entries:
        raise GraphBreak("unsupported value", "a dict that changes while it is compared")
    return same_or_equal(cx, left.entries[key][1], right.entries[key][1])


def _equal_objects(left: Value, right: Value) -> bool:
    """Of objects known by identity, and constants: asked now, unless an answer would run somebody's Python."""
    objects = [value.obj if isinstance(value, ObjectConstant) else value for value in (left, right)]
    kinds = [type(obj).__eq__ for obj in objects if not isinstance(obj, Value)]
    if all(kind is object.__eq__ for kind in kinds):
        return objects[0] is objects[1]
    plain = [value.constant() if isinstance(value, Value) and value.is_constant() else value for value in objects]
    if any(isinstance(obj, Value) or isinstance(type(obj).__eq__, types.FunctionType) for obj in plain):
        _refuse_compare("==", left, right)
    return bool(plain[0] == plain[1])


def _compare_sequences(cx: Capture, op: str, left: SequenceValue, right: SequenceValue) -> Value:
    kinds = (ListValue, TupleValue, DequeValue)
    if not any(isinstance(left, kind) and isinstance(right, kind) for kind in kinds):
        if op in ("==", "!="):
            return ConstantValue(op == "!=")
        cx.raise_(
            TypeError,
            f"'{op}' not supported between instances of '{left.cls.__name__}' and '{right.cls.__name__}'",
        )
    if op in ("==", "!=") and len(left.items) != len(right.items):
        return ConstantValue(op == "!=")
    position = 0
    while position < min(len(left.items), len(right.items)):  # comparing items may change both
        a, b = left.items[position], right.items[position]
        if not same_or_equal(cx, a, b) and position < min(len(left.items), len(right.items)):
            return ConstantValue(op == "!=") if op in ("==", "!=") else compare(cx, op, a, b)
        position += 1
    return ConstantValue(COMPARE[op][0](len(left.items), len(right.items)))


def _dunder_compare(cx: Capture, op: str, left: Value, right: Value) -> Value:
    _, name, reflected = COMPARE[op]
    attempts = [(left, name, right), (right, reflected, left)]
    if right.pytype() is not left.pytype() and issubclass(right.pytype(), left.pytype()):
        attempts.reverse()
    for owner, dunder, other in attempts:
        if isinstance(owner, ObjectValue):
            raw = guarded_lookup(cx, owner.cls, dunder)
            if dunder == "__ne__" and raw is object.__ne__:
                result = try_dunder(cx, owner, "__eq__", other) if _has_eq(owner) else None
                if result is not None:
                    return ConstantValue(not result.truth(cx))
            elif isinstance(raw, types.FunctionType) or owner.base is not None:
                result = try_dunder(cx, owner, dunder, other)
                if result is not None:
                    return result
            elif raw is not ABSENT and raw is not vars(object).get(dunder):
                _refuse_compare(op, left, right)
    if op in ("==", "!="):
        return ConstantValue(identical(cx, left, right) == (op == "=="))
    cx.raise_(
        TypeError,
        f"'{op}' not supported between instances of '{left.pytype().__name__}' and '{right.pytype().__name__}'",
    )


def _has_eq(value: ObjectValue) -> bool:
    return isinstance(lookup(value.cls, "__eq__"), types.FunctionType)


def identical(cx: Capture, left: Value, right: Value) -> bool:
    """``left is right``."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ConstantValue) and one.value is None:
            return is_none(cx, other)
    left, right = left.realize(cx), right.realize(cx)
    if left is right or isinstance(left, NullValue) or isinstance(right, NullValue):
        return left is right
    if left.pytype() is not right.pytype():
        return False
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        return _same_constant(cx, left, right)
    if isinstance(left, ObjectConstant | FunctionValue) and isinstance(right, ObjectConstant | FunctionValue):
        return left.obj is right.obj
    if isinstance(left, TensorValue) and isinstance(right, TensorValue):
        return _same_tensor(cx, left, right)
    if left.source is not None and right.source is not None:
        if isinstance(left, BoundMethodValue | MethodValue):
            return False
        cx.guards.distinct([left.source, right.source])
        return False
    if isinstance(left, TupleValue | BoundMethodValue):
        return _same_immutable(left, right)
    return False


def _same_immutable(left: Value, right: Value) -> bool:
    """Of tuples and bound methods made in the frame, where rebuilding may or may not make two objects."""
    if isinstance(left, TupleValue) and isinstance(right, TupleValue) and not (left.items and right.items):
        return left.cls is tuple and not left.items and not right.items
    raise GraphBreak("unsupported operator", f"`is` between objects of type {left.pytype().__name__}")


_INTERNED = (bool, type(None), type(Ellipsis), type(NotImplemented), torch.dtype, torch.layout)


def _same_constant(cx: Capture, left: ConstantValue, right: ConstantValue) -> bool:
    if isinstance(left.value, _INTERNED):
        return left.value is right.value
    pin_nan(cx, left)
    pin_nan(cx, right)
    if left.value != right.value and left.value is not right.value:
        return False
    if type(left.value) is int and -5 <= left.value <= 256:
        return True
    if left.value is right.value:
        for value in (left, right):
            if value.source is not None:
                cx.guards.add(value.source, "is", value.value)
        return True
    raise GraphBreak("unsupported operator", f"`is` between equal objects of type {type(left.value).__name__}")


def _same_tensor(cx: Capture, left: TensorValue, right: TensorValue) -> bool:
    if left.maybe_alias and right.maybe_alias:
        raise GraphBreak("unsupported operator", "`is` between tensors that are the same if their strides are")
    if left.source is not None and right.source is not None:
        cx.guards.distinct([left.source, right.source])
        return False
    return (left.source is None) == (right.source is None) and left.example is right.example
