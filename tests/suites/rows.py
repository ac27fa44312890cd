"""What is kept of a suite's run: one row, made of the reports of its slices."""

from __future__ import annotations

import platform
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tests.suites.runs import Slice
from tests.suites.table import Suite

WRONG = ("failed", "interrupted")
"""Status of tests that pass in eager and not under the compiler."""


def row(suite: Suite, slices: Sequence[Slice]) -> dict[str, Any]:
    """The row: numbers, and names of what went wrong."""
    tests = [test for part in slices for test in (part.report or {}).get("tests", ())]
    records = [record for test in tests for record in test["records"]]
    return {
        "suite": suite.name,
        "version": suite.version,
        "command": f"python -m tests.suites {suite.name}",
        "environment": _environment(slices),
        "unfinished": [shlex.join(part.arguments) for part in slices if part.report is None],
        "eager": _added(part.eager for part in slices),
        "compiled": dict(Counter(test["status"] for test in tests)),
        "wrong": sorted(test["nodeid"] for test in tests if test["eager"] == "passed" and test["status"] in WRONG),
        "graphs": sum(test["graphs"] for test in tests),
        "recompiles": sum(test["recompiles"] for test in tests),
        "breaks": dict(Counter(_kinds(records, "broken")).most_common()),
        "skipped_frames": dict(Counter(_kinds(records, "skipped")).most_common()),
        "internal_errors": dict(Counter(_contexts(records, "fell_back")).most_common()),
        "eager_s": round(sum(part.eager_s for part in slices), 1),
        "dynamo_s": round(sum(part.dynamo_s for part in slices), 1),
        "compile_s": _seconds(tests, "compile_ns"),
        "calls_eager_s": _seconds(tests, "eager_ns"),
        "calls_compiled_s": _seconds(tests, "compiled_ns"),
    }


def _environment(slices: Sequence[Slice]) -> dict[str, Any]:
    found = next((part.report["environment"] for part in slices if part.report), {})
    return {"python": platform.python_version(), **found}


def _added(counts: Any) -> dict[str, int]:
    total = Counter[str]()
    for count in counts:
        total.update(count)
    return dict(total)


def _kinds(records: Sequence[dict[str, Any]], outcome: str) -> Iterator[str]:
    return (record["reason"]["kind"] for record in records if record["outcome"] == outcome)


def _contexts(records: Sequence[dict[str, Any]], outcome: str) -> Iterator[str]:
    return (record["reason"]["context"] for record in records if record["outcome"] == outcome)


def _seconds(tests: Sequence[dict[str, Any]], key: str) -> float:
    """Seconds spent in tests that ran both in eager and compiled."""
    both = [test for test in tests if test["eager_ns"] is not None and test["compiled_ns"] is not None]
    return round(sum(test[key] for test in both) / 1e9, 1)
