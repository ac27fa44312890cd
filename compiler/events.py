"""Records: every attempt at a frame ends as exactly one `FrameRecord`.

An attempt begins where the hook has decided to capture a frame that no entry fits. What it passes by on the user's
wish has a record for each code; the standard library, torch's inside and frames without a tensor in sight have none.

Reports, logs, the pytest plugin and full-graph errors read these records and nothing else.
A record names the user's own line, a cause and a hint; `Reason.describe` is the one place
where a cause is phrased.
"""

from __future__ import annotations

import contextlib
import dataclasses
import linecache
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

RECOMPILE_LIMIT = "recompile limit"
"""The kind of reason of a frame that was compiled too often."""

Outcome = Literal["compiled", "broken", "skipped", "fell_back"]


@dataclasses.dataclass(frozen=True)
class Location:
    """A line of user code."""

    file: str
    line: int
    function: str

    @property
    def source_line(self) -> str:
        """The text of the line, stripped; empty where the source is not on disk."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why a frame was not captured whole.

    Attributes:
        kind: A key of `compiler.breaks.KINDS`, stable across versions.
        context: What exactly was met (a name, a type, an opcode).
        explanation: Why it cannot be captured, in a sentence.
        hints: What the user can do about it.
        stack: The lines being executed, outermost first.
        inside: How many of the last ones are a library's own: the line before them is the user's.
    """

    kind: str
    context: str
    explanation: str
    hints: tuple[str, ...]
    stack: tuple[Location, ...]
    inside: int = 0

    @property
    def location(self) -> Location:
        """The user's line that is the cause."""
        return self.stack[-1 - self.inside]

    @property
    def headline(self) -> str:
        """Kind, context and the user's line, the telling part first: many readers show no more than a line's head."""
        where = self.location
        kind = f"{self.kind}: {self.context}" if self.context else self.kind
        line = f"line {where.line}" + (f": {where.source_line}" if where.source_line else "")
        return f"{kind} ({line})" if where.file else kind

    def describe(self) -> str:
        """The reason as text of several lines: headline, place, cause, hints, stack."""
        where = self.location
        lines = [self.headline]
        if where.file:
            lines.append(f"  {where} in {where.function}")
        lines.append(f"  {self.explanation}")
        lines += [f"  hint: {hint}" for hint in self.hints]
        at = len(self.stack) - 1 - self.inside
        for heading, places in (("reached through:", self.stack[:at]), ("inside the library:", self.stack[at + 1 :])):
            if places:
                lines.append(f"  {heading}")
                lines += [f"    {place} in {place.function}" for place in places]
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True, eq=False)
class FrameRecord:
    """How one attempt at one frame ended.

    Attributes:
        outcome: ``compiled`` (the whole frame), ``broken`` (up to a graph break; the rest
            goes on in a resume function), ``skipped`` (deliberately eager) or ``fell_back``
            (eager because of an error of ours or of a backend).
        frame: The frame's own function, at its first line or at the line it resumes from.
        reason: Why, unless compiled.
        recompile: Why earlier compiled code did not fit, one line per rejected entry (the latest
            ones, where there are many); empty on a first compile.
        graph_ops: Number of operations in the captured graph (0: there is no graph).
        capture_ns: Time spent interpreting and rewriting, in nanoseconds.
        backend_ns: Time spent in the backend, in nanoseconds.
        details: Objects for `compiler.explain` (graph module, guards, code); empty unless
            somebody collects with ``details=True``.
    """

    outcome: Outcome
    frame: Location
    reason: Reason | None = None
    recompile: tuple[str, ...] = ()
    graph_ops: int = 0
    capture_ns: int = 0
    backend_ns: int = 0
    details: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def at_limit(self) -> bool:
        """Whether the frame has as many compiled versions as are kept: what fits none of them runs in eager."""
        return self.reason is not None and self.reason.kind == RECOMPILE_LIMIT

    @property
    def is_recompile(self) -> bool:
        """Whether the frame was captured again because earlier code did not fit."""
        return bool(self.recompile) and not self.at_limit


Listener = Callable[[FrameRecord], None]

_log = logging.getLogger("compiler.events")
_lock = threading.Lock()
_listeners: tuple[Listener, ...] = ()
_detail_users = 0


def subscribe(listener: Listener, *, details: bool = False) -> Callable[[], None]:
    """Call `listener` with every record of every thread; returns what unsubscribes it."""
    global _listeners, _detail_users
    with _lock:
        _listeners = (*_listeners, listener)
        _detail_users += details

    def unsubscribe() -> None:
        global _listeners, _detail_users
        with _lock:
            if listener in _listeners:
                _listeners = tuple(other for other in _listeners if other is not listener)
                _detail_users -= details

    return unsubscribe


def publish(record: FrameRecord) -> None:
    """Hand one record to all listeners; one that raises is logged, since the user's program goes on."""
    for listener in _listeners:
        try:
            listener(record)
        except Exception:
            _log.exception("a listener of compiler.events raised on a record of %s", record.frame)


def wants_details() -> bool:
    """Whether a collector asked for graphs, guards and code in the records."""
    return _detail_users > 0


@contextlib.contextmanager
def collect(*, details: bool = False) -> Iterator[list[FrameRecord]]:
    """Gather the records published during a ``with`` block, of all threads, in order."""
    records: list[FrameRecord] = []
    unsubscribe = subscribe(records.append, details=details)
    try:
        yield records
    finally:
        unsubscribe()
