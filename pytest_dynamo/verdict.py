"""What a test's two runs amount to: outcome, status, and the text of a failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from _pytest._code.code import ExceptionRepr

from compiler.events import FrameRecord
from pytest_dynamo.measure import reason_of
from pytest_dynamo.status import Status

BREAKS_PROMISE = ("broken", "fell_back")
"""Outcomes of a frame that is not one whole graph."""


def outcome(reports: Iterable[pytest.TestReport]) -> str:
    """One word for the reports of one run, in pytest's own vocabulary."""
    word = "passed"
    for report in reports:
        if report.failed:
            return "failed" if report.when == "call" else "error"
        if hasattr(report, "wasxfail"):
            word = "xfailed" if report.skipped else "xpassed"
        elif report.skipped:
            word = "skipped"
    return word


def captured_status(records: Sequence[FrameRecord], cached_calls: int) -> Status:
    """The status of a compiled run that passed; what the user must see first comes first."""
    outcomes = {record.outcome for record in records}
    graphs = any(record.graph_ops for record in records)
    signs = (
        (Status.FELL_BACK, "fell_back" in outcomes),
        (Status.RECOMPILE_LIMIT, any(record.at_limit for record in records)),
        (Status.BROKEN, "broken" in outcomes),
        (Status.COMPILED, graphs),
        (Status.CACHED, cached_calls > 0),
    )
    return next((status for status, shown in signs if shown), Status.NOTHING)


def broken_promise(records: Sequence[FrameRecord], cached_calls: int, *, must_capture: bool) -> str | None:
    """Why a full-graph run is none, in a sentence; ``None`` where it is one.

    Args:
        must_capture: Whether capturing nothing breaks the promise as well.
    """
    culprits = [record for record in records if record.outcome in BREAKS_PROMISE]
    if culprits:
        return f"the test is not one graph ({_count(len(culprits), 'frame')} broken or left in eager)"
    if must_capture and not cached_calls and not any(record.graph_ops for record in records):
        return "nothing of the test was captured as a graph"
    return None


def explain(report: pytest.TestReport, headline: str, records: Sequence[FrameRecord]) -> None:
    """Add to a failed report of the compiled run that eager passed, and what became of its frames."""
    sections = (("dynamo", headline), ("dynamo: frames of the compiled run", describe(records)))
    if isinstance(report.longrepr, ExceptionRepr):
        for title, text in sections:
            report.longrepr.addsection(title, text)
    else:
        parts = [report.longreprtext, *(f"--- {title} ---\n{text}" for title, text in sections)]
        report.longrepr = "\n".join(part for part in parts if part)


def describe(records: Sequence[FrameRecord]) -> str:
    """A summary line, then every distinct reason why a frame is not one graph."""
    whole = sum(record.outcome == "compiled" for record in records)
    texts = dict.fromkeys(
        f"{record.outcome.replace('_', ' ')}: {reason_of(record).describe()}"
        for record in records
        if record.outcome != "compiled"
    )
    return "\n".join([f"{_count(len(records), 'frame')} met, {whole} compiled whole", *texts])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
