"""`Value`: what the interpreter knows about one Python object of the captured frame.

A value is symbolic: operations on it happen in the capture, not in the user's program. Few
kinds exist (constant, tensor, container, iterator, function, object, context); what builtins
and methods do to them are rows of the tables in `compiler.rules`.

Invariants: one object of the program is one `Value` (identity is Python's identity); a value
with a `source` existed before the frame ran and is rebuilt by loading that source; one without
a source was made inside the frame and is rebuilt by making it.
"""

from __future__ import annotations

import cmath
from typing import TYPE_CHECKING, Any, ClassVar

from compiler.breaks import GraphBreak

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.sources import Source


class Value:
    """Base of all values.

    Attributes:
        source: Access path of an object that existed before the frame ran, else ``None``.
        born: Step of the root frame at which the value was made.
    """

    __slots__ = ("born", "source")

    mutable: ClassVar[bool] = False

    def __init__(self, source: Source | None = None) -> None:
        self.source = source
        self.born = 0

    def pytype(self) -> type:
        """The class of the object."""
        raise NotImplementedError(type(self))

    def realize(self, cx: Capture) -> Value:
        """The value itself; only lazy values differ."""
        return self

    def is_constant(self) -> bool:
        """Whether `constant` gives the object's exact value, known during capture."""
        return False

    def constant(self) -> Any:
        raise GraphBreak("unsupported value", f"{self.describe()} where a constant is needed")

    def getattr(self, cx: Capture, name: str) -> Value:
        raise GraphBreak("unsupported attribute", f"{name!r} of {self.describe()}")

    def setattr(self, cx: Capture, name: str, value: Value) -> None:
        raise GraphBreak("attribute write", f"{name!r} of {self.describe()}")

    def delattr(self, cx: Capture, name: str) -> None:
        raise GraphBreak("attribute write", f"del {name!r} of {self.describe()}")

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        raise GraphBreak("unsupported call", self.describe())

    def truth(self, cx: Capture) -> bool:
        raise GraphBreak("unsupported value", f"truth of {self.describe()}")

    def describe(self) -> str:
        """A short phrase for messages."""
        return f"a value of type {self.pytype().__qualname__}"

    def __repr__(self) -> str:
        origin = f" from {self.source}" if self.source else ""
        return f"<{type(self).__name__} {self.describe()}{origin}>"


class LazyValue(Value):
    """An object with a source that nobody has looked at yet: it has no guard of its own.

    Moving it around (locals, stack, arguments, containers) keeps it lazy; the first look
    realises it, which adds guards.
    """

    __slots__ = ("_value", "obj")

    def __init__(self, source: Source, obj: object) -> None:
        super().__init__(source)
        self.obj = obj
        self._value: Value | None = None

    @property
    def realized(self) -> Value | None:
        return self._value

    def pytype(self) -> type:
        return type(self.obj)

    def realize(self, cx: Capture) -> Value:
        if self._value is None:
            assert self.source is not None
            self._value = cx.wrap(self.obj, self.source)
        return self._value


class NullValue(Value):
    """The NULL that CPython keeps on the stack beside callables."""

    __slots__ = ()

    def pytype(self) -> type:
        return type(None)

    def describe(self) -> str:
        return "NULL"


def pin_nan(cx: Capture, value: Value) -> None:
    """NaN equals nothing, and containers ask first whether it is the same object: so the answer is for this one."""
    constant = value.value if isinstance(value, ConstantValue) else None
    if value.source is not None and isinstance(constant, float | complex) and cmath.isnan(constant):
        cx.guards.add(value.source, "is", constant)


class ConstantValue(Value):
    """An immutable object whose value is known: numbers, strings, None, dtypes, slices of those, enum members.

    With a source the equality has been guarded.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any, source: Source | None = None) -> None:
        super().__init__(source)
        self.value = value

    def pytype(self) -> type:
        return type(self.value)

    def is_constant(self) -> bool:
        return True

    def constant(self) -> Any:
        return self.value

    def truth(self, cx: Capture) -> bool:
        return bool(self.value)

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.constant_attr(cx, self, name)

    def describe(self) -> str:
        text = repr(self.value)
        return text if len(text) < 60 else text[:57] + "..."
