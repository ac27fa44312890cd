"""Continuations and spliced code, entered at every instruction with the frame that eager has there."""

from __future__ import annotations

import inspect
import traceback
import types
from types import FunctionType
from typing import Any

import pytest

from compiler.bytecode.assemble import argument_slots, continuation, spliced, whole
from compiler.bytecode.decode import Program, decode
from compiler.bytecode.emit import Emitter
from compiler.bytecode.flow import live_in, stack_depths
from compiler.bytecode.tables import VERSION
from tests.compiler.bytecode import cutting, samples
from tests.compiler.bytecode.cutting import State, capture, outcome, resumed, run

CASES = list(samples.cases())
IDS = [f"{i}-{function.__name__}" for i, (function, _) in enumerate(CASES)]


def case(index: int) -> tuple[FunctionType, tuple[Any, ...]]:
    """The sample with arguments of its own: some samples change theirs."""
    function, args = list(samples.cases())[index]
    assert isinstance(function, FunctionType)
    return function, args


def places(program: Program) -> list[int]:
    """Instructions that are reached and have successors."""
    depths = stack_depths(program)
    return [i for i, depth in enumerate(depths) if depth is not None and program.successors(i)]


def eager(index: int) -> Any:
    function, args = case(index)
    return outcome(lambda: call(function, args))


def call(function: FunctionType, args: tuple[Any, ...]) -> Any:
    """Call with a value per argument slot, on fresh cells."""
    passed, by_name = split(function.__code__, args)
    fresh = FunctionType(function.__code__, function.__globals__, closure=cutting.fresh_closure(function))
    return fresh(*passed, **by_name)


def split(code: types.CodeType, args: tuple[Any, ...]) -> tuple[list[Any], dict[str, Any]]:
    """Values of the argument slots as an ordinary call passes them."""
    slots = dict(zip(argument_slots(code), args, strict=True))
    named = code.co_varnames[: code.co_argcount]
    passed = [slots[name] for name in named]
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    by_name = {name: slots[name] for name in keywords}
    rest = argument_slots(code)[code.co_argcount + code.co_kwonlyargcount :]
    if code.co_flags & inspect.CO_VARARGS:
        passed += slots[rest[0]]
        rest = rest[1:]
    if rest:
        by_name |= slots[rest[0]]
    return passed, by_name


def unclear(code: types.CodeType, index: int) -> bool:
    """Whether looking at the frame after `index` would crash CPython itself.

    An emptied slot cannot be loaded; and 3.13.0 takes whatever lies in a cell's slot for a cell when asked
    for ``locals()``.
    """
    program = decode(code)
    if program.instrs[index].op == "LOAD_CLOSURE_AND_CLEAR":
        return True
    displaced = [program.displaced.get(i, frozenset()) for i in program.successors(index)]
    return VERSION >= (3, 13) and any(names & set(code.co_cellvars) for names in displaced)


def states(index: int) -> list[tuple[int, State]]:
    """For every instruction that runs: its index, and the frame just after."""
    function, _ = case(index)
    program = decode(function.__code__)
    found = []
    for after in places(program):
        if unclear(program.code, after):
            continue
        state = cutting.capture(function, after, case(index)[1])
        if state is not None:
            found.append((after, state))
    return found


@pytest.mark.parametrize("index", range(len(CASES)), ids=IDS)
def test_continuation_goes_on_from_every_instruction(index: int) -> None:
    function, _ = case(index)
    expected = eager(index)
    reached = states(index)
    assert reached
    for after, state in reached:
        code = resumed(function, after, state)
        function_now, args = case(index)
        found = outcome(lambda: run(code, function_now, args))
        assert found == expected, (after, state.index, decode(function.__code__).instrs[after])


@pytest.mark.parametrize("index", range(len(CASES)), ids=IDS)
def test_continuation_of_a_continuation(index: int) -> None:
    """A continuation from the start, cut again at each instruction, is as good as the function."""
    function, args = case(index)
    expected = eager(index)
    cells = function.__code__.co_cellvars
    locals_ = [name for name in argument_slots(function.__code__) if name not in cells]
    first = continuation(function.__code__, 0, [], locals_)
    program = decode(first)
    stack_depths(program)
    live_in(program)
    for after in places(program):
        if unclear(program.code, after):
            continue
        function, args = case(index)
        base = as_function(first, function, args)
        passed = plain_args(function, args)
        state = capture(base, after, passed)
        if state is None:
            continue
        function, args = case(index)
        base = as_function(first, function, args)
        code = resumed(base, after, state)
        passed = plain_args(function, args)
        assert outcome(lambda: run(code, base, passed)) == expected, (after, state)


def plain_args(function: FunctionType, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of the argument slots that are not cells."""
    code = function.__code__
    slots = zip(argument_slots(code), args, strict=True)
    return tuple(value for name, value in slots if name not in code.co_cellvars)


def as_function(code: types.CodeType, function: FunctionType, args: tuple[Any, ...]) -> FunctionType:
    """A function of a continuation, with the cells that the original's prefix would have made."""
    original = function.__code__
    free = dict(zip(original.co_freevars, cutting.fresh_closure(function), strict=True))
    values = dict(zip(argument_slots(original), args, strict=True))
    for name in original.co_cellvars:
        free[name] = types.CellType(values[name]) if name in values else types.CellType()
    return FunctionType(code, function.__globals__, closure=tuple(free[name] for name in code.co_freevars))


@pytest.mark.parametrize("with_tails", [False, True], ids=["native", "tails"])
@pytest.mark.parametrize("index", range(len(CASES)), ids=IDS)
def test_spliced_at_every_instruction(index: int, with_tails: bool) -> None:
    """State just before an instruction → the instruction in place → native rest or continuation, like eager."""
    function, _ = case(index)
    original = function.__code__
    program = decode(original)
    handling = cutting.handler_depths(program)
    expected = eager(index)
    for after in places(program):
        if unclear(original, after):
            continue
        before = cutting.logged(lambda: capture(function, after, case(index)[1]))
        state, log = before
        if state is None or handling[state.index] or program.displaced.get(state.index):
            continue
        following = None
        if with_tails:
            if state.index not in places(program) or unclear(original, state.index):
                continue
            if program.instrs[state.index].op == "LOAD_METHOD":
                continue  # spliced, it gives NULL and the bound method, whatever it gives natively
            following = capture(function, state.index, case(index)[1])
        found = outcome(lambda: run_spliced(function, state, following), log)
        assert found == expected, (after, program.instrs[after], program.instrs[state.index])


def test_spliced_method_lookup_has_a_known_layout() -> None:
    """The tail finds NULL and the bound method in a call's order, not the method and its object."""

    def original(items):
        return items.pop()

    program = decode(original.__code__)
    at = next(instr.index for instr in program.instrs if instr.op == "LOAD_METHOD")

    def tail(e: Emitter) -> None:
        e.end_call(0)
        e.build_list(1)
        e.return_value()

    code = spliced(original.__code__, at, lambda e: e.load_fast("items"), {at + 1: tail})
    assert FunctionType(code, {})([1, 2]) == [2]


def run_spliced(function: FunctionType, state: State, following: State | None) -> Any:
    """`function` from `state` on: one instruction in its own place, then natively or by a continuation."""
    original = function.__code__
    tails = {}
    if following is not None:
        tails[following.index] = lambda e: cutting.hand_over(e, original, following)
    code = spliced(original, state.index, lambda e: cutting.restore(e, original, state), tails)
    closure = tuple(state.cells[name] for name in original.co_freevars)
    native = FunctionType(code, function.__globals__, closure=closure)
    return native(*[None] * len(argument_slots(original)))


def test_whole_keeps_the_frame() -> None:
    def original(a, /, b, *rest, key=1, **more):
        return (lambda: a + len(rest)), b, key, more

    def emit(e: Emitter) -> None:
        e.load_deref("a")
        e.load_fast("b")
        e.load_deref("rest")
        e.load_fast("key")
        e.load_fast("more")
        e.build_tuple(5)
        e.store_fast("___result")
        e.load_fast("___result")
        e.return_value()

    code = whole(original.__code__, emit)
    assert FunctionType(code, {})(1, 2, 3, 4, 5) == (1, 2, 4, 3, 5)
    assert argument_slots(original.__code__) == ("a", "b", "key", "rest", "more")
    assert code.co_cellvars == original.__code__.co_cellvars
    assert (code.co_name, code.co_qualname) == (original.__name__, original.__qualname__)
    assert code.co_firstlineno == original.__code__.co_firstlineno
    assert not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)


def test_whole_keeps_the_docstring_apart_from_other_constants() -> None:
    def original():
        """Documented."""

    def undocumented():
        return 1

    def emit(e: Emitter) -> None:
        e.load_const("text")
        e.return_value()

    assert FunctionType(whole(original.__code__, emit), {}).__doc__ == "Documented."
    assert FunctionType(whole(undocumented.__code__, emit), {}).__doc__ is None


def test_tracebacks_show_the_lines_of_the_original() -> None:
    def original(x):
        y = x + 1
        z = y + 1
        return z / 0

    code = continuation(original.__code__, 4, [], ["y"])
    with pytest.raises(ZeroDivisionError) as caught:
        FunctionType(code, {})(1)
    last = traceback.extract_tb(caught.tb)[-1]
    assert last.lineno == original.__code__.co_firstlineno + 3
    assert (last.name, last.filename) == ("original", __file__)
    assert last.colno is not None


def test_generators_are_refused() -> None:
    def generator():
        yield 1

    async def coroutine():
        return 1

    for function in (generator, coroutine):
        with pytest.raises(ValueError, match="generator"):
            continuation(function.__code__, 0, [], [])


def test_parameters_do_not_keep_stack_items_alive() -> None:
    def original(a, b):
        return len([a, b])

    code = continuation(original.__code__, 0, ["value", "null", "value"], ["a", "b"])
    assert code.co_varnames[:4] == ("___stack0", "___stack1", "a", "b")
    again = continuation(code, 0, ["value"], ["a"])
    assert again.co_varnames[:2] == ("___stack2", "a")
    ops = [instr.op for instr in decode(code).instrs[:6]]
    assert ops == ["LOAD_FAST", "PUSH_NULL", "LOAD_FAST", "DELETE_FAST", "DELETE_FAST", "JUMP"]
