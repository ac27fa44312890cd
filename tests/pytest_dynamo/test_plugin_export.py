"""P3: the report as JSON."""

from __future__ import annotations

import json
import platform

import pytest
import torch

pytest_plugins = ["pytester"]

SOURCE = """
import pytest
import dynamo_standin as ds
def test_a():
    ds.graph(ops=4, recompile=("size",))
    ds.break_graph("print")
def test_fail(): assert not ds.compiling()
@pytest.mark.dynamo_skip("why")
def test_skip(): pass
"""


@pytest.fixture
def report(dynamo, pytester):
    """Run a suite and read what it wrote."""

    def run(source, *arguments):
        path = pytester.path / "new" / "folder" / "report.json"
        dynamo(source, "--dynamo-report=new/folder/report.json", *arguments)
        assert [path] == list(path.parent.iterdir())
        return json.loads(path.read_text())

    return run


def test_everything_of_the_table_is_there(report):
    data = report(SOURCE)
    assert data["schema"] == 1
    assert data["exit_status"] == 1
    first, failed, skipped = data["tests"]
    assert first["nodeid"].endswith("::test_a")
    figures = {key: first[key] for key in ("eager", "status", "graphs", "graph_breaks", "recompiles", "compile_ns")}
    assert figures == {
        "eager": "passed",
        "status": "broken",
        "graphs": 2,
        "graph_breaks": 1,
        "recompiles": 1,
        "compile_ns": 3_000_000,
    }
    assert first["eager_ns"] > 0
    assert first["compiled_ns"] > 0
    assert failed["status"] == "failed"
    assert (skipped["status"], skipped["note"]) == ("not_compiled", "why")
    assert data["total"]["tests"] == 3
    assert data["total"]["eager"] == {"passed": 3}
    assert data["total"]["status"] == {"failed": 1, "broken": 1, "not_compiled": 1}


def test_records_and_findings_are_data(report):
    data = report(SOURCE)
    whole, broken = data["tests"][0]["records"]
    assert (whole["outcome"], whole["graph_ops"], whole["recompile"]) == ("compiled", 4, ["size"])
    assert broken["reason"]["kind"] == "unsupported call"
    assert broken["reason"]["stack"][0]["source_line"] == 'ds.break_graph("print")'
    (found,) = data["graph_breaks"]
    assert (found["count"], found["line"], found["hints"]) == (1, 5, ["move print out"])
    assert found["file"] == data["tests"][0]["nodeid"].partition("::")[0]
    assert data["recompiles"][0]["why"] == "size"
    assert data["skipped_frames"] == data["fallbacks"] == []


def test_environment(report):
    environment = report(SOURCE, "--dynamo-backend=native")["environment"]
    assert environment["python"] == platform.python_version()
    assert environment["torch"] == torch.__version__
    assert environment["backend"] == "native"
    assert "pytest-dynamo" in environment


def test_an_older_report_is_replaced(report, pytester):
    (pytester.path / "new" / "folder").mkdir(parents=True)
    (pytester.path / "new" / "folder" / "report.json").write_text("old")
    assert report(SOURCE)["schema"] == 1


@pytest.mark.parametrize("body", ["raise KeyboardInterrupt", "pytest.exit('stop')"])
def test_an_interrupted_session_is_written(report, body):
    data = report(SOURCE + f"def test_stop(): {body}\ndef test_never(): pass")
    assert [test["status"] for test in data["tests"]] == ["broken", "failed", "not_compiled", "interrupted"]
    assert data["exit_status"] == 2


def test_a_session_without_tests_is_written(report):
    assert report("")["tests"] == []
