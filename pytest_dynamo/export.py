"""The report as JSON: schema 1.

Times are in nanoseconds, paths as in the terminal. What the terminal shows as text stands here as data.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from compiler.events import FrameRecord, Location
from pytest_dynamo import findings
from pytest_dynamo.columns import COLUMNS
from pytest_dynamo.measure import Measure
from pytest_dynamo.options import Options
from pytest_dynamo.paths import shown

SCHEMA = 1
DISTRIBUTION = "pytest-dynamo"


def write(path: Path, options: Options, measures: Sequence[Measure], root: Path, exit_status: int) -> None:
    """Put the report at `path` in one step, so that no reader ever sees half of it."""
    text = json.dumps(as_data(options, measures, root, exit_status), indent=1)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text + "\n")
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def as_data(options: Options, measures: Sequence[Measure], root: Path, exit_status: int) -> dict[str, Any]:
    """The whole report."""
    sections = (findings.BREAKS, findings.SKIPPED, findings.FALLBACKS)
    return {
        "schema": SCHEMA,
        "environment": environment(options),
        "exit_status": exit_status,
        "tests": [_test(measure, root) for measure in measures],
        "total": {"tests": len(measures), **{column.key: column.total(measures) for column in COLUMNS}},
        **{
            section.key: [dataclasses.asdict(one) for one in findings.collect(section, measures, root)]
            for section in sections
        },
        "recompiles": [dataclasses.asdict(one) for one in findings.recompiles(measures, root)],
    }


def environment(options: Options) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "pytest": pytest.__version__,
        "torch": torch.__version__,
        DISTRIBUTION: _own_version(),
        "backend": options.backend,
        "fullgraph": options.fullgraph,
    }


def _own_version() -> str | None:
    """The installed version; ``None`` when run from a source tree."""
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return None


def _test(measure: Measure, root: Path) -> dict[str, Any]:
    return {
        "nodeid": measure.nodeid,
        **{column.key: column.of(measure) for column in COLUMNS},
        "status": measure.status.key,
        "note": measure.note,
        "cached_calls": measure.cached_calls,
        "compiled_ns": measure.compiled_ns,
        "records": [_record(record, root) for record in measure.records],
    }


def _record(record: FrameRecord, root: Path) -> dict[str, Any]:
    data = dataclasses.asdict(dataclasses.replace(record, details={}))
    del data["details"]
    data["frame"] = _location(record.frame, root)
    if record.reason is not None:
        data["reason"]["stack"] = [_location(place, root) for place in record.reason.stack]
    return data


def _location(location: Location, root: Path) -> dict[str, Any]:
    return {
        "file": shown(location.file, root),
        "line": location.line,
        "function": location.function,
        "source_line": location.source_line,
    }
