"""D7: what the user can see."""

from __future__ import annotations

import dis

import pytest
import torch

import compiler

X = torch.arange(4.0)


def fn(x, k):
    x = x * k
    compiler.graph_break("between")
    return (x + 1).sin()


@pytest.fixture
def explained():
    return compiler.explain(fn)(X, 2)


def test_as_data(explained):
    assert torch.equal(explained.result, fn(X, 2))
    assert explained.graph_count == 2
    assert explained.op_count == 3
    assert explained.graph_break_count == 1
    assert [module.graph.find_nodes(op="output") != [] for module in explained.graphs] == [True, True]
    (reason,) = explained.break_reasons
    assert reason.context == "between"
    assert "k == 2" in explained.guards
    assert all(any(instr.opname.startswith("RETURN") for instr in dis.Bytecode(code)) for code in explained.bytecode)
    assert len(explained.bytecode) == 2


def test_as_text(explained):
    text = str(explained)
    assert text.startswith("graphs: 2, operators: 3, graph breaks: 1")
    for expected in (
        "frame 0: fn",
        "broken",
        "user request: between",
        "graph:",
        "guards:",
        "k == 2",
    ):
        assert expected in text
    assert "bytecode" not in text
    assert text.index("graph break 1:") < text.index("frame 0:") < text.index("graph():")
    assert "rewritten bytecode:" in explained.text(bytecode=True)


def test_a_break_met_often_is_explained_once():
    def loop(x):
        for _ in range(3):
            compiler.graph_break("again")
            x = x + 1
        return x

    text = str(compiler.explain(loop)(X))
    assert text.count("compiler.graph_break() was called.") == 1


def test_options_are_passed_on():
    explained = compiler.explain(fn, fullgraph=True)(X, 2)
    assert isinstance(explained.exception, compiler.Unsupported)
    assert explained.break_reasons == [explained.exception.record.reason]
    with pytest.raises(TypeError, match="no option"):
        compiler.explain(fn, fulgraph=True)


def test_modules_can_be_explained():
    explained = compiler.explain(torch.nn.Linear(4, 2))(X)
    assert (explained.graph_count, explained.graph_break_count) == (1, 0)


def test_a_compiled_function_is_explained_anew():
    compiled = compiler.optimize(fn)
    compiled(X, 2)
    assert compiler.explain(compiled)(X, 2).graph_count == 2


def test_the_program_is_left_as_it_was():
    calls = []

    def counting(x):
        calls.append(1)
        return x + 1

    compiler.explain(counting)(X)
    assert calls == [1]
    assert not compiler.events.wants_details()


def test_an_exception_of_the_program_is_kept_with_what_led_to_it():
    def fails(x):
        x = x + 1
        raise LookupError("mine")

    explained = compiler.explain(fails)(X)
    assert isinstance(explained.exception, LookupError)
    assert explained.result is None
    assert explained.op_count == 1
    assert "the call raised LookupError: mine" in str(explained)
    assert not compiler.events.wants_details()


def test_an_interrupt_is_no_result():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compiler.explain(interrupted)(X)
    assert not compiler.events.wants_details()
