"""Functions: closures, decorators, generators, comprehensions, arguments, recursion, exceptions."""

from __future__ import annotations

import functools
from typing import Any

import torch

from tests.compiler.programs.harness import Made, call, program


@program()
def closures() -> Made:
    scale = torch.tensor(2.0)
    count = 0

    def work(x: torch.Tensor) -> Any:
        def times(y: torch.Tensor, n: int = 2) -> torch.Tensor:
            nonlocal last
            last = n
            return y * n * scale

        last = 0
        adders = [lambda y, i=i: y + i for i in range(3)]
        return times(x, n=3), last, [add(x) for add in adders], count

    return work, [call(torch.randn(3))]


@program(settles=False)
def closure_that_counts() -> Made:
    count = 0

    def work(x: torch.Tensor) -> Any:
        nonlocal count
        count += 1
        return x * 2, count

    return work, [call(torch.randn(3))]


@program()
def decorators() -> Made:
    def logged(fn: Any) -> Any:
        @functools.wraps(fn)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            result = fn(*args, **kwargs)
            return result + len(args) + len(kwargs)

        return wrapper

    def scaled(by: float) -> Any:
        def decorate(fn: Any) -> Any:
            return lambda *args, **kwargs: fn(*args, **kwargs) * by

        return decorate

    @logged
    @scaled(by=2.0)
    def inner(x: torch.Tensor, y: float = 1.0) -> torch.Tensor:
        return x + y

    def work(x: torch.Tensor) -> Any:
        return inner(x, y=3.0), inner.__name__

    return work, [call(torch.randn(3))]


@program()
def partials_and_caches() -> Made:
    @functools.lru_cache(maxsize=None)
    def size(n: int) -> int:
        return n * 2

    @functools.cache
    def table(n: int) -> torch.Tensor:
        return torch.arange(n, dtype=torch.float32)

    table(3)

    def add(a: Any, b: Any, c: Any = 0) -> Any:
        return a + b + c

    def work(x: torch.Tensor) -> Any:
        plus = functools.partial(add, c=1)
        return plus(x, 2), functools.partial(plus, x)(b=3), size(4), functools.reduce(add, [x, x, x]), table(3) * x

    return work, [call(torch.randn(3))]


@program()
def generators() -> Made:
    def pairs(x: torch.Tensor) -> Any:
        for i in range(3):
            got = yield x + i
            if got is not None:
                yield got

    def nested(x: torch.Tensor) -> Any:
        yield from pairs(x)
        return 5

    def work(x: torch.Tensor) -> Any:
        g = pairs(x)
        first = next(g)
        sent = g.send(x * 10)
        return first, sent, list(nested(x)), sum(t for t in nested(x)), {i: t for i, t in enumerate(nested(x)) if i}

    return work, [call(torch.randn(3))]


@program()
def arguments_of_all_kinds() -> Made:
    def inner(a: Any, /, b: Any, *args: Any, c: Any = 2, d: Any, **kwargs: Any) -> Any:
        return a + b + sum(args) + c * d + sum(kwargs.values())

    def work(x: torch.Tensor, *rest: Any, **named: Any) -> Any:
        return inner(x, 1, *rest, d=3, **named), inner(x, b=1, d=2), (lambda *a, **k: (a, k))(*rest, **named)

    return work, [call(torch.randn(3)), call(torch.randn(3), 1, 2, e=4.0)]


@program()
def recursion() -> Made:
    def power(x: torch.Tensor, n: int) -> torch.Tensor:
        return x if n <= 1 else x * power(x, n - 1)

    def tree_map(fn: Any, tree: Any) -> Any:
        if isinstance(tree, dict):
            return {key: tree_map(fn, value) for key, value in tree.items()}
        if isinstance(tree, (list, tuple)):
            return type(tree)(tree_map(fn, value) for value in tree)
        return fn(tree)

    def work(tree: Any) -> Any:
        return tree_map(lambda t: power(t, 3), tree)

    return work, [call({"a": torch.randn(2), "b": [torch.randn(2), (torch.randn(2),)]})]


@program()
def exceptions() -> Made:
    class Custom(ValueError):
        def __init__(self, code: int) -> None:
            super().__init__(f"code {code}")
            self.code = code

    def risky(x: torch.Tensor, n: int) -> torch.Tensor:
        if n > 1:
            raise Custom(n)
        return x * n

    def work(x: torch.Tensor) -> Any:
        out, log = [], []
        for n in range(4):
            try:
                out.append(risky(x, n))
            except Custom as error:
                log.append((error.code, str(error)))
            else:
                log.append("fine")
            finally:
                log.append(n)
        assert len(out) == 2, "two"
        return out, log

    return work, [call(torch.randn(3))]


@program(graphs=1, breaks=("exception leaves frame",), settles=False)
def exception_to_the_caller() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x * 2
        if y.shape[0] != 2:
            raise ValueError(f"expected 2 rows, got {y.shape[0]}")
        return y

    return work, [call(torch.randn(3, 2))]


@program()
def loops() -> Made:
    def work(x: torch.Tensor, n: int) -> Any:
        total, i = x, 0
        while i < n:
            i += 1
            if i == 2:
                continue
            if i > 5:
                break
            total = total + i
        else:
            total = total * 2
        for row, (a, b) in zip(x, [(1, 2), (3, 4)]):
            total = total + row * a - b
        return total, i

    return work, [call(torch.randn(2, 3), 3), call(torch.randn(2, 3), 9)]


@program()
def walrus_ternary_and_chains() -> Made:
    def work(x: torch.Tensor, y: Any = None) -> Any:
        if (n := x.shape[0]) > 1 and 0 < n <= 4 or y:
            x = x * n
        z = y if y is not None else (y or 3)
        a = b = x + z
        return a, b, not y, n if n else None

    return work, [call(torch.randn(2)), call(torch.randn(2), 4)]


MULTIPLIER = torch.tensor(3.0)
STATE = {"calls": 0, "scale": 2.0}


@program()
def module_globals() -> Made:
    def work(x: torch.Tensor) -> Any:
        return x * MULTIPLIER * STATE["scale"]

    return work, [call(torch.randn(2))]


@program()
def pattern_matching() -> Made:
    def work(x: torch.Tensor, spec: Any) -> Any:
        match spec:
            case {"op": "scale", "by": by}:
                return x * by
            case ["shift", *rest]:
                return x + sum(rest)
            case int() | float():
                return x - spec
            case str(name) if name.startswith("n"):
                return -x
            case _:
                return x

    x = torch.randn(2)
    return work, [
        call(x, {"op": "scale", "by": 2}),
        call(x, ["shift", 1, 2]),
        call(x, 3.5),
        call(x, "neg"),
        call(x, None),
    ]


@program()
def functional_code() -> Made:
    def compose(*fns: Any) -> Any:
        return functools.reduce(lambda f, g: lambda x: g(f(x)), fns)

    def work(x: torch.Tensor) -> Any:
        doubled = map(lambda t: t * 2, [x, x + 1])
        kept = filter(lambda n: n % 2, range(5))
        return compose(torch.relu, torch.exp, lambda t: t + 1)(x), list(doubled), list(kept), [*zip("ab", (x, x))]

    return work, [call(torch.randn(2))]


@program()
def local_class_free_functions() -> Made:
    def work(x: torch.Tensor) -> Any:
        import math

        from torch.nn import functional

        return functional.relu(x) * math.pi, math.sqrt(x.shape[0]), math.ceil(2.5), math.inf > 1

    return work, [call(torch.randn(4))]
