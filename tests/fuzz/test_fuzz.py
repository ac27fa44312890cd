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
def test_many_programs(fuzz_examples: int) -> None:
    @settings(max_examples=fuzz_examples, **COMMON)
    @given(program=programs())
    def many(program: Program) -> None:
        check(program)

    many()
