"""docs/opcodes.md: which handler an opcode reaches, on every supported CPython, or why none.

``python -m tests.opcodes`` brings the column of the running version up to date; the others stay as they are.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from compiler.bytecode import tables
from compiler.bytecode.unreached import INSTRUMENTED, PSEUDO, UNREACHED
from compiler.interpreter import handlers  # noqa: F401 - fills the table
from compiler.interpreter.dispatch import HANDLERS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "opcodes.md"
VERSION = ".".join(map(str, tables.VERSION))
VERSIONS = [".".join(map(str, version)) for version in tables.SUPPORTED]
_INTRINSICS = ("CALL_INTRINSIC_1", "CALL_INTRINSIC_2")
_HEAD = """# Opcodes

What becomes of every opcode of CPython's `dis.opmap`: the functions that interpret it (in
`compiler/interpreter/handlers/`), or in italics why it never gets there. `python -m tests.opcodes` writes the column of
the CPython it runs on; a test holds the page to the source.
"""


def canonical(name: str, oparg: int) -> list[str]:
    """The canonical operations that a native opcode decodes into."""
    anything: Any = ("a",) * 256
    names: Any = SimpleNamespace(slots=anything, is_cell=[False] * 256, names=anything, consts=anything)
    return [op for op, _ in tables.ROWS[name](names, oparg)]


def forms() -> Iterator[tuple[str, list[str]]]:
    """Every opcode of this version with the names to look for; intrinsic functions one by one."""
    for name, number in sorted(dis.opmap.items()):
        if name.startswith("INSTRUMENTED_") or number not in tables.OPCODES:
            yield name, []
        elif name in _INTRINSICS:
            for place, function in enumerate(_descriptions(name)):
                yield f"{name} {function}", canonical(name, place)
        else:
            yield name, canonical(name, 0)


def _descriptions(name: str) -> list[str]:
    import opcode

    found: list[str] = getattr(opcode, "_intrinsic_1_descs" if name.endswith("1") else "_intrinsic_2_descs")
    return found


def answer(name: str, ops: list[str]) -> str | None:
    """The text of a cell; ``None`` where an opcode has neither handler nor reason."""
    if name.startswith("INSTRUMENTED_"):
        return f"*{INSTRUMENTED}*"
    if ops and all(op in HANDLERS for op in ops):
        return ", ".join(dict.fromkeys(_handler(op) for op in ops))
    known = {**UNREACHED, **PSEUDO} if not ops else UNREACHED
    why = next((known[each] for each in (*ops, name) if each in known), None)
    return None if why is None else f"*{why}*"


def _handler(op: str) -> str:
    function = HANDLERS[op]
    return f"`{function.__module__.rpartition('.')[2]}.{function.__name__}`"


def column() -> dict[str, str | None]:
    """The running version's opcodes."""
    return {name: answer(name, ops) for name, ops in forms()}


def read() -> dict[str, dict[str, str]]:
    """Opcode → version → cell, as the page has it."""
    found: dict[str, dict[str, str]] = {}
    for line in PAGE.read_text().splitlines() if PAGE.exists() else []:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == len(VERSIONS) + 1:
            found[cells[0].strip("`")] = dict(zip(VERSIONS, cells[1:], strict=True))
    return found


def render(table: dict[str, dict[str, str]]) -> str:
    rows = [
        f"| `{name}` | {' | '.join(cells.get(version, '') for version in VERSIONS)} |"
        for name, cells in sorted(table.items())
        if any(cells.values())
    ]
    head = f"| opcode | {' | '.join(VERSIONS)} |\n|---|{'---|' * len(VERSIONS)}"
    return "\n".join([_HEAD, head, *rows]) + "\n"


def updated() -> str:
    """The page with the running version's column as it is now."""
    table, now = read(), column()
    for name in {*table, *now}:
        table.setdefault(name, {})[VERSION] = now.get(name) or ""
    return render(table)


if __name__ == "__main__":
    PAGE.write_text(updated())
