"""Code that writes changed objects back: one row per kind; the least writing that gives the new state."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from compiler.output.plan import resolve
from compiler.output.rebuild import Rebuilder, refill
from compiler.rules.classes import lookup
from compiler.sources import DictItemsSource
from compiler.values.base import Value
from compiler.values.containers import DequeValue, DictValue, ListValue, SetValue, TupleValue
from compiler.values.functions import CellValue
from compiler.values.objects import ObjectValue


def write_back(rb: Rebuilder, value: Value) -> None:
    """Bring an object that existed before the frame to the state of `value`."""
    WRITERS[type(value)](rb, value)


def _call(rb: Rebuilder, owner: Value, name: str, *args: Callable[[], None]) -> None:
    rb.push(owner)
    rb.e.call_method(name, *args)
    rb.e.pop_top()


def _list(rb: Rebuilder, value: ListValue) -> None:
    kept = len(value.original)
    added = value.items[kept:]
    if value.items[:kept] == value.original:
        if added:
            _call(rb, value, "extend", lambda: rb.push_tuple(added))
        return
    rb.push_tuple(value.items)
    rb.push(value)
    rb.e.load_const(slice(None))
    rb.e.store_item()


_MOST_POPS = 8
"""Items that leave a deque one by one at its left end; where more do, it is filled anew."""


def _deque(rb: Rebuilder, value: DequeValue) -> None:
    before, now = value.original, value.items
    if len(now) == len(before) and all(
        new is old or place in value.stored for place, (new, old) in enumerate(zip(now, before, strict=True))
    ):
        _store_items(rb, value)
        return
    for gone in range(min(len(before), _MOST_POPS) + 1):
        stay = len(before) - gone
        if now[:stay] == before[gone:]:
            for _ in range(gone):
                _call(rb, value, "popleft")
            now = now[stay:]
            break
    else:
        _call(rb, value, "clear")
    if now:
        _call(rb, value, "extend", lambda: rb.push_tuple(now))


def _store_items(rb: Rebuilder, value: DequeValue) -> None:
    for place in sorted(value.stored):
        rb.push(value.items[place])
        rb.push(value)
        rb.e.load_const(place)
        rb.e.store_item()


def _dict(rb: Rebuilder, value: DictValue) -> None:
    """Delete and store as the program did: somebody may be iterating over it."""
    kept = _in_place(value)
    _hold_keys(rb, value)
    for key, (key_value, _) in value.original.items():
        if key not in kept:
            rb.push(value)
            rb.push(key_value)
            rb.e.delete_item()
    for key, (key_value, item) in value.entries.items():
        if key not in kept or value.original[key][1] is not item:
            rb.push(item)
            rb.push(value)
            rb.push(key_value)
            rb.e.store_item()


def _hold_keys(rb: Rebuilder, value: DictValue) -> None:
    """Take keys that are found by their place in the dict in hand, before the places change."""
    for name, _ in [*value.original.values(), *value.entries.values()]:
        key = resolve(name)
        if isinstance(key.source, DictItemsSource) and key not in rb.temps:
            rb.push(key)
            rb.store_temp(key)


def _in_place(value: DictValue) -> set[Any]:
    """Keys that stand where they stood: those after them were deleted, or stored anew at the end."""
    before = iter(value.original.values())
    kept: set[Any] = set()
    for key, (key_value, _) in value.entries.items():
        if not any(earlier is key_value for earlier, _ in before):
            break
        kept.add(key)
    return kept


def _set(rb: Rebuilder, value: SetValue) -> None:
    """The program's own changes in their order, on which the order of a set depends."""
    for method, items in value.log:
        _call(rb, value, method, *[rb.loader(item) for item in items])


def _object(rb: Rebuilder, value: ObjectValue) -> None:
    """Attributes, past any ``__setattr__`` of the class: that has been traced."""
    _part(rb, value)
    plain = lookup(value.cls, "__setattr__") is object.__setattr__
    for name, item in value.attrs.items():
        if not isinstance(item, Value) or name in value.recreated:
            rb.e.call_constant(object.__delattr__, rb.loader(value), functools.partial(rb.e.load_const, name))
            rb.e.pop_top()
        if not isinstance(item, Value):
            continue
        if plain:
            rb.push(item)
            rb.push(value)
            rb.e.store_attr(name)
        else:
            load_name = functools.partial(rb.e.load_const, name)
            rb.e.call_constant(object.__setattr__, rb.loader(value), load_name, rb.loader(item))
            rb.e.pop_top()


def _part(rb: Rebuilder, value: ObjectValue) -> None:
    """The container part of an object of a list's or dict's subclass, when it changed."""
    part = value.base
    if part is None or isinstance(part, TupleValue):
        return
    now: Any = part.entries if isinstance(part, DictValue) else part.items
    if now != part.original or list(now) != list(part.original):
        refill(rb, value)


def _cell(rb: Rebuilder, value: CellValue) -> None:
    if value.name is not None:
        if value.contents is None:
            rb.e.load_const(None)  # the frame's own cell may be empty, which nobody can delete
            rb.e.store_deref(value.name)
            rb.e.delete_deref(value.name)
        else:
            rb.push(value.contents)
            rb.e.store_deref(value.name)
    elif value.contents is None:
        rb.push(value)
        rb.e.delete_attr("cell_contents")
    else:
        rb.push(value.contents)
        rb.push(value)
        rb.e.store_attr("cell_contents")


def write_global(rb: Rebuilder, globals_: dict[str, Any], name: str, value: Value) -> None:
    rb.push(value)
    rb.e.load_const(globals_)
    rb.e.load_const(name)
    rb.e.store_item()


WRITERS: dict[type[Value], Callable[[Rebuilder, Any], None]] = {
    ListValue: _list,
    DequeValue: _deque,
    DictValue: _dict,
    SetValue: _set,
    ObjectValue: _object,
    CellValue: _cell,
}
