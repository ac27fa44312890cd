"""Operators that refuse to write, as eager ones do, before the frame's effects are lost."""

from __future__ import annotations

import pytest
import torch

from tests.compiler.running import check


def written_twice(x, log):
    log.append(1)
    x.mul_(2)
    wide = x.sum(dim=0, keepdim=True).expand_as(x)
    wide += x


def read_elsewhere(x, log):
    log.append(1)
    x.mul_(2)
    x.view(-1)[1:].mul_(x.view(-1)[:-1])


def result_written_twice(x, log):
    log.append(1)
    x.mul_(2)
    torch.add(x[0], 1, out=x.new_zeros(1).expand(3))


def stored_twice(x, log):
    log.append(1)
    x.mul_(2)
    wide = x.new_zeros(1).expand(3)
    wide[:] = x[0]


@pytest.mark.parametrize("program", [written_twice, read_elsewhere, result_written_twice, stored_twice])
def test_places_written_twice(program):
    run = check(program, torch.ones(2, 3), [])
    assert isinstance(run.result, RuntimeError)
    assert "operator refused" in [kind for kind, _ in run.reasons]


def test_other_places_of_one_storage():
    def main(x):
        x[0].add_(x[1])
        x[:, :1].mul_(x[:, 2:])
        x[0] = x[1]
        x.add_(x)
        return x.t().mul_(x.t())

    run = check(main, torch.arange(6.0).view(2, 3))
    assert not any("overlaps" in context for _, context in run.reasons)
