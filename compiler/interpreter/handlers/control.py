"""Jumps, loops and returns (row C13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler import rules
from compiler.interpreter.dispatch import handles
from compiler.values.base import ConstantValue

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame


@handles("JUMP")
def jump(frame: Frame, instr: Instr) -> None:
    frame.jump(instr.target)


@handles("POP_JUMP_IF_FALSE")
def pop_jump_if_false(frame: Frame, instr: Instr) -> None:
    if not frame.pop().truth(frame.cx):
        frame.jump(instr.target)


@handles("POP_JUMP_IF_TRUE")
def pop_jump_if_true(frame: Frame, instr: Instr) -> None:
    if frame.pop().truth(frame.cx):
        frame.jump(instr.target)


@handles("POP_JUMP_IF_NONE")
def pop_jump_if_none(frame: Frame, instr: Instr) -> None:
    if rules.is_none(frame.cx, frame.pop_raw()):
        frame.jump(instr.target)


@handles("POP_JUMP_IF_NOT_NONE")
def pop_jump_if_not_none(frame: Frame, instr: Instr) -> None:
    if not rules.is_none(frame.cx, frame.pop_raw()):
        frame.jump(instr.target)


@handles("JUMP_IF_FALSE_OR_POP")
def jump_if_false_or_pop(frame: Frame, instr: Instr) -> None:
    if frame.stack[-1].realize(frame.cx).truth(frame.cx):
        frame.pop_raw()
    else:
        frame.jump(instr.target)


@handles("JUMP_IF_TRUE_OR_POP")
def jump_if_true_or_pop(frame: Frame, instr: Instr) -> None:
    if frame.stack[-1].realize(frame.cx).truth(frame.cx):
        frame.jump(instr.target)
    else:
        frame.pop_raw()


@handles("GET_ITER")
def get_iter(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cx.iterate(frame.pop()))


@handles("FOR_ITER")
def for_iter(frame: Frame, instr: Instr) -> None:
    item = frame.cx.advance(frame.stack[-1])
    if item is None:
        frame.pop_raw()
        frame.jump(instr.target)
    else:
        frame.push(item)


@handles("RETURN_VALUE")
def return_value(frame: Frame, instr: Instr) -> None:
    frame.outcome = ("return", frame.pop_raw())


@handles("RETURN_CONST")
def return_const(frame: Frame, instr: Instr) -> None:
    frame.outcome = ("return", ConstantValue(instr.arg))


@handles("MATCH_SEQUENCE")
def match_sequence(frame: Frame, instr: Instr) -> None:
    frame.push(ConstantValue(rules.matches_pattern(frame.cx, frame.stack[-1], "sequence")))


@handles("MATCH_MAPPING")
def match_mapping(frame: Frame, instr: Instr) -> None:
    frame.push(ConstantValue(rules.matches_pattern(frame.cx, frame.stack[-1], "mapping")))


@handles("MATCH_KEYS")
def match_keys(frame: Frame, instr: Instr) -> None:
    frame.push(rules.match_keys(frame.cx, frame.stack[-2], frame.stack[-1]))


@handles("MATCH_CLASS")
def match_class(frame: Frame, instr: Instr) -> None:
    names, cls, subject = frame.pop(), frame.pop(), frame.pop()
    frame.push(rules.match_class(frame.cx, subject, cls, names.constant(), instr.arg))
