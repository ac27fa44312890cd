"""C24: a failing capture is saved, and replayed elsewhere."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

import compiler
from compiler import recording
from compiler.interpreter import capture
from compiler.portable import Dummy

ROOT = Path(__file__).parents[2]
FACTOR = 2.5
LOCK = threading.Lock()


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)

    def forward(self, x):
        return helper(self.linear(x))


def helper(x):
    return x * FACTOR + math.pi


def program(x, model, *rest, scale=1, **named):
    return model(x) * scale + rest[0] + named["bias"]


@pytest.fixture
def saved(monkeypatch, tmp_path):
    """Let the capture fail on each frame and save; gives the record and the files."""

    def of(fn, *args, **kwargs):
        def planted(*_):
            raise RuntimeError("planted")

        with monkeypatch.context() as patch, compiler.config.patch(strict=False, replay_dir=str(tmp_path)):
            patch.setattr(capture.Capture, "run_root", planted)
            with compiler.events.collect() as records:
                result = compiler.optimize(fn)(*args, **kwargs)
        assert records[0].outcome == "fell_back"
        named = [hint.rpartition(" ")[2] for hint in records[0].reason.hints if hint.startswith("To replay it: ")]
        return result, records[0], [Path(path) for path in named]

    return of


def test_without_a_folder_the_hint_says_how(monkeypatch, tmp_path):
    def planted(*_):
        raise RuntimeError("planted")

    monkeypatch.setattr(capture.Capture, "run_root", planted)
    with compiler.config.patch(strict=False), compiler.events.collect() as records:
        compiler.optimize(helper)(torch.ones(2))
    assert any("COMPILER_REPLAY_DIR=" in hint for hint in records[0].reason.hints)


def test_inputs_come_back_without_the_contents_of_tensors(saved):
    x = torch.randn(4, 3, dtype=torch.float64).t().contiguous().t().float().requires_grad_()
    secret = torch.full((2,), 1234.5)
    model = Scaled()
    result, record, (path,) = saved(program, x, model, secret, scale=3, bias=torch.arange(2))
    assert torch.equal(result, program(x, model, secret, scale=3, bias=torch.arange(2)))
    assert f"To replay it: python -m compiler.replay {path}" in record.reason.hints
    found = recording.load(path)
    again, model_again, scale, rest, named = found.locals
    assert (again.shape, again.stride(), again.dtype, again.requires_grad) == (x.shape, x.stride(), x.dtype, True)
    assert scale == 3
    assert not torch.equal(rest[0], secret)
    assert named["bias"].dtype is torch.int64
    assert type(model_again).__name__ == "Scaled"
    assert [tuple(p.shape) for p in model_again.parameters()] == [(2, 3), (2,)]
    assert isinstance(model_again.linear.weight, torch.nn.Parameter)
    assert model_again(again).shape == (4, 2)
    assert "RuntimeError: planted" in recording.about(path)["error"]


def test_one_tensor_stays_one(saved):
    x = torch.ones(3)
    _, _, (path,) = saved(lambda a, b: a + b[0], x, [x])
    first, (second,) = recording.load(path).locals
    assert first is second


def test_what_cannot_be_saved_is_a_dummy(saved):
    generator = iter(map(abs, []))
    lock = threading.Lock()
    _, _, (path,) = saved(lambda x, *others: x + 1, torch.ones(3), lock, [lock, 7], (n for n in ()), generator)
    _, others = recording.load(path).locals
    assert isinstance(others[0], Dummy)
    assert "lock" in repr(others[0])
    assert others[1][1] == 7
    assert isinstance(others[2], Dummy)


def test_closures_and_globals_come_along(saved):
    def outer(depth):
        def inner(x):
            return helper(x) if depth == 0 else inner2(x) + depth

        inner2 = inner
        return inner

    _, _, (path,) = saved(outer(0), torch.ones(3))
    function = recording.load(path).function
    assert torch.equal(function(torch.ones(3)), helper(torch.ones(3)))


def test_saving_never_raises(saved, monkeypatch, caplog):
    monkeypatch.setattr(recording, "_save", lambda *_: 1 / 0)
    result, record, files = saved(helper, torch.ones(2))
    assert torch.equal(result, helper(torch.ones(2)))
    assert files == []
    assert any("COMPILER_REPLAY_DIR" in hint for hint in record.reason.hints)
    assert "no replay file could be written" in caplog.text


def test_a_replay_that_succeeds_says_so(saved):
    _, _, (path,) = saved(program, torch.ones(4, 3), Scaled(), torch.ones(2), bias=torch.ones(2))
    explained = compiler.replay(path)
    assert explained.exception is None
    assert explained.graph_count == 1


FAILING = """
import torch, compiler
from compiler.interpreter import capture

class Net(torch.nn.Module):
    def forward(self, x, sizes):
        return x.reshape(sizes).sin()

if {broken}:
    def planted(*_):
        raise RuntimeError("planted")
    capture.Capture.run_root = planted
"""


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_save_and_replay_in_fresh_processes(tmp_path):
    program_text = FAILING.format(broken=True) + "compiler.optimize(Net())(torch.ones(6), (2, 3))\n"
    first = run("-c", program_text, COMPILER_REPLAY_DIR=str(tmp_path), COMPILER_LOGS="trace")
    assert first.returncode == 0, first.stderr
    assert "fell_back Net.forward" in first.stderr
    (path,) = tmp_path.glob("*.replay")
    still = run("-W", "error", "-c", FAILING.format(broken=True).replace("class Net", "class Other")
                + f"import sys; from compiler.replay import main; sys.exit(main([{str(path)!r}]))")  # fmt: skip
    assert still.returncode == 1, still.stderr
    assert "InternalError: Net.forward" in still.stdout
    fixed = run("-W", "error::RuntimeWarning", "-m", "compiler.replay", str(path))
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert "graphs: 1, operators: 2, graph breaks: 0" in fixed.stdout
    about = run("-m", "compiler.replay", "--about", str(path))
    assert re.search(r"^error: .*", about.stdout, re.MULTILINE)
    assert "replayed" not in about.stdout


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"{}\n", b'{"format": 99}\n'])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.replay"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.replay"):
        compiler.replay(path)


def test_another_python_is_refused(tmp_path):
    path = tmp_path / "x.replay"
    path.write_bytes(b'{"format": 1, "python": "2.7.18"}\n')
    with pytest.raises(ValueError, match=r"written by Python 2\.7\.18"):
        compiler.replay(path)


def test_the_help_says_that_files_are_code():
    result = run("-m", "compiler.replay", "--help")
    assert "UNSAFE" in result.stdout
