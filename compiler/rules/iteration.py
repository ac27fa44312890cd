"""Iterating and unpacking."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules import bodies, standins
from compiler.rules.objects import special_method
from compiler.rules.untraced import refused
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import (
    DequeValue,
    DictValue,
    DictViewValue,
    IdentityKey,
    SequenceValue,
    SetValue,
    TupleValue,
)
from compiler.values.functions import ClassValue
from compiler.values.iterators import DictIterator, IteratorValue, RangeIterator, SequenceIterator, SnapshotIterator
from compiler.values.objects import ObjectValue, ObservedException, OpaqueValue
from compiler.values.standins import Recipe
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


class _Sequence:
    def __getitem__(self, index: int) -> int:
        raise IndexError


_SEQUENCE_ITERATOR = type(iter(_Sequence()))


def elements(cx: Capture, value: Value) -> list[Value] | None:
    """All elements of a container whose iteration runs no code, else ``None``."""
    if isinstance(value, SequenceValue):
        return list(value.items)
    if isinstance(value, ObjectValue):
        part = cx.rules.iterated_part(cx, value)
        return None if part is None else elements(cx, part)
    if isinstance(value, DictValue):
        return [key for key, _ in value.entries.values()]
    if isinstance(value, SetValue):
        return list(_in_set_order(value))
    if isinstance(value, DictViewValue):
        return value.elements()
    if isinstance(value, ConstantValue) and isinstance(value.value, str | bytes | range):
        return [ConstantValue(item) for item in value.value]
    if isinstance(value, TensorValue):
        return _rows(cx, value)
    return None


def _in_set_order(value: SetValue) -> list[Value]:
    """The order in which CPython iterates over a set to which the same has happened."""
    if any(isinstance(key, IdentityKey) for key in value.entries):
        raise GraphBreak("unsupported value", "the iteration order of a set of objects that hash by identity")
    if value.source is not None and not value.edits:
        return list(value.entries.values())
    if value.order is not None:
        return [value.entries[key] for key in value.order]
    if len(value.entries) > 1:
        raise GraphBreak("unsupported value", "the iteration order of a set whose history is not known")
    return list(value.entries.values())


def _rows(cx: Capture, value: TensorValue) -> list[Value]:
    if value.example.dim() == 0:
        cx.raise_(TypeError, "iteration over a 0-d tensor")
    rows = cx.graph.call("unbind", [value, ConstantValue(0)], {})
    assert isinstance(rows, TupleValue)
    return list(rows.items)


def iterate(cx: Capture, value: Value) -> Value:
    """``iter(value)``."""
    if isinstance(value, IteratorValue):
        return value
    if isinstance(value, SequenceValue) and not isinstance(value, DequeValue):
        return cx.new(SequenceIterator(value))
    if isinstance(value, ConstantValue) and isinstance(value.value, range):
        return cx.new(RangeIterator(value.value))
    part = cx.rules.iterated_part(cx, value)
    if part is not None:
        return iterate(cx, part)
    if isinstance(value, DictValue | DictViewValue):
        return cx.new(DictIterator(value))
    items = elements(cx, value)
    if items is not None:
        watched = value if isinstance(value, SetValue | DequeValue) else None
        return cx.new(SnapshotIterator(_iterator_class(value), items, watched, value))
    if isinstance(value, ObjectValue):
        method = special_method(cx, value, "__iter__")
        if method is not None:
            return cx.call(method, [], {}).realize(cx)
        if special_method(cx, value, "__getitem__") is None:
            cx.raise_(TypeError, f"'{value.cls.__name__}' object is not iterable")
        recipe = Recipe(_SEQUENCE_ITERATOR, iter, [value], {})
        return standins.iterator(cx, recipe, bodies.iterated_sequence, value)
    if isinstance(value, ClassValue) and hasattr(value.obj, "__members__"):
        members: list[Value] = [ConstantValue(member) for member in value.obj]
        return cx.new(SnapshotIterator(type(iter(())), members))
    if isinstance(value, ConstantValue) and not hasattr(type(value.value), "__iter__"):
        cx.raise_(TypeError, f"'{type(value.value).__name__}' object is not iterable")
    if isinstance(value, OpaqueValue) and hasattr(type(value.obj), "__next__"):
        return value
    raise refused("unsupported value", f"iteration over {value.describe()}", value)


def _iterator_class(value: Value) -> type:
    example: Any = next((cls() for cls in (set, frozenset, str, bytes, deque) if issubclass(value.pytype(), cls)), ())
    return type(iter(example))


def advance(cx: Capture, iterator: Value) -> Value | None:
    """``next`` of an iterator that is a user object or lives outside of the frame."""
    if isinstance(iterator, ObjectValue):
        method = special_method(cx, iterator, "__next__")
        if method is None:
            cx.raise_(TypeError, f"'{iterator.cls.__name__}' object is not an iterator")
        try:
            return cx.call(method, [], {})
        except ObservedException as exc:
            if issubclass(exc.value.cls, StopIteration):
                return None
            raise
    raise GraphBreak("live iterator", iterator.describe())


def unpack_exactly(cx: Capture, value: Value, count: int) -> list[Value]:
    """The `count` elements of an assignment target list.

    Raises (inside the captured program): ValueError on another number of elements.
    """
    items = elements(cx, value)
    if items is None:
        iterator = iterate(cx, value)
        items = []
        while len(items) <= count and (item := cx.advance(iterator)) is not None:
            items.append(item)
    if len(items) < count:
        cx.raise_(ValueError, f"not enough values to unpack (expected {count}, got {len(items)})")
    if len(items) > count:
        cx.raise_(ValueError, f"too many values to unpack (expected {count})")
    return items
