"""Iterators: each advances symbolically and can be rebuilt where it stands."""

from __future__ import annotations

import collections
import types
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DequeValue, DictValue, DictViewValue, SequenceValue, SetValue, TupleValue

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


class ReverseIterator(IteratorValue):
    """Over a list, tuple or deque from its end, live; `index` is that of the next item."""

    __slots__ = ("index", "sequence")

    def __init__(self, sequence: SequenceValue) -> None:
        super().__init__()
        self.sequence = sequence
        self.index = len(sequence.items) - 1

    def pytype(self) -> type:
        return type(reversed(self.sequence.cls())) if self.sequence.mutable else reversed

    def advance(self, cx: Capture) -> Value | None:
        if not 0 <= self.index < len(self.sequence.items):
            self.index = -1
            return None
        self.index -= 1
        return self.sequence.items[self.index + 1]


class Watch:
    """Notices when the keys of a dict or set, or the items of a deque, change while somebody iterates over it."""

    def __init__(self, container: DictValue | SetValue | DequeValue) -> None:
        self.container = container
        self._before = self._now()

    def _now(self) -> tuple[Any, ...]:
        if isinstance(self.container, DequeValue):
            return tuple(self.container.items)
        return len(self.container.entries), self.container.edits

    def same_size(self) -> bool:
        """Of a dict or set."""
        return bool(self._now()[0] == self._before[0])

    def undisturbed(self) -> bool:
        """Whether the keys or items are the same ones in the same order."""
        return self._now() == self._before

    def check(self) -> None:
        """Raises GraphBreak where what comes next depends on how CPython lays out its tables."""
        if not self.undisturbed():
            raise GraphBreak("unsupported value", f"a {self.container.cls.__name__} that changes during iteration")


class DictIterator(IteratorValue):
    """Over a dict or a view of one, live.

    Attributes:
        over: The dict or view.
        mapping: The dict; ``None`` when the iterator is exhausted.
        index: Number of entries consumed.
    """

    __slots__ = ("failed", "index", "keys", "mapping", "over", "reverse", "watch", "which")

    def __init__(self, over: DictValue | DictViewValue, *, reverse: bool = False) -> None:
        super().__init__()
        self.over = over
        self.which = over.which if isinstance(over, DictViewValue) else "keys"
        self.mapping: DictValue | None = over.mapping if isinstance(over, DictViewValue) else over
        self.keys = list(self.mapping.entries)
        self.watch = Watch(self.mapping)
        self.reverse = reverse
        self.index = 0
        self.failed = False

    def pytype(self) -> type:
        mapping = self.over.mapping if isinstance(self.over, DictViewValue) else self.over
        example = getattr(mapping.cls() if issubclass(mapping.cls, dict) else {}, self.which)()
        return type(reversed(example) if self.reverse else iter(example))

    def advance(self, cx: Capture) -> Value | None:
        if self.mapping is None:
            return None
        if self.failed or not self.watch.same_size():
            if self.mapping.cls is collections.OrderedDict:
                raise GraphBreak("unsupported value", "an OrderedDict changed size during iteration")
            self.failed = True
            cx.raise_(RuntimeError, "dictionary changed size during iteration")
        self.watch.check()
        if self.index >= len(self.keys):
            self.mapping = None
            return None
        self.index += 1
        key, value = self.mapping.entries[self.keys[-self.index if self.reverse else self.index - 1]]
        return {"keys": key, "values": value}.get(self.which) or TupleValue([key, value])


class SnapshotIterator(IteratorValue):
    """Over values known when it was made: sets, strings, ranges.

    Attributes:
        cls: The iterator's class.
        over: What it iterates over; ``None`` when that cannot be iterated over again.
        rest: The values; `index` of them are consumed.
        watch: Of a set or deque, which must not change meanwhile.
    """

    __slots__ = ("cls", "index", "over", "rest", "watch")

    def __init__(
        self, cls: type, values: list[Value], watched: SetValue | DequeValue | None = None, over: Value | None = None
    ) -> None:
        super().__init__()
        self.cls = cls
        self.over = over
        self.rest = values
        self.index = 0
        self.watch = Watch(watched) if watched is not None else None

    def pytype(self) -> type:
        return self.cls

    def advance(self, cx: Capture) -> Value | None:
        if self.watch is not None:
            self.watch.check()
        if self.index >= len(self.rest):
            self.watch = None
            return None
        self.index += 1
        return self.rest[self.index - 1]


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
