"""Constants as arguments of operators in a graph."""

from __future__ import annotations

import math

import pytest
import torch

from tests.compiler.running import check


@pytest.mark.parametrize(
    "number",
    [complex(a, b) for a in (0.0, -0.0, 2.0, -1.0) for b in (0.0, -0.0, 3.0, -3.0)]
    + [complex(math.inf, 1), complex(1, math.nan)],
)
def test_complex_numbers_keep_their_signs(number):
    def main(x):
        return torch.view_as_real(x * number).signbit(), torch.full((2,), number)

    check(main, torch.ones(3))
