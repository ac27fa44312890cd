"""`compiler.explain(fn)(*args)`: what was captured, what broke, what is guarded, as data and as text."""

from __future__ import annotations

import dataclasses
import dis
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Any

import torch

from compiler import api, events
from compiler.events import FrameRecord, Reason
from compiler.output.resume import resume_of


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What one call under the compiler did.

    Attributes:
        result: What the call returned.
        records: One record for each frame, in order.
    """

    result: Any
    records: tuple[FrameRecord, ...]

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
        lines = [
            f"graphs: {self.graph_count}, operators: {self.op_count}, graph breaks: {self.graph_break_count}",
        ]
        for number, record in enumerate(self.records):
            lines += [
                "",
                f"frame {number}: {record.frame.function} ({record.frame}): {record.outcome}",
                *_describe(record),
            ]
        return "\n".join(lines)


def _describe(record: FrameRecord) -> list[str]:
    lines: list[str] = []
    if record.reason is not None:
        lines += ["  reason:", *_indented(record.reason.describe())]
    if record.graph_ops and "graph_module" in record.details:
        lines += ["  graph:", *_indented(str(record.details["graph_module"].graph))]
    if record.details.get("guards"):
        lines += ["  guards:", *_indented("\n".join(record.details["guards"]))]
    if "code" in record.details:
        lines += ["  rewritten bytecode:", *_indented(dis.Bytecode(record.details["code"]).dis())]
    return lines


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]


def users_traceback(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback without the entries of frames that went on in a resume function: one for each call of the user's."""
    entries: list[TracebackType] = []
    while traceback is not None:
        if entries and resume_of(traceback.tb_frame.f_code) is not None:
            entries.pop()
        entries.append(traceback)
        traceback = traceback.tb_next
    below: TracebackType | None = None
    for entry in reversed(entries):
        below = TracebackType(below, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return below


def explain(fn: Any, **options: Any) -> Callable[..., Explanation]:
    """Call `fn` under the compiler and tell what happened.

    Args:
        fn: Anything that `compiler.optimize` takes.
        options: As of `compiler.optimize`.

    Returns:
        A function with `fn`'s parameters that returns an `Explanation`; print it, or read its fields.
    """
    compiled = api.optimize(fn, **options)

    def run(*args: Any, **kwargs: Any) -> Explanation:
        with events.collect(details=True) as records:
            result = compiled(*args, **kwargs)
        return Explanation(result, tuple(records))

    return run
