"""Random programs behave under the compiler as they do in eager.

``pytest tests/fuzz -m slow --fuzz-examples=5000`` is the long run; the ordinary suite tries
the same sixty programs every time. A failure prints the smallest program found that fails, and
is kept in ``.hypothesis`` for the next run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import compiler
from compiler import events
from tests.fuzz.generator import Program, programs
from tests.fuzz.oracle import mismatch

SHARES = 4

COMMON: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": False}


def optimize(function: Callable[..., Any]) -> Callable[..., Any]:
    optimized: Callable[..., Any] = compiler.optimize(function, backend="eager")
    return optimized


def check(program: Program) -> None:
    compiler.reset()
    with events.collect() as records:
        found = mismatch(program, optimize)
    if found is not None:
        pytest.fail(str(found), pytrace=False)
    fell_back = [record for record in records if record.outcome == "fell_back"]
    if fell_back:
        reasons = "\n".join(record.reason.describe() for record in fell_back if record.reason)
        pytest.fail(f"{program}\n\nran in eager because of an error of ours:\n{reasons}", pytrace=False)


@settings(max_examples=60, derandomize=True, database=None, phases=[Phase.generate], **COMMON)
@given(program=programs())
def test_a_few_programs(program: Program) -> None:
    check(program)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_many_programs(share: int, fuzz_examples: int) -> None:
    """Several shares, so that ``-n 2`` has something to hand out."""

    @settings(max_examples=max(1, fuzz_examples // SHARES), **COMMON)
    @given(program=programs())
    def many(program: Program) -> None:
        check(program)

    many()
