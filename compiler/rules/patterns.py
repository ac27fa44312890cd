"""Structural pattern matching (row C11)."""

from __future__ import annotations

import collections.abc
from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.rules.basics import class_of
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, TupleValue, as_key
from compiler.values.objects import ObservedException

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_MATCH_SELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


def matches_pattern(cx: Capture, value: Value, which: str) -> bool:
    """Whether the class of the value is a sequence or mapping for pattern matching."""
    cls = value.realize(cx).pytype()
    if cls in (str, bytes, bytearray):
        return False
    base = collections.abc.Sequence if which == "sequence" else collections.abc.Mapping
    return issubclass(cls, base)


def match_keys(cx: Capture, subject: Value, keys: Value) -> Value:
    """The tuple of values under `keys`, or None when one is missing."""
    subject = subject.realize(cx)
    if not isinstance(subject, DictValue):
        raise GraphBreak("unsupported value", f"mapping pattern on {subject.describe()}")
    found: list[Value] = []
    for key in cx.unpack(keys):
        entry = subject.entries.get(as_key(cx, key))
        if entry is None:
            return ConstantValue(None)
        found.append(entry[1])
    return TupleValue(found)


def match_class(cx: Capture, subject: Value, cls: Value, names: tuple[str, ...], positional: int) -> Value:
    """The tuple of attributes that a class pattern looks at, or None when it does not match."""
    wanted = class_of(cls)
    if not issubclass(subject.pytype(), wanted):
        return ConstantValue(None)
    found: list[Value] = []
    if positional:
        if wanted in _MATCH_SELF:
            found.append(subject)
        else:
            fields = getattr(wanted, "__match_args__", ())
            if positional > len(fields):
                raise GraphBreak("operator refused", f"class pattern {wanted.__name__} with {positional} positions")
            names = (*fields[:positional], *names)
    for name in names:
        try:
            found.append(cx.rules.getattr_(cx, subject, name))
        except ObservedException as exc:
            if issubclass(exc.value.cls, AttributeError):
                return ConstantValue(None)
            raise
    return TupleValue(found)
