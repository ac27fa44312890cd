"""Unary, binary and comparison operators, subscripts and slices (row C3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler import rules
from compiler.interpreter.dispatch import handles
from compiler.values.base import ConstantValue
from compiler.values.containers import SliceValue

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame


@handles("BINARY_OP")
def binary_op(frame: Frame, instr: Instr) -> None:
    right, left = frame.pop(), frame.pop()
    frame.push(rules.binary(frame.cx, instr.arg, left, right))


@handles("COMPARE_OP")
def compare_op(frame: Frame, instr: Instr) -> None:
    op, to_bool = instr.arg
    right, left = frame.pop(), frame.pop()
    result = rules.compare(frame.cx, op, left, right)
    frame.push(ConstantValue(result.realize(frame.cx).truth(frame.cx)) if to_bool else result)


@handles("IS_OP")
def is_op(frame: Frame, instr: Instr) -> None:
    right, left = frame.pop_raw(), frame.pop_raw()
    frame.push(ConstantValue(rules.identical(frame.cx, left, right) != bool(instr.arg)))


@handles("CONTAINS_OP")
def contains_op(frame: Frame, instr: Instr) -> None:
    container, item = frame.pop(), frame.pop()
    frame.push(ConstantValue(rules.contains(frame.cx, container, item) != bool(instr.arg)))


@handles("UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT")
def unary(frame: Frame, instr: Instr) -> None:
    frame.push(rules.unary(frame.cx, instr.op, frame.pop()))


@handles("UNARY_NOT")
def unary_not(frame: Frame, instr: Instr) -> None:
    frame.push(ConstantValue(not frame.pop().truth(frame.cx)))


@handles("TO_BOOL")
def to_bool(frame: Frame, instr: Instr) -> None:
    frame.push(ConstantValue(frame.pop().truth(frame.cx)))


@handles("BINARY_SUBSCR")
def binary_subscr(frame: Frame, instr: Instr) -> None:
    key, owner = frame.pop(), frame.pop()
    frame.push(rules.getitem(frame.cx, owner, key))


@handles("BINARY_SLICE")
def binary_slice(frame: Frame, instr: Instr) -> None:
    stop, start, owner = frame.pop_raw(), frame.pop_raw(), frame.pop()
    frame.push(rules.getitem(frame.cx, owner, SliceValue([start, stop, ConstantValue(None)])))


@handles("STORE_SUBSCR")
def store_subscr(frame: Frame, instr: Instr) -> None:
    key, owner, value = frame.pop(), frame.pop(), frame.pop_raw()
    rules.setitem(frame.cx, owner, key, value)


@handles("STORE_SLICE")
def store_slice(frame: Frame, instr: Instr) -> None:
    stop, start, owner, value = frame.pop_raw(), frame.pop_raw(), frame.pop(), frame.pop_raw()
    rules.setitem(frame.cx, owner, SliceValue([start, stop, ConstantValue(None)]), value)


@handles("DELETE_SUBSCR")
def delete_subscr(frame: Frame, instr: Instr) -> None:
    key, owner = frame.pop(), frame.pop()
    rules.delitem(frame.cx, owner, key)


@handles("GET_LEN")
def get_len(frame: Frame, instr: Instr) -> None:
    frame.push(ConstantValue(rules.length(frame.cx, frame.stack[-1].realize(frame.cx))))
