"""P3: the table in the terminal and what stands under it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_dynamo.columns import COLUMNS
from pytest_dynamo.paths import shown

pytest_plugins = ["pytester"]

HEAD = "import dynamo_standin as ds\n"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("pass", "nothing compiled"),
        ("ds.graph(ops=0)", "nothing compiled"),
        ("ds.skip_frame()", "nothing compiled"),
        ("ds.hit()", "compiled (cached)"),
        ("ds.graph()", "compiled"),
        ("ds.graph(); ds.break_graph()", "graph breaks"),
        ("ds.break_graph(); ds.skip_frame('recompile limit')", "recompile limit"),
        ("ds.graph(); ds.break_graph(); ds.fall_back()", "fell back"),
        ("assert not ds.compiling()", "failed compiled"),
        ("assert 0", "eager failed"),
    ],
)
def test_status(dynamo, body, status):
    result = dynamo(HEAD + f"def test_a(): {body}")
    row = next(line for line in result.outlines if line.startswith("test_status.py::test_a "))
    assert f" {status} " in row + " "


def test_figures_of_a_row_and_of_the_total(dynamo):
    source = """
def test_a():
    ds.graph()
    ds.graph(recompile=("size of x changed", "type of y changed"))
    ds.break_graph()
def test_b():
    ds.graph(recompile=("size of x changed",))
"""
    result = dynamo(HEAD + source)
    result.stdout.fnmatch_lines(
        [
            "*= dynamo: backend 'eager' =*",
            "test  * eager * compiled * graphs * breaks * recompiles * compile * eager * compiled",
            "*::test_a * passed * graph breaks * 3 * 1 * 1 * 6.0 *",
            "*::test_b * passed * compiled * 1 * 1 * 3.0 *",
            "total (2 tests) * 2 passed * 1 graph breaks * 4 * 1 * 2 * 9.0 *",
            "* 1 compiled*",
        ]
    )


def test_one_row_is_not_added_up(dynamo):
    dynamo(HEAD + "def test_a(): ds.graph()").stdout.no_fnmatch_line("total*")


def test_graph_breaks_are_listed_once_with_their_line(dynamo, pytester):
    source = """
def helper():
    ds.break_graph("print")
def test_a(): helper(); helper()
def test_b(): helper(); ds.break_graph("open")
"""
    result = dynamo(HEAD + source)
    result.stdout.fnmatch_lines(
        [
            "*- dynamo: graph breaks -*",
            "3 x unsupported call",
            "    print cannot be traced.",
            "    hint: move print out",
            f"    3 x {pytester.path.name[:-1]}*.py:4 in helper: print (2 tests)",
            '        ds.break_graph("print")',
            "1 x unsupported call",
            "    open cannot be traced.",
        ]
    )


def test_recompiles_skipped_frames_and_fallbacks_are_listed(dynamo):
    source = """
def test_a():
    for _ in range(2):
        ds.graph(recompile=("size of x: 3, not 4",))
    ds.skip_frame("no tensors")
    ds.fall_back("KeyError")
"""
    result = dynamo(HEAD + source)
    result.stdout.fnmatch_lines(
        [
            "*- dynamo: recompiles -*",
            "2 x *.py:5 in test_a",
            "    2 x size of x: 3, not 4",
            "*- dynamo: skipped frames -*",
            "1 x no tensors",
            "    1 x *: helper (1 test)",
            "*- dynamo: fallbacks -*",
            "1 x internal error",
            "*hint: COMPILER_STRICT=1 *",
            "    1 x *: KeyError (1 test)",
        ]
    )


def test_skipped_frames_are_one_entry_a_reason(dynamo):
    result = dynamo(HEAD + "def test_a():\n    ds.skip_frame()\n    ds.skip_frame(context='g')\n")
    result.stdout.fnmatch_lines(
        ["2 x no tensors", "    1 x *.py:3 in test_a", "    1 x *.py:4 in test_a", "    in 1 test"]
    )


def test_skipped_frames_show_the_commonest_places(dynamo):
    lines = [f"    for _ in range({count}): ds.skip_frame()\n" for count in (1, 2, 5, 3, 4)]
    result = dynamo(HEAD + "def test_a():\n" + "".join(lines))
    result.stdout.fnmatch_lines(
        [
            "15 x no tensors",
            "    5 x *.py:5 in test_a",
            "    4 x *.py:7 in test_a",
            "    3 x *.py:6 in test_a",
            "    3 x at 2 further places",
            "    in 1 test",
        ]
    )


def test_a_function_with_many_reasons_to_recompile_shows_some(dynamo):
    source = "def test_a():\n    for n in range(8): ds.graph(recompile=(f'size {n}',))\n"
    dynamo(HEAD + source).stdout.fnmatch_lines(["8 x *", "    1 x size 4", "    3 further reasons"])


def test_one_kind_of_reason_is_explained_once(dynamo):
    result = dynamo(HEAD + "def test_a():\n    ds.break_graph()\ndef test_b():\n    ds.break_graph()\n")
    result.stdout.fnmatch_lines(
        ["2 x unsupported call", "    1 x *:3 in test_a: print *", "    1 x *:5 in test_b: print *"]
    )
    assert sum("hint: move print out" in line for line in result.outlines) == 1


def test_without_findings_there_are_no_headings(dynamo):
    result = dynamo(HEAD + "def test_a(): ds.graph()")
    result.stdout.no_fnmatch_line("*- dynamo: *")


MANY = "import pytest\n@pytest.mark.parametrize('x', range(30))\ndef test_a(x): pass\n"


def test_many_tests_are_one_row_a_file(dynamo, pytester):
    pytester.makepyfile(test_one=MANY, test_two=MANY)
    result = dynamo(None)
    result.stdout.fnmatch_lines(
        ["file *", "test_one.py (30 tests) *30 passed*", "test_two.py (30 tests)*", "total (60 tests)*60 passed*"]
    )
    result.stdout.no_fnmatch_line("test_one.py::*nothing compiled*")


def test_verbose_shows_every_test(dynamo, pytester):
    pytester.makepyfile(test_one=MANY, test_two=MANY)
    dynamo(None, "-v").stdout.fnmatch_lines(["test_two.py::test_a[[]29[]] *nothing compiled*", "total (60 tests)*"])


def test_no_tests_no_table(dynamo):
    dynamo("").stdout.no_fnmatch_line("*dynamo: backend*")


def test_paths():
    root = Path("/home/me/project")
    assert shown("/home/me/project/tests/a.py", root) == "tests/a.py"
    assert shown("/usr/lib/python3/site-packages/torch/nn.py", root) == "torch/nn.py"
    assert shown("/usr/lib/python3/json.py", root) == "/usr/lib/python3/json.py"
    assert shown("<string>", root) == "<string>"


def test_column_keys_are_distinct():
    assert len({column.key for column in COLUMNS}) == len(COLUMNS)
