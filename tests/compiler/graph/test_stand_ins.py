"""Operators without meta kernels: what stand-ins say of the result is true of it, and nothing is drawn or changed."""

from __future__ import annotations

import pytest
import torch

from compiler.graph.stand_ins import needs_memory, run_on_stand_ins
from tests.compiler.running import check

X = torch.randn(3, 4)
CALLS = [
    (torch.cov, (X,), {}),
    ("cov", (X.t(),), {"correction": 0}),
    (torch.corrcoef, (X.requires_grad_(),), {}),
    (torch.combinations, (X[0], 2, True), {}),
    (torch.histogram, (X.detach(), 5), {}),
    (torch.geqrf, (X.t(),), {}),
    (torch.binomial, (X.detach().abs(), torch.full((3, 4), 0.5)), {}),
    (torch.linalg.svd, (X.detach(), False), {}),
    ("svd", (X.detach(),), {}),
    (torch.native_layer_norm, (torch.randn(2, 3).bfloat16(), (3,), None, None, 1e-5), {}),
    (torch.linalg.eig, (torch.randn(2, 3, 3),), {}),
    (torch.fft.rfftn, (torch.randn(5, 6, 7),), {"norm": "ortho"}),
    (torch.fft.hfft2, (torch.randn(5, 6, 7), None, (0, -1)), {}),
    (torch.ctc_loss, (torch.randn(5, 2, 4).log_softmax(2), torch.ones(2, 3).long(), [5, 5], [3, 2]), {}),
]


NAMES = [getattr(target, "__name__", target) for target, *_ in CALLS]


@pytest.mark.parametrize(("target", "args", "kwargs"), CALLS, ids=NAMES)
def test_metadata_of_the_result(target, args, kwargs):
    assert needs_memory(target, [torch.device("cpu")])
    examples = [arg.to("meta") if isinstance(arg, torch.Tensor) else arg for arg in args]
    before = torch.get_rng_state()
    found = run_on_stand_ins(target, examples, kwargs)
    assert torch.equal(before, torch.get_rng_state())
    real = getattr(args[0], target)(*args[1:], **kwargs) if isinstance(target, str) else target(*args, **kwargs)
    pairs = zip(found, real) if isinstance(real, tuple) else [(found, real)]
    assert type(found) is type(real)
    for example, tensor in pairs:
        assert example.is_meta
        facts = [(t.shape, t.stride(), t.dtype, t.requires_grad, t.is_leaf) for t in (example, tensor)]
        assert facts[0] == facts[1]


def test_on_other_devices_meta_kernels_are_right():
    assert not needs_memory(torch.linalg.svd, [torch.device("cuda")])
    assert needs_memory(torch.cov, [torch.device("cuda")])


def test_in_a_graph():
    assert check(lambda x: torch.cov(x) + x.corrcoef(), torch.randn(3, 3)).whole


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x: torch.nonzero(x), "data-dependent shape"),
        (lambda x: torch.bincount(x.long()[0]), "data-dependent shape"),
        (lambda x: torch.repeat_interleave(x, torch.tensor([1, 2, 1]), dim=0), "data-dependent shape"),
        (lambda x: torch.equal(x, x), "data-dependent value"),
        (lambda x: torch.narrow(x, 0, torch.tensor(1), 1), "data-dependent value"),
        (lambda x: torch.linalg.lstsq(x.t(), x.t())[0].shape, "no shape kernel"),
        (lambda x: x.view(7), "operator refused"),
    ],
)
def test_why_an_operator_breaks_the_graph(function, kind):
    assert check(function, torch.rand(3, 4)).reasons[0][0] == kind
