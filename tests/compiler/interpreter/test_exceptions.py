"""C9, C10, C14: exceptions, with blocks, assertions."""

from __future__ import annotations

import contextlib

import pytest
import torch

import compiler
from tests.compiler.running import check, records_of

X = torch.arange(4.0)


def test_try_except_else_finally():
    """C9."""

    def fn(x, which):
        log = []
        try:
            log.append("try")
            if which == 1:
                raise ValueError("one")
            if which == 2:
                raise KeyError("two")
        except ValueError as error:
            log.append(str(error))
            x = x + 1
        except (KeyError, IndexError) as error:
            log.append(error.args)
            x = x + 2
        else:
            log.append("else")
        finally:
            log.append("finally")
            x = x * 2
        return x, log

    for which in range(3):
        assert check(fn, X, which, fullgraph=True).whole


def test_exceptions_travel_through_frames():
    """C9: raised in a callee, handled in the caller."""

    def inner(x, k):
        if k:
            raise LookupError(k)
        return x

    def middle(x, k):
        try:
            return inner(x, k)
        finally:
            k = 0

    def fn(x, k):
        try:
            return middle(x, k) + 1
        except LookupError as error:
            return x - 1, error.args

    for k in (0, 3):
        assert check(fn, X, k, fullgraph=True).whole


def test_causes_and_contexts():
    """C9: raise from, __context__ chains without cycles."""

    def fn(x):
        try:
            try:
                raise KeyError("first")
            except KeyError as first:
                raise ValueError("second") from first
        except ValueError as second:
            return (
                x + 1,
                type(second.__cause__).__name__,
                second.__context__ is second.__cause__,
                second.__suppress_context__,
            )

    assert check(fn, X, fullgraph=True).whole


def test_raise_again():
    def fn(x):
        try:
            try:
                raise KeyError("k")
            except KeyError:
                x = x + 1
                raise
        except LookupError as error:
            return x, error.args

    assert check(fn, X, fullgraph=True).whole


def test_return_break_and_continue_in_finally():
    def fn(x):
        out = []
        for i in range(5):
            try:
                if i == 1:
                    continue
                if i == 3:
                    break
                out.append(x * i)
            finally:
                out.append(i)

        def early():
            try:
                return 1
            finally:
                out.append("late")

        return early(), out

    assert check(fn, X, fullgraph=True).whole


def test_user_exceptions():
    class Problem(Exception):
        def __init__(self, code, *, hint=""):
            super().__init__(f"problem {code}")
            self.code, self.hint = code, hint

    def fn(x):
        try:
            raise Problem(3, hint="h")
        except Problem as problem:
            return x + problem.code, problem.hint, problem.args

    assert check(fn, X, fullgraph=True).whole


@pytest.mark.parametrize("error", [ValueError("v"), KeyError("k"), RuntimeError("a", 1), StopIteration(3)])
def test_exceptions_that_leave_the_frame(error):
    """C9: with the effects before them."""

    def fn(x, log):
        log.append(x + 1)
        raise error

    check(fn, X, [])


def test_exceptions_of_operators_are_handled():
    def fn(x):
        try:
            return x @ torch.ones(7, 2)
        except RuntimeError as error:
            return x + 1, "shapes" in str(error) or "size" in str(error)

    check(fn, X)


def test_exception_groups():
    """C9: except*."""

    def fn(x):
        try:
            raise ExceptionGroup("g", [ValueError(1), KeyError(2)])
        except* ValueError as group:
            x = x + len(group.exceptions)
        except* KeyError:
            x = x * 2
        return x

    check(fn, X)


def test_stop_iteration():
    def fn(x):
        it = iter([1])
        next(it)
        try:
            next(it)
        except StopIteration:
            return x + next(it, 5)

    assert check(fn, X, fullgraph=True).whole


# ---- assertions ----


def test_assertions():
    """C14."""

    def fn(x, k):
        assert k > 0, f"k is {k}"
        assert x.shape[0] == 4
        return x * k

    assert check(fn, X, 2, fullgraph=True).whole
    check(fn, X, -1)


# ---- with blocks ----


class Manager:
    def __init__(self, log, swallow=False):
        self.log, self.swallow = log, swallow

    def __enter__(self):
        self.log.append("enter")
        return self.log

    def __exit__(self, kind, value, traceback):
        self.log.append(kind.__name__ if kind else "exit")
        return self.swallow


def test_with_blocks():
    """C10: user context managers."""

    def fn(x, log):
        with Manager(log) as a, Manager(log):
            a.append("body")
            x = x + 1
        return x

    assert check(fn, X, [], fullgraph=True).whole


def test_a_manager_swallows_an_exception():
    """C10."""

    def fn(x, log):
        with Manager(log, swallow=True):
            raise ValueError("gone")
        return x + len(log)

    assert check(fn, X, [], fullgraph=True).whole


def test_an_exception_passes_through_a_manager():
    def fn(x, log):
        try:
            with Manager(log):
                raise KeyError("k")
        except KeyError:
            return x - 1

    assert check(fn, X, [], fullgraph=True).whole


def test_a_break_in_a_with_block():
    """C10: exit on break and re-entry in the resume function: entered and left once."""

    def fn(x, log):
        with Manager(log):
            y = x + 1
            compiler.graph_break()
            y = y * 2
        return y

    run = check(fn, X, [])
    assert ("user request", "graph_break()") in run.reasons


def test_contextlib_managers():
    def fn(x, log):
        @contextlib.contextmanager
        def managed(k):
            log.append("in")
            try:
                yield k
            finally:
                log.append("out")

        with managed(3) as k, contextlib.nullcontext(2) as n, contextlib.suppress(KeyError):
            x = x * k + n
            raise KeyError
        return x

    check(fn, X, [])


@pytest.mark.parametrize(
    "mode", [torch.no_grad, torch.enable_grad, lambda: torch.set_grad_enabled(False), torch.inference_mode]
)
def test_grad_modes(mode):
    """C10: torch context managers."""

    def fn(x):
        with mode():
            y = x * 2
            inside = torch.is_grad_enabled()
        return y.requires_grad, inside, torch.is_grad_enabled(), x * 3

    check(fn, X.clone().requires_grad_())
    assert torch.is_grad_enabled()


def test_grad_modes_over_a_break():
    def fn(x):
        with torch.no_grad():
            y = x * 2
            compiler.graph_break()
            z = y + x
        return z.requires_grad, (z * x).requires_grad, torch.is_grad_enabled()

    check(fn, X.clone().requires_grad_())
    assert torch.is_grad_enabled()


def test_an_exception_in_a_grad_mode():
    def fn(x):
        with torch.no_grad():
            y = x * 2
            raise ValueError("inside")

    check(fn, X.clone().requires_grad_())
    assert torch.is_grad_enabled()


def test_decorated_with_a_grad_mode():
    @torch.no_grad()
    def fn(x):
        return x * 2

    compiled = compiler.optimize(fn)
    x = X.clone().requires_grad_()
    assert not compiled(x).requires_grad
    assert not records_of(compiler.optimize(lambda x: fn(x)), x).result.requires_grad


def test_a_handled_exception_keeps_its_traceback():
    def main(x):
        try:
            raise KeyError("made natively")
        except KeyError as error:
            text = str(x.sum().item()) + str(error)
            return text, error.__traceback__.tb_lineno, x + 1

    check(main, torch.ones(2))


def test_a_class_of_exceptions_with_its_own_text():
    class Special(Exception):
        def __init__(self, number, tensor):
            super().__init__(number)
            self.tensor = tensor

        def __str__(self):
            return f"special {self.tensor}"

    def main(x):
        try:
            raise Special(1, x)
        except Special as error:
            kept, text, line = error, str(error), error.__traceback__.tb_lineno
        return x + 1, text, line, kept.args

    check(main, torch.ones(2))
