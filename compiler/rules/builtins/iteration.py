"""Builtins that make iterators or use them up."""

from __future__ import annotations

from collections import deque
from types import FunctionType
from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules import bodies, standins
from compiler.rules.attributes import getattr_
from compiler.rules.basics import checked_result, fold
from compiler.rules.builtins.table import builtin
from compiler.rules.classes import lookup
from compiler.rules.methods import sorted_items
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DequeValue, DictValue, DictViewValue, ListValue, SequenceValue, SetValue
from compiler.values.iterators import (
    DictIterator,
    EnumerateIterator,
    FilterIterator,
    MapIterator,
    RangeIterator,
    ReverseIterator,
    SnapshotIterator,
    ZipIterator,
)
from compiler.values.objects import ObjectValue
from compiler.values.standins import Recipe
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


@builtin(iter)
def _iter(cx: Capture, value: Value, sentinel: Value | None = None, /) -> Value:
    if sentinel is None:
        return cx.iterate(value)
    recipe = Recipe(type(iter(int, 1)), iter, [value, sentinel], {})
    return standins.iterator(cx, recipe, bodies.until, value, sentinel)


@builtin(next)
def _next(cx: Capture, iterator: Value, default: Value | None = None, /) -> Value:
    if default is None:
        return cx.call(getattr_(cx, iterator, "__next__"), [], {})
    item = cx.advance(iterator)
    return default if item is None else item


@builtin(enumerate)
def _enumerate(cx: Capture, iterable: Value, start: Value | None = None) -> Value:
    first = 0 if start is None else start.realize(cx).constant()
    return cx.new(EnumerateIterator(cx.iterate(iterable), first))


@builtin(zip)
def _zip(cx: Capture, *iterables: Value, strict: Value | None = None) -> Value:
    inner = [cx.iterate(iterable) for iterable in iterables]
    return cx.new(ZipIterator(inner, strict is not None and strict.realize(cx).truth(cx)))


@builtin(map)
def _map(cx: Capture, func: Value, /, *iterables: Value) -> Value:
    return cx.new(MapIterator(func, [cx.iterate(iterable) for iterable in iterables]))


@builtin(filter)
def _filter(cx: Capture, func: Value, iterable: Value, /) -> Value:
    return cx.new(FilterIterator(func, cx.iterate(iterable)))


@builtin(reversed)
def _reversed(cx: Capture, value: Value, /) -> Value:
    if isinstance(value, ObjectValue):
        method = cx.rules.special_method(cx, value, "__reversed__")
        if method is not None and (value.base is None or isinstance(lookup(value.cls, "__reversed__"), FunctionType)):
            return cx.call(method, [], {})
        if value.base is None and lookup(value.cls, "__len__") is not ABSENT:
            return standins.iterator(cx, Recipe(reversed, reversed, [value], {}), bodies.reversed_sequence, value)
    if isinstance(value, TensorValue):
        return value if value.example.dim() == 0 else cx.graph.call("flip", [value, ConstantValue(0)], {})
    return cx.new(_reverse_iterator(cx, value))


def _reverse_iterator(cx: Capture, value: Value) -> Value:
    value = cx.rules.iterated_part(cx, value) or value
    if isinstance(value, DequeValue):
        return SnapshotIterator(type(reversed(deque())), value.items[::-1], value)
    if isinstance(value, SequenceValue):
        return ReverseIterator(value)
    if isinstance(value, DictValue | DictViewValue):
        return DictIterator(value, reverse=True)
    if isinstance(value, ConstantValue) and isinstance(value.value, range):
        return RangeIterator(value.value[::-1])
    items = cx.rules.elements(cx, value)
    if items is None or isinstance(value, SetValue):
        raise GraphBreak("unsupported builtin", f"reversed of {value.describe()}")
    return SnapshotIterator(reversed, items[::-1])


@builtin(sorted)
def _sorted(cx: Capture, iterable: Value, /, *, key: Value | None = None, reverse: Value | None = None) -> Value:
    if (
        isinstance(iterable, SetValue) and key is None
    ):  # no two elements are equal: where they come from does not matter
        return cx.new(ListValue(sorted_items(cx, list(iterable.entries.values()), key, reverse)))
    return cx.new(ListValue(sorted_items(cx, cx.unpack(iterable), key, reverse)))


@builtin(range)
def _range(cx: Capture, *bounds: Value) -> Value:
    return fold(cx, range, [indexed(cx, bound) for bound in bounds], {})


def indexed(cx: Capture, value: Value) -> Value:
    if isinstance(value, TensorValue):
        raise GraphBreak("data-dependent value", "range over a tensor")
    if isinstance(value, ObjectValue):
        return checked_result(cx.call_method(value, "__index__").realize(cx), int, "__index__")
    return value
