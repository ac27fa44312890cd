"""The process-wide settings, and how they can be set."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest
import torch

import compiler
from compiler.options import Config, Options, closest


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_assignment_is_typed():
    config = Config()
    config.recompile_limit = 3
    assert config.recompile_limit == 3
    for name, value in [("recompile_limit", "3"), ("strict", 1), ("recompile_limit", True), ("skip_files", None)]:
        with pytest.raises(TypeError, match=f"config.{name} takes "):
            setattr(config, name, value)
    assert config.recompile_limit == 3


def test_unknown_names_are_refused_with_what_exists():
    with pytest.raises(AttributeError, match="unknown option 'recompile_limits'; there are: recompile_limit, "):
        compiler.config.recompile_limits = 3
    with pytest.raises(AttributeError, match="unknown option"), compiler.config.patch(nothing=1):
        pass


def test_reading_an_unknown_name_tells_what_exists():
    with pytest.raises(AttributeError, match="unknown option 'recompile_limits'; there are: recompile_limit, "):
        _ = compiler.config.recompile_limits
    assert not hasattr(compiler.config, "__nothing__")


@pytest.mark.parametrize("name", ["recompile_limit", "max_trace_instructions", "max_inline_depth"])
def test_negative_numbers_are_refused(monkeypatch, name):
    with pytest.raises(ValueError, match=f"config.{name} must not be negative: -1"):
        setattr(compiler.config, name, -1)
    monkeypatch.setenv(f"COMPILER_{name.upper()}", "-2")
    with pytest.raises(ValueError, match=f"config.{name} must not be negative: -2"):
        Config()


def test_patch_puts_everything_back():
    before = dataclasses.asdict(compiler.config)
    with compiler.config.patch(recompile_limit=1, strict=True):
        assert compiler.config.recompile_limit == 1
    with pytest.raises(ZeroDivisionError), compiler.config.patch(recompile_limit=1):
        raise ZeroDivisionError
    with pytest.raises(TypeError), compiler.config.patch(recompile_limit=1, strict="yes"):
        pass
    assert dataclasses.asdict(compiler.config) == before


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("FALSE", False)])
def test_environment_flags(monkeypatch, text, value):
    monkeypatch.setenv("COMPILER_STRICT", text)
    assert Config().strict is value


def test_environment_values(monkeypatch):
    monkeypatch.setenv("COMPILER_RECOMPILE_LIMIT", "5")
    monkeypatch.setenv("COMPILER_SKIP_FILES", "/a:/b")
    config = Config()
    assert (config.recompile_limit, config.skip_files) == (5, "/a:/b")


@pytest.mark.parametrize(("name", "text"), [("COMPILER_STRICT", "maybe"), ("COMPILER_RECOMPILE_LIMIT", "many")])
def test_bad_environment_values_are_named(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=f"{name}='{text}'"):
        Config()


def test_unknown_environment_names_are_refused():
    result = run("import compiler", COMPILER_RECOMPILE_LIMITS="3")
    assert result.returncode != 0
    assert "COMPILER_RECOMPILE_LIMITS" in result.stderr
    assert "there are: COMPILER_RECOMPILE_LIMIT, " in result.stderr


def test_environment_reaches_the_program():
    assert run("import compiler; print(compiler.config.recompile_limit)", COMPILER_RECOMPILE_LIMIT="4").stdout == "4\n"


def test_options_are_frozen():
    options = Options(backend=print, backend_name="print")
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.fullgraph = True


def test_closest_first():
    assert closest("strit", ["recompile_limit", "strict"]) == "strict, recompile_limit"
    assert closest("x", []) == ""


def test_files_can_be_skipped(tmp_path):
    """skip_files takes effect at once, and stops taking effect."""
    path = tmp_path / "helpers.py"
    path.write_text("def helper(x):\n    return x * 2\n")
    scope = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)

    def fn(x):
        compiler.graph_break()
        return compiler.disable(scope["helper"], recursive=False)(x)

    def frames():
        compiler.reset()
        with compiler.events.collect() as records:
            compiler.optimize(fn)(torch.ones(2))
        return [record.frame.function for record in records if record.outcome == "compiled"]

    scope["helper"] = compiler.skip(lambda x, inner=scope["helper"]: inner(x))
    assert "helper" in frames()
    with compiler.config.patch(skip_files=str(tmp_path)):
        assert "helper" not in frames()
    assert "helper" in frames()


def test_files_of_libraries_can_be_captured():
    """capture_files makes the user's what is a library's otherwise."""
    import colorsys

    def fn(x):
        compiler.graph_break()
        return compiler.skip(lambda y: colorsys.rgb_to_yiq(y, y, y))(x)

    def frames():
        compiler.reset()
        with compiler.events.collect() as records:
            compiler.optimize(fn)(torch.ones(2))
        return [record.frame.function for record in records if record.outcome == "compiled"]

    with compiler.config.patch(capture_files=colorsys.__file__):
        assert "rgb_to_yiq" in frames()
    assert "rgb_to_yiq" not in frames()


def test_frames_without_tensors_can_be_captured():
    """capture_all_frames runs what was captured even where there is nothing to gain."""

    def plain(n):
        return [item + 1 for item in range(n)]

    for capture, outcome in ((False, "skipped"), (True, "compiled")):
        compiler.reset()
        with compiler.config.patch(capture_all_frames=capture), compiler.events.collect() as records:
            assert compiler.optimize(plain)(3) == [1, 2, 3]
        assert [record.outcome for record in records] == [outcome]


def test_inline_depth_is_bounded():
    def deep(x, n):
        return x if n == 0 else deep(x + 1, n - 1)

    with compiler.config.patch(max_inline_depth=5), compiler.events.collect() as records:
        assert compiler.optimize(deep)(torch.zeros(1), 12).item() == 12
    assert "inline depth" in {record.reason.kind for record in records if record.reason}


def test_long_traces_are_bounded():
    def long(x):
        for _ in range(1000):
            x = x + 1
        return x

    with compiler.config.patch(max_trace_instructions=300), compiler.events.collect() as records:
        assert compiler.optimize(long)(torch.zeros(1)).item() == 1000
    assert "trace limit" in {record.reason.kind for record in records if record.reason}
