"""What `reports/opinfo.md` and `.json` say."""

from __future__ import annotations

import collections
import json
from pathlib import Path
from typing import Any

import torch
from tabulate import tabulate

from tests.opinfo.sweep import ENDINGS, Case

SLOW_MS = 5.0
_TEXT = 160


def write(cases: list[Case], folder: Path, command: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "opinfo.json").write_text(json.dumps(data(cases, command), indent=1) + "\n")
    (folder / "opinfo.md").write_text(markdown(cases, command))


def data(cases: list[Case], command: str) -> dict[str, Any]:
    """Totals, and of every case that is not one graph why."""
    return {
        "command": command,
        "torch": torch.__version__,
        "cases": len(cases),
        "samples": sum(case.samples for case in cases),
        "endings": counts(cases),
        "not_one_graph": [_row(case) for case in cases if case.ending != "one graph"],
        "slow_ms": {str(case): round(case.capture_ms, 1) for case in _slow(cases)},
    }


def _row(case: Case) -> dict[str, Any]:
    return {
        "op": case.op,
        "form": case.form,
        "dtype": case.dtype,
        "ending": case.ending,
        "samples": case.samples,
        "breaks": [[kind, context, count] for (kind, context), count in case.breaks.most_common()],
        "wrong": case.wrong,
        "errors": dict(case.errors),
        "recompiled": case.recompiled,
    }


def counts(cases: list[Case]) -> dict[str, int]:
    found = collections.Counter(case.ending for case in cases)
    return {ending: found[ending] for ending in ENDINGS}


def markdown(cases: list[Case], command: str) -> str:
    shares = [(ending, count, f"{count / len(cases):.1%}") for ending, count in counts(cases).items()]
    samples = sum(case.samples for case in cases)
    operators = len({case.op for case in cases})
    made = (
        f"Made by `{command}` with torch {torch.__version__}: {operators} operators, {len(cases)} cases (operator × "
        f"form × dtype), {samples} samples."
    )
    parts = [
        "# torch's database of operators, eager against compiled",
        made,
        _table(("ending", "cases", "share"), shares),
        "## Mismatches and internal errors",
        _table(("case", "what"), [(case, _what(case)) for case in cases if case.wrong or case.errors]),
        "## Compiled again for the same input",
        _table(("case", "samples"), [(case, case.recompiled) for case in cases if case.recompiled]),
        "## Graph breaks by reason",
        _table(("kind", "context", "cases", "operators"), _reasons(cases)),
        f"## Median capture above {SLOW_MS:g} ms",
        _table(("case", "ms"), [(case, f"{case.capture_ms:.1f}") for case in _slow(cases)]),
    ]
    return "\n\n".join(parts) + "\n"


def _table(headers: tuple[str, ...], rows: list[Any]) -> str:
    escaped = [[str(cell).replace("|", "\\|").replace("\n", " ")[:_TEXT] for cell in row] for row in rows]
    return tabulate(escaped, headers, tablefmt="github", disable_numparse=True) if rows else "None."


def _what(case: Case) -> str:
    return case.wrong or "; ".join(case.errors)


def _reasons(cases: list[Case]) -> list[tuple[str, str, int, str]]:
    """Kind and context → how many cases, and of which operators; the commonest first."""
    found: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        for reason in case.breaks:
            found.setdefault(reason, []).append(case)
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))
    return [(kind, context, len(of), " ".join(sorted({case.op for case in of}))) for (kind, context), of in ranked]


def _slow(cases: list[Case]) -> list[Case]:
    return sorted((case for case in cases if case.capture_ms > SLOW_MS), key=lambda case: -case.capture_ms)
