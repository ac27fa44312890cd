"""A function called in eager and compiled, compared in everything a user can see."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import compiler
from compiler import events
from tests.fuzz.oracle import Outcome, difference

Inputs = Callable[[], tuple[Any, ...]]


def agree(function: Callable[..., Any], inputs: Inputs, *, calls: int = 2) -> list[events.FrameRecord]:
    """Assert that every call behaves as in eager, on inputs made afresh; the records of what was compiled."""
    compiler.reset()
    with events.collect() as records, compiler.config.patch(strict=True):
        compiled = compiler.optimize(function, backend="eager")
        for _ in range(calls):
            where = difference(_run(function, inputs()), _run(compiled, inputs()))
            assert where is None, where
    return list(records)


def _run(function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    outcome = Outcome((args, {}), {}, "")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            outcome.returned = function(*args)
        except Exception as error:
            outcome.error, outcome.line = error, _innermost(error)
    outcome.printed = printed.getvalue()
    return outcome


def _innermost(error: BaseException) -> int | None:
    """The innermost line of test code in the traceback."""
    line, entry = None, error.__traceback__
    while entry is not None:
        if "/tests/" in entry.tb_frame.f_code.co_filename:
            line = entry.tb_lineno
        entry = entry.tb_next
    return line
