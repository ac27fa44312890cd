"""Objects of user-defined classes, nn.Modules and exceptions: a class and attributes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from compiler.values.base import Value
from compiler.values.containers import DictValue, SequenceValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.sources import Source


class Deleted:
    """Marks an attribute that the frame deleted."""


DELETED = Deleted()


class ObjectValue(Value):
    """An object with a ``__dict__``.

    Attributes:
        cls: Its exact class.
        obj: The object itself when it existed before the frame, else ``None``.
        attrs: Attributes written (or `DELETED`) by the frame, in order; for a new object,
            all of its attributes.
        recreated: Attributes that the object had, which the frame deleted and then wrote again: they
            moved to the end.
        base: For subclasses of list, dict and tuple: the container part, which has no source of its own.
        namespace: The ``__dict__`` as a value, once somebody has asked for it: then attributes live there.
        init_args: Arguments for ``cls.__new__`` of a new object (exceptions and immutable bases).
    """

    mutable = True
    __slots__ = ("attrs", "base", "cls", "init_args", "namespace", "obj", "recreated")

    def __init__(self, cls: type, obj: Any = None, source: Source | None = None) -> None:
        super().__init__(source)
        self.cls = cls
        self.obj = obj
        self.attrs: dict[str, Value | Deleted] = {}
        self.recreated: set[str] = set()
        self.base: SequenceValue | DictValue | None = None
        self.namespace: DictValue | None = None
        self.init_args: list[Value] = []

    def own_attributes(self) -> dict[str, Value | Deleted]:
        """What the frame wrote to the object, wherever it lies; for a new object all of its attributes."""
        if self.namespace is None or self.source is not None:
            return self.attrs
        return self.attrs | {name: item for name, (_, item) in self.namespace.entries.items()}

    def pytype(self) -> type:
        return self.cls

    def truth(self, cx: Capture) -> bool:
        return cx.rules.object_truth(cx, self)

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.object_attr(cx, self, name)

    def setattr(self, cx: Capture, name: str, value: Value) -> None:
        cx.rules.object_setattr(cx, self, name, value)

    def delattr(self, cx: Capture, name: str) -> None:
        cx.rules.object_delattr(cx, self, name)

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.rules.object_call(cx, self, args, kwargs)

    def describe(self) -> str:
        return f"an object of class {self.cls.__module__}.{self.cls.__qualname__}"


class ExceptionValue(ObjectValue):
    """An exception made or caught inside the frame; `init_args` are its ``args``.

    Attributes:
        made: Whether the ``__init__`` of C has run, which keeps some arguments apart.
        raised: Step of the root frame at which it was raised first; from then on it has a traceback,
            which only raising it natively can make.
    """

    __slots__ = ("cause", "context", "made", "raised", "suppress")

    def __init__(self, cls: type, args: list[Value] | None = None) -> None:
        super().__init__(cls)
        self.init_args = args or []
        self.cause: Value | None = None
        self.context: Value | None = None
        self.raised: int | None = None
        self.suppress = False
        self.made = False

    def truth(self, cx: Capture) -> bool:
        return True


class ObservedException(Exception):
    """A Python exception of the captured program, on its way to a handler."""

    def __init__(self, value: ExceptionValue) -> None:
        super().__init__(value.cls.__name__)
        self.value = value


class WeakReferenceValue(Value):
    """A ``weakref.ref`` that exists; `target` is what it refers to now, or None."""

    __slots__ = ("target",)

    def __init__(self, target: Value, source: Source) -> None:
        super().__init__(source)
        self.target = target

    def pytype(self) -> type:
        return weakref.ReferenceType

    def truth(self, cx: Capture) -> bool:
        return True

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return self.target


class OpaqueValue(Value):
    """An object with a source that can only be passed around and loaded again."""

    __slots__ = ("obj",)

    def __init__(self, obj: Any, source: Source) -> None:
        super().__init__(source)
        self.obj = obj

    def pytype(self) -> type:
        return type(self.obj)

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.opaque_attr(cx, self, name)
