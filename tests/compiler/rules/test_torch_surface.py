"""What torch offers beside its operators, one expression each: as in eager, and, where it can be, in one graph."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
import torch.utils._pytree as pytree

import compiler
from compiler import events
from tests.compiler.rules.torch_surface import BREAKS, WHOLE
from tests.fuzz.oracle import Outcome, difference


def expressions(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


@pytest.mark.parametrize("expression", [each for text in WHOLE.values() for each in expressions(text)])
def test_stays_in_the_graph(expression):
    records = agree(expression)
    assert [record.outcome for record in records] == ["compiled"], records[0].reason


@pytest.mark.parametrize(
    ("kind", "expression"), [(k, each) for k, text in BREAKS.items() for each in expressions(text)]
)
def test_is_asked_natively(kind, expression):
    reasons = [record.reason for record in agree(expression) if record.outcome == "broken"]
    assert kind in {reason.kind for reason in reasons if reason}


def agree(expression: str) -> list[events.FrameRecord]:
    """The records of a function that returns the expression beside a tensor it computes."""
    scope: dict[str, Any] = {"torch": torch, "F": F, "pytree": pytree}
    exec(f"def f(x):\n    y = x + 1\n    return y, {expression}", scope)
    compiler.reset()
    found = []
    with compiler.config.patch(strict=True):
        compiled = compiler.optimize(scope["f"])
        for grad in (False, True):
            expected = outcome(scope["f"], grad)
            for _ in range(2):
                with events.collect() as records:
                    where = difference(expected, outcome(compiled, grad))
                assert where is None, where
                found.append(list(records))
    assert found[1] == found[3] == [] or found[0][0].outcome == "broken", "compiled again for the same input"
    return found[0]


def outcome(function: Any, grad: bool) -> Outcome:
    x = torch.arange(12.0).reshape(3, 4).requires_grad_(grad)
    result = Outcome((x,), {}, "")
    torch.manual_seed(0)
    try:
        result.returned = function(x)
    except Exception as error:
        result.error = error
    result.state = {"random": torch.get_rng_state()}
    return result
