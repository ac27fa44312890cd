"""The programs in the documentation run as they stand there."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import compiler

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def program(document: Path) -> str:
    """The document's blocks of Python, one after the other, each on the lines that it has in the document."""
    lines, inside = [], False
    for line in document.read_text(encoding="utf-8").splitlines():
        fence = line.startswith("```")
        lines.append(line if inside and not fence else "")
        inside = not inside and line == "```python" if fence else inside
    return "\n".join(lines)


WITH_PROGRAMS = [document for document in DOCUMENTS if program(document).strip()]


@pytest.mark.parametrize("document", WITH_PROGRAMS, ids=lambda document: document.name)
def test_programs_of_a_document_run(document, tmp_path):
    file = tmp_path / f"{document.stem}.py"
    file.write_text(program(document), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", file],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "COMPILER_STRICT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_the_readme_has_programs():
    assert ROOT / "README.md" in WITH_PROGRAMS


def test_the_readme_names_every_parameter_of_optimize():

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    parameters = inspect.signature(compiler.optimize).parameters
    assert not [name for name in parameters if name != "unknown" and f"`{name}=" not in text]
