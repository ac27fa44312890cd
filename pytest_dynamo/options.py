"""The command line of the plugin, as one frozen object built once per session."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

FLAGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--dynamo", {"action": "store_true", "help": "run every test in eager and again under the compiler"}),
    (
        "--dynamo-backend",
        {"metavar": "NAME", "default": "eager", "help": "backend of the compiled run (default: eager)"},
    ),
    ("--dynamo-fullgraph", {"action": "store_true", "help": "a graph break fails the test that meets it"}),
    ("--dynamo-report", {"metavar": "PATH", "help": "write the table and all records to this JSON file"}),
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line asked for; the other flags are inert without ``--dynamo``.

    Attributes:
        enabled: Run tests under the compiler at all.
        backend: Name of the backend; known to be one of the compiler's only after `check_backend`.
        fullgraph: A graph break fails the test that meets it.
        report: Where the JSON goes, absolute; ``None`` writes none.
    """

    enabled: bool
    backend: str
    fullgraph: bool
    report: Path | None


def add_options(parser: pytest.Parser) -> None:
    """Declare the flags; their help stands under a heading of their own."""
    group = parser.getgroup("dynamo", "run tests under the compiler")
    for flag, keywords in FLAGS:
        group.addoption(flag, **keywords)


def read_options(config: pytest.Config) -> Options:
    """The parsed command line; a relative report path starts where pytest was invoked."""
    report = config.getoption("dynamo_report")
    return Options(
        enabled=config.getoption("dynamo"),
        backend=config.getoption("dynamo_backend"),
        fullgraph=config.getoption("dynamo_fullgraph"),
        report=Path(config.invocation_params.dir, report) if report else None,
    )


def prepare_report(path: Path) -> None:
    """Create the report's folders and prove that it can be written.

    Raises:
        pytest.UsageError: it cannot.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError("it exists and is not a regular file")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not os.access(path, os.W_OK):
            raise OSError("it is read-only")
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise pytest.UsageError(f"--dynamo-report={path} cannot be written: {error}") from None
