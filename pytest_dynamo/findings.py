"""What the records of all tests say, each thing once, with how often it was met."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from compiler.events import FrameRecord, Location
from pytest_dynamo.measure import Measure, reason_of
from pytest_dynamo.paths import shown

STRICT_HINT = "COMPILER_STRICT=1 in the environment raises the error itself, with its traceback"


@dataclasses.dataclass(frozen=True)
class Finding:
    """A reason at a line of user code, met `count` times by `tests` tests."""

    count: int
    tests: int
    kind: str
    context: str
    file: str
    line: int
    function: str
    source_line: str
    explanation: str
    hints: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.kind}: {self.context}" if self.context else self.kind


@dataclasses.dataclass(frozen=True)
class Recompile:
    """Why earlier code of a function did not fit, met `count` times."""

    count: int
    file: str
    line: int
    function: str
    why: str


@dataclasses.dataclass(frozen=True)
class Section:
    """A group of findings: its key in JSON, its heading, and which records belong to it.

    `hint` stands under every finding of the section.
    """

    key: str
    heading: str
    wants: Callable[[FrameRecord], bool]
    hint: str = ""


BREAKS = Section("graph_breaks", "graph breaks", lambda record: record.outcome == "broken")
SKIPPED = Section("skipped_frames", "skipped frames", lambda record: record.outcome == "skipped")
FALLBACKS = Section("fallbacks", "fallbacks", lambda record: record.outcome == "fell_back", STRICT_HINT)


def collect(section: Section, measures: Iterable[Measure], root: Path) -> list[Finding]:
    """The section's findings, the most frequent first."""
    counts: Counter[tuple[str, str, str, int]] = Counter()
    tests: dict[tuple[str, str, str, int], set[str]] = {}
    samples = {}
    for measure, record in _records(measures):
        if not section.wants(record):
            continue
        reason = reason_of(record)
        key = (reason.kind, reason.context, reason.location.file, reason.location.line)
        counts[key] += 1
        tests.setdefault(key, set()).add(measure.nodeid)
        samples[key] = reason
    return [
        Finding(
            count=count,
            tests=len(tests[key]),
            kind=samples[key].kind,
            context=samples[key].context,
            explanation=samples[key].explanation,
            hints=samples[key].hints,
            **_place(samples[key].location, root),
            source_line=samples[key].location.source_line,
        )
        for key, count in counts.most_common()
    ]


def recompiles(measures: Iterable[Measure], root: Path) -> list[Recompile]:
    """Every distinct line of the records' recompile reasons, the most frequent first."""
    counts: Counter[tuple[Location, str]] = Counter(
        (record.frame, why) for _, record in _records(measures) for why in record.recompile
    )
    return [Recompile(count=count, why=why, **_place(frame, root)) for (frame, why), count in counts.most_common()]


def _records(measures: Iterable[Measure]) -> Iterator[tuple[Measure, FrameRecord]]:
    return ((measure, record) for measure in measures for record in measure.records)


def _place(location: Location, root: Path) -> dict[str, object]:
    return {"file": shown(location.file, root), "line": location.line, "function": location.function}
