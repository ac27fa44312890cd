"""P1: every test runs in eager, then compiled, and counts once."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

LOG = """
import dynamo_standin as ds
log = []
def note(text):
    log.append(f"{text}{'+' if ds.compiling() else ''}")
"""


def test_function_runs_twice_and_counts_once(dynamo, standin):
    result = dynamo(LOG + "def test_a(): note('a')\ndef test_b(): assert log == ['a', 'a+']")
    result.assert_outcomes(passed=2)
    assert [(fn.__name__, backend, full) for fn, backend, full in standin.optimized] == [
        ("test_a", "eager", False),
        ("test_b", "eager", False),
    ]


def test_backend_and_fullgraph_reach_the_compiler(dynamo, standin):
    dynamo("def test_a(): pass", "--dynamo-backend=native", "--dynamo-fullgraph").assert_outcomes(passed=1)
    assert [call[1:] for call in standin.optimized] == [("native", True)]


def test_without_the_flag_nothing_runs_twice(dynamo, standin):
    result = dynamo(LOG + "def test_a(): note('a')\ndef test_b(): assert log == ['a']", on=False)
    result.assert_outcomes(passed=2)
    assert not standin.optimized
    result.stdout.no_fnmatch_line("*dynamo:*")


def test_function_fixtures_are_fresh_and_wider_ones_live_on(dynamo):
    source = """
    import pytest
    def maker(scope):
        @pytest.fixture(scope=scope, name=f"{scope}_one", autouse=scope == "package")
        def fixture():
            log.append(f"+{scope}")
            yield [scope]
            log.append(f"-{scope}")
        return fixture
    function_one, class_one, module_one, session_one = map(maker, ("function", "class", "module", "session"))
    class TestA:
        def test_a(self, function_one, class_one, module_one, session_one):
            assert len(function_one) == 1
            function_one.append(1)
            log.append("a")
        def test_b(self, class_one):
            log.append("b")
    def test_end(module_one):
        expected = "+session +module +class +function a -function +function a -function b b -class"
        assert log[: len(expected.split())] == expected.split()
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=3)


def test_parametrised_wide_fixtures(dynamo):
    source = """
    import pytest
    @pytest.fixture(scope="module", params=[1, 2])
    def wide(request):
        log.append(f"+{request.param}")
        yield request.param
        log.append(f"-{request.param}")
    def test_a(wide): log.append("a")
    def test_b(wide): log.append("b")
    def test_end(): assert log == "+1 a a b b -1 +2 a a b b".split()
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=5)


def test_methods_get_a_fresh_instance(dynamo):
    source = """
    class TestA:
        def setup_method(self, method):
            assert not hasattr(self, "used")
            log.append("setup")
        def teardown_method(self): log.append("teardown")
        def test_a(self):
            self.used = True
            note("a")
        @classmethod
        def test_class(cls): note("c")
        @staticmethod
        def test_static(): note("s")
    def test_end():
        one = "setup {0} teardown setup {0}+ teardown"
        assert log == " ".join(one.format(name) for name in "acs").split()
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=4)


def test_unittest_classes(dynamo):
    source = """
    import unittest
    class TestA(unittest.TestCase):
        @classmethod
        def setUpClass(cls): note("class")
        def setUp(self):
            assert not hasattr(self, "used")
            note("up")
        def tearDown(self): note("down")
        def test_a(self):
            self.used = True
            note("a")
        @unittest.skip("no")
        def test_s(self): pass
        @unittest.expectedFailure
        def test_x(self): assert False
        def test_z(self): self.skipTest("later")
    def test_end(): assert log[:7] == "class up a down up a+ down".split()
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=2, skipped=2, xfailed=1)


def test_all_tests_share_compiled_code(dynamo, standin):
    source = "import pytest\n@pytest.mark.parametrize('x', [1, 2])\ndef test_a(x): note(x)\n"
    end = "def test_end(): assert log == '1 1+ 2 2+'.split()"
    dynamo(LOG + source + end).assert_outcomes(passed=3)
    assert [fn.__name__ for fn, *_ in standin.optimized] == ["test_a", "test_a", "test_end"]
    assert standin.decorators == [("eager", False)]


def test_random_numbers_are_equal(dynamo):
    source = """
    import random, numpy, torch
    def test_a(): log.append((random.random(), numpy.random.rand(), torch.rand(1).item()))
    def test_end():
        first, second = log
        assert first == second
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=2)


OUTCOMES = """
import pytest
@pytest.mark.skip(reason="no")
def test_skip(): pass
def test_skip_inside(): pytest.skip("no")
@pytest.mark.xfail
def test_xfail(): assert 0
@pytest.mark.xfail(raises=ValueError)
def test_xfail_raises(): raise ValueError
@pytest.mark.xfail(raises=ValueError)
def test_xfail_raises_other(): raise KeyError
@pytest.mark.xfail
def test_xpass(): pass
@pytest.mark.xfail(strict=True)
def test_xpass_strict(): pass
@pytest.mark.xfail(run=False)
def test_xfail_not_run(): assert 0
def test_xfail_inside(): pytest.xfail("no")
def test_fail(): assert 0
@pytest.fixture
def bad(): raise ValueError
@pytest.fixture
def bad_end():
    yield
    raise ValueError
def test_setup_error(bad): pass
def test_teardown_error(bad_end): pass
def test_pass(): pass
"""


def test_outcomes_are_those_without_the_plugin(dynamo):
    with_plugin = dynamo(OUTCOMES, "-rA")
    without = dynamo(None, "-rA", on=False)
    assert with_plugin.parseoutcomes() == without.parseoutcomes()
    assert _summary(with_plugin) == _summary(without)


@pytest.mark.parametrize(
    "arguments", [("-x",), ("--maxfail=2",), ("-k", "xfail or fail"), ("--tb=line",), ("--junitxml=x.xml",)]
)
def test_usual_options(dynamo, arguments):
    with_plugin = dynamo(OUTCOMES, *arguments)
    assert with_plugin.parseoutcomes() == dynamo(None, *arguments, on=False).parseoutcomes()


def test_last_failed_remembers_a_compiled_failure(dynamo, pytester):
    source = "def test_a(): assert not ds.compiling()\ndef test_b(): pass"
    pytester.makepyfile(LOG + source)
    dynamo(None).assert_outcomes(passed=1, failed=1)
    dynamo(None, "--lf").assert_outcomes(failed=1)


def test_first_failure_stops_and_tears_all_down(dynamo):
    source = """
    import pytest
    @pytest.fixture(scope="session")
    def wide():
        yield
        print("torn down")
    def test_a(wide): assert not ds.compiling()
    def test_b(wide): pass
    """
    result = dynamo(LOG + _dedent(source), "-x", "-s")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*torn down*"])


def test_wide_fixture_is_torn_down_after_an_eager_teardown_error(dynamo):
    source = """
    import pytest
    @pytest.fixture(scope="class")
    def wide():
        yield
        log.append("wide")
    class TestA:
        @pytest.fixture
        def bad(self):
            yield
            raise ValueError
        def test_a(self, wide, bad): pass
    def test_end(): assert log == ["wide"]
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=2, errors=1)


def test_wide_teardown_error_is_an_error_of_the_last_test(dynamo):
    source = """
    import pytest
    @pytest.fixture(scope="module")
    def wide():
        yield
        raise ValueError
    def test_a(wide): pass
    def test_b(wide): pass
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=2, errors=1)


def test_setup_show(dynamo):
    result = dynamo("def test_a(tmp_path): pass", "--setup-show")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*SETUP*F tmp_path*", "*TEARDOWN F tmp_path*", "*SETUP*F tmp_path*"])


def test_setup_only_runs_nothing(dynamo):
    result = dynamo(LOG + "def test_a(): assert 0", "--setup-only")
    assert "failed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(["*not compiled: --setup-only*"])


def test_common_fixtures(dynamo):
    source = """
    import os
    def test_a(capsys, monkeypatch, tmp_path, caplog, recwarn, record_property, request):
        assert "DYNAMO_X" not in os.environ
        monkeypatch.setenv("DYNAMO_X", "1")
        print("out")
        assert capsys.readouterr().out == "out\\n"
        (tmp_path / "new").mkdir()
        record_property("k", 1)
        assert request.node.user_properties == [("k", 1)]
        request.addfinalizer(lambda: log.append("end"))
    def test_end(): assert log == ["end", "end"]
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=2)


def test_async_items_run_as_without_the_plugin(dynamo):
    source = """
    import unittest
    class TestA(unittest.IsolatedAsyncioTestCase):
        async def test_a(self): note("a")
    def test_end(): assert log == ["a"]
    """
    result = dynamo(LOG + _dedent(source))
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_a*passed*not compiled: async test*"])


def test_async_function_without_a_runner_fails_as_without_the_plugin(dynamo):
    source = "async def test_a(): pass"
    assert dynamo(source).parseoutcomes() == dynamo(None, on=False).parseoutcomes()


def test_doctests_are_not_compiled(dynamo):
    result = dynamo('def f():\n    """\n    >>> 1 + 1\n    2\n    """\n', "--doctest-modules")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*passed*not compiled: doctest*"])


def test_items_that_are_no_functions_are_not_compiled(dynamo, pytester):
    pytester.makeconftest(
        """
        import pytest
        class File(pytest.File):
            def collect(self): yield Odd.from_parent(self, name="odd")
        class Odd(pytest.Item):
            def runtest(self): pass
        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".odd": return File.from_parent(parent, path=file_path)
        """
    )
    pytester.makefile(".odd", test="")
    result = dynamo("def test_a(): pass")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*not compiled: Odd is not a Python function*"])


def test_subtests_count_once(dynamo):
    pytest.importorskip("_pytest.subtests")
    source = """
    import unittest
    class TestA(unittest.TestCase):
        def test_a(self):
            for i in range(3):
                with self.subTest(i=i): note(i)
    def test_b(subtests):
        with subtests.test("x"): pass
    """
    with_plugin = dynamo(LOG + _dedent(source), "-v")
    assert with_plugin.parseoutcomes() == dynamo(None, "-v", on=False).parseoutcomes()


def test_a_failed_subtest_fails_the_test(dynamo):
    pytest.importorskip("_pytest.subtests")
    source = """
    def test_compiled(subtests):
        with subtests.test("x"): assert not ds.compiling()
    def test_eager(subtests):
        with subtests.test("y"): assert 0
    """
    result = dynamo(LOG + _dedent(source))
    assert result.parseoutcomes()["failed"] == 4
    result.stdout.fnmatch_lines(["*passed in eager; a subtest failed*", "*::test_compiled*failed compiled*"])
    result.stdout.fnmatch_lines(["*::test_eager*eager failed*"])


def test_hypothesis_compiles_the_users_function(dynamo, standin):
    source = """
    from hypothesis import given, settings, strategies as st
    @settings(max_examples=3, database=None)
    @given(st.integers())
    def test_a(x): log.append(ds.compiling())
    def test_end(): assert log and not all(log) and any(log)
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=2)
    assert standin.optimized[0][0].__code__.co_varnames[:1] == ("x",)


def test_hypothesis_methods(dynamo):
    source = """
    import unittest
    from hypothesis import given, settings, strategies as st
    few = settings(max_examples=3, database=None)
    class TestA:
        @few
        @given(st.integers())
        def test_a(self, x): log.append(ds.compiling())
    class TestB(unittest.TestCase):
        @few
        @given(st.integers())
        def test_b(self, x): log.append(ds.compiling())
    def test_end(): assert log.count(True) > 1
    """
    dynamo(LOG + _dedent(source)).assert_outcomes(passed=3)


def test_captured_output_is_that_of_the_run_that_failed(dynamo):
    source = "def test_a():\n    print('compiled' if ds.compiling() else 'in', 'eager' * (not ds.compiling()))\n"
    result = dynamo(LOG + source + "    assert not ds.compiling()")
    result.assert_outcomes(failed=1)
    assert result.outlines.count("compiled ") == 1
    result.stdout.no_fnmatch_line("in eager")


WARNINGS = """
import warnings
def test_a():
    warnings.warn("both")
    if ds.compiling(): warnings.warn("compiled only")
def test_b():
    warnings.warn("both")
"""


def test_repeated_warnings_count_once(dynamo):
    result = dynamo(LOG + WARNINGS)
    result.assert_outcomes(passed=2, warnings=3)
    result.stdout.fnmatch_lines(["*UserWarning: both", "*UserWarning: compiled only"])


@pytest.mark.filterwarnings("ignore:both")
@pytest.mark.parametrize("arguments", [("-W", "error"), ("-p", "no:warnings")])
def test_other_ways_to_treat_warnings(dynamo, arguments):
    source = "import warnings\ndef test_a(): warnings.warn('both')"
    assert dynamo(source, *arguments).parseoutcomes() == dynamo(None, *arguments, on=False).parseoutcomes()


def _dedent(source):
    import textwrap

    return textwrap.dedent(source)


def _summary(result):
    lines = result.outlines
    start = next(i for i, line in enumerate(lines) if "short test summary info" in line)
    return sorted(lines[start + 1 : -1])
