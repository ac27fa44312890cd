"""Functions of torch that read and switch its modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.graph.modes import MODES, NESTING, Mode, find
from compiler.rules.basics import describe_args
from compiler.rules.torch_functions import RULES, Rule
from compiler.values.base import ConstantValue, Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def _reader(func: Callable[..., Any]) -> Rule:
    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        mode = _mode(cx, func, args, kwargs, 0)
        _rely_on(cx, mode)
        return ConstantValue(mode.read())

    return rule


def _setter(func: Callable[..., Any]) -> Rule:
    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        mode = _mode(cx, func, args, kwargs, 1)
        value = args[-1].realize(cx)
        if not value.is_constant():
            raise GraphBreak("unsupported call", f"{func.__name__} with {value.describe()}")
        _rely_on(cx, mode)
        cx.graph.switch(mode, value.constant())
        return ConstantValue(None)

    return rule


def _mode(cx: Capture, func: Callable[..., Any], args: list[Value], kwargs: dict[str, Value], values: int) -> Mode:
    """The mode that a call is about; the last `values` arguments are what is set."""
    about = [arg.realize(cx) for arg in args[: len(args) - values]]
    mode = None
    if not kwargs and len(args) >= values and all(arg.is_constant() for arg in about):
        mode = find(func, tuple(arg.constant() for arg in about))
    if mode is None:
        raise GraphBreak("unsupported call", f"{func.__name__}({describe_args(args, kwargs)})")
    return mode


def _rely_on(cx: Capture, mode: Mode) -> None:
    """Guard what the mode was on entry, unless every frame is guarded by it."""
    if not mode.pinned:
        cx.guards.add(cx.sources.constant(mode.name, mode), "predicate", _still(mode, cx.graph.modes.entry[mode]))


def _still(mode: Mode, value: Any) -> Callable[[Any], bool]:
    def same(_: Any) -> bool:
        return bool(mode.read() == value)

    same.__doc__ = f"{mode.name} is {value}"
    return same


def _nesting(func: Callable[[], int]) -> Rule:
    """One autocast block more or less; how many there are is relied on."""

    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        _rely_on(cx, NESTING)
        cx.graph.modes.switched.add(NESTING)
        cx.graph.call_plainly(func, ())
        return ConstantValue(func())

    return rule


def _clear_cache(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    cx.graph.call_plainly(torch.clear_autocast_cache, ())
    return ConstantValue(None)


RULES |= {mode.reader: _reader(mode.reader) for mode in MODES if mode is not NESTING}
RULES |= {mode.setter: _setter(mode.setter) for mode in MODES if mode is not NESTING}
RULES |= {func: _nesting(func) for func in (torch.autocast_increment_nesting, torch.autocast_decrement_nesting)}
RULES[torch.clear_autocast_cache] = _clear_cache
