"""C8: generators, lazily advanced."""

from __future__ import annotations

import itertools

import torch

import compiler
from tests.compiler.running import check

X = torch.arange(4.0)


def count(x, n):
    for i in range(n):
        yield x * i


def test_generators_are_traced_into():
    def fn(x):
        return (
            list(count(x, 3)),
            sum(count(x, 3)),
            [t + 1 for t in count(x, 2)],
            next(count(x, 1)),
            max(len(t) for t in count(x, 2)),
        )

    assert check(fn, X, fullgraph=True).whole


def test_generators_are_lazy():
    def fn(x):
        log = []

        def source():
            for i in range(5):
                log.append(i)
                yield x + i

        it = source()
        first = next(it)
        log.append("between")
        second = next(it)
        return first + second, log

    assert check(fn, X, fullgraph=True).whole


def test_send_and_return_values():
    """C8: send, yield from."""

    def echo(x):
        received = yield x
        while received is not None:
            received = yield x * received
        return "done"

    def outer(x):
        result = yield from echo(x)
        yield result

    def fn(x):
        it = outer(x)
        return next(it), it.send(3), next(it)

    check(fn, X)


def test_throw_and_close():
    """C8."""

    def careful(x, log):
        try:
            yield x
        except ValueError:
            log.append("thrown")
            yield x + 1
        finally:
            log.append("closed")

    def fn(x, log):
        it = careful(x, log)
        first = next(it)
        second = it.throw(ValueError("v"))
        it.close()
        return first, second

    check(fn, X, [])


def test_generator_expressions():
    def fn(x):
        return tuple(x * i for i in range(4) if i % 2), dict((i, x + i) for i in range(2)), any(i > 1 for i in range(3))

    assert check(fn, X, fullgraph=True).whole


def test_a_generator_given_as_an_argument():
    def fn(x, it):
        return x + next(it), next(it)

    compiled = compiler.optimize(fn)
    for _ in range(2):
        it = iter([1, 2, 3])
        ours = compiled(X, (i for i in it))
        assert torch.equal(ours[0], X + 1)
        assert ours[1] == 2
        assert next(it) == 3


def test_a_generator_across_a_break():
    """C8: reconstruction after a break."""

    def fn(x):
        it = count(x, 4)
        first = next(it)
        compiler.graph_break()
        return first + next(it), list(it)

    check(fn, X)


def test_iterators_keep_their_place():
    """V6: partly consumed iterators keep their place."""

    def fn(x, items):
        it = iter(items)
        a = next(it)
        pairs = zip(it, itertools.count())
        return x * a, list(pairs), list(it)

    check(fn, X, [1, 2, 3])


def test_iterators_are_returned():
    def fn(x):
        a, b, c = iter([1, 2, 3]), enumerate([x, x + 1]), map(lambda k: k * 2, [x])
        next(a)
        next(b)
        return a, b, c, x + 1

    ours, eager = compiler.optimize(fn)(X), fn(X)
    assert list(ours[0]) == list(eager[0])
    for mine, theirs in ((ours[1], eager[1]), (ours[2], eager[2])):
        assert str(list(mine)) == str(list(theirs))


def test_itertools():
    def fn(x):
        out = [x * a + b for a, b in itertools.product([1, 2], [3, 4])]
        out += [x + sum(c) for c in itertools.combinations(range(3), 2)]
        return (
            out,
            list(itertools.chain([1], (2, 3))),
            list(itertools.islice(itertools.count(5), 3)),
            list(itertools.accumulate([1, 2, 3])),
        )

    check(fn, X)


def test_a_generator_left_suspended_is_closed_when_nobody_notices():
    def numbers(x):
        try:
            i = 0
            while True:
                yield x[i]
                i += 1
        except IndexError:
            return

    def fn(x):
        for item in numbers(x):
            if item.dim() == 0:
                break
        return x + item

    assert check(fn, X, fullgraph=True).whole


def test_a_generator_left_suspended_breaks_the_graph_when_closing_it_does_something():
    log = []

    def numbers(x):
        try:
            yield x
        finally:
            log.append("closed")

    def fn(x):
        return next(numbers(x)) + 1

    with compiler.events.collect() as records:
        compiler.optimize(fn)(X)
    assert records[0].outcome == "broken"
    assert records[0].reason.kind == "object lifetime"
    assert log == ["closed"]
