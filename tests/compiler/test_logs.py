"""C22: logs, switched on by name."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest
import torch

import compiler
from compiler import logs

X = torch.arange(4.0)


def fn(x, k):
    x = x * k
    compiler.graph_break("a reason")
    return x + 1


@pytest.fixture
def logged(caplog):
    """Turns logs on for a call, and gives their text."""

    def of(*names):
        stop = logs.enable(list(names))
        caplog.set_level(logging.INFO, "compiler")
        logging.getLogger("compiler").addHandler(caplog.handler)
        try:
            compiled = compiler.optimize(fn)
            compiled(X, 2)
            compiled(X, 3)
        finally:
            stop()
            logging.getLogger("compiler").removeHandler(caplog.handler)
        return {record.name: record.getMessage() for record in caplog.records}

    return of


def test_graph_breaks(logged):
    text = logged("graph_breaks")["compiler.graph_breaks"]
    assert "graph break in fn" in text
    line = fn.__code__.co_firstlineno + 2
    assert (
        f'\nuser request: a reason (line {line}: compiler.graph_break("a reason"))\n  {__file__}:{line} in fn' in text
    )
    assert "hint: " in text


def test_recompiles(logged):
    text = logged("recompiles")["compiler.recompiles"]
    assert "recompile of fn" in text
    assert "expected k == 2, got 3" in text


def test_the_recompile_limit_is_told_once_and_apart(caplog):
    def many(x, k):
        return x * k

    stop = logs.enable(["recompiles", "graph_breaks"])
    caplog.set_level(logging.INFO, "compiler")
    try:
        compiled = compiler.optimize(many, recompile_limit=5)
        for k in range(8):
            compiled(X, k)
    finally:
        stop()
    told = {name: [r.getMessage() for r in caplog.records if r.name == f"compiler.{name}"] for name in logs.LOGS}
    *recompiles, limit = told["recompiles"]
    assert [text.partition(" of")[0] for text in recompiles] == ["recompile"] * 4
    assert "expected k == 3, got 4\n  expected k == 2, got 4\n  expected k == 1, got 4\n  and 1 more" in recompiles[-1]
    assert limit.startswith("recompile limit reached by ")
    assert "5 compiled entries; calls that fit none" in limit
    assert "expected k == 4, got 5\n" in limit
    assert "hint: " in limit
    assert told["graph_breaks"] == [limit]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("guards", "k == 3"), ("graph", "call_function"), ("bytecode", "RETURN_VALUE"), ("trace", "1 operators, ")],
)
def test_details(logged, name, expected):
    assert expected in logged(name)[f"compiler.{name}"]


def test_all_at_once(logged):
    assert set(logged(*logs.LOGS)) == {f"compiler.{name}" for name in logs.LOGS}


def test_names_are_checked():
    assert logs.parse(" graph , guards,") == ["graph", "guards"]
    with pytest.raises(ValueError, match="unknown log 'graphs' in COMPILER_LOGS; there are: graph, "):
        logs.parse("graphs")


PROGRAM = """
import torch, compiler
compiler.optimize(lambda x: compiler.graph_break("why") or x + 1)(torch.ones(2))
"""


def run(text):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "COMPILER_LOGS": text},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_environment_switches_them_on():
    result = run("graph_breaks,graph")
    assert result.returncode == 0, result.stderr
    assert "[compiler.graph_breaks] graph break in <lambda>" in result.stderr
    assert "[compiler.graph] graph of " in result.stderr


def test_unknown_names_in_the_environment_are_refused():
    result = run("graph_breks")
    assert result.returncode != 0
    assert "unknown log 'graph_breks' in COMPILER_LOGS; there are: graph_breaks, " in result.stderr
