"""What is known of one test after its runs."""

from __future__ import annotations

import dataclasses

from compiler.events import FrameRecord, Reason
from pytest_dynamo.status import Status


@dataclasses.dataclass(frozen=True)
class Measure:
    """One test: how it ended in eager, how under the compiler, and the records of the compiled run.

    Attributes:
        nodeid: pytest's name of the test.
        eager: ``passed``, ``failed``, ``error``, ``skipped``, ``xfailed`` or ``xpassed``; empty where
            the session ended before that was known.
        status: How the compiled run ended, or why there was none.
        note: What `status` leaves open, for example why a test is not compiled.
        records: The records of the compiled run, without their details.
        cached_calls: Calls of the compiled run that compiled code served.
        eager_ns: The call phase in eager, in nanoseconds; ``None`` where it did not pass.
        compiled_ns: The call phase under the compiler, compiling included, in nanoseconds.
    """

    nodeid: str
    eager: str
    status: Status
    note: str = ""
    records: tuple[FrameRecord, ...] = ()
    cached_calls: int = 0
    eager_ns: int | None = None
    compiled_ns: int | None = None

    @property
    def file(self) -> str:
        return self.nodeid.partition("::")[0]

    @property
    def verdict(self) -> str:
        """The status with its note, for people."""
        return f"{self.status.value}: {self.note}" if self.note else self.status.value

    @property
    def graphs(self) -> int:
        return sum(record.graph_ops > 0 for record in self.records)

    @property
    def graph_breaks(self) -> int:
        return sum(record.outcome == "broken" for record in self.records)

    @property
    def recompiles(self) -> int:
        return sum(record.is_recompile for record in self.records)

    @property
    def compile_ns(self) -> int:
        return sum(record.capture_ns + record.backend_ns for record in self.records)

    @property
    def run_ns(self) -> int | None:
        """The compiled call phase without the time spent compiling, in nanoseconds."""
        return None if self.compiled_ns is None else max(0, self.compiled_ns - self.compile_ns)


def reason_of(record: FrameRecord) -> Reason:
    """The record's reason; a record that has none is still shown, at its frame's own line."""
    return record.reason or Reason(record.outcome, "", "No reason was recorded.", (), (record.frame,))
