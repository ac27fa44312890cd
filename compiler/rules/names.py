"""Global names."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.basics import PINNED_TYPES
from compiler.values.base import Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.interpreter.frame import Frame
    from compiler.sources import Source


_ASSERTS_BUILTINS = "@py_builtins"
"""What asserts that pytest has rewritten call ``builtins``; they ask for it only when they fail."""


def load_global(cx: Capture, frame: Frame, name: str) -> Value:
    """A global, else a builtin; guards identity of functions, classes and modules, and leaves the rest lazy."""
    written = cx.ledger.load_global(frame.globals, name)
    if written is not None:
        return written
    value = frame.names.get(name)
    if value is None:
        if name == _ASSERTS_BUILTINS:
            raise GraphBreak("failed assertion", "a name's value is shown")
        value = frame.names[name] = _root_global(cx, frame, name) if frame.function is None else _other(cx, frame, name)
    return value


def _root_global(cx: Capture, frame: Frame, name: str) -> Value:
    source = cx.sources.global_(name)
    obj = frame.globals.get(name, ABSENT)
    if obj is ABSENT:
        obj = cx.request.builtins.get(name, ABSENT)
        if obj is ABSENT:
            cx.raise_(NameError, f"name '{name}' is not defined")
    if issubclass(type(obj), PINNED_TYPES):
        cx.guards.add(source, "is", obj)
        return cx.wrap_constant(obj, name)
    return cx.lazy(obj, source)


def _other(cx: Capture, frame: Frame, name: str) -> Value:
    label = f"{frame.globals.get('__name__', '?')}.__dict__"
    at = cx.sources.constant(label, frame.globals)
    if name in frame.globals:
        return pinned_entry(cx, at, frame.globals, name)
    obj = vars(builtins).get(name, ABSENT)
    cx.guards.entry(at, name, ABSENT)
    cx.guards.entry(cx.sources.constant("builtins.__dict__", vars(builtins)), name, obj)
    if obj is ABSENT:
        cx.raise_(NameError, f"name '{name}' is not defined")
    return cx.wrap_constant(obj, name)


def pinned_entry(cx: Capture, at: Source, mapping: dict[str, Any], name: str) -> Value:
    """``mapping[name]`` of a namespace known by identity."""
    obj = mapping[name]
    if issubclass(type(obj), PINNED_TYPES):
        cx.guards.entry(at, name, obj)
        return cx.wrap_constant(obj, name)
    return cx.lazy(obj, at.key(name))
