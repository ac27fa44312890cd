"""Methods of dicts and their subclasses of `collections`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.rules.methods.table import METHODS, Rule, method_of
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import (
    DictValue,
    DictViewValue,
    TupleValue,
    as_key,
)
from compiler.values.objects import ObjectValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def dict_store(cx: Capture, self: DictValue, key: Value, value: Value) -> None:
    """``self[key] = value``; a key that is there keeps its place and its key object."""
    obj = as_key(cx, key)
    known = self.entries.get(obj)
    if known is None:
        self.edits += 1
        if obj in self.original:
            self.readded.add(obj)
    self.entries[obj] = (known[0] if known else key, value)
    cx.ledger.touch(self)


def dict_get(cx: Capture, self: DictValue, key: Value) -> Value | None:
    entry = self.entries.get(as_key(cx, key))
    return entry[1] if entry else None


@method_of(DictValue, "get")
def _dict_get(cx: Capture, self: DictValue, key: Value, default: Value | None = None) -> Value | None:
    found = dict_get(cx, self, key)
    return default if found is None else found


@method_of(DictValue, "setdefault")
def _setdefault(cx: Capture, self: DictValue, key: Value, default: Value | None = None) -> Value:
    found = dict_get(cx, self, key)
    if found is None:
        found = default or ConstantValue(None)
        dict_store(cx, self, key, found)
    return found


@method_of(DictValue, "pop")
def _dict_pop(cx: Capture, self: DictValue, key: Value, default: Value | None = None) -> Value:
    obj = as_key(cx, key)
    if obj not in self.entries:
        if default is None:
            cx.raise_(KeyError, key.realize(cx).constant())
        return default
    cx.ledger.touch(self)
    return self.entries.pop(obj)[1]


@method_of(DictValue, "popitem")
def _popitem(cx: Capture, self: DictValue) -> Value:
    if not self.entries:
        cx.raise_(KeyError, "popitem(): dictionary is empty")
    cx.ledger.touch(self)
    return TupleValue(self.entries.popitem()[1])


@method_of(DictValue, "clear")
def _dict_clear(cx: Capture, self: DictValue) -> None:
    self.entries.clear()
    cx.ledger.touch(self)


@method_of(DictValue, "copy")
def _dict_copy(cx: Capture, self: DictValue) -> Value:
    copy = DictValue(dict(self.entries), self.cls)
    copy.factory = self.factory
    return cx.new(copy)


def _view_rule(which: str) -> Rule:
    def rule(cx: Capture, self: DictValue) -> Value:
        return cx.new(DictViewValue(self, which))

    return rule


METHODS |= {(DictValue, which): _view_rule(which) for which in ("keys", "values", "items")}


@method_of(DictValue, "__ior__")
def _merge_in_place(cx: Capture, self: DictValue, other: Value) -> Value:
    _dict_update(cx, self, other)
    return self


@method_of(DictValue, "update")
def _dict_update(cx: Capture, self: DictValue, _other: Value | None = None, /, **kwargs: Value) -> None:
    if _other is not None:
        for key, value in pairs_of(cx, _other):
            dict_store(cx, self, key, value)
    for name, value in kwargs.items():
        dict_store(cx, self, ConstantValue(name), value)
    cx.ledger.touch(self)


def pairs_of(cx: Capture, other: Value) -> list[tuple[Value, Value]]:
    """The pairs of a mapping or of an iterable of pairs."""
    other = other.realize(cx)
    if isinstance(other, DictValue):
        return list(other.entries.values())
    if cx.rules.is_plain_mapping(cx, other):
        part = cx.rules.iterated_part(cx, other)
        return list(part.entries.values())
    if isinstance(other, ObjectValue) and cx.rules.special_method(cx, other, "keys") is not None:
        keys = cx.unpack(cx.call_method(other, "keys"))
        return [(key, cx.call_method(other, "__getitem__", key)) for key in keys]
    pairs: list[tuple[Value, Value]] = []
    for item in cx.unpack(other):
        key, value = cx.rules.unpack_exactly(cx, item.realize(cx), 2)
        pairs.append((key, value))
    return pairs


def merge_keywords(cx: Capture, target: Value, other: Value) -> None:
    """``**other`` in a call: like update, but a name may come once only."""
    target = target.realize(cx)
    assert isinstance(target, DictValue)
    for key, value in pairs_of(cx, other):
        if as_key(cx, key) in target.entries:
            raise GraphBreak("operator refused", f"multiple values for keyword {key.realize(cx).constant()!r}")
        dict_store(cx, target, key, value)


@method_of(DictValue, "move_to_end")
def _move_to_end(cx: Capture, self: DictValue, key: Value, last: Value | None = None) -> None:
    obj = as_key(cx, key)
    if obj not in self.entries:
        cx.raise_(KeyError, key.realize(cx).constant())
    entry = self.entries.pop(obj)
    self.edits += 1
    if last is None or last.realize(cx).truth(cx):
        self.entries[obj] = entry
    else:
        rest = dict(self.entries)
        self.entries.clear()
        self.entries.update({obj: entry, **rest})
    cx.ledger.touch(self)
