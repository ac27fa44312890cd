"""Liveness; the brute-force check is in the tests of continuations, which pass nothing but live locals."""

from __future__ import annotations

import pytest

from compiler.bytecode.decode import decode
from compiler.bytecode.flow import cell_names, live_in, reachable, stack_depths
from tests.compiler.bytecode.cutting import capture, outcome, resumed, run
from tests.compiler.bytecode.test_assemble import CASES, IDS, case, eager, places, unclear


@pytest.mark.parametrize("index", range(0, len(CASES), 2), ids=IDS[::2])
def test_what_lives_is_needed(index: int) -> None:
    """What is read lives, what is stored over does not.

    That nothing else is ever missed is what the tests of continuations show: they pass only what lives.
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


def test_liveness_in_a_loop() -> None:
    function, args = case(1)  # loops
    program = decode(function.__code__)
    after = next(i.index for i in program.instrs if i.op == "STORE_FAST" and i.arg == "total")
    state = capture(function, after, args)
    assert state is not None
    assert outcome(lambda: run(resumed(function, after, state), function, args)) == eager(1)
    assert live_in(program)[state.index] == {"i", "n", "total"}  # no iteration may come


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
