"""What the records of all tests say, each thing once, with how often it was met."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from compiler.events import FrameRecord, Location, Reason
from pytest_dynamo.measure import Measure, reason_of
from pytest_dynamo.paths import shown

STRICT_HINT = "COMPILER_STRICT=1 in the environment raises the error itself, with its traceback"


@dataclasses.dataclass(frozen=True)
class Place:
    """A line of user code that met a reason `count` times."""

    count: int
    file: str
    line: int
    function: str


@dataclasses.dataclass(frozen=True)
class Finding:
    """A reason, met `count` times by `tests` tests, and the line of user code.

    Where there are several lines, it is the one that met the reason most often; `places` has them all.
    """

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
    places: tuple[Place, ...]

    @property
    def title(self) -> str:
        return f"{self.kind}: {self.context}" if self.context else self.kind


@dataclasses.dataclass(frozen=True)
class Recompile:
    """Why earlier code of a function did not fit, met `count` times in the `recompiles` of the function."""

    count: int
    recompiles: int
    file: str
    line: int
    function: str
    why: str


@dataclasses.dataclass(frozen=True)
class Section:
    """A group of findings: its key in JSON, its heading, and which records belong to it.

    `hint` stands under every finding of the section; `by_line` tells the same kind of reason
    at two lines, or met with two things, apart.
    """

    key: str
    heading: str
    wants: Callable[[FrameRecord], bool]
    hint: str = ""
    by_line: bool = True


BREAKS = Section("graph_breaks", "graph breaks", lambda record: record.outcome == "broken")
SKIPPED = Section("skipped_frames", "skipped frames", lambda record: record.outcome == "skipped", by_line=False)
FALLBACKS = Section("fallbacks", "fallbacks", lambda record: record.outcome == "fell_back", STRICT_HINT)


def collect(section: Section, measures: Iterable[Measure], root: Path) -> list[Finding]:
    """The section's findings, the most frequent first."""
    groups: dict[tuple[object, ...], list[tuple[Measure, Reason]]] = {}
    for measure, record in _records(measures):
        if section.wants(record):
            reason = reason_of(record)
            place = (reason.context, reason.location.file, reason.location.line) if section.by_line else ()
            groups.setdefault((reason.kind, *place), []).append((measure, reason))
    return [_finding(met, root) for met in sorted(groups.values(), key=len, reverse=True)]


def _finding(met: Sequence[tuple[Measure, Reason]], root: Path) -> Finding:
    times = Counter(reason.location for _, reason in met)
    commonest = times.most_common(1)[0][0]
    first = next(reason for _, reason in met if reason.location == commonest)
    return Finding(
        count=len(met),
        tests=len({measure.nodeid for measure, _ in met}),
        kind=first.kind,
        context=first.context if len({reason.context for _, reason in met}) == 1 else "",
        **_place(first.location, root),
        source_line=first.location.source_line,
        explanation=first.explanation,
        hints=first.hints,
        places=tuple(Place(count, **_place(location, root)) for location, count in times.most_common()),
    )


def recompiles(measures: Iterable[Measure], root: Path) -> list[Recompile]:
    """Every distinct line of the records' recompile reasons, the most frequent first."""
    counts: Counter[tuple[Location, str]] = Counter(
        (record.frame, why) for _, record in _records(measures) for why in record.recompile if record.is_recompile
    )
    times = Counter(record.frame for _, record in _records(measures) if record.is_recompile)
    return [
        Recompile(count=count, recompiles=times[frame], why=why, **_place(frame, root))
        for (frame, why), count in counts.most_common()
    ]


def _records(measures: Iterable[Measure]) -> Iterator[tuple[Measure, FrameRecord]]:
    return ((measure, record) for measure in measures for record in measure.records)


def _place(location: Location, root: Path) -> dict[str, Any]:
    return {"file": shown(location.file, root), "line": location.line, "function": location.function}
