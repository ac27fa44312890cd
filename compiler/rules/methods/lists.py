"""Methods of lists, tuples, named tuples and deques; slices."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.rules.basics import constant_of, is_none
from compiler.rules.methods.equality import same_or_equal
from compiler.rules.methods.table import method_of
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import (
    DequeValue,
    DictValue,
    ListValue,
    SequenceValue,
    SliceValue,
    TupleValue,
)
from compiler.values.objects import ObservedException

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def _index(cx: Capture, value: Value) -> int:
    found = value.realize(cx).constant()
    if not isinstance(found, int):
        raise GraphBreak("unsupported method", f"an index of type {type(found).__name__}")
    return found


def _trim(self: DequeValue, *, left: bool) -> None:
    """A full deque drops items at the other end."""
    excess = 0 if self.maxlen is None else max(len(self.items) - self.maxlen, 0)
    if excess:
        del self.items[slice(None, excess) if left else slice(len(self.items) - excess, None)]


def _arriving(cx: Capture, items: Value) -> Iterator[Value]:
    """The elements of an iterable, one by one: the code of a generator can see those before it added."""
    items = items.realize(cx)
    direct = cx.rules.elements(cx, items)
    if direct is not None:
        yield from direct
        return
    iterator = cx.iterate(items)
    while (item := cx.advance(iterator)) is not None:
        cx.count()
        yield item


@method_of(DequeValue, "append")
def _deque_append(cx: Capture, self: DequeValue, item: Value) -> None:
    self.items.append(item)
    _trim(self, left=True)
    cx.ledger.touch(self)


@method_of(DequeValue, "extend")
def _deque_extend(cx: Capture, self: DequeValue, items: Value) -> None:
    for item in _arriving(cx, items):
        _deque_append(cx, self, item)


@method_of(DequeValue, "extendleft")
def _deque_extendleft(cx: Capture, self: DequeValue, items: Value) -> None:
    for item in _arriving(cx, items):
        _appendleft(cx, self, item)


@method_of(DequeValue, "rotate")
def _rotate(cx: Capture, self: DequeValue, steps: Value | None = None) -> None:
    if self.items:
        by = (1 if steps is None else _index(cx, steps)) % len(self.items)
        self.items[:] = self.items[-by:] + self.items[:-by] if by else self.items
    cx.ledger.touch(self)


@method_of(DequeValue, "pop")
def _deque_pop(cx: Capture, self: DequeValue) -> Value:
    if not self.items:
        cx.raise_(IndexError, "pop from an empty deque")
    cx.ledger.touch(self)
    return self.items.pop()


@method_of(ListValue, "append")
def _append(cx: Capture, self: SequenceValue, item: Value) -> None:
    self.items.append(item)
    cx.ledger.touch(self)


@method_of(ListValue, "__iadd__")
def _extend_in_place(cx: Capture, self: SequenceValue, items: Value) -> Value:
    _extend(cx, self, items)
    return self


@method_of(ListValue, "extend")
def _extend(cx: Capture, self: SequenceValue, items: Value) -> None:
    cx.ledger.touch(self)
    for item in _arriving(cx, items):
        self.items.append(item)


@method_of(DequeValue, "insert")
def _deque_insert(cx: Capture, self: DequeValue, index: Value, item: Value) -> None:
    if self.maxlen is not None and len(self.items) >= self.maxlen:
        cx.raise_(IndexError, "deque already at its maximum size")
    _insert(cx, self, index, item)


@method_of(DequeValue, "copy")
def _deque_copy(cx: Capture, self: DequeValue) -> Value:
    copy = DequeValue(self.items)
    copy.maxlen = self.maxlen
    return cx.new(copy)


@method_of(DequeValue, "remove")
def _deque_remove(cx: Capture, self: DequeValue, item: Value) -> None:
    for position, candidate in enumerate(list(self.items)):
        if same_or_equal(cx, candidate, item):
            del self.items[position]
            cx.ledger.touch(self)
            return
    text = cx.rules.convert(cx, item, repr).realize(cx).constant()
    cx.raise_(ValueError, f"{text} is not in deque")


@method_of(ListValue, "insert")
def _insert(cx: Capture, self: SequenceValue, index: Value, item: Value) -> None:
    self.items.insert(_index(cx, index), item)
    cx.ledger.touch(self)


@method_of(ListValue, "pop")
def _pop(cx: Capture, self: SequenceValue, index: Value | None = None) -> Value:
    at = -1 if index is None else _index(cx, index)
    if not self.items:
        cx.raise_(IndexError, "pop from empty list")
    if not -len(self.items) <= at < len(self.items):
        cx.raise_(IndexError, "pop index out of range")
    cx.ledger.touch(self)
    return self.items.pop(at)


@method_of(DequeValue, "popleft")
def _popleft(cx: Capture, self: SequenceValue) -> Value:
    if not self.items:
        cx.raise_(IndexError, "pop from an empty deque")
    cx.ledger.touch(self)
    return self.items.pop(0)


@method_of(DequeValue, "appendleft")
def _appendleft(cx: Capture, self: DequeValue, item: Value) -> None:
    self.items.insert(0, item)
    _trim(self, left=False)
    cx.ledger.touch(self)


@method_of(ListValue, "clear")
@method_of(DequeValue, "clear")
def _clear(cx: Capture, self: SequenceValue) -> None:
    self.items.clear()
    cx.ledger.touch(self)


@method_of(ListValue, "reverse")
@method_of(DequeValue, "reverse")
def _reverse(cx: Capture, self: SequenceValue) -> None:
    self.items.reverse()
    cx.ledger.touch(self)


@method_of(ListValue, "copy")
def _copy(cx: Capture, self: SequenceValue) -> Value:
    return cx.new(ListValue(self.items))


def live_items(
    sequence: SequenceValue, start: int | None = None, stop: int | None = None
) -> Iterator[tuple[int, Value]]:
    """Positions and items; comparing them may change the sequence meanwhile."""
    size = len(sequence.items)
    position = slice(start, stop).indices(size)[0]
    last = sys.maxsize if stop is None else stop if stop >= 0 else max(stop + size, 0)
    while position < min(last, len(sequence.items)):
        yield position, sequence.items[position]
        position += 1


@method_of(SequenceValue, "index")
def _find(
    cx: Capture, self: SequenceValue, item: Value, start: Value | None = None, stop: Value | None = None, /
) -> Value:
    first, last = (None if bound is None else _index(cx, bound) for bound in (start, stop))
    for position, candidate in live_items(self, first, last):
        if same_or_equal(cx, candidate, item):
            return ConstantValue(position)
    text = cx.rules.convert(cx, item, repr).realize(cx).constant()
    cx.raise_(ValueError, f"{text} is not in {self.cls.__name__}" if self.mutable else "tuple.index(x): x not in tuple")


@method_of(SequenceValue, "count")
def _count(cx: Capture, self: SequenceValue, item: Value) -> Value:
    return ConstantValue(sum(same_or_equal(cx, candidate, item) for _, candidate in live_items(self)))


@method_of(ListValue, "remove")
def _remove(cx: Capture, self: SequenceValue, item: Value) -> None:
    for position, candidate in live_items(self):
        if same_or_equal(cx, candidate, item):
            del self.items[position : position + 1]
            cx.ledger.touch(self)
            return
    cx.raise_(ValueError, "list.remove(x): x not in list")


@method_of(ListValue, "sort")
def _sort(cx: Capture, self: ListValue, *, key: Value | None = None, reverse: Value | None = None) -> None:
    cx.ledger.touch(self)
    items = self.items[:]
    self.items.clear()  # as the key function finds it
    try:
        result = sorted_items(cx, items, key, reverse)
    except ObservedException:
        self.items[:] = items
        raise
    modified = bool(self.items)
    self.items[:] = result
    if modified:
        cx.raise_(ValueError, "list modified during sort")


class _Rank:
    """A key whose comparisons are traced."""

    __slots__ = ("cx", "value")

    def __init__(self, cx: Capture, value: Value) -> None:
        self.cx = cx
        self.value = value

    def __lt__(self, other: _Rank) -> bool:
        return self.cx.rules.compare(self.cx, "<", self.value, other.value).realize(self.cx).truth(self.cx)


def sorted_items(cx: Capture, items: list[Value], key: Value | None, reverse: Value | None) -> list[Value]:
    """CPython's own sort, which asks for the same comparisons in the same order."""
    use_key = key is not None and not is_none(cx, key)
    keys = [cx.call(key, [item], {}) for item in items] if use_key else items  # type: ignore[arg-type]
    if not all(value.realize(cx).is_constant() for value in keys):
        ranks = [_Rank(cx, value.realize(cx)) for value in keys]
        backwards = reverse is not None and reverse.realize(cx).truth(cx)
        return [items[position] for position in sorted(range(len(items)), key=ranks.__getitem__, reverse=backwards)]
    plain = [constant_of(cx, value) for value in keys]
    backwards = reverse is not None and reverse.realize(cx).truth(cx)
    try:
        order = sorted(range(len(items)), key=plain.__getitem__, reverse=backwards)
    except TypeError as error:  # and leaves the list half sorted
        raise GraphBreak("operator refused", f"sort: {error}") from error
    return [items[position] for position in order]


@method_of(TupleValue, "numel")
def _numel(cx: Capture, self: TupleValue) -> Value:
    return ConstantValue(math.prod(_index(cx, item) for item in self.items))


@method_of(TupleValue, "_replace")
def _replace(cx: Capture, self: TupleValue, /, **changes: Value) -> Value:
    fields = self.cls._fields  # type: ignore[attr-defined]
    if not set(changes) <= set(fields):
        raise GraphBreak("unsupported method", "_replace with unknown fields")
    return cx.new(
        TupleValue([changes.get(name, item) for name, item in zip(fields, self.items, strict=True)], self.cls)
    )


@method_of(TupleValue, "_asdict")
def _asdict(cx: Capture, self: TupleValue) -> Value:
    pairs = zip(self.cls._fields, self.items, strict=True)  # type: ignore[attr-defined]
    return cx.new(DictValue({name: (ConstantValue(name), item) for name, item in pairs}))


@method_of(SliceValue, "indices")
def _indices(cx: Capture, self: SliceValue, length: Value) -> Value:
    return cx.rules.from_const(cx, self.realize(cx).constant().indices(_index(cx, length)))
