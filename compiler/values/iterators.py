"""Iterators: each advances symbolically and can be rebuilt where it stands."""

from __future__ import annotations

import operator
import types
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictViewValue, SequenceValue, TupleValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


class IteratorValue(Value):
    """Base: `advance` gives the next value, or ``None`` when exhausted."""

    mutable = True
    __slots__ = ()

    def advance(self, cx: Capture) -> Value | None:
        raise NotImplementedError

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.container_attr(cx, self, name)


class SequenceIterator(IteratorValue):
    """Over a list or tuple, live: a list that grows meanwhile is seen to grow."""

    __slots__ = ("index", "reverse", "sequence")

    def __init__(self, sequence: SequenceValue) -> None:
        super().__init__()
        self.sequence: SequenceValue | None = sequence
        self.index = 0

    def pytype(self) -> type:
        return (
            type(iter(self.sequence.cls()))
            if self.sequence is not None and self.sequence.cls is list
            else type(iter(()))
        )

    def advance(self, cx: Capture) -> Value | None:
        if self.sequence is None or self.index >= len(self.sequence.items):
            self.sequence = None
            return None
        self.index += 1
        return self.sequence.items[self.index - 1]


class ReversedListIterator(IteratorValue):
    """``reversed`` of a list, live; `index` is the next position, and -1 at the end."""

    __slots__ = ("index", "sequence")

    def __init__(self, sequence: SequenceValue) -> None:
        super().__init__()
        self.sequence = sequence
        self.index = len(sequence.items) - 1

    def pytype(self) -> type:
        return type(reversed([]))

    def advance(self, cx: Capture) -> Value | None:
        if not 0 <= self.index < len(self.sequence.items):
            self.index = -1
            return None
        self.index -= 1
        return self.sequence.items[self.index + 1]


class SnapshotIterator(IteratorValue):
    """Over values known when it was made: views, sets, strings, ranges, reversed sequences.

    Attributes:
        cls: The iterator's class.
        over: What it iterates over; ``None`` when that cannot be iterated over again.
        rest: The values; `index` of them are consumed.
        watched: A container whose keys must not change meanwhile, with those.
    """

    __slots__ = ("cls", "index", "over", "rest", "watched")

    def __init__(self, cls: type, values: list[Value], watched: Any = None, over: Value | None = None) -> None:
        super().__init__()
        self.cls = cls
        self.over = over
        self.rest = values
        self.index = 0
        self.watched = (watched, list(watched)) if watched is not None else None

    def pytype(self) -> type:
        return self.cls

    def advance(self, cx: Capture) -> Value | None:
        if self.is_stale():
            raise GraphBreak("unsupported value", "a container that changed during iteration")
        if self.index >= len(self.rest):
            return None
        self.index += 1
        if isinstance(self.over, DictViewValue):
            return self.over.element(self.watched[1][self.index - 1])  # type: ignore[index]
        return self.rest[self.index - 1]

    def is_stale(self) -> bool:
        """Whether the container has got or lost an element since."""
        if self.watched is None:
            return False
        now, keys = self.watched
        return len(now) != len(keys) or (self.index < len(keys) and not all(map(operator.is_, now, keys)))


class RangeIterator(IteratorValue):
    """Over a range; `index` numbers are consumed."""

    __slots__ = ("index", "range")

    def __init__(self, values: range) -> None:
        super().__init__()
        self.range = values
        self.index = 0

    def pytype(self) -> type:
        return type(iter(self.range))

    def advance(self, cx: Capture) -> Value | None:
        if self.index >= len(self.range):
            return None
        self.index += 1
        return ConstantValue(self.range[self.index - 1])


class EnumerateIterator(IteratorValue):
    __slots__ = ("count", "inner")

    def __init__(self, inner: Value, start: int) -> None:
        super().__init__()
        self.inner = inner
        self.count = start

    def pytype(self) -> type:
        return enumerate

    def advance(self, cx: Capture) -> Value | None:
        item = cx.advance(self.inner)
        if item is None:
            return None
        self.count += 1
        return TupleValue([ConstantValue(self.count - 1), item])


class ZipIterator(IteratorValue):
    __slots__ = ("inner", "strict")

    def __init__(self, inner: list[Value], strict: bool) -> None:
        super().__init__()
        self.inner = inner
        self.strict = strict

    def pytype(self) -> type:
        return zip

    def advance(self, cx: Capture) -> Value | None:
        if not self.inner:
            return None
        items: list[Value] = []
        for position, inner in enumerate(self.inner):
            item = cx.advance(inner)
            if item is None:
                self._check_strict(cx, position)
                return None
            items.append(item)
        return TupleValue(items)

    def _check_strict(self, cx: Capture, position: int) -> None:
        if self.strict and (position or any(cx.advance(inner) is not None for inner in self.inner[1:])):
            raise GraphBreak("unsupported value", "zip(strict=True) over iterables of different lengths")


class MapIterator(IteratorValue):
    __slots__ = ("func", "inner")

    def __init__(self, func: Value, inner: list[Value]) -> None:
        super().__init__()
        self.func = func
        self.inner = inner

    def pytype(self) -> type:
        return map

    def advance(self, cx: Capture) -> Value | None:
        items: list[Value] = []
        for inner in self.inner:
            item = cx.advance(inner)
            if item is None:
                return None
            items.append(item)
        return cx.call(self.func, items, {})


class FilterIterator(IteratorValue):
    __slots__ = ("func", "inner")

    def __init__(self, func: Value, inner: Value) -> None:
        super().__init__()
        self.func = func
        self.inner = inner

    def pytype(self) -> type:
        return filter

    def advance(self, cx: Capture) -> Value | None:
        while (item := cx.advance(self.inner)) is not None:
            kept = item
            if not (self.func.is_constant() and self.func.constant() is None):
                kept = cx.call(self.func, [item], {})
            if kept.realize(cx).truth(cx):
                return item
        return None


class GeneratorValue(IteratorValue):
    """A generator of an inlined function: a suspended interpreter frame.

    Attributes:
        frame: The frame; knows whether it has started or finished.
        call_parts: The function and arguments, for rebuilding one that has not started.
    """

    __slots__ = ("call_parts", "frame")

    def __init__(self, frame: Any, call_parts: tuple[Value, list[Value], dict[str, Value]]) -> None:
        super().__init__()
        self.frame = frame
        self.call_parts = call_parts

    def pytype(self) -> type:
        return types.GeneratorType

    def advance(self, cx: Capture) -> Value | None:
        return cx.resume_generator(self, None)
