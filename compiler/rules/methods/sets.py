"""Methods of sets and frozen sets, whose order is CPython's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.methods.table import METHODS, Rule, method_of
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import (
    DictValue,
    SetValue,
    as_key,
)

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def _changed(cx: Capture, self: SetValue, method: str, *items: Value) -> None:
    """Note a change: `method` was called with `items`."""
    self.edits += 1
    self.log.append((method, items))
    cx.ledger.touch(self)


def refuse_unlogged(self: SetValue) -> None:
    """A set from outside of the frame changes natively where the order of its elements could come out differently.

    Raises:
        GraphBreak: it is from outside.
    """
    if self.source is not None:
        raise GraphBreak("unsupported method", "a change of a set from outside of the frame by another set")


def _remove_key(cx: Capture, self: SetValue, key: Any, item: Value) -> None:
    del self.entries[key]
    if self.order is not None:
        self.order.discard(key)
    self.holes = True
    _changed(cx, self, "discard", item)


@method_of(SetValue, "add")
def _set_add(cx: Capture, self: SetValue, item: Value) -> None:
    key = as_key(cx, item)
    self.entries.setdefault(key, item)
    if self.order is not None:
        self.order.add(key)
    _changed(cx, self, "add", item)


@method_of(SetValue, "discard")
def _discard(cx: Capture, self: SetValue, item: Value) -> None:
    key = as_key(cx, item)
    if key in self.entries:
        _remove_key(cx, self, key, item)


@method_of(SetValue, "remove")
def _set_remove(cx: Capture, self: SetValue, item: Value) -> None:
    key = as_key(cx, item)
    if key not in self.entries:
        cx.raise_(KeyError, item.realize(cx).constant())
    _remove_key(cx, self, key, item)


@method_of(SetValue, "clear")
def _set_clear(cx: Capture, self: SetValue) -> None:
    self.entries.clear()
    self.order = set()
    self.holes = False
    _changed(cx, self, "clear")


@method_of(SetValue, "update")
def _set_update(cx: Capture, self: SetValue, *others: Value) -> None:
    for other in others:
        if isinstance(other.realize(cx), SetValue | DictValue):
            refuse_unlogged(self)
        entries = set_entries(cx, other)
        for key, item in entries.items():
            self.entries.setdefault(key, item)
        self.order = set_order(_updated, self, self.entries, (other, entries))
        for item in entries.values():
            _changed(cx, self, "add", item)
    cx.ledger.touch(self)


def _updated(target: set[Any], other: Any) -> set[Any]:
    target.update(other)
    return target


@method_of(SetValue, "copy")
def _set_copy(cx: Capture, self: SetValue) -> Value:
    cls: Any = self.cls
    if cls is frozenset:
        return self
    return cx.new(SetValue(dict(self.entries), self.cls, order=set_order(cls.copy, self, self.entries)))


def set_order(
    operation: Callable[..., Any], first: Value, entries: dict[Any, Value], *rest: tuple[Value, dict[Any, Value]]
) -> Any:
    """What an operation does to the real sets behind values; ``None`` when one of them is unknown."""
    operands = [_ordered(first, entries), *[_ordered(value, items) for value, items in rest]]
    return None if any(operand is None for operand in operands) else operation(*operands)


def _ordered(value: Value, entries: dict[Any, Value]) -> Any:
    value = getattr(value, "realized", None) or value
    if isinstance(value, SetValue):
        return value.order
    return dict.fromkeys(entries) if isinstance(value, DictValue) else list(entries)


def set_entries(cx: Capture, value: Value) -> dict[Any, Value]:
    """The elements of an iterable as set entries."""
    value = value.realize(cx)
    if isinstance(value, SetValue):
        return dict(value.entries)
    entries: dict[Any, Value] = {}
    for item in cx.unpack(value):
        entries.setdefault(as_key(cx, item), item)
    return entries


SET_ALGEBRA: dict[str, Callable[[dict[Any, Value], dict[Any, Value]], dict[Any, Value]]] = {
    "union": lambda a, b: a | {key: item for key, item in b.items() if key not in a},
    "intersection": lambda a, b: (
        {key: item for key, item in a.items() if key in b}
        if len(a) < len(b)
        else {key: item for key, item in b.items() if key in a}
    ),
    "difference": lambda a, b: {key: item for key, item in a.items() if key not in b},
    "symmetric_difference": lambda a, b: (
        {key: item for key, item in a.items() if key not in b} | {key: item for key, item in b.items() if key not in a}
    ),
}
SET_TESTS: dict[str, Callable[[dict[Any, Value], dict[Any, Value]], bool]] = {
    "issubset": lambda a, b: a.keys() <= b.keys(),
    "issuperset": lambda a, b: a.keys() >= b.keys(),
    "isdisjoint": lambda a, b: a.keys().isdisjoint(b.keys()),
}


def _algebra_rule(name: str) -> Rule:
    def rule(cx: Capture, self: SetValue, *others: Value) -> Value:
        if name == "symmetric_difference" and len(others) != 1:
            raise GraphBreak("operator refused", f"{name} of {len(others)} sets")
        entries = dict(self.entries)
        rest = [(other, set_entries(cx, other)) for other in others]
        for _, items in rest:
            entries = SET_ALGEBRA[name](entries, items)
        order = set_order(getattr(self.cls, name), self, self.entries, *rest)
        return cx.new(SetValue(entries, self.cls, order=order))

    return rule


def _test_rule(name: str) -> Rule:
    def rule(cx: Capture, self: SetValue, other: Value) -> Value:
        return ConstantValue(SET_TESTS[name](self.entries, set_entries(cx, other)))

    return rule


METHODS |= {(SetValue, name): _algebra_rule(name) for name in SET_ALGEBRA}
METHODS |= {(SetValue, name): _test_rule(name) for name in SET_TESTS}
