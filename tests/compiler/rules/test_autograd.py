"""V13: torch.autograd.Function and torch.utils.checkpoint."""

from __future__ import annotations

import pytest
import torch
from torch.utils.checkpoint import checkpoint

import compiler
from tests.compiler.running import Run, check

X = torch.linspace(-1, 1, 8).reshape(2, 4)


class Scaled(torch.autograd.Function):
    """Has a wrong gradient, so that a test sees whether it was used."""

    @staticmethod
    def forward(ctx, x, factor):
        y = x.exp() * factor
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y * 100, None


class TwoResults(torch.autograd.Function):
    @staticmethod
    def forward(x, y):
        return x * y, x > 0

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx, grad, _):
        x, y = ctx.saved_tensors
        return grad * y, grad * x


def with_gradient(fn, *, fullgraph: bool = True) -> Run:
    """Result, gradient and random state afterwards agree with eager."""

    def step(call):
        torch.manual_seed(0)
        x = X.clone().requires_grad_()
        y = call(x)
        y.sum().backward()
        return y.detach(), x.grad, torch.get_rng_state()

    expected = step(fn)
    with compiler.events.collect(details=True) as records:
        found = step(compiler.optimize(fn, fullgraph=fullgraph))
    assert all(map(torch.equal, expected, found))
    return Run(None, records)


def test_a_function_keeps_its_own_gradient():
    run = with_gradient(lambda x: Scaled.apply(x.sin(), 2.0).cos())
    assert run.whole
    calls = [node.name for node in run.records[0].details["graph_module"].graph.nodes if node.op.startswith("call_")]
    assert len(calls) == 3, "one node stands for the function"


def test_of_several_results_those_marked_have_no_gradient():
    def fn(x):
        product, positive = TwoResults.apply(x, x * 2)
        assert product.requires_grad
        assert not positive.requires_grad
        return product * positive

    assert with_gradient(fn).whole


def test_without_gradients_the_forward_is_traced_into():
    run = check(lambda x: Scaled.apply(x.sin(), 2.0), X, fullgraph=True)
    assert "exp" in str(run.records[0].details["graph_module"].graph)


def test_a_forward_that_changes_something_breaks_the_graph():
    calls = []

    class Counted(Scaled):
        @staticmethod
        def forward(ctx, x, factor):
            calls.append(factor)
            return Scaled.forward(ctx, x, factor)

    with_gradient(lambda x: Counted.apply(x, 2.0) + 1, fullgraph=False)
    assert calls == [2.0, 2.0], "once in eager, once compiled"


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_forward_that_returns_its_input(requires_grad):
    class Same(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    def fn(x):
        y = Same.apply(x)
        return y is x, y * 1

    check(fn, X.clone().requires_grad_(requires_grad))


def test_checkpoint_is_one_node_that_runs_twice():
    layer = torch.nn.Linear(4, 4)
    drop = torch.nn.Dropout(0.5)
    runs = []

    class Noted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            runs.append("backward")
            return grad

    def block(x, *, scale):
        return drop(torch.relu(Noted.apply(layer(x)))) * scale, x.cos()

    def fn(x):
        a, b = checkpoint(block, x.sin(), use_reentrant=False, scale=3)
        return a + b

    run = with_gradient(fn)
    assert run.whole
    names = [node.name for node in run.records[0].details["graph_module"].graph.nodes if node.op == "call_function"]
    assert "checkpoint" in names
    assert runs == ["backward", "backward"]


def test_a_checkpointed_function_that_changes_something_breaks_the_graph():
    seen = []

    def block(x):
        seen.append(x.shape)
        return x.sin()

    run = with_gradient(lambda x: checkpoint(block, x, use_reentrant=False) + 1, fullgraph=False)
    assert not run.whole
    assert len(seen) == 4, "torch runs it again for the gradient"


def test_a_reentrant_checkpoint_runs_natively():
    run = with_gradient(lambda x: checkpoint(torch.sin, x, use_reentrant=True) + 1, fullgraph=False)
    assert run.reasons[0][0] == "torch tool"


def test_constants_among_the_results():
    class Mixed(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, 5, None, x * 3

        @staticmethod
        def backward(ctx, first, second, third, last):
            return first * 2 + last * 3

    def fn(x):
        double, five, nothing, triple = Mixed.apply(x)
        assert nothing is None
        return x + triple + five * double

    assert with_gradient(fn).whole


def test_results_that_lie_deeper_have_no_gradient_and_break_the_graph():
    class Deep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, (x * 3, x * 4)

        @staticmethod
        def backward(ctx, grad, rest):
            return grad * 2

    def fn(x):
        double, (triple, four) = Deep.apply(x)
        return double + triple * four

    assert not with_gradient(fn, fullgraph=False).whole


LAYER = torch.nn.Linear(4, 4)


@pytest.mark.parametrize("early_stop", [False, True])
def test_a_compiled_function_in_a_checkpoint(early_stop):
    compiled = compiler.optimize(lambda x: LAYER(x).sin().cos())

    def step(call):
        x = X.clone().requires_grad_()
        checkpoint(call, x, use_reentrant=False, early_stop=early_stop).sum().backward()
        return x.grad

    assert torch.equal(step(compiled), step(compiled.__wrapped__))


def test_a_gradient_computed_inside_the_compiled_function():
    def step(x):
        y = checkpoint(LAYER, x, use_reentrant=False)
        y.sum().backward()
        return x.grad

    expected = step(X.clone().requires_grad_())
    with compiler.events.collect() as records:
        found = compiler.optimize(step)(X.clone().requires_grad_())
    assert torch.equal(found, expected)
    assert {record.frame.file for record in records} == {__file__}, "what FX wrote is no code of the user's"


def test_effects_up_to_where_hooks_stop_a_function():
    seen = []

    def block(x):
        seen.append("first")
        y = x.sin()
        y = y.cos()
        return y

    def step(call):
        seen.clear()
        x = X.clone().requires_grad_()
        checkpoint(call, x, use_reentrant=False).sum().backward()
        return x.grad, list(seen)

    compiled = compiler.optimize(block)
    for _ in range(2):
        compiled(X.clone().requires_grad_())
        (found, found_seen), (expected, expected_seen) = step(compiled), step(block)
        assert torch.equal(found, expected)
        assert found_seen == expected_seen


@pytest.mark.parametrize("inside", [True, False])
def test_backward_through_a_checkpoint_in_the_same_function(inside):
    """Recomputing stops by an exception as soon as it has what it needs, so that nothing may begin anew."""

    def fn(x):
        y = x.detach().requires_grad_()
        if inside:
            print("graph break")
        checkpoint(torch.sin, y, use_reentrant=False).sum().backward()
        return y.grad

    check(fn, X)


def test_a_compiled_function_under_a_checkpoint():
    fn = compiler.optimize(lambda x: x.sin().cos(), backend="eager")
    for _ in range(2):
        x = X.clone().requires_grad_()
        checkpoint(fn, x, use_reentrant=False).sum().backward()
        assert torch.allclose(x.grad, -X.sin().sin() * X.cos())


def test_a_hook_on_saved_tensors_that_raises():
    fn = compiler.optimize(lambda x: x.sin().cos(), backend="eager")
    fn(X.clone().requires_grad_())
    seen = []

    def pack(x):
        seen.append(x)
        if len(seen) == 2:
            raise ValueError("no more")
        return x

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x), pytest.raises(ValueError, match="no more"):
        fn(X.clone().requires_grad_())
    assert len(seen) == 2
