"""Running generators of inlined functions (row C8): to their next value, with an exception, to their end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from compiler.breaks import BreakEarlier, GraphBreak
from compiler.bytecode.tables import VERSION
from compiler.rules import bodies
from compiler.values.base import ConstantValue, Value
from compiler.values.iterators import GeneratorValue
from compiler.values.objects import ExceptionValue, ObjectValue, ObservedException

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.interpreter.frame import Frame


def resume(cx: Capture, generator: GeneratorValue, sent: Value | None) -> Value | None:
    """Run a generator to its next ``yield``; ``None`` when it returns."""
    frame: Frame = generator.frame
    if frame.finished:
        return None

    def start() -> None:
        if frame.started:
            frame.push(sent or ConstantValue(None))
        frame.started = True

    return _run(cx, generator, start)


def throw(cx: Capture, generator: GeneratorValue, exc: ExceptionValue) -> Value | None:
    """Raise an exception where a generator stands; its next value, or ``None`` when it returns."""
    frame: Frame = generator.frame
    if frame.finished or not frame.started:
        frame.finished = True
        cx.throw(exc)
    inner = _delegate(frame)
    if inner is not None:
        try:
            item = _throw_inside(cx, generator, inner, exc)
        except ObservedException as observed:
            return _run(cx, generator, functools.partial(frame.raise_here, observed))
        if item is not None:
            return item
        return _run(cx, generator, functools.partial(_end_delegation, frame, inner))
    return _run(cx, generator, functools.partial(_raise, cx, frame, exc))


def close(cx: Capture, generator: GeneratorValue) -> Value:
    """``generator.close()``."""
    frame: Frame = generator.frame
    if frame.finished or not frame.started:
        frame.finished = True
        return ConstantValue(None)
    try:
        item = throw(cx, generator, ExceptionValue(GeneratorExit))
    except ObservedException as error:
        if not issubclass(error.value.cls, GeneratorExit | StopIteration):
            raise
        return ConstantValue(None)
    if item is not None:
        cx.raise_(RuntimeError, "generator ignored GeneratorExit")
    returned: Value = frame.returned if VERSION >= (3, 13) and frame.returned is not None else ConstantValue(None)
    return returned


def _run(cx: Capture, generator: GeneratorValue, start: Callable[[], None]) -> Value | None:
    """Run the frame after `start`, which may raise in it."""
    frame: Frame = generator.frame
    if frame.running:
        cx.raise_(ValueError, "generator already executing")
    frame.running = True
    outer, cx.handled = cx.handled, frame.saved_handled or cx.handled
    try:
        start()
        kind, value = cx.run(frame)
        frame.saved_handled = cx.handled if cx.handled is not outer else None
    except ObservedException as error:
        frame.finished = True
        if issubclass(error.value.cls, StopIteration):
            _stop_iteration_left(cx, frame, error.value)
        raise
    finally:
        frame.running = False
        cx.handled = outer
    if kind == "return":
        frame.finished = True
        frame.returned = value
        return None
    if has_pending_handler(frame):
        cx.suspended.append(generator)
    return value


def _stop_iteration_left(cx: Capture, frame: Frame, exc: ExceptionValue) -> None:
    """A StopIteration that leaves a generator is an error of its own; an iterator of C ends by one."""
    if frame.code.co_filename == bodies.__file__:
        raise GraphBreak("generator", "StopIteration raised inside an iterator of the standard library")
    stop_iteration_error(cx, exc)


def stop_iteration_error(cx: Capture, exc: ExceptionValue) -> None:
    """Raise RuntimeError in the place of a StopIteration."""
    error = ExceptionValue(RuntimeError, [ConstantValue("generator raised StopIteration")])
    error.cause = error.context = exc
    error.suppress = True
    cx.throw(error)


def _raise(cx: Capture, frame: Frame, exc: ExceptionValue) -> None:
    try:
        cx.throw(exc)
    except ObservedException as observed:
        frame.raise_here(observed)


def _delegate(frame: Frame) -> Value | None:
    """What the generator is in the midst of a ``yield from`` of."""
    instrs = frame.program.instrs
    following = instrs[frame.ip]
    if following.op == "JUMP" and following.target is not None and instrs[following.target].op == "SEND":
        return frame.stack[-1]
    return None


def _throw_inside(cx: Capture, generator: GeneratorValue, inner: Value, exc: ExceptionValue) -> Value | None:
    """Hand the exception to the inner iterator; `None` when that returns."""
    inner = inner.realize(cx)
    if isinstance(inner, ObjectValue):
        raise GraphBreak("generator", f"throw() or close() while {inner.describe()} is delegated to")
    if not isinstance(inner, GeneratorValue):
        cx.throw(exc)
    generator.frame.running = True
    try:
        if issubclass(exc.cls, GeneratorExit):
            close(cx, inner)
            cx.throw(exc)
        return throw(cx, inner, exc)
    finally:
        generator.frame.running = False


def _end_delegation(frame: Frame, inner: Value) -> None:
    """Go on behind a ``yield from`` with what the inner generator returned."""
    send = frame.program.instrs[frame.program.instrs[frame.ip].target]  # type: ignore[index]
    frame.pop_raw()
    frame.push(inner.frame.returned or ConstantValue(None))  # type: ignore[attr-defined]
    frame.jump(send.target)


def refuse_suspended(cx: Capture) -> None:
    """A generator that nobody finishes is closed when it is dropped, which runs its pending ``finally`` clauses.

    Raises:
        BreakEarlier: there is one, and closing it does something.
    """
    for generator in cx.suspended:
        frame: Frame = generator.frame
        if not frame.finished and has_pending_handler(frame):
            text = f"generator {frame.code.co_name} is left suspended inside a try or with block"
            _close_quietly(cx, generator, GraphBreak("object lifetime", text))


def _close_quietly(cx: Capture, generator: GeneratorValue, cause: GraphBreak) -> None:
    """Close a generator in the capture, to see that nobody notices when that happens."""
    frame: Frame = generator.frame
    ops, outer = cx.graph.ops, cx.ledger.close(cause)
    try:
        frame.raise_here(ObservedException(ExceptionValue(GeneratorExit)))
        cx.run(frame)
    except ObservedException as exc:
        quiet = exc.value.cls is GeneratorExit and cx.graph.ops == ops
    except GraphBreak:
        quiet = False
    else:
        quiet = False
    finally:
        cx.ledger.reopen(outer)
    if not quiet:
        raise BreakEarlier(generator.born, cause)


def has_pending_handler(frame: Frame) -> bool:
    """Whether an exception raised where the frame stands is handled in it.

    Two handlers that some versions of CPython add do not count: the one around each ``yield from``, which closes the
    inner generator, and the one around a whole generator, which only renames StopIteration.
    """
    program = frame.program
    handler = program.handler(frame.current)
    while handler is not None and program.instrs[handler.target].op == "CLEANUP_THROW":
        handler = program.handler(handler.target)
    return handler is not None and program.instrs[handler.target].op != "STOPITERATION_ERROR"
