"""The oracle accepts a compiler that does nothing and finds out compilers that lie."""

from __future__ import annotations

import collections
import contextlib
import copy
import functools
import io
import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import NoSuchExample

from tests.fuzz.generator import Program, programs
from tests.fuzz.oracle import Outcome, difference, mismatch

Function = Callable[..., Any]

QUICK = settings(
    max_examples=120,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def mutations_lost(function: Function) -> Function:
    return lambda *args, **kwargs: function(*args, **copy.deepcopy(kwargs))


def value_off(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        return _nudged(function(*args, **kwargs))

    return run


def _nudged(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value + 1e-3
    if type(value) in {list, tuple}:
        return type(value)(_nudged(item) for item in value)
    return value


def alias_lost(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        returned = function(*args, **kwargs)
        return type(returned)(map(copy.copy, returned)) if type(returned) in {list, tuple} else returned

    return run


def prints_lost(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            return function(*args, **kwargs)

    return run


def effects_twice(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        before = copy.deepcopy(kwargs["box"].__dict__)
        function(*args, **kwargs)
        kwargs["box"].__dict__.update(before)
        return function(*args, **kwargs)

    return run


def stale_guard(function: Function) -> Function:
    first: list[float] = []

    def run(x: Any, y: Any, n: int, rate: float, **kwargs: Any) -> Any:
        first.append(rate)
        return function(x, y, n, first[0], **kwargs)

    return run


def traceback_lost(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise error.with_traceback(None) from None

    return run


def gradient_lost(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        with torch.no_grad():
            return function(*args, **kwargs)

    return run


def randomness_used_up(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        torch.rand(())
        return function(*args, **kwargs)

    return run


def mode_left(function: Function) -> Function:
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            torch.set_grad_enabled(False)

    return run


@pytest.mark.parametrize(
    "liar",
    [
        mutations_lost,
        value_off,
        alias_lost,
        prints_lost,
        effects_twice,
        stale_guard,
        traceback_lost,
        gradient_lost,
        randomness_used_up,
        mode_left,
    ],
)
def test_a_liar_is_found_out(liar: Callable[[Function], Function]) -> None:
    try:
        find(programs(), lambda program: mismatch(program, liar) is not None, settings=QUICK)
    except NoSuchExample:
        pytest.fail(f"{liar.__name__} got through {QUICK.max_examples} programs")


ONE_STEP_FURTHER = [
    (lambda: iter([1, 2]), lambda: iter([1])),
    (lambda: (q for q in (1, 2)), lambda: (q for q in (2,))),
    (lambda: itertools.count(1), lambda: itertools.count(2)),
    (lambda: collections.deque([1], maxlen=2), lambda: collections.deque([1])),
    (lambda: collections.defaultdict(int), lambda: collections.defaultdict(list)),
    (lambda: collections.ChainMap({"a": 1}), lambda: collections.ChainMap({}, {"a": 1})),
    (lambda: torch.Generator().manual_seed(1), lambda: torch.Generator().manual_seed(2)),
    (lambda: functools.partial(max, 1), lambda: functools.partial(max, 2)),
    (lambda: range(2), lambda: range(3)),
]


@pytest.mark.parametrize(("made", "other"), ONE_STEP_FURTHER)
def test_what_objects_hold_inside_is_compared(made: Callable[[], Any], other: Callable[[], Any]) -> None:
    def outcome(value: Any) -> Outcome:
        return Outcome((), {}, "", returned=value)

    assert difference(outcome(made()), outcome(made())) is None
    assert difference(outcome(made()), outcome(other())) is not None


def test_eager_agrees_with_itself_and_mostly_returns() -> None:
    """A generator of programs that raise at once would prove nothing."""
    raised = []

    def counting(function: Function) -> Function:
        def run(*args: Any, **kwargs: Any) -> Any:
            raised.append(True)
            returned = function(*args, **kwargs)
            raised[-1] = False
            return returned

        return run

    @QUICK
    @given(program=programs())
    def run_all(program: Program) -> None:
        found = mismatch(program, counting)
        assert found is None, str(found)

    run_all()
    assert sum(raised) < 0.25 * len(raised)
