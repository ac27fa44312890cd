"""Questions to tensors: metadata is known while the graph is recorded, anything else is asked natively."""

from __future__ import annotations

import functools

import pytest
import torch

from tests.compiler.agreement import agree
from tests.compiler.running import check

X = torch.arange(12.0)[6:].reshape(2, 3)


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x.is_floating_point() and x.dim() + x.size(1) + x.numel() + x.element_size(),
        lambda x: (x.stride(), x.stride(0), x.is_contiguous(), x.is_complex()),
        lambda x: torch.is_same_size(x, x) and torch.result_type(x, 1.0),
        lambda x: (torch.get_device(x), x.type(), x.is_inference()),
    ],
)
def test_metadata(ask):
    assert check(lambda x: (x + 1, ask(x)), X).whole


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x.__repr__(),
        lambda x: x.__str__(),
        lambda x: x.__hash__() == id(x),
        lambda x: x.const_data_ptr() == 0,
        lambda x: torch.Tensor.storage_offset(x),
        lambda x: torch.Tensor.is_pinned(x),
    ],
)
def test_what_a_meta_tensor_cannot_tell(ask):
    assert not check(lambda x: (x + 1, ask(x)), X).whole


def test_shapes_given_as_tuples_from_outside():
    def main(x, first, second):
        return x + 1, torch.broadcast_shapes(first, second), torch.broadcast_shapes(first[1:], (1,))

    records = agree(main, lambda: (torch.ones(2), (3, 1, 2), (4, 1)))
    assert [record.outcome for record in records] == ["compiled"]


def test_out_that_is_none():
    def main(x, out):
        factor, info = torch.linalg.cholesky_ex(x, out=out)
        return torch.add(x, 1, out=None), factor, info

    records = agree(main, lambda: (torch.eye(2) * 2, None))
    assert [record.outcome for record in records] == ["compiled"]


def test_powers_of_negative_numbers():
    def main(x):
        return (-1) ** x, -(1.5**x), (-2) ** x[..., None], x**-1, pow(-3, x)

    records = agree(main, lambda: (torch.arange(4.0),))
    assert [record.outcome for record in records] == ["compiled"]


@functools.lru_cache
def _table(size):
    return torch.arange(float(size))


def test_inputs_of_one_name():
    def main(x):
        return x + _table(3)[0] + _table(4)[1] + _table(5)[2]

    records = agree(main, lambda: (torch.ones(2),))
    assert [record.outcome for record in records] == ["compiled"]
