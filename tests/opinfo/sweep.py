"""One operator, one form, one dtype: every sample in eager and compiled, and how it ended."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

import compiler
from compiler import events
from tests.fuzz.oracle import Outcome, difference
from tests.opinfo import samples
from tests.opinfo.samples import Call, Form

ENDINGS = ("mismatch", "internal error", "recompiled", "graph break", "one graph")
"""Worst first: a case ends as the worst of its samples."""


@dataclasses.dataclass
class Case:
    """An operator in one form, on its samples of one dtype.

    Attributes:
        samples: How many were called; those that eager refuses are compared, and not counted.
        breaks: ``(kind, context)`` of graph breaks → in how many samples.
        wrong: What differed, of the first sample on which something did.
        errors: The compiler's own errors.
        recompiled: Samples for which what had been compiled did not fit when they came again.
        capture_ms: Median processor time that the first call took above the second.
    """

    op: str
    form: str
    dtype: str
    samples: int = 0
    raised: int = 0
    breaks: collections.Counter[tuple[str, str]] = dataclasses.field(default_factory=collections.Counter)
    wrong: str = ""
    errors: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    recompiled: int = 0
    capture_ms: float = 0.0

    @property
    def ending(self) -> str:
        found = (self.wrong, self.errors, self.recompiled, self.breaks, True)
        return next(ending for ending, there in zip(ENDINGS, found, strict=True) if there)

    def __str__(self) -> str:
        return f"{self.op} ({self.form}, {self.dtype})"


def cases(op: Any) -> Iterator[Case]:
    """Each form of an operator on each dtype."""
    for form in samples.forms(op):
        for dtype in samples.FUNCTION_DTYPES if form.name == "function" else samples.DTYPES:
            if dtype in op.supported_dtypes("cpu"):
                yield run(op, form, dtype)


def run(op: Any, form: Form, dtype: torch.dtype) -> Case:
    case = Case(samples.name_of(op), form.name, str(dtype).removeprefix("torch."))
    compiler.reset()
    eager = _call_of(form.func)
    compiled = compiler.optimize(eager, backend="eager", recompile_limit=100_000)
    capturing_ns: list[int] = []
    for call in samples.samples(op, form, dtype):
        if form.out:
            given = _quietly(samples.with_out, form.func, call)
            if given is None:
                continue
            call = given
        try:
            capturing_ns += _sample(case, eager, compiled, call)
        except Exception as error:  # one of the sweep's own: let the others be seen
            case.errors[f"the sweep: {type(error).__name__}: {error}"] += 1
    case.capture_ms = statistics.median(capturing_ns) / 1e6 if capturing_ns else 0.0
    return case


def _call_of(op: Callable[..., Any]) -> Callable[..., Any]:
    """The function that is compiled: what the operator gives, and what the program is told about it."""

    def call(input: Any, args: Any, kwargs: Any) -> Any:
        result = op(input, *args, **kwargs)
        return result, _facts(result)

    return call


def _facts(value: Any) -> Any:
    """What a capture answers without running anything, of each tensor in a result."""
    if isinstance(value, list | tuple):
        return [_facts(item) for item in value]
    if not isinstance(value, torch.Tensor) or value.layout is not torch.strided:
        return None
    return (
        value.shape,
        value.dtype,
        value.device,
        ("requires_grad", value.requires_grad),
        ("is_leaf", value.is_leaf),
        ("stride", value.stride() if value.numel() else "asked natively"),
        ("is_contiguous", value.is_contiguous()),
    )


def _sample(case: Case, eager: Callable[..., Any], compiled: Callable[..., Any], call: Call) -> list[int]:
    """Compare one sample; how long its captures took."""
    expected = _outcome(eager, call)
    with events.collect() as records:
        started = time.thread_time_ns()
        found = _outcome(compiled, call)
        first_ns = time.thread_time_ns() - started
    with events.collect() as again:
        started = time.thread_time_ns()
        second = _outcome(compiled, call)
        second_ns = time.thread_time_ns() - started
    where = _differs(case, expected, found) or _differs(case, expected, second)
    if where is not None and not _varies(case, eager, call, expected):
        case.wrong = case.wrong or f"{where} [{_shown(call)}]"
    case.recompiled += any(record.outcome == "compiled" for record in again)
    for record in records:
        if record.outcome == "fell_back" and record.reason is not None:
            case.errors[record.reason.context] += 1
    if expected.error is not None:
        case.raised += 1
        return []
    case.samples += 1
    for reason in {(r.reason.kind, r.reason.context) for r in records if r.outcome == "broken" and r.reason}:
        case.breaks[reason] += 1
    for record in records:
        if record.outcome == "skipped" and record.reason is not None and record.reason.kind != "no operators":
            case.breaks[record.reason.kind, record.reason.context] += 1
    return [first_ns - second_ns]


def _outcome(function: Callable[..., Any], call: Call) -> Outcome:
    call = call.fresh()
    outcome = Outcome((call.input, call.args, call.kwargs), {}, "")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome.returned = function(call.input, call.args, call.kwargs)
        except Exception as error:
            outcome.error = error
    outcome.state = {"random": torch.get_rng_state()}
    return outcome


def _differs(case: Case, expected: Outcome, found: Outcome) -> str | None:
    """Where the outcomes differ, in words; exceptions are taken for equal when type and message are."""
    if case.op.partition(".")[0] in samples.UNINITIALIZED:
        for outcome in (expected, found):
            outcome.returned = _zeroed(outcome.returned)
    return _exceptions(expected, found) or difference(expected, found) or _backwards(expected, found)


def _exceptions(expected: Outcome, found: Outcome) -> str | None:
    """One that only one side raises says more than that two types differ."""
    if (expected.error is None) == (found.error is None):
        return None
    side = "eager" if expected.error is not None else "compiled"
    error = expected.error or found.error
    return f"only {side} raised {type(error).__name__}: {error}"


def _backwards(expected: Outcome, found: Outcome) -> str | None:
    """Names of the functions that the gradients of the results go through."""
    names = [[type(tensor.grad_fn).__name__ for tensor in _tensors(side.returned)] for side in (expected, found)]
    return None if names[0] == names[1] else f"grad_fn: {names[0]} against {names[1]}"


def _zeroed(value: Any) -> Any:
    for tensor in _tensors(value):
        tensor.detach().zero_()
    return value


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [found for item in value for found in _tensors(item)] if isinstance(value, list | tuple) else []


def _varies(case: Case, eager: Callable[..., Any], call: Call, expected: Outcome) -> bool:
    """Whether eager does not agree with itself either."""
    return any(_differs(case, expected, _outcome(eager, call)) is not None for _ in range(10))


def _quietly(func: Callable[..., Any], *args: Any) -> Any:
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return func(*args)


def _shown(call: Call) -> str:
    parts = [_short(call.input), *map(_short, call.args), *(f"{k}={_short(v)}" for k, v in call.kwargs.items())]
    return ", ".join(parts)


def _short(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(_short, value))})"
    return repr(value)
