"""Random numbers: drawn in the program's order, the same as in eager, and as many."""

from __future__ import annotations

import random
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def factories() -> Made:
    def work(x: torch.Tensor) -> Any:
        a = torch.randn(2, 3)
        b = torch.rand(3, dtype=torch.double)
        c = torch.randint(0, 10, (4,))
        d = torch.randperm(5)
        return a + x, b, c, d, torch.randn_like(x), torch.rand_like(x), torch.normal(x, 1.0)

    return work, [call(torch.randn(2, 3))]


@program()
def unused_draws_count() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        torch.rand(3)
        F.dropout(x, 0.5)
        _ = torch.bernoulli(torch.full((2,), 0.5))
        return x + torch.rand(2)

    return work, [call(torch.randn(2))]


@program()
def in_place_draws() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = torch.empty(3).uniform_(-1, 1)
        z = x.clone().normal_().mul_(2)
        torch.empty(2).exponential_()
        return y, z, x.new_empty(2).random_(0, 5), torch.empty(2).bernoulli_(0.5), torch.multinomial(x.abs() + 0.1, 1)

    return work, [call(torch.randn(3))]


@program()
def dropouts_of_all_kinds() -> Made:
    model = nn.Sequential(
        nn.Dropout(0.3), nn.AlphaDropout(0.2), nn.FeatureAlphaDropout(0.1), nn.Dropout2d(0.5), nn.RReLU()
    )
    return model, [call(torch.randn(2, 3, 4, 4))]


@program()
def dropout_probability_zero() -> Made:
    return nn.Sequential(nn.Dropout(0.0), nn.Linear(3, 3)), [call(torch.randn(2, 3))]


@program()
def gumbel() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        return F.gumbel_softmax(x, tau=0.5, hard=True)

    return work, [call(torch.randn(2, 3, requires_grad=True))]


@program()
def stochastic_depth() -> Made:
    class DropPath(nn.Module):
        def __init__(self, p: float) -> None:
            super().__init__()
            self.p = p

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.p == 0.0 or not self.training:
                return x
            keep = 1 - self.p
            mask = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep)
            if keep > 0.0:
                mask.div_(keep)
            return x * mask

    return nn.Sequential(DropPath(0.3), DropPath(0.0)), [call(torch.randn(4, 3))]


@program(graphs=1, breaks=("outside world",))
def seeded_inside() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        return x + torch.rand(2)

    return work, [call(torch.randn(2))]


@program(graphs=1, breaks=("outside world", "outside world"), settles=False)
def python_random() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        random.seed(1)
        return x * random.random()

    return work, [call(torch.randn(2))]
