"""P1: the command line is checked before any test runs."""

from __future__ import annotations

import dataclasses
import os

import pytest

from pytest_dynamo.options import Options

pytest_plugins = ["pytester"]


def test_options_are_frozen():
    options = Options(enabled=True, backend="eager", fullgraph=False, report=None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.backend = "other"


def test_unknown_backend_is_refused_with_the_known_ones_closest_first(dynamo):
    result = dynamo("def test_a(): pass", "--dynamo-backend=natve")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--dynamo-backend=natve: no such backend; there are: native, *eager*"])


def test_backend_and_engine_are_in_the_header(dynamo):
    dynamo("def test_a(): pass", "--dynamo-backend=native").stdout.fnmatch_lines(["dynamo: *'native'"])


@pytest.mark.parametrize("path", ["file/report.json", "folder", os.devnull])
def test_unwritable_report_is_refused(dynamo, pytester, path):
    (pytester.path / "file").write_text("")
    (pytester.path / "folder").mkdir()
    result = dynamo("def test_a(): pass", f"--dynamo-report={path}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--dynamo-report=*{path} cannot be written: *"])


def test_a_refused_report_leaves_nothing_behind(dynamo, pytester):
    (pytester.path / "file").write_text("kept")
    dynamo("def test_a(): pass", "--dynamo-report=file/report.json")
    assert (pytester.path / "file").read_text() == "kept"
