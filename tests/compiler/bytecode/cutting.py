"""Run a function natively up to a point, look at its frame there, and go on elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType
from typing import Any

import bytecode.instr as bc
from bytecode.instr import InstrLocation

from compiler.bytecode import assemble
from compiler.bytecode.assemble import StackItem, argument_slots, continuation
from compiler.bytecode.decode import Program, decode
from compiler.bytecode.emit import ConstPool, Emitter, Scope, SlotInstr
from compiler.bytecode.flow import live_in, stack_depths
from compiler.bytecode.program import TERMINAL
from compiler.bytecode.replica import Replica
from tests.compiler.bytecode import samples


@dataclass
class State:
    """A frame on entry to an instruction."""

    index: int
    stack: list[Any]
    kinds: list[StackItem]
    variables: dict[str, Any]
    cells: dict[str, Any]


class Tapped(Replica):
    """A whole copy that is left after every run of instruction `after`, wherever it stands."""

    def __init__(
        self, original: CodeType, after: int, ways: dict[int, bc.Label], scope: Scope, pool: ConstPool
    ) -> None:
        self._after, self._ways = decode(original).instrs[after], ways
        super().__init__(original, 0, scope, pool)

    def _add(self, native: Any, index: int) -> None:
        super()._add(native, index)
        way = self._ways.get(self._after.index + 1)
        if way is None or native.end != self._after.native_end or self._after.op in TERMINAL:
            return
        out = bc.Instr("JUMP_FORWARD", way, location=self._renderer.location(native))
        last_part = self._after.part == 1 or self._program.instrs[self._after.index + 1].part == 0
        self.items.insert(len(self.items) if last_part else len(self.items) - 1, out)

    def _jump(self, native: Any) -> bc.Instr:
        jump = super()._jump(native)
        if native.end != self._after.native_end or self._after.target not in self._ways:
            return jump
        name = native.name.replace("_NO_INTERRUPT", "").replace("BACKWARD", "FORWARD")
        return bc.Instr(name, self._ways[self._after.target], location=jump.location)


def slot_name(i: int) -> str:
    return f"___s{i}"


def cut(original: CodeType, after: int, tail: Callable[[Emitter, int, int], None]) -> CodeType:
    """The original, with tails after instruction `after`: called with the successor and the depth there."""
    program = decode(original)
    depths = stack_depths(program)
    scope = Scope(original.co_cellvars, original.co_freevars)
    pool = ConstPool()
    ways = {successor: bc.Label() for successor in program.successors(after)}
    replica = Tapped(original, after, ways, scope, pool)
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

    def tail(e: Emitter, successor: int, depth: int) -> None:
        if successor == state.index:
            hand_over(e, original, state)
            return
        e.load_const("another way")
        e.return_value()

    return cut(original, after, tail)


def hand_over(e: Emitter, original: CodeType, state: State) -> None:
    """Call a continuation at the state's instruction with this frame's stack, locals and cells."""
    live = live_and_bound(decode(original), state)
    rest = continuation(original, state.index, state.kinds, live)
    store_stack(e, len(state.kinds))
    e.begin_call(lambda: e.make_function(rest, rest.co_freevars, "resumed"))
    values = [slot_name(i) for i, kind in enumerate(state.kinds) if kind == "value"]
    for name in [*values, *live]:
        e.load_fast(name)
    e.end_call(len(values) + len(live))
    e.return_value()


def restore(e: Emitter, original: CodeType, state: State) -> None:
    """Make the frame what it is in `state`, cells included."""
    cells = set(original.co_cellvars)
    for name in original.co_cellvars:
        e.load_const(state.cells[name])
        e.items.append(SlotInstr("STORE_FAST", e.scope.cell(name), InstrLocation(1, 1, None, None)))
    for name in set(original.co_varnames) - cells:
        e.load_const(state.variables.get(name))
        e.store_fast(name)
        if name not in state.variables:
            e.delete_fast(name)
    for kind, value in zip(state.kinds, state.stack, strict=True):
        e.push_null() if kind == "null" else e.load_const(value)


def handler_depths(program: Program) -> dict[int, int]:
    """How many exceptions are being handled on entry to each instruction."""
    depths = {0: 0}
    pending = [0]
    while pending:
        index = pending.pop()
        op = program.instrs[index].op
        after = depths[index] + (op == "PUSH_EXC_INFO") - (op == "POP_EXCEPT")
        edges = [(other, after) for other in program.successors(index)]
        handler = program.handler(index)
        if handler is not None:
            edges.append((handler.target, depths[index]))
        for other, depth in edges:
            if other not in depths:
                depths[other] = depth
                pending.append(other)
    return depths


def logged(call: Callable[[], Any]) -> tuple[Any, list[Any]]:
    """The result, and what was logged."""
    samples.LOG.clear()
    return call(), list(samples.LOG)


def outcome(call: Callable[[], Any], log: Sequence[Any] = ()) -> Any:
    """The result as text, or the exception; and what was logged, after what had been before."""
    samples.LOG[:] = log
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
