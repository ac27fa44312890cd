"""Unary and binary operators."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.rules.basics import fold_plain
from compiler.rules.classes import lookup
from compiler.rules.methods import (
    SET_ALGEBRA,
    call_method,
    dict_store,
    pairs_of,
    refuse_unlogged,
    set_entries,
    set_order,
)
from compiler.rules.objects import special_method
from compiler.rules.untraced import refused
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import (
    DequeValue,
    DictValue,
    DictViewValue,
    ListValue,
    SequenceValue,
    SetValue,
    TupleValue,
)
from compiler.values.functions import ClassValue, ObjectConstant
from compiler.values.objects import ObjectValue
from compiler.values.tensor import TensorValue
from compiler.values.wrap import overrides_torch

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

BINARY: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "+": (operator.add, "add"),
    "-": (operator.sub, "sub"),
    "*": (operator.mul, "mul"),
    "/": (operator.truediv, "truediv"),
    "//": (operator.floordiv, "floordiv"),
    "%": (operator.mod, "mod"),
    "**": (operator.pow, "pow"),
    "@": (operator.matmul, "matmul"),
    "&": (operator.and_, "and"),
    "|": (operator.or_, "or"),
    "^": (operator.xor, "xor"),
    "<<": (operator.lshift, "lshift"),
    ">>": (operator.rshift, "rshift"),
}
"""Operator text → function and dunder stem."""

INPLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv, "//": operator.ifloordiv,
    "%": operator.imod, "**": operator.ipow, "@": operator.imatmul, "&": operator.iand, "|": operator.ior,
    "^": operator.ixor, "<<": operator.ilshift, ">>": operator.irshift,
}  # fmt: skip

UNARY: dict[str, tuple[Callable[[Any], Any], str]] = {
    "UNARY_NEGATIVE": (operator.neg, "__neg__"),
    "UNARY_POSITIVE": (operator.pos, "__pos__"),
    "UNARY_INVERT": (operator.invert, "__invert__"),
}

_LARGEST_RESULT = 1_000_000
"""Elements or bits of a folded result beyond which the program computes it itself."""


def binary(cx: Capture, op: str, left: Value, right: Value) -> Value:
    """``left op right``; `op` ends in ``=`` for the in-place form."""
    in_place = op.endswith("=")
    op = op.rstrip("=")
    left, right = left.realize(cx), right.realize(cx)
    if isinstance(left, TensorValue) or isinstance(right, TensorValue):
        if isinstance(left, ObjectValue) or isinstance(right, ObjectValue):
            return _dunder_binary(cx, op, left, right, in_place)
        function = INPLACE[op] if in_place and isinstance(left, TensorValue) else BINARY[op][0]
        return cx.graph.call(function, [left, right], {})
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        return _fold_binary(cx, op, left.value, right.value)
    rule = _find_rule(op, left, right)
    if rule is not None:
        result = rule(cx, left, right, in_place)
        if result is not None:
            return result
    reflected = f"__r{BINARY[op][1]}__"
    part = right.base if isinstance(right, ObjectValue) and not isinstance(left, ObjectValue) else None
    if part is not None and special_method(cx, right, reflected) is None:
        return binary(cx, op + "=" * in_place, left, part)
    if isinstance(left, ObjectValue) or isinstance(right, ObjectValue):
        return _dunder_binary(cx, op, left, right, in_place)
    if left.is_constant() and right.is_constant():
        return _fold_binary(cx, op, left.constant(), right.constant())
    raise refused("unsupported operator", f"{left.pytype().__name__} {op} {right.pytype().__name__}", left, right)


def _fold_binary(cx: Capture, op: str, left: Any, right: Any) -> Value:
    if _is_huge(op, left, right):
        raise GraphBreak("unsupported operator", f"a very large result of {op}")
    return fold_plain(cx, BINARY[op][0], [left, right], {})


def _is_huge(op: str, left: Any, right: Any) -> bool:
    if op == "**" and isinstance(left, int) and isinstance(right, int):
        return right * max(left.bit_length(), 1) > _LARGEST_RESULT
    if op == "<<" and isinstance(left, int) and isinstance(right, int):
        return right > _LARGEST_RESULT
    if op == "*":
        for sized, count in ((left, right), (right, left)):
            if isinstance(sized, str | bytes | tuple) and isinstance(count, int):
                return len(sized) * count > _LARGEST_RESULT
    return False


BinaryRule = Callable[["Capture", Any, Any, bool], Value | None]
_BINARY_RULES: list[tuple[str, type[Value], type[Value], BinaryRule]] = []


def _rule(op: str, left: type[Value], right: type[Value]) -> Callable[[BinaryRule], BinaryRule]:
    def register(rule: BinaryRule) -> BinaryRule:
        _BINARY_RULES.append((op, left, right, rule))
        return rule

    return register


def _find_rule(op: str, left: Value, right: Value) -> BinaryRule | None:
    for wanted, left_kind, right_kind, rule in _BINARY_RULES:
        if wanted == op and isinstance(left, left_kind) and isinstance(right, right_kind):
            return rule
    return None


@_rule("+", DequeValue, Value)
@_rule("*", DequeValue, Value)
@_rule("*", Value, DequeValue)
def _of_deques(cx: Capture, left: Value, right: Value, in_place: bool) -> Value | None:
    raise GraphBreak("unsupported operator", f"{left.pytype().__name__} with {right.pytype().__name__}")


@_rule("+", SequenceValue, SequenceValue)
def _concat(cx: Capture, left: SequenceValue, right: SequenceValue, in_place: bool) -> Value | None:
    if in_place and isinstance(left, ListValue):
        call_method(cx, left, "extend", [right], {})
        return left
    if isinstance(left, ListValue) and isinstance(right, ListValue):
        return cx.new(ListValue(left.items + right.items))
    if isinstance(left, TupleValue) and isinstance(right, TupleValue):
        for same, empty in ((left, right), (right, left)):
            if not empty.items and same.cls is tuple:
                return same
        kinds = (_tuple_kind(left), _tuple_kind(right))
        return _tuple_of(cx, left.items + right.items, type(operator.add(*[kind() for kind in kinds])))
    if torch.Size in (left.cls, right.cls):
        raise GraphBreak("operator refused", "a torch.Size and a list, which do not add up")
    cx.raise_(
        TypeError, f'can only concatenate {left.cls.__name__} (not "{right.cls.__name__}") to {left.cls.__name__}'
    )


def _tuple_kind(value: TupleValue) -> type[tuple[Any, ...]]:
    return torch.Size if value.cls is torch.Size else tuple


def _tuple_of(cx: Capture, items: list[Value], cls: type) -> Value:
    """A tuple, or a torch.Size: which of the two sums of both are differs between versions of torch."""
    if cls is torch.Size and not all(isinstance(item.realize(cx).constant(), int) for item in items):
        raise GraphBreak("operator refused", "a torch.Size of something else than numbers")
    return cx.new(TupleValue(items, cls))


@_rule("+", ListValue, Value)
def _extend_in_place(cx: Capture, left: ListValue, right: Value, in_place: bool) -> Value | None:
    if in_place and not isinstance(right, ObjectValue):
        call_method(cx, left, "extend", [right], {})
        return left
    return None


@_rule("*", SequenceValue, ConstantValue)
def _repeat(cx: Capture, left: SequenceValue, right: ConstantValue, in_place: bool) -> Value | None:
    count = right.value
    if not isinstance(count, int):
        cx.raise_(TypeError, f"can't multiply sequence by non-int of type '{type(count).__name__}'")
    if len(left.items) * count > _LARGEST_RESULT:
        raise GraphBreak("unsupported operator", "a very large result of *")
    if in_place and isinstance(left, ListValue):
        left.items[:] = left.items * count
        cx.ledger.touch(left)
        return left
    if left.cls is tuple and (count == 1 or not left.items):
        return left
    if isinstance(left, TupleValue):
        return _tuple_of(cx, left.items * count, type(_tuple_kind(left)() * 1))
    return cx.new(type(left)(left.items * count, list))


@_rule("*", ConstantValue, SequenceValue)
def _repeat_reflected(cx: Capture, left: ConstantValue, right: SequenceValue, in_place: bool) -> Value | None:
    return _repeat(cx, right, left, False)


@_rule("|", DictValue, DictValue)
def _merge(cx: Capture, left: DictValue, right: DictValue, in_place: bool) -> Value | None:
    if in_place:
        return call_method(cx, left, "__ior__", [right], {})
    merged = DictValue(dict(left.entries), left.cls)
    merged.factory = left.factory
    for key, value in pairs_of(cx, right):
        dict_store(cx, merged, key, value)
    return cx.new(merged)


@_rule("|", ClassValue, Value)
def _union(cx: Capture, left: ClassValue, right: Value, in_place: bool) -> Value | None:
    other = right.obj if isinstance(right, ObjectConstant) else right.constant()
    if not isinstance(other, type | types.UnionType | None):
        return None
    return cx.wrap_constant(left.obj | other)


_SET_NAMES = {"|": "union", "&": "intersection", "-": "difference", "^": "symmetric_difference"}


_SET_OPERATORS: dict[str, tuple[Any, Any]] = {
    "|": (operator.or_, operator.ior),
    "&": (operator.and_, operator.iand),
    "-": (operator.sub, operator.isub),
    "^": (operator.xor, operator.ixor),
}


def _set_rule(op: str) -> BinaryRule:
    def rule(cx: Capture, left: Value, right: Value, in_place: bool) -> Value | None:
        if not isinstance(right, SetValue | DictViewValue) or not isinstance(left, SetValue | DictViewValue):
            return None
        if in_place and isinstance(left, SetValue) and left.cls is set:
            refuse_unlogged(left)
        entries = SET_ALGEBRA[_SET_NAMES[op]](set_entries(cx, left), set_entries(cx, right))
        order = None
        if isinstance(left, SetValue) and isinstance(right, SetValue):
            order = set_order(_SET_OPERATORS[op][in_place], left, left.entries, (right, right.entries))
        if in_place and isinstance(left, SetValue) and left.cls is set:
            left.entries.clear()
            left.entries.update(entries)
            left.edits += 1
            left.order = order
            left.holes |= op in "-^"
            cx.ledger.touch(left)
            return left
        return cx.new(SetValue(entries, left.cls if isinstance(left, SetValue) else set, order=order))

    return rule


for _op in _SET_NAMES:
    _rule(_op, SetValue, Value)(_set_rule(_op))
    _rule(_op, DictViewValue, Value)(_set_rule(_op))


@_rule("%", ConstantValue, Value)
def _percent(cx: Capture, left: ConstantValue, right: Value, in_place: bool) -> Value | None:
    if not isinstance(left.value, str):
        return None
    if isinstance(right, TupleValue):
        items = tuple(_text_argument(cx, item) for item in right.items)
        return fold_plain(cx, operator.mod, [left.value, items], {})
    return fold_plain(cx, operator.mod, [left.value, _text_argument(cx, right)], {})


def _text_argument(cx: Capture, value: Value) -> Any:
    value = value.realize(cx)
    return value.constant() if value.is_constant() else cx.rules.convert(cx, value, str).realize(cx).constant()


def _dunder_binary(cx: Capture, op: str, left: Value, right: Value, in_place: bool) -> Value:
    """Python's protocol: in-place form, left, reflected right (first when its class is a subclass)."""
    stem = BINARY[op][1]
    attempts = [(left, f"__{stem}__", right), (right, f"__r{stem}__", left)]
    if _overloads(left.pytype(), right.pytype(), f"__r{stem}__"):
        attempts.reverse()
    elif right.pytype() is left.pytype():
        attempts.pop()
    if in_place:
        attempts.insert(0, (left, f"__i{stem}__", right))
    for owner, name, other in attempts:
        result = try_dunder(cx, owner, name, other)
        if result is not None:
            return result
    text = f"unsupported operand type(s) for {op}{'=' if in_place else ''}"
    if op == "**":
        text = f"unsupported operand type(s) for {'**=' if in_place else '** or pow()'}"
    cx.raise_(TypeError, f"{text}: '{left.pytype().__name__}' and '{right.pytype().__name__}'")


def _overloads(left: type, right: type, name: str) -> bool:
    """Whether the right operand goes first: a subclass that answers in a way of its own."""
    return right is not left and issubclass(right, left) and lookup(right, name) is not lookup(left, name)


def try_dunder(cx: Capture, owner: Value, name: str, other: Value) -> Value | None:
    """Call a binary dunder; ``None`` when it is missing or gives NotImplemented."""
    if not isinstance(owner, ObjectValue):
        if isinstance(owner, TensorValue):
            if overrides_torch(other.pytype()):
                return cx.graph.call(name, [owner, other], {})
            raise GraphBreak("unsupported operator", f"a tensor with {other.describe()}")
        return None
    method = special_method(cx, owner, name)
    if method is None:
        return None
    result = cx.call(method, [other], {}).realize(cx)
    return None if isinstance(result, ConstantValue) and result.value is NotImplemented else result


def unary(cx: Capture, op: str, value: Value) -> Value:
    function, dunder = UNARY[op]
    value = value.realize(cx)
    if isinstance(value, TensorValue):
        return cx.graph.call(function, [value], {})
    if isinstance(value, ConstantValue):
        return fold_plain(cx, function, [value.value], {})
    if isinstance(value, ObjectValue):
        method = special_method(cx, value, dunder)
        if method is not None:
            return cx.call(method, [], {})
    raise refused("unsupported operator", f"{op} of {value.describe()}", value)
