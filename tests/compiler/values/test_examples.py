"""What a capture knows of its inputs: strides of every kind, of leaves and of results."""

from __future__ import annotations

import pytest
import torch

from tests.compiler.running import check

VIEWS = {
    "gaps": lambda x: x[:, 1:3],
    "steps": lambda x: x[::2, ::2],
    "expanded": lambda x: x[:, :1].expand(4, 5),
    "overlapping": lambda x: x.flatten().unfold(0, 4, 1),
    "transposed": lambda x: x.t(),
    "empty": lambda x: x[:0, 1:3],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS.keys())
@pytest.mark.parametrize("history", [lambda x: x.detach(), lambda x: x, lambda x: x.requires_grad_() * 1])
def test_strides_of_inputs(view, history):
    def function(given):
        (x,) = given
        return x + 1, x.stride(), x.is_contiguous(), x.is_leaf, x.t().stride()

    given = [view(history(torch.arange(20.0).reshape(4, 5)))]
    compiled_like = check_without_copies(function, given)
    assert compiled_like[1:4] == (given[0].stride(), given[0].is_contiguous(), given[0].is_leaf)


def check_without_copies(function, given):
    """Copies of arguments would not have their strides."""
    import compiler

    compiler.reset()
    result = compiler.optimize(function)(given)
    assert result[4] == function(given)[4]
    return result


def test_strides_without_elements_are_asked_natively():
    def function(x):
        y = x.flip(0)
        return y + 1, y.stride()

    assert check(function, torch.empty(5, 0, 10)).outcomes[0] == "broken"
    assert check(lambda x: (x + 1, x.stride()), torch.empty(5, 0, 10)).whole
