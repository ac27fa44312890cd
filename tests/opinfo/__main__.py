"""``python -m tests.opinfo [--out FOLDER] [operator ...]``: run the database and write the report."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.opinfo import report, samples
from tests.opinfo.sweep import Case, cases


def main(argv: list[str]) -> int:
    """Report on the operators named (all, if none is); 1 if one gave a wrong answer or an error of ours."""
    parser = argparse.ArgumentParser(prog="python -m tests.opinfo", description=__doc__)
    parser.add_argument("--out", type=Path, default=None, help="where opinfo.md and .json go (reports/ for a full run)")
    parser.add_argument("--samples", type=int, default=samples.MOST, help="of each case, at most")
    parser.add_argument("words", nargs="*", help="names of operators")
    given = parser.parse_args(argv)
    samples.MOST = given.samples
    command = "python -m tests.opinfo" + (f" --samples {given.samples}" if "--samples" in argv else "")
    started = time.monotonic()
    found: list[Case] = []
    for number, op in enumerate(samples.operators(given.words)):
        print(f"{number} {samples.name_of(op)}", file=sys.stderr)
        found += cases(op)
    folder = given.out or (None if given.words else Path("reports"))
    if folder is not None:
        report.write(found, folder, command)
    else:
        print(report.markdown(found, command))
    print(f"{report.counts(found)} in {time.monotonic() - started:.0f} s")
    return int(any(case.wrong or case.errors for case in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
