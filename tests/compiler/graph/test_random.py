"""Random numbers: when a graph raises after it has drawn, the frame runs again and draws what eager draws."""

from __future__ import annotations

import pytest
import torch

import compiler
from compiler.graph.purity import draws_random_numbers

RNN = "[torch.zeros(2, 1, 4)] * 2, [torch.ones(16, 4), torch.ones(16, 4)] * 2, False, 2, 0.5, True, False, False"
DRAWS = [
    "torch.rand(3)", "torch.normal(0.0, 1.0, (2, 3))", "torch.randperm(5)", "torch.bernoulli(x, 0.5)",
    "x.clone().uniform_()", "x.clone().normal_()", "x.clone().exponential_()", "x.clone().random_(5)",
    "x.clone().cauchy_()", "x.clone().geometric_(0.5)", "x.clone().log_normal_()", "x.clone().bernoulli_(0.5)",
    "torch._standard_gamma(x.abs() + 1)", "torch.dropout_(x.clone(), 0.5, True)", "torch.rrelu(x, 0.1, 0.3, True)",
    "torch.binomial(x.abs(), torch.full_like(x, 0.5))", "torch.nn.functional.gumbel_softmax(x)",
    "torch.nn.functional.rrelu(x, 0.1, 0.3, True, True)", f"torch._VF.lstm(x.reshape(3, 1, 4), {RNN})[0]",
    "torch.ops.aten.uniform_(x.clone())", "torch.nn.functional.fractional_max_pool2d(x[None], 2, output_size=(1, 1))",
]  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS)
def test_numbers_are_drawn_once(draw):
    scope = {"torch": torch}
    exec(f"def f(x, i):\n    y = {draw}\n    return y, x.index_select(0, i)", scope)
    states = []
    compiler.reset()
    for function in (scope["f"], compiler.optimize(scope["f"])):
        torch.manual_seed(0)
        x = torch.arange(12.0).reshape(3, 4) - 6
        with pytest.raises(IndexError):
            function(x, torch.tensor([7]))
        states.append((torch.get_rng_state(), x))
    assert torch.equal(states[0][0], states[1][0])
    assert torch.equal(states[0][1], states[1][1])


def test_what_torch_says_of_its_operators():
    assert draws_random_numbers("uniform_")
    assert draws_random_numbers(torch.rand)
    assert draws_random_numbers(torch.ops.aten.uniform_)
    assert draws_random_numbers(torch.ops.aten.uniform_.default)
    assert not draws_random_numbers("add_")
    assert not draws_random_numbers(torch.sum)
    assert not draws_random_numbers("no such operator")
