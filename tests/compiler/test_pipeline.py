"""From a frame to an entry: what ends it early, and that our own errors stay ours."""

from __future__ import annotations

import gc
import sys

import pytest
import torch

import compiler
from compiler import hook, pipeline, skips
from compiler.guards import GuardSet
from compiler.interpreter.dispatch import HANDLERS
from compiler.output import code as output
from tests.compiler.running import records_of

X = torch.arange(4.0)


def program(x, items):
    items.append(x)
    y = x * 2
    return y + len(items)


@pytest.fixture
def lenient():
    with compiler.config.patch(strict=False):
        yield


def fault(*args, **kwargs):
    raise RuntimeError("planted")


def plant_handler(monkeypatch):
    monkeypatch.setitem(HANDLERS, "BINARY_OP", fault)


FAULTS = {
    "a handler": plant_handler,
    "a plan": lambda monkeypatch: monkeypatch.setattr(output, "plan", fault),
    "rewriting": lambda monkeypatch: monkeypatch.setattr(output, "rewrite", fault),
    "guards": lambda monkeypatch: monkeypatch.setattr(GuardSet, "build", fault),
    "the state": lambda monkeypatch: monkeypatch.setattr(pipeline, "state_guard", fault),
    "a skip rule": lambda monkeypatch: monkeypatch.setattr(skips, "is_marked", fault),
    "the capture": lambda monkeypatch: monkeypatch.setattr(pipeline, "Capture", fault),
    "memory": lambda monkeypatch: monkeypatch.setitem(HANDLERS, "BINARY_OP", exhausted),
    "recursion": lambda monkeypatch: monkeypatch.setitem(HANDLERS, "BINARY_OP", endless),
}


def exhausted(*args):
    raise MemoryError


def endless(*args):
    endless(*args)


@pytest.mark.parametrize("where", FAULTS)
def test_an_internal_error_never_reaches_the_program(lenient, monkeypatch, where):
    """The frame runs in eager, effects happen once, and one record says so."""
    FAULTS[where](monkeypatch)
    compiled = compiler.optimize(program)
    items = []
    with compiler.events.collect() as records:
        assert torch.equal(compiled(X, items), X * 2 + 1)
    assert len(items) == 1
    (record,) = records
    assert record.outcome == "fell_back"
    assert record.reason.kind == "internal error"
    if where not in ("memory", "recursion"):
        assert "RuntimeError: planted" in record.reason.context
    assert record.frame.function == "program"
    text = record.reason.describe()
    assert __file__ in text
    assert "COMPILER_STRICT=1 raises the error" in text
    assert isinstance(record.details["error"], Exception)


@pytest.mark.parametrize("where", [name for name in FAULTS if name not in ("memory", "recursion")])
def test_strict_raises_it(monkeypatch, where):
    FAULTS[where](monkeypatch)
    with pytest.raises(compiler.InternalError, match="planted") as caught:
        compiler.optimize(program)(X, [])
    assert f"program ({__file__}" in str(caught.value)
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_an_error_is_not_met_on_every_call(lenient, monkeypatch):
    monkeypatch.setattr(output, "rewrite", fault)
    compiled = compiler.optimize(program)
    with compiler.events.collect() as records:
        for _ in range(3):
            compiled(X, [])
    assert len(records) == 1


def test_an_error_does_not_poison_other_calls(lenient, monkeypatch):
    """Facts that led to the error are guarded: calls with other facts are tried."""

    def fn(x, k):
        return x * 2 if k else x + k

    compiled = compiler.optimize(fn)
    with monkeypatch.context() as patch:
        patch.setattr(output, "rewrite", fault)
        compiled(X, 1)
    assert records_of(compiled, X, 1).records == []
    assert records_of(compiled, X, 0).whole


def test_an_error_in_a_nested_frame_after_a_break(lenient, monkeypatch):
    real = output.rewrite

    def second_time(captured, *rest):
        if captured.cx.request.code is not program.__code__ and captured.returned is not None:
            fault()
        return real(captured, *rest)

    monkeypatch.setattr(output, "rewrite", second_time)

    def fn(x):
        y = x + 1
        compiler.graph_break()
        return y * 2

    run = records_of(compiler.optimize(fn), X)
    assert torch.equal(run.result, (X + 1) * 2)
    assert run.outcomes == ["broken", "fell_back"]


def test_the_thread_is_left_clean_after_an_error(lenient, monkeypatch):
    monkeypatch.setattr(hook, "compile_frame", fault)
    before = torch.is_grad_enabled()
    run = records_of(compiler.optimize(program), X, [])
    assert run.outcomes == ["fell_back"]
    assert torch.is_grad_enabled() is before
    monkeypatch.undo()
    compiler.reset()
    assert records_of(compiler.optimize(program), X, []).whole


def test_what_the_capture_changes_it_puts_back(lenient, monkeypatch):
    def fn(x):
        with torch.no_grad():
            y = x * 2
        return y

    monkeypatch.setitem(HANDLERS, "BINARY_OP", fault)
    assert records_of(compiler.optimize(fn), X).outcomes == ["fell_back"]
    assert torch.is_grad_enabled()


def test_keyboard_interrupt_is_no_internal_error(monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setitem(HANDLERS, "BINARY_OP", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compiler.optimize(program)(X, [])
    assert torch.is_grad_enabled()


def test_a_missing_handler_is_a_graph_break(monkeypatch):
    """C1: a missing handler is a graph break with a reason, never an error."""
    monkeypatch.delitem(HANDLERS, "BINARY_OP")
    run = records_of(compiler.optimize(program), X, [])
    assert torch.equal(run.result, X * 2 + 1)
    assert ("unsupported opcode", "BINARY_OP") in run.reasons


# ---- frames that are not captured ----


def test_frames_without_tensors_are_left_alone():
    def plain(a):
        return a + 1

    @compiler.skip
    def eager(x):
        return x * plain(2)

    run = records_of(compiler.optimize(lambda x: eager(x)), X)
    assert not [record for record in run.records if "plain" in record.frame.function]
    compiler.reset()
    with compiler.config.patch(capture_all_frames=True):
        run = records_of(compiler.optimize(lambda x: eager(x)), X)
    assert [record.outcome for record in run.records if "plain" in record.frame.function] == ["compiled"]


def test_library_functions_can_be_given_to_optimize():
    """A file that is skipped is no reason to skip what the user asked for, whoever met it first."""
    import colorsys

    def fn(x):
        compiler.graph_break()
        compiler.disable(colorsys.rgb_to_hsv, recursive=False)
        return colorsys.rgb_to_yiq(x, x, x)[0]

    compiler.optimize(fn)(X)
    run = records_of(compiler.optimize(colorsys.rgb_to_yiq, fullgraph=True), X, X, X)
    assert run.whole
    assert torch.equal(run.result[0], colorsys.rgb_to_yiq(X, X, X)[0])


def test_modes_that_are_not_followed():
    """A dispatch mode: nothing is captured, and the record says why."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Mode(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    compiled = compiler.optimize(lambda x: x * 2)
    with Mode():
        run = records_of(compiled, X)
    assert torch.equal(run.result, X * 2)
    assert run.reasons[0] == ("skipped by state", "a torch dispatch mode")
    assert records_of(compiled, X).whole
    with Mode(), pytest.raises(compiler.Unsupported, match="skipped by state"):
        compiler.optimize(lambda x: x * 2, fullgraph=True)(X)


# ---- exceptions of the program ----


def test_an_exception_out_of_compiled_code_has_the_users_traceback():
    """C9: exceptions that leave the frame."""
    import traceback

    def inner(x):
        raise LookupError("mine")

    def fn(x):
        y = x + 1
        return inner(y)

    compiled = compiler.optimize(fn)
    for _ in range(3):
        with pytest.raises(LookupError, match="mine") as caught:
            compiled(X)
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == __file__]
        assert names[-2:] == ["fn", "inner"]


def test_full_graph_and_an_exception_of_the_program():
    def fn(x):
        raise LookupError("mine")

    with pytest.raises((LookupError, compiler.Unsupported)):
        compiler.optimize(fn, fullgraph=True)(X)


# ---- leaks ----


def test_captures_leave_nothing_behind():
    """Compiling and dropping many functions keeps no graphs, no tensors and no captures alive."""

    def once():
        def fn(x):
            return torch.relu(x * 2) + 1

        compiler.optimize(fn)(torch.ones(3))

    once()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        once()
    gc.collect()
    assert len(gc.get_objects()) - before < 400


def test_arguments_are_not_kept_alive():
    import weakref

    class Box:
        def __init__(self):
            self.x = torch.ones(3)

    box = Box()
    compiled = compiler.optimize(lambda box: box.x * 2)
    compiled(box)
    dead = weakref.ref(box), weakref.ref(box.x)
    del box
    gc.collect()
    assert [ref() for ref in dead] == [None, None]


def test_a_tensor_argument_is_freed_while_the_function_lives():
    import weakref

    x = torch.ones(3)
    compiled = compiler.optimize(lambda x: x * 2 + 1)
    compiled(x)
    dead = weakref.ref(x)
    references = sys.getrefcount(x)
    assert references == 2
    del x
    assert dead() is None
