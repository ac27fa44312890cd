"""Opcodes of inlined generators (row C8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler import rules
from compiler.breaks import GraphBreak
from compiler.interpreter import generators
from compiler.interpreter.dispatch import handles
from compiler.values.base import ConstantValue
from compiler.values.iterators import GeneratorValue
from compiler.values.objects import ExceptionValue, ObservedException

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame


@handles("YIELD_VALUE")
def yield_value(frame: Frame, instr: Instr) -> None:
    frame.outcome = ("yield", frame.pop_raw())


@handles("GET_YIELD_FROM_ITER")
def get_yield_from_iter(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cx.iterate(frame.pop()))


@handles("SEND")
def send(frame: Frame, instr: Instr) -> None:
    """Stack: [receiver, sent] → [receiver, yielded], or [result] and a jump when the receiver returns."""
    sent = frame.pop_raw()
    receiver = frame.stack[-1]
    if isinstance(receiver, GeneratorValue):
        item = frame.cx.resume_generator(receiver, sent)
        result = receiver.frame.returned
    elif rules.is_none(frame.cx, sent):
        item, result = frame.cx.advance(receiver), None
    else:
        raise GraphBreak("generator", "send() to an iterator that is not a generator")
    if item is None:
        frame.pop_raw()
        frame.push(result or ConstantValue(None))
        frame.jump(instr.target)
    else:
        frame.push(item)


@handles("STOPITERATION_ERROR")
def stopiteration_error(frame: Frame, instr: Instr) -> None:
    """Turns a StopIteration that leaves a generator into RuntimeError; other exceptions pass through."""
    exc = frame.stack[-1]
    if isinstance(exc, ExceptionValue) and issubclass(exc.cls, StopIteration):
        generators.stop_iteration_error(frame.cx, exc)


@handles("CLEANUP_THROW")
def cleanup_throw(frame: Frame, instr: Instr) -> None:
    """Stack: [receiver, sent, exception]: what was thrown into a ``yield from`` and came out of the receiver."""
    exc = frame.stack[-1]
    if not isinstance(exc, ExceptionValue) or issubclass(exc.cls, StopIteration):
        raise GraphBreak("generator", f"{exc.describe()} out of a `yield from`")
    raise ObservedException(exc)
