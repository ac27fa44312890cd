"""Logs, switched on by name from the environment: ``COMPILER_LOGS=graph_breaks,recompiles``.

A log is a row of `LOGS`: what it shows of a record. Everything goes to the logger
``compiler.<name>``; names that do not exist are refused with those that do.
"""

from __future__ import annotations

import dis
import logging
import os
from collections.abc import Callable

from compiler import events
from compiler.events import FrameRecord
from compiler.options import LOGS as LOGS_VARIABLE
from compiler.options import closest

Phrase = Callable[[FrameRecord], str | None]


SHOWN_REJECTIONS = 3
"""So many of the entries that do not fit, the latest ones, say why; records have more of them."""


def _graph_breaks(record: FrameRecord) -> str | None:
    if record.at_limit:
        return _limit(record)
    if record.outcome != "broken" or record.reason is None:
        return None
    return f"graph break in {record.frame.function}\n{record.reason.describe()}"


def _recompiles(record: FrameRecord) -> str | None:
    if record.at_limit:
        return _limit(record)
    if not record.is_recompile:
        return None
    return f"recompile of {record.frame.function} ({record.frame}), guards that failed:\n{_rejections(record)}"


def _limit(record: FrameRecord) -> str:
    """Said once for a code object: from then on it is not asked about."""
    assert record.reason is not None
    hints = "".join(f"\n  hint: {hint}" for hint in record.reason.hints)
    return (
        f"recompile limit reached by {record.frame.function} ({record.frame}): {record.reason.context}; "
        f"calls that fit none of them run in eager from now on. The latest did not fit because of:\n"
        f"{_rejections(record)}{hints}"
    )


def _rejections(record: FrameRecord) -> str:
    """The guards that failed, those of the latest entries first, each once."""
    distinct = list(dict.fromkeys(reversed(record.recompile)))
    lines = [f"  {cause}" for cause in distinct[:SHOWN_REJECTIONS]]
    further = len(distinct) - SHOWN_REJECTIONS
    return "\n".join([*lines, f"  and {further} more"] if further > 0 else lines)


def _detail(name: str, title: str, text: Callable[[object], str]) -> Phrase:
    def phrase(record: FrameRecord) -> str | None:
        found = record.details.get(name)
        return None if found is None else f"{title} of {record.frame.function} ({record.frame})\n{text(found)}"

    return phrase


def _disassembled(code: object) -> str:
    return dis.Bytecode(code).dis()  # type: ignore[arg-type]


def _trace(record: FrameRecord) -> str:
    time_ms = (record.capture_ns + record.backend_ns) / 1e6
    why = f": {record.reason.kind}: {record.reason.context}" if record.reason else ""
    what = f"{record.outcome} {record.frame.function} ({record.frame})"
    return f"{what}, {record.graph_ops} operators, {time_ms:.1f} ms{why}"


def _lines(found: object) -> str:
    return "\n".join(f"  {line}" for line in found)  # type: ignore[attr-defined]


LOGS: dict[str, Phrase] = {
    "graph_breaks": _graph_breaks,
    "recompiles": _recompiles,
    "guards": _detail("guards", "guards", _lines),
    "graph": _detail("graph_module", "graph", lambda module: str(module.graph)),  # type: ignore[attr-defined]
    "bytecode": _detail("code", "rewritten bytecode", _disassembled),
    "trace": _trace,
}
NEEDS_DETAILS = frozenset({"guards", "graph", "bytecode"})


def parse(text: str) -> list[str]:
    """The log names in a comma-separated list.

    Raises:
        ValueError: a name is unknown; the message lists what exists, closest first.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in LOGS:
            raise ValueError(f"unknown log {name!r} in {LOGS_VARIABLE}; there are: {closest(name, list(LOGS))}")
    return names


def enable(names: list[str]) -> Callable[[], None]:
    """Write the named logs from now on; returns what stops them."""
    loggers = {name: logging.getLogger(f"compiler.{name}") for name in names}
    _show(logging.getLogger("compiler"))

    def listen(record: FrameRecord) -> None:
        for name, logger in loggers.items():
            text = LOGS[name](record)
            if text is not None:
                logger.info(text)

    return events.subscribe(listen, details=bool(NEEDS_DETAILS.intersection(names)))


def _show(logger: logging.Logger) -> None:
    """Print to stderr unless the program has set up a handler of its own."""
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("[%(name)s] %(message)s"))
        logger.addHandler(handler)


def enable_from_environment() -> None:
    """Obey ``COMPILER_LOGS``."""
    names = parse(os.environ.get(LOGS_VARIABLE, ""))
    if names:
        enable(names)
