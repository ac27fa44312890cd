"""The rows of all suites as a page: ``reports/suites/NAME.json`` → ``reports/suites.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
from tabulate import tabulate

HERE = Path(__file__).parent


def keep(row: dict[str, Any], reports: Path) -> None:
    """Write one suite's row, and the page anew."""
    folder = reports / "suites"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{row['suite']}.json").write_text(json.dumps(row, indent=1) + "\n", "utf-8")
    rows = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    (reports / "suites.md").write_text(page(rows), "utf-8")


def page(rows: list[dict[str, Any]]) -> str:
    """The page."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    templates.filters["table"] = lambda cells, headers: tabulate(cells, headers=headers, tablefmt="github")
    return templates.get_template("page.md.j2").render(rows=rows)
