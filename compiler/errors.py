"""What this package raises to the user."""

from __future__ import annotations

from compiler.events import FrameRecord, Reason


class CompilerError(RuntimeError):
    """Base of everything this package raises by itself."""


class Unsupported(CompilerError):
    """A full-graph compile met a graph break.

    Attributes:
        record: The `FrameRecord` of the frame, with the reason and the user's line.
    """

    def __init__(self, record: FrameRecord) -> None:
        self.record = record
        super().__init__(record.reason.describe() if record.reason else record.outcome)


class BackendError(CompilerError):
    """A backend raised, returned something that is not callable, or compiled a graph that returns something else.

    Attributes:
        reason: Why, and the user's line.
    """

    reason: Reason


class UnknownBackend(CompilerError, ValueError):
    """No backend has that name; the message lists the known ones, closest first."""


class InternalError(CompilerError):
    """An error of our own; raised to the user only with ``config.strict``."""


for _public in (CompilerError, Unsupported, BackendError, UnknownBackend, InternalError):
    _public.__module__ = "compiler"  # as users import them: a message is short, and begins with what matters
