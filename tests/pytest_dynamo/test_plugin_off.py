"""P1, P4: without ``--dynamo`` the plugin is inert and light."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest_dynamo

pytest_plugins = ["pytester"]

MARKED = """
import sys, pytest
@pytest.mark.dynamo_fullgraph
def test_a(): pass
@pytest.mark.dynamo_skip(reason="why")
def test_b(): pass
def test_end():
    assert "pytest_dynamo.plugin" in sys.modules
    assert not {"torch", "compiler", "tabulate", "pytest_dynamo.session"} & set(sys.modules)
"""


def test_nothing_heavy_is_imported_and_markers_are_inert(dynamo_process, pytester):
    pytester.makepyfile(MARKED)
    dynamo_process("--strict-markers").assert_outcomes(passed=3)


def test_other_flags_are_inert(dynamo_process, pytester):
    pytester.makepyfile(MARKED)
    report = pytester.path / "report.json"
    flags = ("--dynamo-backend=nonsense", "--dynamo-fullgraph", f"--dynamo-report={report}")
    dynamo_process(*flags).assert_outcomes(passed=3)
    assert not report.exists()


def test_markers_are_listed(dynamo):
    result = dynamo(None, "--markers", on=False)
    result.stdout.fnmatch_lines(["@pytest.mark.dynamo_fullgraph:*", "@pytest.mark.dynamo_skip(reason):*"])


def test_flags_are_explained(dynamo):
    result = dynamo(None, "--help", on=False)
    result.stdout.fnmatch_lines(["*--dynamo *", "*--dynamo-backend=NAME*", "*--dynamo-report=PATH*"])


def test_entry_point(pytester, monkeypatch, standin):
    """P1: an installed distribution needs no ``-p``."""
    info = pytester.mkdir("installed") / "pytest_dynamo-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-dynamo\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[pytest11]\ndynamo = pytest_dynamo.plugin\n")
    root, here = Path(pytest_dynamo.__file__).parents[1], Path(standin.__file__).parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (info.parent, here, root))))
    pytester.makepyfile(
        "import pytest\n@pytest.mark.dynamo_fullgraph\ndef test_a(): ds.graph()\nimport dynamo_standin as ds"
    )
    result = pytester.runpytest_subprocess(
        "-p", "dynamo_standin", "--dynamo", "--dynamo-report=r.json", "--strict-markers"
    )
    result.assert_outcomes(passed=1)
    environment = json.loads((pytester.path / "r.json").read_text())["environment"]
    assert environment["pytest-dynamo"] == "0.1.0"
