"""Strides that kernels choose."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.compiler.running import check

LAST = torch.channels_last
POINTWISE = nn.Conv2d(3, 5, 1).to(memory_format=LAST)
DEPTHWISE = nn.Conv2d(6, 6, 3, padding=1, groups=6).to(memory_format=LAST)
ONE_CHANNEL = torch.ones(2, 1, 2, 3).to(memory_format=LAST)
ONE_PIXEL = torch.ones(2, 3, 1, 1).to(memory_format=LAST)

CASES = [
    (POINTWISE, torch.randn(2, 3, 4, 4)),
    (nn.Sequential(POINTWISE, nn.ReLU()), torch.randn(2, 3, 4, 4)),
    (DEPTHWISE, torch.randn(2, 6, 4, 4)),
    (lambda x: F.interpolate(x, scale_factor=2.0), ONE_CHANNEL),
    (lambda x: F.group_norm(x, 1), ONE_CHANNEL),
    (lambda x: F.batch_norm(x, None, None, training=True), ONE_CHANNEL),
    (lambda x: F.pad(x, (1, 1)), ONE_PIXEL),
    (lambda x: F.avg_pool2d(x, 1), ONE_PIXEL),
]


@pytest.mark.parametrize(("layer", "x"), CASES)
def test_dimensions_of_size_one_do_not_tell_the_order(layer, x):
    check(lambda t: (lambda y: (y.stride(), y.is_contiguous(), y))(layer(t)), x)


def test_a_copy_is_made_where_eager_makes_one():
    def main(x):
        y = POINTWISE(x)
        z = y.contiguous()
        z.zero_()
        return y.abs().sum()

    with torch.no_grad():
        check(main, torch.randn(2, 3, 4, 4))


def test_contiguous_of_unsure_strides_stays_in_the_graph():
    def main(x):
        y = POINTWISE(x.transpose(2, 3))
        z = y.contiguous()
        z += 1
        return z.stride(), z, y

    with torch.no_grad():
        assert check(main, torch.randn(2, 3, 4, 4), fullgraph=True).whole
        check(main, torch.randn(2, 3, 4, 4).to(memory_format=LAST))


def test_whether_contiguous_gave_the_same_tensor_is_asked_natively():
    def main(x):
        y = POINTWISE(x.transpose(2, 3))
        z = y.contiguous()
        z.unsqueeze_(0)
        return z is y, y.shape, [y, z][0] is [y, z][1]

    with torch.no_grad():
        check(main, torch.randn(2, 3, 4, 4))
        check(main, torch.randn(2, 3, 4, 4).to(memory_format=LAST))
