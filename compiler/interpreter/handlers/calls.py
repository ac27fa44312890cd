"""Calls and the making of functions and classes (rows C5, C6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.interpreter.dispatch import handles
from compiler.values.base import NullValue, Value
from compiler.values.containers import DictValue
from compiler.values.functions import NestedFunctionValue

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame


def _pop_callable(frame: Frame) -> tuple[Value, list[Value]]:
    """The callable and, when the stack holds one beside it, its ``self``.

    The two slots are (NULL, callable) or (method, self) up to 3.12, (callable, NULL or self) from 3.13 on.
    """
    upper, lower = frame.pop_raw(), frame.pop_raw()
    if isinstance(lower, NullValue):
        return upper, []
    if isinstance(upper, NullValue):
        return lower, []
    return lower, [upper]


def _call(frame: Frame, args: list[Value], names: tuple[str, ...]) -> None:
    func, bound = _pop_callable(frame)
    split = len(args) - len(names)
    kwargs = dict(zip(names, args[split:], strict=True))
    frame.push(frame.cx.call(func, bound + args[:split], kwargs))


@handles("CALL")
def call(frame: Frame, instr: Instr) -> None:
    count, names = instr.arg
    _call(frame, frame.pop_raw_n(count), names)


@handles("CALL_KW")
def call_kw(frame: Frame, instr: Instr) -> None:
    names = frame.pop().constant()
    count = instr.arg[0] if isinstance(instr.arg, tuple) else instr.arg
    _call(frame, frame.pop_raw_n(count), names)


@handles("CALL_FUNCTION_EX")
def call_function_ex(frame: Frame, instr: Instr) -> None:
    kwargs: dict[str, Value] = {}
    if instr.arg:
        mapping = frame.pop()
        if not isinstance(mapping, DictValue):
            raise GraphBreak("unsupported call", f"**kwargs from {mapping.describe()}")
        kwargs = {key: value for key, (_, value) in mapping.entries.items()}
        if not all(isinstance(key, str) for key in kwargs):
            frame.cx.raise_(TypeError, "keywords must be strings")
    args = frame.cx.unpack(frame.pop())
    func, bound = _pop_callable(frame)
    frame.push(frame.cx.call(func, bound + args, kwargs))


_PARTS = {0x01: "defaults", 0x02: "kwdefaults", 0x04: "annotations", 0x08: "closure"}


@handles("MAKE_FUNCTION")
def make_function(frame: Frame, instr: Instr) -> None:
    func = NestedFunctionValue(frame.pop().constant(), frame.globals)
    flags = instr.arg or 0
    for flag in (0x08, 0x04, 0x02, 0x01):
        if flags & flag:
            setattr(func, _PARTS[flag], frame.pop_raw())
    frame.push(frame.cx.new(func))


@handles("SET_FUNCTION_ATTRIBUTE")
def set_function_attribute(frame: Frame, instr: Instr) -> None:
    func = frame.pop_raw()
    setattr(func, _PARTS[instr.arg], frame.pop_raw())
    frame.push(func)
