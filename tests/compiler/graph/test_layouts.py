"""Strides that kernels choose: asked for natively, and nothing is built on what the examples have."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from tests.compiler.running import check

X = torch.randn(2, 4, 6, 6)
LAST = X.contiguous(memory_format=torch.channels_last)
WEIGHT = torch.randn(4, 2, 3, 3)


def convolution(x, weight):
    return F.conv2d(x, weight, groups=2, dilation=2)


@pytest.mark.parametrize(
    "ask",
    [
        lambda y: y.stride(),
        lambda y: y.is_contiguous(),
        lambda y: y.relu().is_contiguous(memory_format=torch.channels_last),
        lambda y: y.dim_order(),
    ],
)
def test_questions_to_unsure_tensors(ask):
    def function(x, weight):
        y = convolution(x, weight)
        return y, ask(y)

    run = checked_without_copies(function, LAST)
    assert ("unsupported method") in {kind for kind, _ in run.reasons}
    assert checked_without_copies(function, X).whole


def test_the_same_tensor_or_a_copy():
    def function(x, weight):
        y = convolution(x, weight).relu()
        z = y.contiguous()
        z.add_(1)
        return y, z, z is y

    checked_without_copies(function, LAST)
    assert checked_without_copies(function, X).whole


@pytest.mark.parametrize(
    "operator",
    [
        lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"),
        lambda x: F.pixel_shuffle(x, 2),
        lambda x: F.batch_norm(x[:, :, 0], torch.zeros(4), torch.ones(4)),
        lambda x: F.conv_transpose2d(x, torch.randn(4, 2, 3, 3), groups=2),
        lambda x: torch.copysign(x, x[0]),
        lambda x: torch.logical_and(x.cfloat(), x.cfloat()[0]),
        lambda x: F.nll_loss(x, x[:, 0].long().clamp(0, 0), reduction="none"),
        lambda x: F.cross_entropy(x, x.softmax(1), reduction="none"),
        lambda x: torch.fft.irfft(x, dim=1),
    ],
)
@pytest.mark.parametrize("x", [X, LAST, X.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)])
def test_strides_are_those_of_eager(operator, x):
    def function(x, weight):
        y = operator(x)
        return y.stride(), y.is_contiguous(), (y + 1).stride()

    checked_without_copies(function, x)


def checked_without_copies(function, x):
    """`check` copies its arguments, and copies have strides of their own."""
    return check(lambda: function(x, WEIGHT))
