"""C11, C13, C15 to C18: jumps, patterns, graph breaks and what goes on behind them."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import io
import weakref

import pytest
import torch

import compiler
from tests.compiler.running import check, records_of

X = torch.arange(4.0)


# ---- jumps ----


def test_jumps_on_constants_containers_and_objects():
    """C13."""

    class Truthy:
        def __bool__(self):
            return False

    class Sized:
        def __len__(self):
            return 2

    def fn(x, k, items, table, module):
        score = 0
        score += 1 if k else 2
        score += 10 if items else 20
        score += 100 if table else 200
        score += 1000 if module else 2000
        score += 10000 if Truthy() else 20000
        score += 100000 if Sized() else 200000
        while k > 0:
            k -= 1
            x = x + 1
        return x * score

    for k, items in [(0, []), (3, [1])]:
        assert check(fn, X, k, items, {}, torch.nn.ReLU(), fullgraph=True).whole


def test_jumps_on_tensors_break():
    """C13, C16: data-dependent jump; both ways are compiled."""

    def fn(x):
        if x.sum() > 0:
            return x + 1
        return x - 1

    compiled = compiler.optimize(fn)
    for x in (X, -X, X, -X):
        assert torch.equal(compiled(x), fn(x))
    assert check(fn, X).reasons[0][0] == "data-dependent jump"


def test_loops():
    def fn(x, n):
        out = []
        for i in range(n):
            if i % 2:
                continue
            for j, k in enumerate("ab"):
                out.append(x * i + j)
        else:
            out.append("done")
        i = 0
        while True:
            i += 1
            if i > 3:
                break
        return out, i

    assert check(fn, X, 4, fullgraph=True).whole


# ---- patterns ----


@dataclasses.dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    "subject", [1, "a", [1, 2, 3], (1,), {"k": 1, "z": 2}, Point(1, 2), Point(0, 5), None, [], {"other": 1}, 3.5]
)
def test_pattern_matching(subject):
    """C11: MATCH_*, class patterns."""

    def fn(x, subject):
        match subject:
            case 1 | 2:
                return x + 1
            case str() as text:
                return x, text
            case [first, *rest] if len(rest) > 1:
                return x * first, rest
            case (single,):
                return x - single, "one"
            case {"k": value, **others}:
                return x * value, others
            case Point(0, y=y):
                return x + y, "on the axis"
            case Point(x=a, y=b):
                return x + a * b, "point"
            case None:
                return x, None
            case float(number):
                return x * number
        return x - 1

    check(fn, X, subject)


# ---- breaks ----


def test_the_four_kinds_of_break():
    """C16: an unsupported call, a data-dependent jump, an attribute write, any other step."""

    class Watched:
        def __setattr__(self, name, value):
            print("set", name)
            object.__setattr__(self, name, value)

    def call(x):
        y = x + 1
        print("hello")
        return y * 2

    def jump(x):
        y = x + 1
        while y.sum() < 50:
            y = y * 2
        return y

    def write(x):
        w = Watched()
        w.value = x + 1
        return w.value * 2

    def other(x):
        y = x + 1
        return y.tolist()[0] + y

    for fn in (call, jump, write, other):
        out, expected = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(expected):
            eager = fn(X)
        with contextlib.redirect_stdout(out):
            run = records_of(compiler.optimize(fn), X)
        assert torch.equal(run.result, eager)
        assert out.getvalue() == expected.getvalue()
        assert "broken" in run.outcomes
        assert all(record.reason.location.file == __file__ for record in run.records if record.reason)


def test_breaks_in_nested_calls():
    """C16: also inside nested calls."""

    def deepest(x):
        y = x + 1
        compiler.graph_break("deep")
        return y * 2

    def middle(x):
        return deepest(x * 3) - 1

    def fn(x):
        a = x + 5
        return middle(a) + a

    run = check(fn, X)
    assert run.reasons[0] == ("user request", "deep")
    assert len(run.records[0].reason.stack) == 3


def test_breaks_in_loops_keep_the_frame():
    """D6, C16: each round runs through the same entries."""

    def fn(x, n):
        total = 0
        for i in range(n):
            y = x * 2
            compiler.graph_break()
            total = total + y.sum()
        return total

    compiled = compiler.optimize(fn)
    compiled(X, 3)
    run = records_of(compiled, X, 50)
    assert torch.equal(run.result, fn(X, 50))
    assert len(run.records) <= 2


def test_breaks_in_while_loops_and_deep_stacks():
    def fn(x):
        k = 0
        while k < 500:
            k += 1
            compiler.graph_break()
        return x + k

    assert torch.equal(compiler.optimize(fn)(X), fn(X))


def test_breaks_keep_the_stack():
    """C17: restore stack, locals, cells."""

    def fn(x):
        k = 3

        def cell():
            return k

        out = [x + 1, (x * 2, compiler.graph_break(), k), {"a": [cell(), compiler.graph_break()]}]
        k = 4
        return out, cell()

    check(fn, X)


def test_breaks_in_the_middle_of_a_comprehension():
    def fn(x):
        return [(x * i, compiler.graph_break()) for i in range(3)]

    check(fn, X)


def test_breaks_in_handlers_and_finally():
    """C17: blocks."""

    def fn(x, log):
        try:
            x = x + 1
            raise ValueError("v")
        except ValueError as error:
            compiler.graph_break()
            x = x * 2
            log.append(str(error))
        finally:
            compiler.graph_break()
            log.append("finally")
        return x

    check(fn, X, [])


def test_line_numbers_behind_a_break():
    """C17: line numbers kept."""
    import traceback

    def fn(x):
        y = x + 1
        compiler.graph_break()
        y = y * 2
        raise LookupError("here")

    compiled = compiler.optimize(fn)
    for _ in range(2):
        with pytest.raises(LookupError) as caught:
            compiled(X)
        frames = [f for f in traceback.extract_tb(caught.value.__traceback__) if f.filename == __file__]
        assert (frames[-1].name, frames[-1].line) == ("fn", 'raise LookupError("here")')


def test_dead_locals_are_not_kept_alive():
    """C18: dead locals are not kept alive across a break."""
    dead = []

    def fn(x):
        big = x * 2
        dead.append(weakref.ref(big))
        y = big + 1
        del big
        compiler.graph_break()
        return y, dead[-1]() is None

    compiled = compiler.optimize(fn)
    for _ in range(2):
        compiled(X)
        gc.collect()
        assert dead[-1]() is None


def test_values_that_cannot_be_rebuilt_move_the_break():
    """C15: break at a chosen point."""

    def fn(x):
        it = zip([1, 2, 3], [x, x + 1, x + 2])
        first = next(it)
        compiler.graph_break()
        return first, list(it)

    check(fn, X)


def test_functions_that_look_at_their_own_variables():
    """C18: they see dead variables too, so their frames run in eager; what they call compiles."""

    def helper(x):
        return x * 2

    def names(x):
        a, b = x + 1, 2
        compiler.graph_break()
        return sorted(locals()), sorted(vars()), dir()

    def evaluated(x):
        a, b = helper(x), 2
        compiler.graph_break()
        return eval("a + b")

    def harmless(x, box):
        return x * vars(box)["k"], len(dir(box)) > 3

    assert check(names, X).reasons[0][0] == "own variables"
    run = check(evaluated, X)
    assert [record.frame.function.rpartition(".")[2] for record in run.records if record.outcome == "compiled"] == [
        "helper"
    ]
    assert "own variables" not in dict(check(harmless, X, Box()).reasons)


class Box:
    def __init__(self):
        self.k = 3


def test_breaks_while_a_comprehension_keeps_a_cell_aside():
    """On 3.12+ a comprehension whose variable a closure captures puts the function's cell on the stack."""

    def pause():
        print(end="")

    def left_by_an_exception(x, table):
        x.mul_(2)
        try:
            [(lambda q: q + i)(table["b"]) for i in [1, 2]]
        except KeyError:
            pass
        pause()
        return x, [(lambda: i)() + i for i in (1, 2)]

    def one_name_for_two(x, table):
        i = 3
        read = lambda: i  # noqa: E731 - a closure
        x = x * 2
        try:
            found = [(lambda: i)() + (table["b"] if i == 2 else pause() or 1) for i in [1, 2]]
        except KeyError:
            pause()
            i += 1
        found = [(lambda: i)() for i in [1, 2] if pause() or True]
        pause()
        return x, found, i, read()

    def nested(x, table):
        for k in range(2):
            found = [[(lambda: i + j + k)() + (pause() or 0) for i in (1, j)] for j in (5, k)]
            x = x + sum(map(sum, found))
        return x, found

    for program in (left_by_an_exception, one_name_for_two, nested):
        check(program, torch.ones(2), {})
