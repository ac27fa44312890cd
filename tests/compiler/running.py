"""Run a function in eager and compiled, compare, and hand back the records."""

from __future__ import annotations

import collections
import copy
import dataclasses
import types
from collections.abc import Callable
from typing import Any

import torch

import compiler
from compiler.events import FrameRecord


@dataclasses.dataclass
class Run:
    """What the compiled calls gave, and how their frames ended."""

    result: Any
    records: list[FrameRecord]

    @property
    def outcomes(self) -> list[str]:
        return [record.outcome for record in self.records]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return [(record.reason.kind, record.reason.context) for record in self.records if record.reason]

    @property
    def whole(self) -> bool:
        """One frame, one graph, no break."""
        return self.outcomes == ["compiled"]


def same(a: Any, b: Any) -> bool:
    """Equal as a user sees it: types, values, tensors bit for bit up to rounding."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.allclose(a, b, equal_nan=True)
    if isinstance(a, list | tuple | collections.deque):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, BaseException):
        return same(a.args, b.args)
    if hasattr(a, "__dict__") and not isinstance(a, type | types.FunctionType | types.MethodType):
        return same(vars(a), vars(b))
    return bool(a == b)


def attempt(fn: Callable[..., Any], args: Any) -> tuple[Any, Any]:
    """The result (or exception) and the arguments afterwards."""
    args = copy.deepcopy(args)
    try:
        return fn(*args), args
    except Exception as error:
        return error, args


def check(fn: Callable[..., Any], *args: Any, calls: int = 2, **options: Any) -> Run:
    """`fn` compiled does what it does in eager, on the first call and on later ones."""
    expected, after = attempt(fn, args)
    compiled = compiler.optimize(fn, **options)
    with compiler.events.collect(details=True) as records:
        for number in range(calls):
            result, after_compiled = attempt(compiled, args)
            if isinstance(result, Exception) and not isinstance(expected, Exception):
                raise result
            assert same(result, expected), f"call {number}: {result!r}, in eager {expected!r}"
            assert same(after_compiled, after), f"call {number}: arguments {after_compiled!r}, in eager {after!r}"
    return Run(result, records)


def records_of(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Run:
    """One call of something compiled already."""
    with compiler.events.collect(details=True) as records:
        result = fn(*args, **kwargs)
    return Run(result, records)
