"""Timing things side by side, and printing what came out.

Contestants take turns within one process, round by round, so that whatever disturbs the
machine disturbs all of them; a figure is the median of its rounds.
"""

from __future__ import annotations

import dataclasses
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from tabulate import tabulate

Thunk = Callable[[], object]


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of a table: nanoseconds by column, or None where there is no such figure."""

    name: str
    ours: float | None
    theirs: float | None
    eager: float | None = None


@dataclasses.dataclass(frozen=True)
class Target:
    """What a row is held to.

    Attributes:
        row: Its name.
        at_most_ns: The most that ours may take.
        at_most_ratio: The most that ours may take of torch.compile's.
    """

    row: str
    at_most_ns: float
    at_most_ratio: float | None = None

    def missed(self, row: Row) -> str | None:
        """In what way `row` misses the target; None if it does not."""
        if row.ours is None:
            return "not measured"
        if row.ours > self.at_most_ns:
            return f"{show(row.ours)} > {show(self.at_most_ns)}"
        if self.at_most_ratio is not None and row.theirs and row.ours > self.at_most_ratio * row.theirs:
            return f"{row.ours / row.theirs:.2f} > {self.at_most_ratio:.2f} of torch.compile's"
        return None


def interleave(thunks: dict[str, Thunk], rounds: int, number: int = 1) -> dict[str, float]:
    """Call each thunk `number` times a round, in turn; medians of nanoseconds for one call."""
    samples: dict[str, list[float]] = {name: [] for name in thunks}
    for thunk in thunks.values():
        thunk()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, thunk in thunks.items():
                samples[name].append(_time(thunk, number))
            gc.collect()
    finally:
        if was_enabled:
            gc.enable()
    return {name: statistics.median(taken) for name, taken in samples.items()}


def _time(thunk: Thunk, number: int) -> float:
    rounds = range(number)
    started = time.perf_counter_ns()
    for _ in rounds:
        thunk()
    return (time.perf_counter_ns() - started) / number


class KnownResult:
    """A backend whose graphs compute nothing: they hand out a result made beforehand.

    What a compiled call costs beyond `graph` is then the compiler's own share of it.
    """

    def __init__(self, result: torch.Tensor) -> None:
        self._results = (result,)
        self.inputs = 0
        self.graph: Callable[..., Sequence[torch.Tensor]] = lambda *args: self._results

    def __call__(self, module: torch.fx.GraphModule, example_inputs: Sequence[Any]) -> Callable[..., Any]:
        self.inputs = len(example_inputs)
        results = self._results
        self.graph = lambda *args: results
        return self.graph


def show(nanoseconds: float | None) -> str:
    """A duration in the unit that suits it."""
    if nanoseconds is None:
        return "–"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(nanoseconds) >= size:
            return f"{nanoseconds / size:.2f} {unit}"
    return f"{nanoseconds:.0f} ns"


def report(title: str, rows: Sequence[Row], targets: Sequence[Target]) -> bool:
    """Print one table; whether every target is met."""
    missed = {target.row: target.missed(row) for target in targets for row in rows if row.name == target.row}
    lines = [
        (
            row.name,
            show(row.eager),
            show(row.theirs),
            show(row.ours),
            f"{row.ours / row.theirs:.2f}" if row.ours is not None and row.theirs else "–",
            "" if row.name not in missed else missed[row.name] or "met",
        )
        for row in rows
    ]
    print(f"\n{title}\n")
    print(
        tabulate(
            lines, headers=["", "eager", "torch.compile", "ours", "ours / torch's", "target"], disable_numparse=True
        )
    )
    return not any(missed.values())
