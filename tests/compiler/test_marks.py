"""Marks on functions, seen from compiled code that calls them."""

from __future__ import annotations

import pytest
import torch

import compiler
from tests.compiler.running import check, records_of

X = torch.arange(4.0)


def helper(x):
    return x * 5


def calls(inner):
    def fn(x):
        return inner(x + 1) + 1

    return fn


# ---- disable, skip ----


def test_a_disabled_function_breaks_the_graph_and_runs_in_eager():
    """C16: the break is recorded with the function's name."""
    run = check(calls(compiler.disable(helper)), X, calls=1)
    assert run.outcomes == ["broken", "compiled"]
    assert run.reasons == [("disabled function", "helper")]


def test_disable_is_recursive():
    def outer(x):
        return helper(x) * 2

    run = check(calls(compiler.disable(outer)), X, calls=1)
    assert [record.frame.function for record in run.records if "helper" in record.frame.function] == []


def test_disable_may_leave_callees_alone():
    @compiler.disable(recursive=False)
    def outer(x):
        return helper(x) * 2

    run = check(calls(outer), X, calls=1)
    assert ("disabled function", outer.__qualname__) in run.reasons
    assert [record.outcome for record in run.records if record.frame.function == "helper"] == ["compiled"]


def test_disable_with_a_reason():
    run = check(calls(compiler.disable(helper, reason="it talks to a server")), X, calls=1)
    assert run.reasons == [("disabled function", "helper: it talks to a server")]


def test_skip_runs_the_function_itself_in_eager():
    @compiler.skip
    def outer(x):
        return helper(x) * 2

    run = check(calls(outer), X)
    outcomes = {record.frame.function.rpartition(".")[2]: record.outcome for record in run.records}
    assert outcomes["helper"] == "compiled"
    assert outcomes["outer"] == "skipped"


def test_skip_of_a_method():
    class Thing:
        def work(self, x):
            return x * 5

    thing = Thing()
    compiler.skip(thing.work)
    run = check(lambda x: thing.work(x + 1), X, calls=1)
    assert run.reasons[0] == ("disabled function", Thing.work.__qualname__)


def test_a_skipped_function_given_to_optimize_stays_eager():
    run = records_of(compiler.optimize(compiler.skip(lambda x: x * 2)), X)
    assert run.outcomes == ["skipped"]
    assert torch.equal(run.result, X * 2)


def test_full_graph_and_disable():
    with pytest.raises(compiler.Unsupported, match="disabled function: helper"):
        compiler.optimize(calls(compiler.disable(helper)), fullgraph=True)(X)


def test_disabled_module():
    module = compiler.disable(torch.nn.Linear(4, 4))
    run = check(lambda x: module(x) + 1, X, calls=1)
    assert "disabled function" in [kind for kind, _ in run.reasons]


# ---- allow_in_graph ----


def test_an_allowed_function_is_one_node():
    @compiler.allow_in_graph
    def steps(x, y, *, scale=1):
        for step in range(3):
            x = x + y * step * scale
        return x

    def fn(x):
        return steps(x, x + 1, scale=2) * 2

    run = check(fn, X, fullgraph=True)
    assert run.whole
    nodes = [node for node in run.records[0].details["graph_module"].graph.nodes if node.target is steps]
    assert [node.op for node in nodes] == ["call_function"]
    assert nodes[0].kwargs == {"scale": 2}


def test_an_allowed_function_with_several_results():
    @compiler.allow_in_graph
    def both(x):
        return x + 1, (x * 2).sum()

    run = check(lambda x: both(x)[0] * both(x)[1], X, fullgraph=True)
    assert run.whole


def test_an_allowed_function_is_not_dropped():
    @compiler.allow_in_graph
    def bump(x):
        x.add_(1)
        return x.sum()

    def fn(x):
        bump(x)
        return x * 2

    assert check(fn, X, fullgraph=True).whole


def test_an_allowed_function_draws_no_random_numbers_while_compiling():
    @compiler.allow_in_graph
    def noisy(x):
        return x + torch.rand(4, device=x.device)

    compiled = compiler.optimize(lambda x: noisy(x) * 2, fullgraph=True)
    torch.manual_seed(0)
    expected = noisy(X) * 2
    torch.manual_seed(0)
    assert torch.equal(compiled(X), expected)


def test_allow_in_graph_takes_several_functions():
    def one(x):
        return x + 1

    def two(x):
        return x * 2

    assert compiler.allow_in_graph([one, two]) == [one, two]
    run = check(lambda x: two(one(x)), X, fullgraph=True)
    assert run.records[0].graph_ops == 2


# ---- assume_constant_result ----


def test_a_constant_result_is_asked_for_once():
    asked = []

    @compiler.assume_constant_result
    def config(name):
        asked.append(name)
        return {"scale": 3}

    compiled = compiler.optimize(lambda x: x * config("a")["scale"], fullgraph=True)
    for _ in range(3):
        assert torch.equal(compiled(X), X * 3)
    assert asked == ["a"]


def test_a_constant_tensor():
    table = torch.arange(4.0) + 1

    @compiler.assume_constant_result
    def lookup():
        return table

    run = records_of(compiler.optimize(lambda x: x * lookup(), fullgraph=True), X)
    assert run.whole
    assert torch.equal(run.result, X * table)


def test_a_constant_result_of_a_method():
    class Model:
        scale = 3

        @compiler.assume_constant_result
        def get(self):
            return self.scale

        def run(self, x):
            return x * self.get()

    model = Model()
    assert torch.equal(compiler.optimize(model.run, fullgraph=True)(X), X * 3)
    other = Model()
    other.scale = 4
    assert torch.equal(compiler.optimize(other.run, fullgraph=True)(X), X * 4)


def test_a_constant_result_needs_constant_arguments():
    @compiler.assume_constant_result
    def size(x):
        return len(x)

    run = check(lambda x: x * size(x + 1), X, calls=1)
    assert run.reasons[0][0] == "unsupported call"


# ---- graph_break ----


def test_a_break_on_request():
    """C16, C21: with the message, the line and a hint."""

    def fn(x):
        x = x + 1
        compiler.graph_break("here please")
        return x * 2

    run = check(fn, X, calls=1)
    assert run.outcomes == ["broken", "compiled"]
    (reason,) = [record.reason for record in run.records if record.reason]
    assert (reason.kind, reason.context) == ("user request", "here please")
    assert reason.location.source_line == 'compiler.graph_break("here please")'
    assert reason.hints


def test_a_break_on_request_in_a_nested_call():
    def inner(x):
        compiler.graph_break()
        return x * 2

    run = check(lambda x: inner(x + 1) + 1, X, calls=1)
    assert run.outcomes[0] == "broken"
    assert [place.function.rpartition(".")[2] for place in run.records[0].reason.stack] == ["<lambda>", "inner"]


def test_graph_break_does_nothing_in_eager():
    assert compiler.graph_break("nothing") is None


# ---- marks on tensors ----


def test_dimensions_can_be_marked():
    x = torch.zeros(2, 3)
    compiler.mark_dynamic(x, 0)
    compiler.maybe_mark_dynamic(x, [0, -1])
    compiler.mark_static(x)
    assert torch.equal(compiler.optimize(helper)(x), x * 5)


@pytest.mark.parametrize("mark", [compiler.mark_dynamic, compiler.maybe_mark_dynamic, compiler.mark_static])
def test_marks_refuse_what_cannot_be(mark):
    with pytest.raises(TypeError, match="tensor"):
        mark([1], 0)
    with pytest.raises(IndexError, match="dimension 2 of a tensor with 1"):
        mark(X, 2)


# ---- torch's own mark ----


def tripled(x):
    return helper(x) * 3


class Tripled(torch.nn.Module):
    def forward(self, x):
        return tripled(x)


def frames(records):
    return {record.frame.function for record in records if record.outcome != "skipped"}


@pytest.mark.parametrize("disable", [torch.compiler.disable, torch._disable_dynamo])
@pytest.mark.parametrize("called", [lambda f, x: f(x), lambda f, x: next(map(f, [x]))], ids=["inlined", "reached"])
def test_what_torch_disables_is_eager_all_the_way_down(disable, called):
    marked = disable(tripled)

    def fn(x):
        return called(marked, x + 1) + 1

    run = check(fn, X, calls=2)
    assert not {"tripled", "helper"} & frames(run.records)
    assert ("disabled function", "tripled") in run.reasons
    assert "another compiler" not in dict(run.reasons)


def test_torchs_own_marks_do_not_hide_the_users():
    def fn(x, f):
        compiler.graph_break()
        return f(x)

    compiled = compiler.optimize(fn)
    compiled(X, torch.compiler.disable(torch.nn.functional.gelu))
    with compiler.events.collect() as records:
        compiled(X, torch.compiler.disable(tripled))
    assert "tripled" not in frames(records)


def test_a_module_that_torch_disables():
    marked = torch.compiler.disable(Tripled())
    run = check(lambda x: marked(x + 1) + 1, X, calls=2)
    assert not {"tripled", "helper", "Tripled.forward"} & frames(run.records)
    assert ("disabled function", "Tripled.forward") in run.reasons


def test_torchs_mark_of_one_frame_only():
    marked = torch.compiler.disable(tripled, recursive=False)
    run = check(lambda x: marked(x + 1) + 1, X, calls=2)
    assert "tripled" not in frames(run.records)
    assert "helper" in frames(run.records)


def test_what_torch_disables_given_to_optimize():
    run = check(torch.compiler.disable(Tripled().forward), X, calls=2)
    assert not frames(run.records)
    assert torch.equal(compiler.optimize(torch.compiler.disable(tripled))(X), tripled(X))
