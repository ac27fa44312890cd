"""torch's modes: each one that changes is noticed."""

from __future__ import annotations

import pytest
import torch

import compiler
from compiler import _C, state


def add(x):
    return x + 1


@pytest.mark.parametrize(
    "mode",
    [
        lambda: torch.set_grad_enabled(not torch.is_grad_enabled()),
        torch.inference_mode,
        lambda: torch.autocast("cpu"),
        state._other_default_dtype,
        lambda: torch.device("cpu"),
    ],
    ids=["grad", "inference", "autocast", "default dtype", "device"],
)
def test_compiled_code_is_not_used_under_another_mode(mode):
    """D2: a mode is a fact that compiled code relies on."""
    function = compiler.optimize(add)
    x = torch.ones(3)
    function(x)
    with compiler.events.collect() as records:
        function(x)
        assert not records
        with mode():
            function(x)
    assert len(records) == 1


def test_modes_are_read_quickly_or_not_at_all():
    assert state.state_guard().kind == ("modes" if state._modes_are_readable() else "state")


def test_tracing_is_noticed():
    seen = []

    def traced(x):
        seen.append(_C.torch_modes())
        return x + 1

    torch.jit.trace(traced, (torch.ones(2),), check_trace=False)
    assert _C.torch_modes() is None or seen[0] != _C.torch_modes()


def test_other_threads_have_modes_of_their_own():
    import threading

    seen = []
    with torch.no_grad():
        thread = threading.Thread(target=lambda: seen.append((_C.torch_modes(), torch.is_grad_enabled())))
        thread.start()
        thread.join()
        assert _C.torch_modes() is None or seen[0][0] != _C.torch_modes()
    assert seen[0] == (_C.torch_modes(), True)


def test_without_the_symbols_the_functions_are_asked(monkeypatch):
    monkeypatch.setattr(state, "_modes_are_readable", lambda: False)
    assert state.state_guard().kind == "state"
    function = compiler.optimize(add)
    function(torch.ones(2))
    with torch.no_grad(), compiler.events.collect() as records:
        function(torch.ones(2))
    assert len(records) == 1


def test_frames_that_fx_traces_are_left_to_it():
    class Inner(torch.nn.Module):
        def forward(self, x):
            return torch.relu(x) + 1

    def main(x):
        traced = torch.fx.symbolic_trace(Inner())
        return traced(x), sum(node.op == "call_function" for node in traced.graph.nodes)

    with compiler.events.collect() as records:
        result, calls = compiler.optimize(main)(torch.ones(2))
    assert result.tolist() == [2.0, 2.0]
    assert calls == 2
    inner = [record for record in records if record.frame.function.endswith("Inner.forward")]
    assert [record.reason.kind for record in inner] == ["skipped by state"]
