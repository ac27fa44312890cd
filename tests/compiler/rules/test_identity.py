"""Which object it is, where two are equal, or none equals itself."""

from __future__ import annotations

import torch

import compiler
from tests.compiler.plain import agree_plain


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


FROZEN = frozenset([1, 2])


def test_tuples():
    def main(pair):
        empty = ()
        same = (pair * 1, 1 * pair, pair[:], pair[-5:9], tuple(pair), pair + empty, empty + pair)
        others = (pair * 2, pair[:1], pair * 0, pair[0:0], empty * 3)
        return [one is pair for one in same], [other is empty for other in others]

    agree_plain(main, (1, 2))


def test_frozen_sets():
    agree_plain(lambda: (FROZEN.copy() is FROZEN, frozenset(FROZEN) is FROZEN), whole=True)


def test_operators_in_place_give_the_container():
    def main():
        items, table, numbers = [1], {1: 2}, {1}
        gave = (items.__iadd__([2]), table.__ior__([(3, 4)]), numbers.__ior__({5}), items.__imul__(2))
        return gave, [one is other for one, other in zip(gave, (items, table, numbers, items), strict=True)]

    agree_plain(main, whole=True)
