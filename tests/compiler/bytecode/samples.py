"""Functions of all shapes, each with the arguments to call it with; every run must be repeatable."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

LOG: list[Any] = []
COUNTER = 0


class Manager:
    """A context manager that logs, and swallows KeyError."""

    def __enter__(self) -> str:
        LOG.append("enter")
        return "managed"

    def __exit__(self, kind: object, value: object, traceback: object) -> bool:
        LOG.append(kind)
        return kind is KeyError


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x: int, y: int) -> None:
        self.x = x
        self.y = y

    def shift(self, dx: int = 0, *, dy: int = 0) -> Point:
        return Point(self.x + dx, self.y + dy)


class Child(Point):
    def shift(self, dx: int = 0, *, dy: int = 0) -> Any:
        moved = super().shift(dx, dy=dy)
        return __class__, moved.x, moved.y  # type: ignore[name-defined]


def arithmetic(a, b):
    c = a + b * 2
    c -= -a // 3
    d = not c
    return c, d, a < b <= c, a is b, a in (1, b), ~a


def loops(n):
    total = 0
    for i in range(n):
        if i == 3:
            continue
        if i > 6:
            break
        total += i
    else:
        total = -1
    while total > 4:
        total -= 2
    for i, j in zip(range(3), range(3)):
        for k in (1, 2):
            total += i * j * k
    return total, i


def catches(items):
    found = []
    for item in items:
        try:
            found.append(10 // item)
        except ZeroDivisionError as error:
            found.append(str(error))
        except (TypeError, ValueError):
            found.append("type")
        else:
            found.append("fine")
        finally:
            found.append("done")
    return found


def reraises(x):
    try:
        try:
            raise KeyError(x)
        except KeyError as error:
            try:
                raise
            except KeyError as again:
                LOG.append(again is error)
                raise ValueError("second") from error
    except ValueError as error:
        return repr(error.__cause__), repr(error.__context__)


def finally_returns(x):
    try:
        if x:
            return "try"
        x = 1
    finally:
        LOG.append(x)
    return "after"


def managers(raises):
    with Manager() as name, contextlib.suppress(ValueError):
        x = name + "!"
        if raises:
            raise KeyError(x)
    with Manager():
        return x


def closures(a, b=2, *rest, key=3, **more):
    def inner(c):
        nonlocal a
        a += c
        return a + b + total

    total = sum(rest) + key
    first = inner(1)
    b = 10
    return first, inner(2), a, b, sorted(more)


def deletes_cell(x):
    def read():
        return x  # noqa: F821

    y = read()
    del x
    try:
        return read()
    except NameError:
        return y


def makes_free(x):
    def free(y):
        nonlocal x
        x = x + y
        for x in range(y):
            y += x
        return [x + z for z in (y, x)], x

    return free


def comprehensions(n):
    x = "kept"
    squares = [x * x for x in range(n) if x % 2]
    table = {k: [v for v in range(k)] for k in range(n)}
    names = {c for c in "hello"}
    lazy = tuple(y + len(x) for y in range(n))
    return squares, table, sorted(names), lazy, x


def comprehension_with_cells(n):
    before = lambda: i  # noqa: E731
    i = 42
    made = [lambda: i for i in range(n)]
    nested = [[(lambda: i + j)() for j in range(2)] for i in range(n)]
    return [f() for f in made], nested, before()


def comprehension_fails(n):
    x = "outer"
    try:
        return [1 // (x - 2) for x in range(n)]
    except ZeroDivisionError:
        return x


def calls(p, args, kwargs):
    f = dict
    first = f(a=1, b=2)
    second = f([("x", 1)], **kwargs)
    third = max(*args, key=lambda v: -v)
    fourth = f(**first, **second, z=len(args))
    q = p.shift(1, dy=2).shift(dx=3)
    print_to = "{:>{w}}".format("a", w=4)
    return first, second, third, fourth, (q.x, q.y), print_to


def supers(x):
    return Child(x, 2).shift(1, dy=1)


def strings(a, b):
    return f"{a}", f"{a!r:>10}|{b:.2f}", f"{b=}", "x" + f"{a}{b}", "%s" % a


def walrus(items):
    if (n := len(items)) > 2 and (m := n - 1):
        return n, m, [last := item for item in items], last
    return n


def matches(value):
    match value:
        case 0 | 1:
            return "small"
        case Point(x=0, y=y):
            return "axis", y
        case Point(x, y) if x > y:
            return "point", x
        case [a, *rest, b]:
            return a, rest, b
        case {"k": v, **others}:
            return v, others
        case str() as s:
            return s
    return "nothing"


def containers(a, b):
    xs = [a, *b, a]
    ys = (*b, 1)
    zs = {*b, a}
    d = {"a": a, **{"b": 1}, "c": [1, 2, 3]}
    first, *middle, last = xs
    xs[1:2] = ys[:1]
    xs[0] += 5
    d["e"] = xs[::2]
    del d["a"], xs[-1]
    (p, q), r = (a, 2), 3
    big = {"k1": a, "k2": 2, "k3": p}
    return xs, ys, sorted(zs), d, first, middle, last, p, q, r, big


def conditionals(a, b, c):
    x = a if b else c
    y = a or b or c
    z = a and (b or c)
    if a is None or (b is not None and c):
        x = y, z
    return x, y, z, (a < b < c if b else None)


def globals_and_imports(x):
    global COUNTER
    import math
    from os.path import join as j

    COUNTER = 0
    COUNTER += x
    del_me = COUNTER
    del del_me
    assert x, "must be true"
    return math.floor(2.5), j("a", "b"), COUNTER


def unbound(flag):
    if flag:
        x = 1
    try:
        return x
    except UnboundLocalError:
        return "unbound"


def makes_functions(a):
    def f(x, y=a, *, z=a + 1) -> int:
        return x + y + z

    class Local:
        attribute = a

        def get(self):
            return self.attribute, a

    def gen(n):
        for i in range(n):
            yield i + a

    return f(1), f.__annotations__, Local().get(), list(gen(3))


def long_constants(x):
    a = (1, 2.0, "s", b"b", None, True, 1.0, 0.0, -0.0, 1)
    return [repr(v) for v in a], x + 1000000, x + 1, (1, 2) == (1.0, 2.0)


def groups(x):
    found = []
    try:
        raise ExceptionGroup("group", [ValueError(x), TypeError(x), KeyError(x)])
    except* ValueError as error:
        found.append(len(error.exceptions))
    except* (TypeError, KeyError) as error:
        found.append(len(error.exceptions))
    return found


def many_locals(x):
    a = b = c = d = e = f = g = h = x
    i = j = k = l = m = n = o = p = q = a + 1  # noqa: E741
    r, s, t, u = q, p, o, n
    v, w = u, t
    y = z = w + v
    return a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z


def infinite(items):
    it = iter(items)
    total = 0
    while True:
        try:
            total += next(it)
        except StopIteration:
            break
    return total


Case = tuple[Callable[..., Any], tuple[Any, ...]]


def cases() -> Iterator[Case]:
    """Every sample with fresh arguments."""
    yield arithmetic, (3, 5)
    yield loops, (10,)
    yield loops, (5,)
    yield catches, ([1, 0, "a", 5],)
    yield reraises, (1,)
    yield finally_returns, (0,)
    yield finally_returns, (1,)
    yield managers, (False,)
    yield managers, (True,)
    yield closures, (1, 2, 5, (3, 4), {"k": 1})  # in the order of the slots
    yield deletes_cell, (3,)
    yield makes_free(7), (3,)
    yield comprehensions, (5,)
    yield comprehension_with_cells, (3,)
    yield comprehension_fails, (4,)
    yield calls, (Point(1, 2), [3, 1, 2], {"q": 2})
    yield supers, (4,)
    yield strings, ("s", 1.5)
    yield walrus, ([1, 2, 3],)
    yield walrus, ([],)
    for value in (1, Point(0, 3), Point(4, 3), [1, 2, 3, 4], {"k": 1, "l": 2}, "text", 3.5):
        yield matches, (value,)
    yield containers, (1, [2, 3])
    yield conditionals, (0, 1, 2)
    yield conditionals, (None, None, 2)
    yield conditionals, (1, 2, 3)
    yield globals_and_imports, (2,)
    yield unbound, (False,)
    yield unbound, (True,)
    yield makes_functions, (2,)
    yield long_constants, (1,)
    yield groups, (1,)
    yield many_locals, (1,)
    yield infinite, ([1, 2, 3],)
