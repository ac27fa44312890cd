"""How a file is named in the report."""

from __future__ import annotations

from pathlib import Path

PACKAGES = "site-packages/"


def shown(file: str, root: Path) -> str:
    """The path below `root`, or below ``site-packages``, or as it is."""
    path = Path(file)
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    before, packages, inside = path.as_posix().rpartition(PACKAGES)
    return inside if packages else before + inside
