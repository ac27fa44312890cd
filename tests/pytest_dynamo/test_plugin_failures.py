"""P1, P4: a test that only fails when compiled fails, and says so; the markers."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

HEAD = "import pytest\nimport dynamo_standin as ds\n"
FULLGRAPH = HEAD + "@pytest.mark.dynamo_fullgraph\ndef test_a():\n    "


def test_compiled_failure_shows_both_runs_and_the_records(dynamo):
    source = "def test_a():\n    ds.graph()\n    ds.break_graph('print')\n    ds.fall_back()\n    assert not ds.compiling()\n"
    result = dynamo(HEAD + source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*assert not ds.compiling()",
            "*- dynamo -*",
            "passed in eager; failed under the compiler (backend 'eager')",
            "*- dynamo: frames of the compiled run -*",
            "3 frames met, 1 compiled whole",
            "broken: unsupported call: print (line 5: ds.break_graph('print'))",
            "  *test_compiled_failure*.py:5 in test_a",
            "  hint: move print out",
            "fell back: internal error: ZeroDivisionError (line 6: *",
            "*test_a*passed*failed compiled*",
            "FAILED *::test_a - *",
        ]
    )


def test_failure_without_a_traceback_says_the_same(dynamo):
    result = dynamo(HEAD + "def test_a():\n    if ds.compiling(): pytest.fail('boo', pytrace=False)")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["boo", "*dynamo*", "passed in eager; failed under the compiler*", "0 frames met*"])


def test_unittest_failure_shows_both_runs(dynamo):
    source = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertFalse(ds.compiling())\n"
    result = dynamo(HEAD + source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AssertionError*", "passed in eager; failed under the compiler*"])


def test_setup_that_fails_in_the_compiled_run_only(dynamo):
    source = """
seen = []
@pytest.fixture
def once():
    seen.append(1)
    assert len(seen) != 2
def test_a(once): pass
"""
    result = dynamo(HEAD + source)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["passed in eager; its setup failed in the run under the compiler*"])


def test_setup_that_cannot_run_twice_is_told_apart(dynamo):
    source = """
seen = []
@pytest.fixture
def once():
    assert not seen
    seen.append(1)
def test_a(once): pass
"""
    result = dynamo(HEAD + source)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*passed*not repeatable: assert not [[]1[]]*"])


def test_test_that_cannot_run_twice_is_told_apart(dynamo):
    source = """
@pytest.fixture(scope="module")
def wide():
    yield []
def test_a(wide):
    ds.graph()
    wide.append(ds.compiling())
    assert wide == [False]
def test_b(wide): assert wide == [False, True, False]
"""
    result = dynamo(HEAD + source)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_a*passed*not repeatable: assert *"])


def test_a_broken_promise_is_never_the_tests_own(dynamo):
    result = dynamo(FULLGRAPH + "ds.break_graph('print')\n    seen.append(1)\nseen = []")
    result.assert_outcomes(failed=1)


def test_teardown_failure_of_the_compiled_run(dynamo):
    source = """
seen = []
@pytest.fixture
def once():
    yield
    seen.append(1)
    assert len(seen) < 2
def test_a(once): pass
"""
    result = dynamo(HEAD + source)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["passed in eager; its teardown failed in the run under the compiler*"])


def test_skip_of_the_compiled_run_only(dynamo):
    result = dynamo(HEAD + "def test_a():\n    if ds.compiling(): pytest.skip('not here')")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_a*passed*skipped compiled*"])


def test_breaks_and_fallbacks_alone_do_not_fail(dynamo):
    dynamo(HEAD + "def test_a():\n    ds.break_graph()\n    ds.fall_back()\n").assert_outcomes(passed=1)


def test_fullgraph_option_fails_breaks_but_not_empty_tests(dynamo):
    source = "def test_a(): ds.break_graph()\ndef test_b(): pass\ndef test_c(): ds.graph()\n"
    result = dynamo(HEAD + source, "--dynamo-fullgraph")
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(["*Unsupported: *unsupported call: print*"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("ds.break_graph()", "*Unsupported: *unsupported call: print*"),
        ("pass", "nothing of the test was captured as a graph"),
        ("ds.graph(ops=0)", "nothing of the test was captured as a graph"),
        ("ds.fall_back()", "the test is not one graph (1 frame broken or left in eager)"),
        (
            "\n    with pytest.raises(RuntimeError):\n        ds.break_graph()\n        raise RuntimeError",
            "*not one graph*",
        ),
    ],
)
def test_fullgraph_marker_fails(dynamo, body, message):
    """P4: the marker's promise, and every way to break it."""
    result = dynamo(FULLGRAPH + body, "--strict-markers")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message, "passed in eager; failed under the compiler*", "*frame* met*"])


@pytest.mark.parametrize("body", ["ds.graph()", "ds.hit()", "ds.graph(); ds.skip_frame()"])
def test_fullgraph_marker_passes(dynamo, standin, body):
    dynamo(FULLGRAPH + body).assert_outcomes(passed=1)
    assert standin.optimized[0][2] is True


def test_skip_marker_runs_eager_only_and_shows_its_reason(dynamo, standin):
    """P4: `dynamo_skip`."""
    source = "@pytest.mark.dynamo_skip('too slow')\ndef test_a(): assert not ds.compiling()\n"
    by_name = "@pytest.mark.dynamo_skip(reason='by name')\nclass TestB:\n    def test_b(self): pass\n"
    result = dynamo(HEAD + source + by_name, "--strict-markers")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*passed*not compiled: too slow*", "*passed*not compiled: by name*"])
    assert not standin.optimized


@pytest.mark.parametrize("use", ["", "()", "('')", "(3)", "(why='x')", "('x', 'y')"])
@pytest.mark.parametrize("on", [True, False])
def test_skip_marker_without_a_reason_is_refused(dynamo, use, on):
    result = dynamo(HEAD + f"@pytest.mark.dynamo_skip{use}\ndef test_a(): pass", on=on)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*::test_a: @pytest.mark.dynamo_skip takes exactly one text: reason=*"])


@pytest.mark.parametrize("use", ["('x')", "(True)", "(why=1)"])
@pytest.mark.parametrize("on", [True, False])
def test_fullgraph_marker_takes_no_arguments(dynamo, use, on):
    result = dynamo(HEAD + f"@pytest.mark.dynamo_fullgraph{use}\nclass TestA:\n    def test_a(self): pass", on=on)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*::test_a: @pytest.mark.dynamo_fullgraph takes no arguments"])
