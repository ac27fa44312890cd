"""Structural pattern matching (row C11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.basics import class_of, rely_on_registrations
from compiler.rules.classes import guarded_lookup, is_heap_type
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, TupleValue, as_key
from compiler.values.objects import ObservedException

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_MATCH_SELF = 1 << 22
_KINDS = {"sequence": 1 << 5, "mapping": 1 << 6}
"""Flags of classes, by which CPython decides; to register with an abstract base class sets them."""


def matches_pattern(cx: Capture, value: Value, which: str) -> bool:
    """Whether the class of the value is a sequence or mapping for pattern matching."""
    cls = value.realize(cx).pytype()
    if is_heap_type(cls):
        rely_on_registrations(cx)
    return bool(cls.__flags__ & _KINDS[which])


def match_keys(cx: Capture, subject: Value, keys: Value) -> Value:
    """The tuple of values under `keys`, or None when one is missing."""
    subject = subject.realize(cx)
    if not isinstance(subject, DictValue):
        raise GraphBreak("unsupported value", f"mapping pattern on {subject.describe()}")
    found: list[Value] = []
    names = [as_key(cx, key) for key in cx.unpack(keys)]
    if len(set(names)) < len(names):
        raise GraphBreak("operator refused", "a mapping pattern that checks a key twice")
    for key in cx.unpack(keys):
        entry = subject.entries.get(as_key(cx, key))
        if entry is None:
            return ConstantValue(None)
        found.append(entry[1])
    return TupleValue(found)


def match_class(cx: Capture, subject: Value, cls: Value, names: tuple[str, ...], positional: int) -> Value:
    """The tuple of attributes that a class pattern looks at, or None when it does not match."""
    wanted = class_of(cls)
    if not cx.rules.is_instance(cx, subject, wanted):
        return ConstantValue(None)
    found: list[Value] = []
    if positional:
        fields = _fields(cx, wanted, positional)
        if fields is None:
            found.append(subject)
        names = (*(fields or ()), *names)
    if len(set(names)) < len(names):
        raise GraphBreak("operator refused", f"class pattern {wanted.__name__} that looks at an attribute twice")
    for name in names:
        try:
            found.append(cx.rules.getattr_(cx, subject, name))
        except ObservedException as exc:
            if issubclass(exc.value.cls, AttributeError):
                return ConstantValue(None)
            raise
    return TupleValue(found)


def _fields(cx: Capture, cls: type, count: int) -> tuple[str, ...] | None:
    """The attributes that `count` positional patterns look at; ``None`` where the one is matched with the subject.

    Raises:
        GraphBreak: CPython raises, natively then.
    """
    fields = guarded_lookup(cx, cls, "__match_args__")
    if fields is ABSENT and cls.__flags__ & _MATCH_SELF and count == 1:
        return None
    names = fields[:count] if type(fields) is tuple else ()
    if len(names) < count or not all(type(name) is str for name in names):
        raise GraphBreak("operator refused", f"class pattern {cls.__name__} with {count} positions")
    return names
