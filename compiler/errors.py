"""What this package raises to the user."""

from __future__ import annotations

import dataclasses
from typing import Any

from compiler.events import FrameRecord, Reason


class CompilerError(RuntimeError):
    """Base of everything this package raises by itself."""


class Unsupported(CompilerError):
    """A full-graph compile met a graph break.

    Attributes:
        record: The `FrameRecord` of the frame, with the reason and the user's line; in another process, without its
            details.
        reason: The record's.
    """

    def __init__(self, record: FrameRecord) -> None:
        self.record = record
        super().__init__(_described(record))

    @property
    def reason(self) -> Reason | None:
        return self.record.reason

    def __reduce__(self) -> tuple[Any, ...]:
        others = {name: value for name, value in vars(self).items() if name != "record"}
        return type(self), (dataclasses.replace(self.record, details={}),), others


def _described(record: FrameRecord) -> str:
    if record.reason is None:
        return record.outcome
    latest = list(dict.fromkeys(reversed(record.recompile)))[:_LATEST] if record.at_limit else []
    return "\n".join([record.reason.describe(), *(f"  did not fit: {why}" for why in latest)])


_LATEST = 3
"""So many of the facts that differed, those of the latest entries, are named where there are too many entries."""


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
