"""``python -m tests.suites [--check] [NAME ...]``: run other projects' tests, and write ``reports/suites.md``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tests.suites import environment, report, rows, runs, table

BAD = {"wrong": "tests differ", "unfinished": "slices did not end", "internal_errors": "kinds of internal error"}
"""Fields of a row that should be empty."""


def main() -> int:
    suites = table.read()
    parser = argparse.ArgumentParser(prog="python -m tests.suites", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(suites)}; all of them without")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a test differs or the compiler failed")
    parser.add_argument("--cache", type=Path, default=Path(".suites"), help="downloads, environments and logs")
    parser.add_argument("--reports", type=Path, default=Path("reports"))
    given = parser.parse_args()
    if unknown := set(given.names) - set(suites):
        parser.error(f"no suite is called {', '.join(sorted(unknown))}; there are {', '.join(suites)}")
    good = True
    for name in given.names or suites:
        row = _run(suites[name], given.cache.resolve())
        report.keep(row, given.reports)
        bad = [f"{len(row[key])} {word}" for key, word in BAD.items() if row[key]]
        print(f"{name}: {row['eager']} in eager, {row['compiled']} compiled; {', '.join(bad) or 'good'}", flush=True)
        good = good and not bad
    return int(given.check and not good)


def _run(suite: table.Suite, cache: Path) -> dict[str, Any]:
    place = environment.prepare(suite, cache)
    logs = cache / f"{suite.name}-{suite.version}" / "logs"
    slices = [runs.run(arguments, place, logs / str(number)) for number, arguments in enumerate(suite.slices)]
    return rows.row(suite, slices)


if __name__ == "__main__":
    sys.exit(main())
