"""Containers: list, tuple, dict, set and their relatives, as Python containers of values.

Identity and aliasing are Python's own: a container is one value however often it is
referenced. A mutation of a container that existed before the frame is entered in the ledger.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from compiler.breaks import GraphBreak
from compiler.values.base import ConstantValue, Value, pin_nan

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.sources import Source


class SequenceValue(Value):
    """list, tuple, deque, named tuples, torch.Size.

    Attributes:
        cls: The object's exact class.
        original: The items before the frame, when it existed and can change.
        holder: The object of a user's subclass whose container part this is.
    """

    __slots__ = ("cls", "holder", "items", "original")

    default: ClassVar[type]

    def __init__(self, items: Iterable[Value], cls: type | None = None, source: Source | None = None) -> None:
        super().__init__(source)
        self.items = list(items)
        self.cls = cls or self.default
        self.original = list(self.items) if source is not None and self.mutable else []
        self.holder: Value | None = None

    def pytype(self) -> type:
        return self.cls

    def truth(self, cx: Capture) -> bool:
        return bool(self.items)

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.container_attr(cx, self, name)


class TupleValue(SequenceValue):
    default = tuple
    __slots__ = ()

    def is_constant(self) -> bool:
        return all(_known(item) for item in self.items)

    def constant(self) -> Any:
        items = [_constant(item) for item in self.items]
        if self.cls is tuple:
            return tuple(items)
        return self.cls(*items) if hasattr(self.cls, "_fields") else self.cls(items)


def _known(value: Value) -> bool:
    realized = getattr(value, "realized", value)
    return realized is not None and realized.is_constant()


def _constant(value: Value) -> Any:
    realized = getattr(value, "realized", value)
    return value.constant() if realized is None else realized.constant()


class ListValue(SequenceValue):
    default = list
    mutable = True
    __slots__ = ()


class DequeValue(SequenceValue):
    """A deque.

    Attributes:
        maxlen: Its bound.
        stored: Positions that the frame assigned to, which is no change to those who iterate over it.
    """

    default = collections.deque
    mutable = True
    __slots__ = ("maxlen", "stored")

    def __init__(self, items: Iterable[Value], cls: type | None = None, source: Source | None = None) -> None:
        super().__init__(items, cls, source)
        self.maxlen: int | None = None
        self.stored: set[int] = set()


class SliceValue(Value):
    """A slice object; `items` are start, stop and step."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Value], source: Source | None = None) -> None:
        super().__init__(source)
        self.items = list(items)

    def pytype(self) -> type:
        return slice

    def is_constant(self) -> bool:
        return all(_known(item) for item in self.items)

    def constant(self) -> Any:
        return slice(*[_constant(item) for item in self.items])

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.container_attr(cx, self, name)


class IdentityKey:
    """Stands as a dict key for an object made inside the frame that hashes by identity."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and other.value is self.value


class DictValue(Value):
    """dict, OrderedDict, defaultdict, and mapping proxies of them.

    Attributes:
        entries: Key object → (value of the key, value), in insertion order. Keys are the
            Python objects themselves, so that ``1``, ``True`` and ``1.0`` are one key.
        factory: ``default_factory`` of a defaultdict.
        original: The entries before the frame, when it existed.
        edits: How many keys were added in the frame.
        readded: Keys of `original` that were deleted and then stored again.
        holder: The object whose container part or ``__dict__`` this is.
    """

    mutable = True
    __slots__ = ("cls", "edits", "entries", "factory", "holder", "original", "readded")

    def __init__(self, entries: dict[Any, tuple[Value, Value]], cls: type = dict, source: Source | None = None) -> None:
        super().__init__(source)
        self.entries = entries
        self.cls = cls
        self.original = dict(entries) if source is not None else {}
        self.edits = 0
        self.readded: set[Any] = set()
        self.factory: Value | None = None
        self.holder: Value | None = None

    def pytype(self) -> type:
        return self.cls

    def truth(self, cx: Capture) -> bool:
        return bool(self.entries)

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.container_attr(cx, self, name)


class SetValue(Value):
    """set and frozenset.

    Attributes:
        entries: Key object → value.
        edits: How often the frame has changed it.
        order: A real set to which happened what happened to this one, so that it iterates in the same order;
            ``None`` when its history is unknown.
        holes: Whether something was removed from that, which can show in the order of what is added later.
        log: The changes (method, arguments) that bring one from outside of the frame to this state in the program's
            own order.
    """

    __slots__ = ("cls", "edits", "entries", "holes", "log", "order")

    def __init__(
        self, entries: dict[Any, Value], cls: type = set, source: Source | None = None, order: Any = None
    ) -> None:
        super().__init__(source)
        self.order = order
        self.log: list[tuple[str, tuple[Value, ...]]] = []
        self.holes = False
        self.entries = entries
        self.cls = cls
        self.edits = 0

    @property
    def mutable(self) -> bool:  # type: ignore[override]
        return self.cls is set

    def pytype(self) -> type:
        return self.cls

    def truth(self, cx: Capture) -> bool:
        return bool(self.entries)

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.container_attr(cx, self, name)


VIEW_TYPES = {"keys": type({}.keys()), "values": type({}.values()), "items": type({}.items())}


class DictViewValue(Value):
    """``d.keys()``, ``d.values()`` or ``d.items()`` of a dict value: a live view."""

    __slots__ = ("mapping", "which")

    def __init__(self, mapping: DictValue, which: str) -> None:
        super().__init__()
        self.mapping = mapping
        self.which = which

    def pytype(self) -> type:
        return VIEW_TYPES[self.which]

    def truth(self, cx: Capture) -> bool:
        return bool(self.mapping.entries)

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.container_attr(cx, self, name)

    def element(self, key: Any) -> Value:
        """What stands for the entry of `key` now."""
        pair = self.mapping.entries[key]
        return TupleValue(pair) if self.which == "items" else pair[self.which == "values"]

    def elements(self) -> list[Value]:
        pairs = self.mapping.entries.values()
        if self.which == "keys":
            return [key for key, _ in pairs]
        if self.which == "values":
            return [value for _, value in pairs]
        return [TupleValue([key, value]) for key, value in pairs]


def as_key(cx: Capture, value: Value) -> Any:
    """The object that stands for `value` as a key of a dict or set.

    Raises:
        GraphBreak: hashing it would run unknown code.
    """
    value = value.realize(cx)
    if isinstance(value, ConstantValue):
        pin_nan(cx, value)
        return value.value
    if isinstance(value, TupleValue):
        return tuple(as_key(cx, item) for item in value.items)
    key = cx.rules.identity_key(cx, value)
    if key is None:
        raise GraphBreak("unsupported value", f"{value.describe()} as a dict key")
    return key
