"""Running a slice of a suite, in eager and under the compiler, each in a process of its own."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

from tests.suites.environment import Environment

ROOT = Path(__file__).parents[2]
COMMON = ("-q", "-p", "no:cacheprovider", "--timeout=600", "--continue-on-collection-errors")
PLUGIN = "pytest_dynamo.plugin"


@dataclasses.dataclass(frozen=True)
class Slice:
    """How the tests of one slice went.

    Attributes:
        arguments: What pytest was asked to run.
        eager: Outcome → how many tests, without the plugin.
        eager_s: What that took.
        report: What ``--dynamo-report`` wrote; ``None`` if that run did not come to its end.
        dynamo_s: What the run with ``--dynamo`` took, which has every test in eager too.
        exit_status: Of that run.
    """

    arguments: tuple[str, ...]
    eager: dict[str, int]
    eager_s: float
    report: dict[str, Any] | None
    dynamo_s: float
    exit_status: int


def run(arguments: tuple[str, ...], environment: Environment, logs: Path) -> Slice:
    """Run pytest with `arguments` twice; its output and reports go to `logs`."""
    logs.mkdir(parents=True, exist_ok=True)
    junit, report = logs / "eager.xml", logs / "dynamo.json"
    for old in (junit, report):
        old.unlink(missing_ok=True)
    _, eager_s = _pytest(environment, logs / "eager.log", *arguments, f"--junitxml={junit}")
    status, dynamo_s = _pytest(environment, logs / "dynamo.log", *arguments, "--dynamo", f"--dynamo-report={report}")
    data = json.loads(report.read_text("utf-8")) if report.exists() else None
    return Slice(arguments, _outcomes(junit), eager_s, data, dynamo_s, status)


def _pytest(environment: Environment, log: Path, *arguments: str) -> tuple[int, float]:
    """Exit status, and seconds of wall time."""
    started = time.monotonic()
    plugin = () if _has_entry_point(environment) else ("-p", PLUGIN)
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [environment.python, "-m", "pytest", *COMMON, *plugin, *arguments],
            cwd=environment.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode, time.monotonic() - started


def _has_entry_point(environment: Environment) -> bool:
    """Whether pytest finds the plugin by itself: it does where this repository is installed."""
    program = "import importlib.metadata as m; print(*[e.value for e in m.entry_points(group='pytest11')])"
    done = subprocess.run([environment.python, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    return PLUGIN in done.stdout.split()


def _outcomes(junit: Path) -> dict[str, int]:
    """Outcome → number of tests."""
    if not junit.exists():
        return {}
    told = {"failure": "failed", "error": "error", "skipped": "skipped"}
    found = Counter[str]()
    for case in ET.parse(junit).iter("testcase"):
        found[next((told[part.tag] for part in case if part.tag in told), "passed")] += 1
    return dict(found)
