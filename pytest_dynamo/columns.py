"""The report's columns: to add one, add a row to `COLUMNS`.

A value is what programs read (times in nanoseconds); `Column.show` makes it text for people.
There is no ratio of the two times: each is of one call, with whatever happens on a first call (imports, say) in the
eager one, which comes first.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pytest_dynamo.measure import Measure
from pytest_dynamo.status import Status

NOTHING = ""
"""How a value that does not exist is shown."""


@dataclasses.dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        key: Name in the JSON report, with its unit.
        header: Name in the terminal, with its unit.
        of: The value of one test; ``None`` where there is none.
        total: The value of several tests.
        show: A value as text.
    """

    key: str
    header: str
    of: Callable[[Measure], Any]
    total: Callable[[Sequence[Measure]], Any]
    show: Callable[[Any], str] = str


def _sum(key: str) -> Callable[[Sequence[Measure]], Any]:
    def total(measures: Sequence[Measure]) -> Any:
        values = [value for measure in measures if (value := getattr(measure, key)) is not None]
        return sum(values) if values else None

    return total


def _count(key: str, header: str) -> Column:
    return Column(key, header, lambda measure: getattr(measure, key), _sum(key), _shown_count)


def _time(key: str, header: str) -> Column:
    return Column(key, header, lambda measure: getattr(measure, key), _sum(key), _shown_ms)


def _tally(words: Iterable[str]) -> dict[str, int]:
    return dict(Counter(word for word in words if word))


def _eager_tally(measures: Sequence[Measure]) -> dict[str, int]:
    return _tally(measure.eager for measure in measures)


def _status_tally(measures: Sequence[Measure]) -> dict[str, int]:
    counts = Counter(measure.status for measure in measures)
    return {status.key: counts[status] for status in Status if counts[status]}


def _shown_words(value: str | dict[str, int]) -> str:
    return value if isinstance(value, str) else "\n".join(f"{count} {word}" for word, count in value.items())


def _shown_status(value: str | dict[str, int]) -> str:
    worded = {Status[key.upper()].value: count for key, count in value.items()} if isinstance(value, dict) else value
    return _shown_words(worded)


def _shown_count(value: int | None) -> str:
    return str(value) if value else NOTHING


def _shown_ms(value_ns: int | None) -> str:
    return NOTHING if not value_ns else f"{value_ns / 1e6:.1f}"


COLUMNS = (
    Column("eager", "eager", lambda measure: measure.eager, _eager_tally, _shown_words),
    Column("status", "compiled", lambda measure: measure.verdict, _status_tally, _shown_status),
    _count("graphs", "graphs"),
    _count("graph_breaks", "breaks"),
    _count("recompiles", "recompiles"),
    _time("compile_ns", "compile\nms"),
    _time("eager_ns", "eager\nms"),
    _time("run_ns", "compiled\nms"),
)
