"""The sweep, as tests: that it finds out lies, and, on request, the whole database."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("expecttest", reason="torch's own test tools need it")

from tests.opinfo import report, samples, sweep
from tests.opinfo.samples import Call

QUICK = ["split", "sort", "nn.functional.dropout", "empty"]


@pytest.mark.parametrize("op", samples.operators(QUICK), ids=samples.name_of)
def test_a_few_operators(op):
    assert_right(op)


@pytest.mark.slow
@pytest.mark.parametrize("op", samples.operators([]), ids=samples.name_of)
def test_every_operator(op):
    assert_right(op)


def assert_right(op):
    wrong = [f"{case}: {case.wrong or dict(case.errors)}" for case in sweep.cases(op) if case.wrong or case.errors]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "lie",
    [
        lambda x: x.sin() + 1e-6,
        lambda x: x.sin().double(),
        lambda x: x.sin().t().contiguous().t(),
        lambda x: x.sin().detach(),
        lambda x: x.sin_().sin(),
        lambda x: (x.sin(),),
        lambda x: x.sin() + torch.rand(()) * 0,
        lambda x: x.sin().clone(),
    ],
)
def test_lies_are_found(lie):
    call = Call(torch.ones(2, 3, requires_grad=True).mul(1), (), {})
    true, false = (sweep._outcome(func, call) for func in (_sine, lambda x, args, kwargs: lie(x)))
    assert sweep._differs(sweep.Case("sin", "function", "float32"), true, false)


def _sine(x, args, kwargs):
    return x.sin()


def test_report_names_what_broke():
    cases = [case for op in samples.operators(["nonzero"]) for case in sweep.cases(op)]
    text = report.markdown(cases, "python -m tests.opinfo")
    assert "data-dependent shape" in text
    assert report.counts(cases)["graph break"] == len(cases)
