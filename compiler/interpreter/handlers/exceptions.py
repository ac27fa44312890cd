"""Raising, handling and with blocks (rows C9, C10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler import rules
from compiler.breaks import GraphBreak
from compiler.interpreter.dispatch import handles
from compiler.values.base import ConstantValue, Value
from compiler.values.objects import ExceptionValue, ObservedException

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame


@handles("PUSH_EXC_INFO")
def push_exc_info(frame: Frame, instr: Instr) -> None:
    exc = frame.pop_raw()
    frame.push(frame.cx.handled)
    frame.push(exc)
    frame.cx.handled = exc


@handles("POP_EXCEPT")
def pop_except(frame: Frame, instr: Instr) -> None:
    frame.cx.handled = frame.pop_raw()


@handles("CHECK_EXC_MATCH")
def check_exc_match(frame: Frame, instr: Instr) -> None:
    wanted = frame.pop()
    exc = frame.stack[-1]
    frame.push(ConstantValue(rules.exception_matches(frame.cx, exc, wanted)))


@handles("RERAISE")
def reraise(frame: Frame, instr: Instr) -> None:
    exc = frame.pop_raw()
    if not isinstance(exc, ExceptionValue):
        raise GraphBreak("unsupported value", "re-raise of an exception caught natively")
    raise ObservedException(exc)


@handles("RAISE_VARARGS")
def raise_varargs(frame: Frame, instr: Instr) -> None:
    cx = frame.cx
    if instr.arg == 0:
        if not isinstance(cx.handled, ExceptionValue):
            cx.raise_(RuntimeError, "No active exception to reraise")
        raise ObservedException(cx.handled)
    cause = frame.pop() if instr.arg == 2 else None
    exc = _instance(frame, frame.pop())
    if cause is not None:
        exc.cause = cause if cause.is_constant() else _instance(frame, cause)
        exc.suppress = True
    cx.throw(exc)


def _instance(frame: Frame, value: Value) -> ExceptionValue:
    if rules.is_exception_class(value):
        value = frame.cx.call(value, [], {})
    if not isinstance(value, ExceptionValue):
        raise GraphBreak("unsupported value", f"raise of {value.describe()}")
    return value


@handles("BEFORE_WITH")
def before_with(frame: Frame, instr: Instr) -> None:
    cx, manager = frame.cx, frame.pop()
    enter = rules.special_method(cx, manager, "__enter__")
    leave = rules.special_method(cx, manager, "__exit__")
    if enter is None or leave is None:
        raise GraphBreak("context manager", manager.describe())
    frame.push(leave)
    frame.push(cx.call(enter, [], {}))


@handles("WITH_EXCEPT_START")
def with_except_start(frame: Frame, instr: Instr) -> None:
    """Stack: [exit, lasti, previous exception, exception] → the same, and the result of exit(type, exc, tb)."""
    exc, leave = frame.stack[-1], frame.stack[-4]
    if not isinstance(exc, ExceptionValue):
        raise GraphBreak("unsupported value", "a with block left by an exception caught natively")
    cls = frame.cx.wrap_constant(exc.cls)
    frame.push(frame.cx.call(leave, [cls, exc, rules.traceback_of(frame.cx, exc)], {}))
