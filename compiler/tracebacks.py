"""The tracebacks of exceptions that leave a compiled call, as its user wrote the program.

It runs only when an exception passes, and once for each compiled call that it leaves.
"""

from __future__ import annotations

import ast
import itertools
import os
from collections.abc import Iterator
from types import TracebackType

from compiler.errors import CompilerError, Unsupported
from compiler.events import FrameRecord, Location
from compiler.output.resume import resume_of

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def tidy(error: BaseException) -> None:
    """Give an exception the traceback that a user expects: one entry for each call, none of ours.

    A full graph that could not be ends at the line that broke it, though no frame ever ran there.
    """
    traceback = users_traceback(error.__traceback__)
    if isinstance(error, CompilerError):
        traceback = _before_ours(traceback)
        if isinstance(error, Unsupported):
            traceback = _joined(traceback, _standing_for(error.record))
    error.__traceback__ = traceback


def users_traceback(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback without the entries of frames that went on in a resume function: one for each call of the user's."""
    entries = list(_entries(traceback))
    continued = [resume_of(entry.tb_frame.f_code) is not None for entry in entries[1:]]
    kept = [entry for entry, goes_on in zip(entries, [*continued, False], strict=False) if not goes_on]
    for above, below in itertools.pairwise(kept):
        if above.tb_next is not below:
            above.tb_next = below
    return kept[0] if kept else None


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _before_ours(traceback: TracebackType | None) -> TracebackType | None:
    """The entries up to the last one that is not ours."""
    last = None
    for entry in _entries(traceback):
        if not entry.tb_frame.f_code.co_filename.startswith(_OURS):
            last = entry
    if last is None:
        return None
    last.tb_next = None
    return traceback


def _joined(above: TracebackType | None, below: TracebackType | None) -> TracebackType | None:
    if above is None:
        return below
    *_, last = _entries(above)
    last.tb_next = below
    return above


def _standing_for(record: FrameRecord) -> TracebackType | None:
    """Entries for the lines from the captured frame down to the user's innermost one."""
    if record.reason is None:
        return None
    stack = record.reason.stack[: len(record.reason.stack) - record.reason.inside]
    below: TracebackType | None = None
    for place in reversed(_from_frame(stack, record.frame)):
        below = _entry_at(place, below)
    return below


def _from_frame(stack: tuple[Location, ...], frame: Location) -> tuple[Location, ...]:
    """Without the callers of the frame, which have entries of their own."""
    at = (number for number, place in enumerate(stack) if place.function == frame.function)
    return stack[next(at, 0) :]


def _entry_at(place: Location, below: TracebackType | None) -> TracebackType:
    """An entry that shows a place; its frame runs nothing of the user's."""
    tree = ast.parse("raise LookupError")
    for node in ast.walk(tree):  # no columns: nothing in the line is underlined
        vars(node).update(col_offset=-1, end_col_offset=-1)
    name = place.function.rpartition(".")[2]
    code = compile(tree, place.file, "exec")
    code = code.replace(co_name=name, co_qualname=place.function, co_firstlineno=place.line)
    raised: TracebackType | None = None
    try:
        exec(code, {})
    except LookupError as error:
        raised = error.__traceback__
    assert raised is not None
    entry = raised.tb_next
    assert entry is not None
    entry.tb_next = below
    return entry
