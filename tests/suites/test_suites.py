"""The table of suites, the row that is kept of a run, and the page."""

from __future__ import annotations

import json

from tests.suites import report, rows, table
from tests.suites.runs import Slice


def test_the_table_can_be_read():
    suites = table.read()
    assert suites["entmax"].version
    assert all(suite.slices for suite in suites.values())


def _record(outcome, kind, context=""):
    return {"outcome": outcome, "reason": {"kind": kind, "context": context}}


def _test(nodeid, status, *records):
    times = {"eager_ns": 1_000_000_000, "compiled_ns": 3_000_000_000, "compile_ns": 2_000_000_000}
    return {
        "nodeid": nodeid,
        "eager": "passed",
        "status": status,
        "graphs": 1,
        "recompiles": 2,
        "records": records,
        **times,
    }


def _slice():
    tests = [
        _test("a", "broken", _record("broken", "output"), _record("broken", "output"), _record("compiled", "")),
        _test("b", "failed", _record("fell_back", "internal error", "KeyError: 1")),
    ]
    environment = {"python": "3.11.7", "torch": "2.13", "backend": "eager"}
    return Slice(("tests",), {"passed": 2}, 5.0, {"tests": tests, "environment": environment}, 9.0, 1)


def test_a_row_adds_up_its_slices():
    unfinished = Slice(("more", "-k x"), {"passed": 1, "failed": 2}, 1.0, None, 1.0, -11)
    row = rows.row(table.Suite("some", "1.0", (), ()), [_slice(), unfinished])
    assert row["eager"] == {"passed": 3, "failed": 2}
    assert row["wrong"] == ["b"]
    assert row["breaks"] == {"output": 2}
    assert row["internal_errors"] == {"KeyError: 1": 1}
    assert row["unfinished"] == ["more '-k x'"]
    assert (row["graphs"], row["recompiles"], row["compile_s"], row["dynamo_s"]) == (2, 4, 4.0, 10.0)


def test_the_page_has_every_suite_that_was_run(tmp_path):
    for name in ("one", "two"):
        report.keep(rows.row(table.Suite(name, "1.0", (), ()), [_slice()]), tmp_path)
    page = (tmp_path / "suites.md").read_text()
    assert json.loads((tmp_path / "suites" / "one.json").read_text())["suite"] == "one"
    assert "## one 1.0" in page
    assert "## two 1.0" in page
    assert "- `b`" in page
    assert "KeyError: 1" in page
