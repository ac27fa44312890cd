"""``torch._check`` and its kin, and operators that give back their own argument."""

from __future__ import annotations

import pytest
import torch

from tests.compiler.running import check

X = torch.zeros(3, 4)


def test_a_condition_that_holds_is_no_break():
    def function(x):
        torch._check(x.shape[0] == 3)
        torch._check(x.dim() == 2, lambda: "two dimensions")
        torch._check_value(x.size(1) > 0)
        return x + 1

    assert check(function, X).whole


@pytest.mark.parametrize("fails", [lambda x: torch._check(x.dim() == 3, lambda: "no"), lambda x: torch._check(1)])
def test_one_that_does_not_raises_as_in_eager(fails):
    def function(x):
        fails(x)
        return x + 1

    assert check(function, X).reasons[0][0] == "operator refused"


def test_an_expanded_tensor_given_back_is_not_written_to():
    assert check(lambda x: x[:, :1].expand(3, 4).to(x.dtype) + 1, X).whole
