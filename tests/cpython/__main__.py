"""Run CPython's own tests under the compiler, tensors or not, and write ``reports/cpython.md``.

Each module has a process of its own. A test counts when it passes in eager; it should pass compiled as well.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import test

from tests.cpython.modules import MODULES, reason

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "reports" / "cpython.md"
COMMAND = "tox -e cpython"
_BREAKS = 25
"""So many kinds of graph break, the most frequent ones, stand in the report."""


@dataclasses.dataclass(frozen=True)
class Module:
    """The results of one module."""

    name: str
    tests: list[dict[str, Any]]
    breaks: list[dict[str, Any]]
    crash: str = ""

    def count(self, *statuses: str) -> int:
        return sum(each["status"] in statuses for each in self.tests)

    @property
    def eager(self) -> int:
        return sum(each["eager"] == "passed" for each in self.tests)

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [each for each in self.tests if each["status"] in ("failed", "interrupted")]


def run(name: str, folder: Path, seconds: int) -> Module:
    """Run one module; its report is read even if the process dies."""
    out = folder / f"{name}.json"
    plugin = [] if _installed() else ["-p", "pytest_dynamo.plugin"]
    command = [sys.executable, "-X", "faulthandler", "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin]
    command += ["-p", "tests.cpython.limit", "--dynamo", f"--dynamo-report={out}", "--pyargs", f"test.{name}"]
    done = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    (folder / f"{name}.txt").write_text(done.stdout + done.stderr)
    if not out.exists():
        return Module(name, [], [], crash=f"the process ended with status {done.returncode}")
    found = json.loads(out.read_text())
    return Module(name, found["tests"], found["graph_breaks"])


def _installed() -> bool:
    return any(point.value == "pytest_dynamo.plugin" for point in importlib.metadata.entry_points(group="pytest11"))


def _environment() -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "COMPILER_CAPTURE_ALL_FRAMES": "1",
        "COMPILER_CAPTURE_FILES": str(Path(test.__file__).parent) + os.sep,
    }


def render(modules: list[Module]) -> str:
    """The report as Markdown."""
    version = ".".join(map(str, sys.version_info[:3]))
    lines = [
        "# CPython's own tests under the compiler",
        "",
        f"Made by `{COMMAND}` with CPython {version}: modules of the standard library's package `test`, each test in",
        "eager and then compiled, frames without tensors captured too (`config.capture_all_frames`).",
        "",
        "| module | pass in eager | pass compiled | fail | cannot run twice | fell back |",
        "|---|---:|---:|---:|---:|---:|",
        *[_row(module) for module in modules],
        _total(modules),
        "",
        "## What does not pass",
        "",
        *_failures(modules),
        "",
        "## The most frequent graph breaks",
        "",
        "| tests | cause |",
        "|---:|---|",
        *_breaks(modules),
    ]
    return "\n".join(lines) + "\n"


def _row(module: Module) -> str:
    if module.crash:
        return f"| {module.name} | {module.crash} | | | | |"
    return _cells(module.name, [module])


def _total(modules: list[Module]) -> str:
    return _cells("**all**", modules)


def _cells(name: str, modules: list[Module]) -> str:
    eager = sum(module.eager for module in modules)
    failed = sum(len(module.failures) for module in modules)
    twice = sum(module.count("not_repeatable") for module in modules)
    fell_back = sum(module.count("fell_back") for module in modules)
    return f"| {name} | {eager} | {eager - failed - twice} | {failed} | {twice} | {fell_back} |"


def _failures(modules: list[Module]) -> list[str]:
    lines = []
    for module in modules:
        for each in module.failures:
            why = reason(module.name, each["nodeid"]) or "not understood yet"
            lines.append(f"- `{module.name}{each['nodeid']}`: {why}")
    return lines or ["Nothing."]


def _breaks(modules: list[Module]) -> list[str]:
    counts: dict[str, int] = {}
    for module in modules:
        for each in module.breaks:
            text = f"{each['kind']}: {each['context'].partition('(')[0]}"
            counts[text] = counts.get(text, 0) + each["tests"]
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_BREAKS]
    return [f"| {count} | {text.replace('|', '/')} |" for text, count in ranked]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cpython", description=__doc__)
    parser.add_argument("modules", nargs="*", help="instead of all; then no report is written")
    parser.add_argument("--keep", type=Path, help="folder for the output of every module")
    parser.add_argument("--seconds", type=int, default=60, help="limit for one run of a test")
    args = parser.parse_args()
    os.environ.setdefault("CPYTHON_TEST_SECONDS", str(args.seconds))
    with tempfile.TemporaryDirectory() as scratch:
        folder = (args.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        modules = []
        for name in args.modules or MODULES:
            modules.append(run(name, folder, args.seconds))
            print(_row(modules[-1]), flush=True)
    if not args.modules:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(render(modules))
        print(f"written to {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
