"""Which object it is, where two are equal, or none equals itself."""

from __future__ import annotations

import torch

import compiler


def calls_agree(main, *calls):
    compiled = compiler.optimize(main)
    for args in [*calls, *calls]:
        expected, result = main(torch.ones(1), *args), compiled(torch.ones(1), *args)
        assert result[1:] == expected[1:], args


def test_not_a_number():
    def main(x, a, b):
        return x + 1, a == b, a is b, [a] == [b], a in [b], {a: 1}.get(b), len({a, b}), (a,) == (b,), [a].count(b)

    one, other = float("nan"), float("nan")
    calls_agree(main, (one, one), (one, other), (other, other))


def test_equal_constants():
    def main(x, a, b):
        return x + 1, a is b, any(a is each for each in [b])

    thousand, name = 1000, "train!"
    calls_agree(
        main,
        (thousand, thousand),
        (thousand, int("1000")),
        (name, name),
        (name, str(b"train!", "ascii")),
        (1.5, float("1.5")),
        (thousand, thousand),
    )
