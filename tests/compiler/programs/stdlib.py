"""The standard library beside tensors: itertools, math, operator, functools, typing, warnings."""

from __future__ import annotations

import itertools
import math
import operator
import warnings
from typing import Any

import numpy as np
import torch

from tests.compiler.programs.harness import Made, call, program


@program()
def itertools_module() -> Made:
    def work(x: torch.Tensor) -> Any:
        return (
            list(itertools.chain([x], [x + 1])), list(itertools.product([1, 2], repeat=2)), list(itertools.combinations("abc", 2)),
            list(itertools.accumulate([1, 2, 3])), list(itertools.islice(itertools.count(3), 2)), list(itertools.zip_longest([1], [2, 3])),
            [k for k, g in itertools.groupby([1, 1, 2])], list(itertools.permutations([1, 2, 3], 2)), list(itertools.pairwise("abc")),
            list(itertools.starmap(operator.add, [(1, 2)])), list(itertools.compress("abc", [1, 0, 1])), list(itertools.repeat(x, 2)),
            list(itertools.takewhile(lambda n: n < 2, [1, 2])), list(itertools.filterfalse(None, [0, 1])),
        )  # fmt: skip

    return work, [call(torch.randn(2))]


@program()
def math_module() -> Made:
    def work(x: torch.Tensor, n: float) -> Any:
        s = math.sqrt(n) + math.log(n) * math.sin(n) + math.pi + math.prod([1, 2, 3]) + math.gcd(4, 6)
        return (
            x * s,
            math.floor(n),
            math.isclose(n, 2.0),
            math.isnan(n),
            divmod(7, 2),
            pow(2, 3),
            round(2.567, 1),
            min(3, 1),
            sum([1, 2], 3),
        )

    return work, [call(torch.randn(2), 2.0), call(torch.randn(2), 3.0)]


@program()
def operator_module() -> Made:
    def work(x: torch.Tensor) -> Any:
        get = operator.itemgetter("a", "b")
        shape = operator.attrgetter("shape")
        return (
            operator.add(x, 1),
            operator.mul(x, x),
            get({"a": x, "b": 2}),
            shape(x),
            operator.methodcaller("sum", 0)(x),
        )

    return work, [call(torch.randn(2))]


@program(graphs=2, breaks=("output",))
def printing() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x * 2
        print("shape", y.shape)
        return y + 1

    return work, [call(torch.randn(2))]


@program()
def warning_not_given() -> Made:
    def work(x: torch.Tensor, n: int = 1) -> Any:
        if n > 5:
            warnings.warn("large", stacklevel=2)
        return x * n

    return work, [call(torch.randn(2))]


@program(graphs=2, breaks=("array library", "array library"))
def numpy_in_between() -> Made:

    def work(x: torch.Tensor) -> Any:
        y = x * 2
        z = torch.from_numpy(np.ones(2, dtype=np.float32))
        return y + z

    return work, [call(torch.randn(2))]


@program()
def builtins_of_all_kinds() -> Made:
    def work(x: torch.Tensor) -> Any:
        return (
            any([0, 1]), all([1, 0]), sorted("cab"), list(reversed([1, 2])), [*range(3)][::-1], list(enumerate("ab", 1)), dict(a=1, **{"b": 2}),
            list(zip(*[(1, 2), (3, 4)])), hex(10), ord("a"), chr(98), isinstance(3, (int, str)), hasattr(x, "shape"), callable(len), int("3"),
            float("2.5"), str(4), bool([]), max([1, 5, 3], key=lambda v: -v), x * len("abc"), list(map(str, [1, 2])), tuple([1]), set([1, 1]), slice(1, 2),
        )  # fmt: skip

    return work, [call(torch.randn(2))]
