"""Builtins that make containers."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import torch

from compiler.breaks import GraphBreak
from compiler.rules.builtins.table import builtin
from compiler.rules.methods import dict_store, pairs_of, set_entries, set_order
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DequeValue, DictValue, ListValue, SetValue, SliceValue, TupleValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


@builtin(list)
def _list(cx: Capture, iterable: Value | None = None, /) -> Value:
    return cx.new(ListValue(cx.unpack(iterable) if iterable is not None else []))


@builtin(tuple)
def _tuple(cx: Capture, iterable: Value | None = None, /) -> Value:
    if isinstance(iterable, TupleValue) and iterable.cls is tuple:
        return iterable
    return cx.new(TupleValue(cx.unpack(iterable) if iterable is not None else []))


@builtin(torch.Size)
def _size(cx: Capture, iterable: Value | None = None, /) -> Value:
    items = cx.unpack(iterable) if iterable is not None else []
    if not all(type(item.realize(cx).constant()) is int for item in items):
        raise GraphBreak("operator refused", "torch.Size of elements that are not integers")
    return cx.new(TupleValue(items, torch.Size))


@builtin(set)
def _set(cx: Capture, iterable: Value | None = None, /) -> Value:
    return _make_set(cx, set, iterable)


def _make_set(cx: Capture, cls: type, iterable: Value | None) -> Value:
    if iterable is None:
        return cx.new(SetValue({}, cls, order=cls()))
    entries = set_entries(cx, iterable)
    return cx.new(SetValue(entries, cls, order=set_order(cls, iterable, entries)))


@builtin(frozenset)
def _frozenset(cx: Capture, iterable: Value | None = None, /) -> Value:
    if isinstance(iterable, SetValue) and iterable.cls is frozenset:
        return iterable
    return _make_set(cx, frozenset, iterable)


def _make_dict(cx: Capture, cls: type, iterable: Value | None, kwargs: dict[str, Value]) -> DictValue:
    result = DictValue({}, cls)
    for key, value in pairs_of(cx, iterable) if iterable is not None else []:
        dict_store(cx, result, key, value)
    for name, value in kwargs.items():
        dict_store(cx, result, ConstantValue(name), value)
    cx.new(result)
    return result


@builtin(dict)
def _dict(cx: Capture, iterable: Value | None = None, /, **kwargs: Value) -> Value:
    return _make_dict(cx, dict, iterable, kwargs)


@builtin(collections.OrderedDict)
def _ordered_dict(cx: Capture, iterable: Value | None = None, /, **kwargs: Value) -> Value:
    return _make_dict(cx, collections.OrderedDict, iterable, kwargs)


@builtin(collections.defaultdict)
def _default_dict(
    cx: Capture, factory: Value | None = None, iterable: Value | None = None, /, **kwargs: Value
) -> Value:
    result = _make_dict(cx, collections.defaultdict, iterable, kwargs)
    result.factory = factory
    return result


@builtin(collections.deque)
def _deque(cx: Capture, iterable: Value | None = None, maxlen: Value | None = None) -> Value:
    limit = None if maxlen is None else maxlen.realize(cx).constant()
    items = cx.unpack(iterable) if iterable is not None else []
    result = DequeValue(items[max(len(items) - limit, 0) :] if limit is not None else items)
    result.maxlen = limit
    return cx.new(result)


@builtin(slice)
def _slice(cx: Capture, *bounds: Value) -> Value:
    none = ConstantValue(None)
    start, stop, step = {1: (none, *bounds, none), 2: (*bounds, none), 3: bounds}[len(bounds)]
    return SliceValue([start, stop, step])
