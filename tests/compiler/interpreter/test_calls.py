"""C5, C6, C7: calls, functions and classes, inlining."""

from __future__ import annotations

import dataclasses
import functools

import torch

import compiler
from tests.compiler.running import check

X = torch.arange(4.0)


def everything(a, b=2, /, c=3, *rest, d=4, **more):
    return a * b + c + sum(rest) * d + sum(more.values())


def test_all_kinds_of_arguments():
    """C5: CALL, CALL_KW, KW_NAMES, CALL_FUNCTION_EX, defaults, star-args."""

    def fn(x, items, table):
        return (everything(x), everything(x, 5), everything(x, 5, 6, 7, 8, d=9, e=1), everything(x, c=1, d=2),
                everything(*[x, 1]), everything(x, *items), everything(x, **table), everything(x, *items, e=1, **table))  # fmt: skip

    assert check(fn, X, [1, 2, 3], {"d": 5, "z": 6}, fullgraph=True).whole


def test_wrong_arguments_raise_as_in_eager():
    """C5: the message is CPython's own."""
    for call in (lambda x: everything(), lambda x: everything(x, a=1), lambda x: (lambda a: a)(x, x), lambda x: x(1)):
        check(call, X)


def test_closures_and_lambdas():
    """C6: MAKE_FUNCTION with defaults, keyword defaults, annotations, closure."""

    def fn(x, k):
        def make(n):
            def inner(y, m=n, *, p: int = k) -> None:
                return y * n + m + p + k

            return inner

        functions = [make(i) for i in range(3)] + [lambda y, k=k: y - k]
        return [f(x) for f in functions], make(1)(x, 2, p=3)

    assert check(fn, X, 5, fullgraph=True).whole


def test_functions_are_returned():
    """C6: a function made inside lives on, with its cells."""

    def fn(x):
        count = 0

        def bump(by=1):
            nonlocal count
            count += by
            return x * count

        bump()
        return bump

    bump, eager = compiler.optimize(fn)(X), fn(X)
    for _ in range(2):
        assert torch.equal(bump(2), eager(2))
    assert bump.__defaults__ == (1,)
    assert bump.__name__ == "bump"


def test_methods_and_properties():
    """V7: methods, static and class methods, properties, super."""

    class Base:
        scale = 2

        def __init__(self, x):
            self.x = x

        def run(self):
            return self.x * self.scale

    class Child(Base):
        @property
        def twice(self):
            return self.run() * 2

        @twice.setter
        def twice(self, value):
            self.x = value

        @staticmethod
        def plus(x, k=1):
            return x + k

        @classmethod
        def make(cls, x):
            return cls(x)

        def run(self):
            return super().run() + 1

    def fn(x):
        child = Child.make(x)
        first = child.twice
        child.twice = x + 5
        return first, child.run(), child.plus(x), Child.plus(x, 3), Base.run(child), child.x

    assert check(fn, X, fullgraph=True).whole


def test_objects_are_made_and_returned():
    """V8."""

    class Box:
        def __init__(self, x, *, k=1):
            self.x, self.k = x, k

        def __eq__(self, other):
            return self.k == other.k

        __hash__ = None

    @dataclasses.dataclass
    class Data:
        x: torch.Tensor
        k: int = 2
        items: list = dataclasses.field(default_factory=list)

    def fn(x):
        box, data = Box(x, k=3), Data(x + 1)
        data.items.append(box.k)
        return box, data, box == Box(x, k=3)

    check(fn, X)


def test_operators_of_user_objects():
    class Vec:
        def __init__(self, x):
            self.x = x

        def __add__(self, other):
            return Vec(self.x + getattr(other, "x", other))

        __radd__ = __add__

        def __getitem__(self, i):
            return self.x[i]

        def __len__(self):
            return 4

        def __contains__(self, k):
            return k == 3

        def __call__(self, k):
            return self.x * k

        def __bool__(self):
            return False

        def __iter__(self):
            return iter([self.x, self.x + 1])

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            return False

    def fn(x):
        v = Vec(x)
        with v as w:
            total = (1 + w + v + 2).x
        return total, v[0], len(v), 3 in v, v(5), bool(v), list(v), sum(v)

    assert check(fn, X, fullgraph=True).whole


def test_recursion():
    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    assert check(power, X, 6, fullgraph=True).whole


def test_functools():
    """V7: partials, wraps, cached functions, reduce."""

    def wrapped(f):
        @functools.wraps(f)
        def inner(*args, **kwargs):
            return f(*args, **kwargs) + 1

        return inner

    @functools.lru_cache
    def size(n):
        return n * 2

    @wrapped
    def scale(x, k):
        return x * k

    def fn(x):
        third = functools.partial(scale, k=3)
        return third(x), functools.reduce(lambda a, b: a + b, [x, x, x]), size(4), scale.__name__

    assert check(fn, X, fullgraph=True).whole


def test_nested_classes():
    """C6: a class made inside."""

    def fn(x):
        class Local:
            k = 3

            def run(self, y):
                return y * self.k

        return Local().run(x)

    check(fn, X)


def test_higher_order_builtins():
    def fn(x):
        rows = list(map(lambda k: x * k, range(3)))
        kept = list(filter(lambda k: k % 2, range(5)))
        ordered = sorted([3, 1, 2], key=lambda k: -k)
        return (
            rows,
            kept,
            ordered,
            any(k > 2 for k in kept),
            all([]),
            max([1, 5], key=lambda k: -k),
            list(zip(rows, kept)),
        )

    assert check(fn, X, fullgraph=True).whole


def test_star_arguments_are_tuples_and_dicts_of_their_own():
    def inner(*args, **kwargs):
        kwargs["new"] = 1
        return len(args), kwargs

    def fn(x, table):
        return x + 1, inner(*[1, 2], **table)

    assert check(fn, X, {"a": 1}, fullgraph=True).whole
