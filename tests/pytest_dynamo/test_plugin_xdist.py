"""P7: with pytest-xdist the controller reports what its workers measured."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("xdist")

pytest_plugins = ["pytester"]

SOURCE = """
import dynamo_standin as ds
def test_a(): ds.break_graph("print")
def test_b(): assert not ds.compiling()
"""


def test_workers_hand_over_their_measures(dynamo_process, pytester):
    pytester.makepyfile(SOURCE)
    arguments = ("-p", "dynamo_standin", "--dynamo", "-n2", "--dynamo-report=report.json")
    result = dynamo_process(*arguments)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["passed in eager; failed under the compiler*"])
    result.stdout.fnmatch_lines(["total (2 tests)*2 passed*", "    1 x *: print (1 test)"])
    data = json.loads((pytester.path / "report.json").read_text())
    assert sorted(test["status"] for test in data["tests"]) == ["broken", "failed"]


def test_a_bad_marker_is_a_clear_error(dynamo_process, pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.dynamo_skip\ndef test_a(): pass")
    result = dynamo_process("-p", "dynamo_standin", "--dynamo", "-n1")
    assert result.ret != 0
    assert "takes exactly one text: reason=" in result.stdout.str() + result.stderr.str()
