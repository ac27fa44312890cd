"""Ordinary PyTorch programs, run in eager and compiled, and everything a user can see compared.

A program is a function that makes the thing to call and the calls to make; between them may stand
functions that change the thing. It is made twice
from the same seed; each call is made twice in a row on both sides, so that the second one
runs compiled code. Compared after every call: what came back or was raised, gradients of
parameters and arguments, the state of the called thing (buffers, attributes, closures) and of the
arguments, what was printed, and the state of the random number generator.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import io
from collections.abc import Callable, Sequence
from typing import Any

import torch

import compiler
from compiler.events import FrameRecord
from tests.fuzz.oracle import Outcome, difference

Change = Callable[[Any], object]
Call = tuple[tuple[Any, ...], dict[str, Any]] | Change
Made = tuple[Callable[..., Any], list[Call]]


@dataclasses.dataclass(frozen=True)
class Program:
    """A program and what is expected of its first call.

    Attributes:
        make: Makes the callable and the calls.
        graphs: Number of graphs with at least one operator.
        breaks: Kinds of the graph breaks, in order.
        settles: Whether the second of two equal calls must compile nothing.
    """

    name: str
    make: Callable[[], Made]
    graphs: int
    breaks: tuple[str, ...]
    settles: bool


ANY = -1
"""As number of graphs: whatever comes, as long as it is correct."""

PROGRAMS: list[Program] = []


def program(graphs: int = 1, breaks: Sequence[str] = (), *, settles: bool = True) -> Callable[..., Callable[[], Made]]:
    """Register a program."""

    def register(make: Callable[[], Made]) -> Callable[[], Made]:
        name = f"{make.__module__.rpartition('.')[2]}-{make.__name__}"
        PROGRAMS.append(Program(name, make, graphs, tuple(breaks), settles))
        return make

    return register


def call(*args: Any, **kwargs: Any) -> Call:
    """One call of the program."""
    return args, kwargs


def run(program: Program) -> None:
    """Run a program both ways.

    Raises:
        AssertionError: they differ, or graphs and breaks are not the expected ones.
    """
    compiler.reset()
    eager_fn, eager_calls = _made(program)
    compiled_fn, compiled_calls = _made(program)
    optimized = compiler.optimize(compiled_fn)
    first: list[FrameRecord] = []
    for number, (eager_call, compiled_call) in enumerate(zip(eager_calls, compiled_calls, strict=True)):
        if callable(eager_call) and callable(compiled_call):
            for change, thing in ((eager_call, eager_fn), (compiled_call, compiled_fn)):
                torch.utils.hooks.RemovableHandle.next_id = 1000 + number
                change(thing)
            continue
        for again in (False, True):
            with compiler.events.collect() as records:
                random = torch.get_rng_state()
                expected, after = outcome(eager_fn, eager_fn, eager_call), torch.get_rng_state()
                torch.set_rng_state(random)
                found = outcome(optimized, compiled_fn, compiled_call)
            where = difference(expected, found)
            assert where is None, f"call {number}{' again' * again}: {where}\n{describe(records)}"
            assert torch.equal(after, torch.get_rng_state()), f"call {number}: random numbers drawn differ"
            if number == 0 and not again:
                first = list(records)
            if again and program.settles:
                assert not records, f"call {number} compiled again:\n{describe(records)}"
    graphs = sum(record.graph_ops > 0 for record in first)
    breaks = tuple(record.reason.kind for record in first if record.outcome == "broken" and record.reason)
    assert program.graphs == ANY or (graphs, breaks) == (program.graphs, program.breaks), describe(first)


def _made(program: Program) -> Made:
    torch.manual_seed(0)
    torch.utils.hooks.RemovableHandle.next_id = 0
    return program.make()


def outcome(function: Callable[..., Any], state: Any, arguments: Any) -> Outcome:
    """What one call does; `state` is looked at afterwards."""
    args, kwargs = arguments
    result = Outcome(arguments, {}, "")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            result.returned = function(*args, **kwargs)
        except Exception as error:
            result.error = error
    result.printed = printed.getvalue()
    result.grads = _backward(result.returned)
    result.state = {"called": state}
    return result


def _backward(returned: Any) -> Any:
    """Gradients are left in the leaves, where the comparison finds them; says whether there were any."""
    losses = [tensor.float().sum() for tensor in _tensors(returned) if tensor.requires_grad and not tensor.is_leaf]
    if not losses:
        return "none"
    try:
        sum(losses).backward(retain_graph=True)
    except RuntimeError as error:
        return str(error)
    return "taken"


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, enum.Enum | type):
        return []
    if isinstance(value, dict):
        value = list(value.values())
    elif not isinstance(value, list | tuple) and hasattr(value, "__dict__") and not isinstance(value, torch.nn.Module):
        value = list(vars(value).values())
    return [tensor for item in value for tensor in _tensors(item)] if isinstance(value, list | tuple) else []


def describe(records: list[FrameRecord]) -> str:
    """The records as text."""
    lines = []
    for record in records:
        lines.append(f"{record.outcome} {record.frame.function} ops={record.graph_ops} recompile={record.recompile}")
        if record.reason is not None:
            lines.append(record.reason.describe())
    return "\n".join(lines) or "nothing compiled"
