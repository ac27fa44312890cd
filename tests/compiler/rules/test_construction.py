"""Tensors of Python data, and questions to torch, in more detail than one expression each."""

# ruff: noqa: RUF005 - sums of tuples are what is tested
from __future__ import annotations

import pytest
import torch

from tests.compiler.running import check

X = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.tensor([x[0, 0], x[1, 2]]) + x.sum(),
        lambda x: torch.tensor([[x[0, 0], 2.0], [3, x[1, 1]]]) * x[0, 0],
        lambda x: torch.tensor((x[0, 0],), dtype=torch.float32) + x,
        lambda x: torch.FloatTensor([x[0, 0], x[0, 1]]) + x[0, 0],
        lambda x: torch.LongTensor([1, 2]) + x[:, 0],
        lambda x: torch.Tensor([[1, 2, 3]]) + x,
        lambda x: torch.Tensor(2, 3).fill_(1) + x,
        lambda x: torch.Tensor(x.shape).zero_() + x,
    ],
)
def test_lists_and_old_constructors(function):
    assert check(function, X).whole


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch.tensor([x[0, 0], x[1, 2]], dtype=torch.int64) + x[0, 0],
        lambda x: torch.tensor([x[0, 0], x[1, 2]], requires_grad=True) + x[0, 0],
        lambda x: torch.tensor([x[0], x[1]]) - x,
    ],
)
def test_numbers_are_read_where_stacking_is_something_else(function):
    assert not check(function, X).whole


def test_the_list_is_a_copy():
    def function(x):
        copied = torch.tensor([x[0, 0], x[0, 1]])
        x.add_(1)
        copied.mul_(10)
        return copied + x[:, :2]

    assert check(function, X).whole


def test_a_setting_is_guarded():
    def function(x):
        return x + 1, torch.get_num_threads()

    threads = torch.get_num_threads()
    import compiler

    compiled = compiler.optimize(function)
    assert compiled(X)[1] == threads
    torch.set_num_threads(threads + 1)
    try:
        assert compiled(X)[1] == threads + 1
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (x + 1, x.shape + (1,), (1,) + x.shape, x.shape + x.shape),
        lambda x: (x + 1, x.shape * 2, 2 * x.shape, x.shape * 0, x.shape[:1] + x.shape[1:]),
        lambda x: (x + 1, (1, 2) + (3,), (1, 2) * 2),
    ],
)
def test_sums_of_sizes_are_sizes(function):
    assert check(function, X).whole


@pytest.mark.parametrize("function", [lambda x: (x + 1, x.shape + ("a",)), lambda x: (x + 1, x.shape + [1])])
def test_sums_that_no_size_can_hold(function):
    with pytest.raises(TypeError):
        function(X)
    check(function, X)


@pytest.mark.parametrize("write", [lambda x: torch.sort(x, out=(x.clone(), torch.empty(2, 3, dtype=torch.int64)))])
def test_out_is_a_tuple(write):
    def function(x):
        out = (torch.empty_like(x), torch.empty_like(x, dtype=torch.int64))
        result = torch.sort(x, dim=1, descending=True, out=out)
        return result.values is out[0], out[1] + 1, write(x)

    assert check(function, X).whole
