"""Resampling: the rules beside the operators, and that they answer."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from compiler.graph.shape_rules.table import RULES
from tests.compiler.graph.shape_cases import call, compare, make, with_grad
from tests.compiler.running import check

IMAGES = {1: (2, 3, 7), 2: (2, 3, 7, 5), 3: (2, 3, 4, 3, 5)}
MODES = [("nearest", 1), ("nearest", 2), ("nearest", 3), ("nearest-exact", 2), ("linear", 1), ("bilinear", 2),
         ("bicubic", 2), ("trilinear", 3)]  # fmt: skip


@pytest.mark.parametrize(("mode", "dims"), MODES)
@pytest.mark.parametrize(
    "how",
    [{"scale_factor": 2}, {"scale_factor": 0.7}, {"size": 6}, {"scale_factor": 1.3, "recompute_scale_factor": True}],
)
def test_interpolate(mode, dims, how):
    def function(x):
        y = F.interpolate(x, mode=mode, **how)
        return y, y.shape, y.stride(), y.dtype, y.requires_grad

    assert check(function, make(*IMAGES[dims])).whole
    check(function, make(*IMAGES[dims]).double())
    check(lambda: function(make(*reversed(IMAGES[dims])).permute(*reversed(range(dims + 2)))))


def test_upsampling_operators():
    image = make(2, 3, 7, 5)
    for grad in (False, True, "mid"):
        x = with_grad(image, grad)
        compare(call(torch._C._nn.upsample_nearest2d, x, (4, 9), None))
        compare(call(torch._C._nn.upsample_nearest2d, x, None, [0.51, 3.0]))
        compare(call(torch._C._nn.upsample_bilinear2d, x, None, True, [2.0, 2.0]))
        compare(call(torch._C._nn._upsample_bicubic2d_aa, x, [3, 3], False, None))
    for args in [((4,), None), (None, None), ((4, 9), [2.0, 2.0]), ((0, 3), None)]:
        compare(call(torch._C._nn.upsample_nearest2d, image, *args, answered=False))


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_grid_sampler(mode):
    compare(call(torch.grid_sampler, make(2, 3, 5, 6), make(2, 4, 7, 2), mode, 0, False))
    compare(call(torch.grid_sampler, with_grad(make(2, 3, 5, 6), True), make(2, 4, 7, 2), mode, 1, True))
    compare(call(torch.grid_sampler, make(2, 3, 4, 5, 6), make(2, 4, 7, 3, 3), mode, 0, False, answered=mode < 2))
    compare(call(torch.grid_sampler, make(2, 3, 5, 6), make(1, 4, 7, 2), mode, 0, False, answered=False))


def test_all_are_registered():
    assert {torch._C._nn.upsample_trilinear3d, torch._C._nn.upsample_linear1d, torch.grid_sampler} <= set(RULES)
