"""P1, P4: without ``--dynamo`` the plugin is inert and light."""

from __future__ import annotations

pytest_plugins = ["pytester"]

MARKED = """
import sys, pytest
@pytest.mark.dynamo_fullgraph
def test_a(): pass
@pytest.mark.dynamo_skip
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
