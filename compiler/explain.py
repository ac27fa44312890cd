"""`compiler.explain(fn)(*args)`: what was captured, what broke, what is guarded, as data and as text."""

from __future__ import annotations

import dataclasses
import dis
import traceback
from collections import Counter
from collections.abc import Callable
from types import CodeType
from typing import Any

import torch

from compiler import api, events
from compiler.events import FrameRecord, Reason


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What one call under the compiler did.

    Attributes:
        result: What the call returned; ``None`` where it raised.
        records: One record for each frame, in order.
        exception: What the call raised, a broken full graph included.
    """

    result: Any
    records: tuple[FrameRecord, ...]
    exception: Exception | None = None

    @property
    def graphs(self) -> list[torch.fx.GraphModule]:
        """The captured graphs that hold at least one operator."""
        return [
            record.details["graph_module"]
            for record in self.records
            if record.graph_ops and "graph_module" in record.details
        ]

    @property
    def graph_count(self) -> int:
        return len(self.graphs)

    @property
    def graph_break_count(self) -> int:
        return len(self.break_reasons)

    @property
    def op_count(self) -> int:
        return sum(record.graph_ops for record in self.records)

    @property
    def break_reasons(self) -> list[Reason]:
        return [record.reason for record in self.records if record.outcome == "broken" and record.reason is not None]

    @property
    def guards(self) -> list[str]:
        """The guards of all frames, as phrases."""
        return [guard for record in self.records for guard in record.details.get("guards", ())]

    @property
    def bytecode(self) -> list[CodeType]:
        """The rewritten code objects."""
        return [record.details["code"] for record in self.records if "code" in record.details]

    def __str__(self) -> str:
        return self.text()

    def text(self, *, bytecode: bool = False) -> str:
        """All of it as text: the figures, the graph breaks, then each frame with its graph and guards.

        Args:
            bytecode: Show the rewritten bytecode of each frame, too.
        """
        return "\n".join([*self._summary(), *self._breaks(), *self._frames(bytecode)])

    def _summary(self) -> list[str]:
        figures = f"graphs: {self.graph_count}, operators: {self.op_count}, graph breaks: {self.graph_break_count}"
        if self.exception is None:
            return [figures]
        error = "".join(traceback.format_exception_only(self.exception)).strip()
        return [figures, f"the call raised {error}"]

    def _breaks(self) -> list[str]:
        """Each distinct reason, explained, with how often it was met."""
        reasons = Counter(reason.describe() for reason in self.break_reasons)
        lines = []
        for number, (text, count) in enumerate(reasons.items(), 1):
            times = f" ({count} times)" if count > 1 else ""
            lines += ["", f"graph break {number}{times}:", *_indented(text)]
        return lines

    def _frames(self, bytecode: bool) -> list[str]:
        lines = []
        for number, record in enumerate(self.records):
            headline = f"frame {number}: {record.frame.function} ({record.frame}): {record.outcome}"
            lines += ["", headline, *_describe(record, bytecode)]
        return lines


def _describe(record: FrameRecord, bytecode: bool) -> list[str]:
    lines: list[str] = []
    if record.reason is not None:
        broken = record.outcome == "broken"  # explained above
        lines += ["  reason:", *_indented(record.reason.headline if broken else record.reason.describe())]
    if record.graph_ops and "graph_module" in record.details:
        lines += ["  graph:", *_indented(str(record.details["graph_module"].graph).strip())]
    if record.details.get("guards"):
        lines += ["  guards:", *_indented("\n".join(record.details["guards"]))]
    if bytecode and "code" in record.details:
        lines += ["  rewritten bytecode:", *_indented(dis.Bytecode(record.details["code"]).dis())]
    return lines


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]


def explain(fn: Any, **options: Any) -> Callable[..., Explanation]:
    """Call `fn` under the compiler and tell what happened.

    Args:
        fn: Anything that `compiler.optimize` takes.
        options: As of `compiler.optimize`.

    Returns:
        A function with `fn`'s parameters that returns an `Explanation`; print it, or read its fields. An exception
        does not reach the caller but becomes a field, since what led to it is explained as well.
    """
    compiled = api.optimize(fn, **options)

    def run(*args: Any, **kwargs: Any) -> Explanation:
        result, exception = None, None
        with events.collect(details=True) as records:
            try:
                result = compiled(*args, **kwargs)
            except Exception as error:
                exception = error
        return Explanation(result, tuple(records), exception)

    return run
