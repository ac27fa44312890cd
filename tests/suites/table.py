"""The suites: rows of ``suites.toml``."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

TABLE = Path(__file__).with_name("suites.toml")


@dataclasses.dataclass(frozen=True)
class Suite:
    """A project whose tests are run; see ``suites.toml`` for its fields."""

    name: str
    version: str
    requires: tuple[str, ...]
    slices: tuple[tuple[str, ...], ...]


def read(path: Path = TABLE) -> dict[str, Suite]:
    """All suites by name, in the table's order."""
    rows = tomllib.loads(path.read_text("utf-8"))
    return {name: _suite(name, **row) for name, row in rows.items()}


def _suite(name: str, *, version: str, requires: list[str], slices: list[list[str]]) -> Suite:
    return Suite(name, version, tuple(requires), tuple(map(tuple, slices)))
