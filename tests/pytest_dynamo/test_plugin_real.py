"""The plugin with the real compiler: small suites, from the command line to the report."""

from __future__ import annotations

import json

import pytest

import compiler

pytest_plugins = ["pytester"]

HEAD = "import pytest, torch\n"


@pytest.fixture
def real(pytester, dynamo_arguments):
    """Write a test file and run it under the real compiler, in this process: ``real(source, *arguments)``."""

    def run(source, *arguments):
        pytester.makepyfile(HEAD + source)
        return pytester.runpytest_inprocess(*dynamo_arguments, "--dynamo", *arguments)

    yield run
    compiler.reset()


def row(result, name):
    """The table's row of a test, in words."""
    return next(line for line in result.outlines if f"::{name} " in line and "passed" in line).split()


def test_a_test_is_compiled(real):
    result = real("def test_a():\n    x = torch.ones(3)\n    y = (x * 2).relu() + 1\n    assert y.shape == (3,)\n")
    result.assert_outcomes(passed=1)
    assert row(result, "test_a")[1:4] == ["passed", "compiled", "1"]
    result.stdout.no_fnmatch_line("*- dynamo: *")


ASSERTS = """
@pytest.mark.dynamo_fullgraph
def test_a():
    x = torch.ones(2, 3)
    y = x @ x.T
    assert y.shape == (2, 2), "a message"
    assert y.dim() in (1, 2) and y.dtype is torch.float32
    assert not isinstance(y, list)
    assert sorted(y.shape) == [2, 2] or y.shape[0] > 100, f"{y.shape}"
    assert all(size > 1 for size in y.shape)
    assert {"a": y.shape[0]} == {"a": 2}
"""


def test_rewritten_asserts_that_hold_cost_no_graph_break(real):
    real(ASSERTS).assert_outcomes(passed=1)


def test_a_rewritten_assert_that_fails_explains_itself(real):
    result = real("def test_a():\n    x = torch.ones(2)\n    assert (x + 1).shape == (3,)\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert *Size([[]2[]]) == (3,)*", "*test_a*failed*eager failed*"])


def test_a_graph_break_has_its_line_and_a_hint(real, pytester):
    result = real("def helper(x):\n    print('hi')\n    return x + 1\ndef test_a():\n    helper(torch.ones(2)) * 2\n")
    result.assert_outcomes(passed=1)
    assert row(result, "test_a")[2:4] == ["graph", "breaks"]
    result.stdout.fnmatch_lines(
        [
            "*- dynamo: graph breaks -*",
            "2 x output",
            "    hint: *",
            "    2 x test_a_graph_break_has_its_line_and_a_hint.py:3 in helper: print() (1 test)",
            "        print('hi')",
        ]
    )


def test_a_break_inside_a_library_names_the_users_line(real):
    result = real("def test_a():\n    x = torch.ones(2)\n    torch.testing.assert_close(x + 1, x + 1)\n")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["1 x torch tool", "    1 x test_a_break_inside*.py:4 in test_a: torch.testing.*assert_close (1 test)"]
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x = torch.ones(2)\n    print(x.shape)", "*output: print()*"),
        ("assert 1 + 1 == 2", "nothing of the test was captured as a graph"),
        ("x = torch.ones(2) + 1\n    if x.sum() > 0: pass", "*data-dependent jump*"),
    ],
)
def test_fullgraph_marker_fails(real, body, message):
    result = real(f"@pytest.mark.dynamo_fullgraph\ndef test_a():\n    {body}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])


def test_a_broken_full_graph_is_shown_at_the_users_line(real):
    result = real("@pytest.mark.dynamo_fullgraph\ndef test_a():\n    x = torch.ones(2)\n    print(x.shape)\n")
    lines = [line for line in result.outlines if line.startswith(">")]
    assert lines == [">   print(x.shape)"]
    result.stdout.fnmatch_lines(["E   compiler.Unsupported: output: print() (line 5: print(x.shape))"])
    result.stdout.no_fnmatch_line("*pipeline.py*")


def test_fullgraph_marker_holds(real):
    source = "@pytest.mark.dynamo_fullgraph\ndef test_a():\n    assert (torch.ones(2) * 3).numel() == 2\n"
    real(source).assert_outcomes(passed=1)


def test_fullgraph_option(real):
    source = (
        "def test_a():\n    print(torch.ones(2).shape)\ndef test_b():\n    assert torch.ones(2).add(1).dim() == 1\n"
    )
    real(source, "--dynamo-fullgraph").assert_outcomes(passed=1, failed=1)


def test_nothing_compiled(real):
    result = real("def test_a():\n    assert sorted([2, 1]) == [1, 2]\n")
    result.assert_outcomes(passed=1)
    assert row(result, "test_a")[2:4] == ["nothing", "compiled"]


SHOWN = """
import collections

Pair = collections.namedtuple("Pair", "a b")

class Thing:
    def __init__(self):
        self.t = torch.ones(3)
    def __repr__(self):
        return f"Thing({self.t.sum() + 1}, {Pair(self.t, self.t)})"
    def __eq__(self, other):
        return False

def test_a():
    with pytest.raises(AssertionError):
        things = [Thing()]
        assert things == [3]
    with pytest.raises(AssertionError):
        x = torch.ones(2)
        assert [x.sum().item()] == [4]

def called(x):
    raise ValueError(x.sum())

def test_b():
    pytest.raises(ValueError, called, torch.ones(2))
"""


def test_what_explains_an_assertion_is_not_captured(real, pytester):
    report = pytester.path / "report.json"
    real(SHOWN, f"--dynamo-report={report}").assert_outcomes(passed=2)
    first, second = json.loads(report.read_text())["tests"]
    assert {record["frame"]["function"] for record in first["records"]} == {"test_a"}
    for test in (first, second):
        for record in test["records"]:
            assert record["frame"]["file"].startswith("test_")
            assert record["reason"] is None or any(
                place["file"].startswith("test_") for place in record["reason"]["stack"]
            )
    assert "called" in {record["frame"]["function"] for record in second["records"]}


WRONG = """
import compiler

@compiler.register_backend(name="wrong")
def wrong(graph, inputs):
    return lambda *args: tuple(out + 1 for out in graph(*args))
"""


def test_a_mismatch_is_caught(real, pytester):
    pytester.makeconftest(WRONG)
    source = "def test_a():\n    y = torch.ones(2) * 2\n    assert y.sum().item() == 4\n"
    result = real(source, "--dynamo-backend=wrong")
    result.assert_outcomes(failed=1)
    assert sum(line.startswith(">") for line in result.outlines) == 1, "one entry of the traceback, as in eager"
    result.stdout.fnmatch_lines(
        [
            "E * assert 5.0 == 4",
            "passed in eager; failed under the compiler (backend 'wrong')",
            "*- dynamo: frames of the compiled run -*",
            "*test_a*passed*failed compiled*",
        ]
    )


def test_an_exception_is_the_tests_own(real):
    source = """
def test_a():
    with pytest.raises(RuntimeError, match="shape"):
        torch.ones(2).reshape(3)
def test_b():
    try:
        torch.ones(2) + torch.ones(3)
    except RuntimeError as error:
        assert "size" in str(error)
    else:
        raise AssertionError
"""
    real(source).assert_outcomes(passed=2)


UNITTEST = """
import unittest
class TestIt(unittest.TestCase):
    def setUp(self):
        self.x = torch.ones(4)
    def test_a(self):
        y = self.x * 2 + 1
        self.assertEqual(y.shape, (4,))
        self.assertTrue(torch.equal(y, torch.full((4,), 3.0)))
    def test_b(self):
        with self.assertRaises(RuntimeError):
            self.x.reshape(3)
    @unittest.skip("no")
    def test_c(self):
        pass
"""


def test_unittest_class(real):
    result = real(UNITTEST)
    result.assert_outcomes(passed=2, skipped=1)
    assert "graph" in row(result, "test_a") or "compiled" in row(result, "test_a")


FIXTURES = """
@pytest.fixture(scope="module")
def linear():
    torch.manual_seed(0)
    yield torch.nn.Linear(4, 2)

@pytest.fixture
def x():
    return torch.randn(3, 4)

@pytest.mark.parametrize("scale", [1.0, 2.0, 3.0])
@pytest.mark.dynamo_fullgraph
def test_a(linear, x, scale):
    assert (linear(x) * scale).shape == (3, 2)

class TestMethods:
    @pytest.mark.parametrize("n", [1, 2])
    def test_b(self, linear, n):
        torch.manual_seed(n)
        once = linear(torch.rand(n, 4))
        torch.manual_seed(n)
        assert torch.equal(once, linear(torch.rand(n, 4)))
"""


def test_fixtures_and_parameters(real):
    result = real(FIXTURES)
    result.assert_outcomes(passed=5)
    assert not any("fell back" in line for line in result.outlines)


TRAINING = """
def test_training():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    x, y = torch.randn(16, 3), torch.randn(16, 1)
    losses = []
    for _ in range(5):
        loss = ((model(x) - y) ** 2).mean()
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 0.1 * parameter.grad
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    with torch.no_grad():
        assert not model(x).requires_grad
"""


def test_a_training_loop(real):
    result = real(TRAINING)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*- dynamo: fallbacks -*")


def test_report(real, pytester):
    result = real("def test_a():\n    x = torch.ones(3) + 1\n    print(x.shape)\n    x * 2\n", "--dynamo-report=r.json")
    result.assert_outcomes(passed=1)
    data = json.loads((pytester.path / "r.json").read_text())
    (test,) = data["tests"]
    assert (test["eager"], test["status"], data["exit_status"]) == ("passed", "broken", 0)
    assert (test["graphs"], test["graph_breaks"], test["recompiles"]) == (data["total"]["graphs"], 1, 0)
    assert test["compile_ns"] > 0
    assert test["run_ns"] > 0
    (finding,) = data["graph_breaks"]
    assert (finding["kind"], finding["line"], finding["source_line"]) == ("output", 4, "print(x.shape)")
    assert finding["hints"]
    assert finding["file"] == "test_report.py"
    assert {record["outcome"] for record in test["records"]} >= {"broken", "compiled"}
    assert data["fallbacks"] == []


def test_code_is_kept_from_test_to_test(real):
    source = """
def double(x):
    return x * 2
def test_a():
    assert double(torch.ones(3)).shape == (3,)
test_b = test_a
"""
    result = real(source)
    result.assert_outcomes(passed=2)
    assert row(result, "test_b")[2:4] == ["compiled", "(cached)"]


def test_recompiles_say_what_changed(real):
    source = """
def helper(x):
    return x.relu() + 1
@pytest.mark.parametrize("size", [2, 3])
def test_a(size):
    x = torch.ones(size)
    print(size)
    assert helper(x).shape == (size,)
"""
    result = real(source)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*- dynamo: recompiles -*", "*expected *2*, got 3*"])
