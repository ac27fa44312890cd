"""A suite's source distribution, unpacked, and an environment in which its tests can run."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

from tests.suites.table import Suite

TOOLS = ("pytest-timeout>=2.3",)
"""What every environment has beside what this process runs in."""


@dataclasses.dataclass(frozen=True)
class Environment:
    """Where a suite is run.

    Attributes:
        folder: Its unpacked source distribution.
        python: An interpreter that imports it, its requirements, and all that this process can import.
    """

    folder: Path
    python: Path


def prepare(suite: Suite, cache: Path) -> Environment:
    """Download, unpack and install; what is there from an earlier run is kept."""
    home = cache / f"{suite.name}-{suite.version}"
    environment = Environment(home / "source", home / "venv" / "bin" / "python")
    if not (home / "complete").exists():
        _make_venv(home / "venv")
        _pip(environment.python, "download", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
             "--dest", str(home), f"{suite.name}=={suite.version}")  # fmt: skip
        _unpack(home, environment.folder)
        _pip(environment.python, "install", *suite.requires, *TOOLS)
        _pip(environment.python, "install", "--no-build-isolation", str(environment.folder))
        (home / "complete").touch()
    return environment


def _make_venv(folder: Path) -> None:
    """An environment above ours, so that torch is not installed once for each suite."""
    venv.create(folder, with_pip=True, clear=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    Path(paths["purelib"], "below.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", "utf-8")


def _pip(python: Path, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "-q", *arguments], check=True, stdout=sys.stderr)


def _unpack(home: Path, folder: Path) -> None:
    (archive,) = home.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        (top,) = {name.partition("/")[0] for name in tar.getnames()}
        tar.extractall(home, filter="data")
    (home / top).rename(folder)
