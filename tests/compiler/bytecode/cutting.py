"""Run a function natively up to a point, look at its frame there, and go on elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType
from typing import Any

from compiler.bytecode import assemble
from compiler.bytecode.assemble import StackItem, argument_slots, continuation
from compiler.bytecode.decode import Program, decode
from compiler.bytecode.emit import ConstPool, Emitter, Scope
from compiler.bytecode.flow import live_in, stack_depths
from compiler.bytecode.replica import Detour, Replica
from tests.compiler.bytecode import samples

import bytecode as bc


@dataclass
class State:
    """A frame on entry to an instruction."""

    index: int
    stack: list[Any]
    kinds: list[StackItem]
    variables: dict[str, Any]
    cells: dict[str, Any]


def slot_name(i: int) -> str:
    return f"___s{i}"


def cut(original: CodeType, after: int, tail: Callable[[Emitter, int, int], None]) -> CodeType:
    """The original, with tails after instruction `after`: called with the successor and the depth there."""
    program = decode(original)
    depths = stack_depths(program)
    scope = Scope(original.co_cellvars, original.co_freevars)
    pool = ConstPool()
    ways = {successor: bc.Label() for successor in program.successors(after)}
    replica = Replica(original, 0, scope, pool, Detour(after, ways))
    items = assemble._prefix(original, scope)
    start = Emitter(scope, 1, pool)
    start.jump(replica.entry)
    items += start.items + replica.items
    stacksize = 0
    for successor, label in ways.items():
        e = Emitter(assemble.scope_at(program, successor, scope), 1, pool)
        e.place(label)
        if successor == program.instrs[after].target:
            assemble._end_loop(e, program.instrs[after].op)
        begin = len(e.items)
        depth = depths[successor]
        assert depth is not None
        tail(e, successor, depth)
        stacksize = max(stacksize, assemble.peak(e.items[begin:], depth))
        items += e.items
    return assemble._finish(original, items, argument_slots(original), scope, pool, stacksize)


def store_stack(e: Emitter, depth: int) -> None:
    """Stack → locals; a NULL leaves its local unbound."""
    for i in reversed(range(depth)):
        e.store_fast(slot_name(i))


def cell_names(code: CodeType) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code.co_cellvars + code.co_freevars))


def run(code: CodeType, function: FunctionType, args: tuple[Any, ...]) -> Any:
    """Call `code` in place of the function's own, with a value per argument slot."""
    samples.LOG.clear()
    return FunctionType(code, function.__globals__, closure=fresh_closure(function))(*args)


def fresh_closure(function: FunctionType) -> tuple[CellType, ...]:
    """Copies of the cells, so that every run starts alike."""
    return tuple(fresh_cell(cell) for cell in function.__closure__ or ())


def fresh_cell(cell: CellType) -> CellType:
    """A copy of a cell, empty or not."""
    try:
        return CellType(cell.cell_contents)
    except ValueError:
        return CellType()


def capture(function: FunctionType, after: int, args: tuple[Any, ...]) -> State | None:
    """The frame once `after` has run for the first time; None if it never does."""
    original = function.__code__
    names = cell_names(original)

    def tail(e: Emitter, successor: int, depth: int) -> None:
        store_stack(e, depth)
        e.load_const(State)
        e.load_const(successor)
        e.begin_call(lambda: e.load_const(locals))
        e.end_call(0)
        for name in names:
            e.load_closure(name)
        e.build_tuple(len(names))
        e.build_tuple(4)
        e.return_value()

    code = cut(original, after, tail)
    # A return from within a handler would leave its exception current; a generator has its own.
    taken = next(run(code, function, args) for _ in range(1))
    if type(taken) is not tuple or not taken or taken[0] is not State:
        return None
    _, successor, variables, cells = taken
    depth = stack_depths(decode(original))[successor]
    assert depth is not None
    slots = [slot_name(i) for i in range(depth)]
    kinds: list[StackItem] = ["value" if slot in variables else "null" for slot in slots]
    stack = [variables.pop(slot, None) for slot in slots]
    return State(successor, stack, kinds, variables, dict(zip(names, cells, strict=True)))


def live_and_bound(program: Program, state: State) -> list[str]:
    return sorted(name for name in live_in(program)[state.index] if name in state.variables)


def resumed(function: FunctionType, after: int, state: State) -> CodeType:
    """The function up to `after`, which then hands over to a continuation at the state's instruction."""
    original = function.__code__
    live = live_and_bound(decode(original), state)
    rest = continuation(original, state.index, state.kinds, live)

    def tail(e: Emitter, successor: int, depth: int) -> None:
        if successor != state.index:
            e.load_const("another way")
            e.return_value()
            return
        store_stack(e, depth)
        e.begin_call(lambda: e.make_function(rest, rest.co_freevars, "resumed"))
        values = [slot_name(i) for i, kind in enumerate(state.kinds) if kind == "value"]
        for name in [*values, *live]:
            e.load_fast(name)
        e.end_call(len(values) + len(live))
        e.return_value()

    return cut(original, after, tail)


def outcome(call: Callable[[], Any]) -> Any:
    """The result as text, or the exception; and what was logged."""
    samples.LOG.clear()
    try:
        result = repr(plain(call()))
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    return result, [str(entry) for entry in samples.LOG]


def plain(value: Any) -> Any:
    """Objects without a useful repr as their attributes."""
    return vars(value) if isinstance(value, samples.Point) else value


def codes(code: CodeType) -> Iterator[CodeType]:
    """`code` and every code object inside it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)
