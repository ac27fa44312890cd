"""Liveness against brute force: a local that does not live can be missing."""

from __future__ import annotations

import pytest

from compiler.bytecode.decode import decode
from compiler.bytecode.flow import cell_names, live_in, reachable, stack_depths
from tests.compiler.bytecode.cutting import State, capture, outcome, resumed, run
from tests.compiler.bytecode.test_assemble import CASES, IDS, case, eager, places, unclear


@pytest.mark.parametrize("index", range(0, len(CASES), 2), ids=IDS[::2])
def test_what_lives_is_needed(index: int) -> None:
    """A live local may be missed; the samples miss every one that is read on their way.

    That what does *not* live is never missed is what the tests of continuations show: they pass nothing else.
    """
    function, _ = case(index)
    program = decode(function.__code__)
    live = live_in(program)
    read = {(i.arg) for i in program.instrs if i.op in ("LOAD_FAST", "DELETE_FAST", "LOAD_FAST_AND_CLEAR")}
    assert set().union(*live) <= read
    for instr in program.instrs:
        if instr.op == "LOAD_FAST":
            assert instr.arg in live[instr.index]
        if instr.op == "STORE_FAST" and program.handler(instr.index) is None:
            assert instr.arg not in live[instr.index]


def test_a_missing_live_local_shows() -> None:
    function, args = case(1)  # loops
    program = decode(function.__code__)
    after = next(i.index for i in program.instrs if i.op == "STORE_FAST" and i.arg == "total")
    state = capture(function, after, args)
    assert state is not None
    assert outcome(lambda: run(resumed(function, after, state), function, args)) == eager(1)
    assert live_in(program)[state.index] == {"i", "n", "total"}  # no iteration may come
    without = State(state.index, state.stack, state.kinds, {"n": args[0]}, state.cells)
    result, _ = outcome(lambda: run(resumed(function, after, without), function, args))
    assert result.startswith("UnboundLocalError")


def test_handlers_keep_locals_alive() -> None:
    def f(g, x):
        try:
            x = g()
        except ValueError:
            return x
        return g

    program = decode(f.__code__)
    call = next(i.index for i in program.instrs if i.op == "CALL")
    assert live_in(program)[call] == {"g", "x"}


def test_cells_are_reported_apart() -> None:
    def f(x, y):
        return lambda: x + y + places.__code__.co_argcount

    program = decode(f.__code__)
    assert cell_names(program) == ("x", "y")
    assert not set().union(*live_in(program))


def test_reachable_and_depths_agree() -> None:
    for function, _ in CASES:
        program = decode(function.__code__)
        depths = stack_depths(program)
        assert reachable(program, 0) == {i for i, depth in enumerate(depths) if depth is not None}
        assert unclear(function.__code__, 0) in (True, False)
