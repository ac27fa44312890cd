"""The final code object of a captured frame.

A frame captured whole becomes: load inputs, call the graph, write effects back, return. One
that met a graph break becomes the same as a prologue, then the user's own instruction, then a
tail that calls a resume function made of the rest of the user's code.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from compiler import _C
from compiler.bytecode import assemble
from compiler.bytecode.flow import RECEIVER, live_in, may_read_unbound, receiver_of, stack_depths
from compiler.bytecode.stack import pops
from compiler.bytecode.tables import NULL_FIRST
from compiler.output import resume
from compiler.output.effects import write_back, write_global
from compiler.output.plan import Plan, resolve
from compiler.output.rebuild import Rebuilder
from compiler.sources import LocalSource, Source
from compiler.values.base import NullValue, Value
from compiler.values.functions import CellValue
from compiler.values.iterators import GeneratorValue, IteratorValue
from compiler.values.objects import ExceptionValue

if TYPE_CHECKING:
    from compiler.bytecode.emit import Emitter
    from compiler.graph.modes import Mode
    from compiler.interpreter.capture import Capture


@dataclasses.dataclass
class Captured:
    """What a capture ended with.

    Attributes:
        cx: The capture.
        returned: The value that the frame returns; ``None`` when it met a graph break.
        at: Index of the instruction that runs natively, for a graph break.
        leaves: Whether everything after it runs natively, too.
        modes: What the frame has switched of torch's modes, and to what.
    """

    cx: Capture
    returned: Value | None
    at: int | None = None
    leaves: bool = False
    modes: list[tuple[Mode, Any]] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.modes = self.cx.graph.modes.changed()

    def survivors(self) -> dict[str, Value]:
        """Locals to restore before the native instruction: those read at or after it.

        When the rest runs natively, others too: something may look whether they are alive.
        """
        if self.at is None:
            return {}
        root = self.cx.root
        live = live_in(root.program)[self.at]
        return {name: value for name, value in root.locals.items() if name in live or self._holds_alive(value)}

    def _holds_alive(self, value: Value) -> bool:
        value = resolve(value)
        if isinstance(value, GeneratorValue):
            return self.leaves and not value.frame.started
        return self.leaves and not isinstance(value, IteratorValue | ExceptionValue)

    def roots(self) -> list[Value]:
        if self.returned is not None:
            return [self.returned]
        cells = [cell for cell in self.cx.root.cells.values() if cell.source is None]
        return [*self.cx.root.stack, *self.survivors().values(), *cells]


def plan(captured: Captured) -> Plan:
    """What has to be rebuilt.

    Raises:
        BreakEarlier: something cannot be.
    """
    return Plan(captured.cx, captured.roots())


def brought_inputs(captured: Captured) -> list[Source]:
    """Sources of the graph's inputs, when the guards, which walk to all of them anyway, are to bring them along.

    That pays when they lie deep, as a module's parameters do; arguments are loaded quicker than handed over.
    """
    sources = [value.source for value, _ in captured.cx.graph.inputs if value.source is not None]
    deep = sum(not isinstance(source, LocalSource) for source in sources)
    return sources if deep >= _WORTH_BRINGING and captured.cx.graph.ops else []


_WORTH_BRINGING = 3
_INPUTS = "___inputs"


def rewrite(captured: Captured, plan: Plan, graph: Callable[..., Any] | None) -> types.CodeType:
    """The replacement of the frame's code; `graph` takes the recorder's inputs, and returns `plan.outputs`."""
    code = captured.cx.request.code
    extra = (_INPUTS,) if brought_inputs(captured) else ()
    if captured.returned is not None:
        new = assemble.whole(code, lambda e: _whole(captured, Rebuilder(plan, e), graph), extra)
        resume.rewritten(new, code)
        return new
    assert captured.at is not None
    program = captured.cx.root.program
    ahead = [successor for successor in program.successors(captured.at) if _can_resume(captured, successor)]
    tails = {successor: _tail(captured, successor) for successor in ahead}
    new = assemble.spliced(code, captured.at, lambda e: _prologue(captured, Rebuilder(plan, e), graph), tails, extra)
    resume.rewritten(new, code)
    return new


def _can_resume(captured: Captured, successor: int) -> bool:
    """Whether the rest can be, and should be, a function of its own.

    The frame's cells are free variables there, and CPython words the error of an empty one differently, and raises
    another class; so a rest that may meet that error runs natively, where it stands.
    """
    if captured.leaves:
        return False
    root = captured.cx.root
    if successor in root.program.aside:  # a resume function would get the cell as a value like any other
        return False
    empty = frozenset(name for name in root.code.co_cellvars if root.cells[name].contents is None)
    return not may_read_unbound(root.program, successor, empty)


def _whole(captured: Captured, rb: Rebuilder, graph: Callable[..., Any] | None) -> None:
    assert captured.returned is not None
    only = rb.plan.outputs == [resolve(captured.returned)] and not rb.plan.effects and not captured.cx.ledger.globals
    _call_graph(captured, rb, graph, keep=only)
    if not only:
        _effects(captured, rb)
        rb.push(captured.returned)
        rb.fill_cycles()
    rb.e.return_value()


def _call_graph(captured: Captured, rb: Rebuilder, graph: Callable[..., Any] | None, *, keep: bool = False) -> None:
    """Call the graph and put its outputs into temporaries, or leave the only one on the stack."""
    if graph is not None:
        rb.e.begin_call(lambda: rb.e.load_const(graph))
        if brought_inputs(captured):
            rb.e.load_fast(_INPUTS)
            rb.e.delete_fast(_INPUTS)
            rb.e.call_function_ex()
        else:
            for value, _ in captured.cx.graph.inputs:
                assert value.source is not None
                value.source.emit(rb.e)
            rb.e.end_call(len(captured.cx.graph.inputs))
        if rb.plan.outputs:
            rb.e.unpack_sequence(len(rb.plan.outputs))
        else:
            rb.e.pop_top()
        if not keep:
            for value in rb.plan.outputs:
                rb.store_temp(value)
    for mode, value in captured.modes:
        rb.e.call_constant(mode.set, partial(rb.e.load_const, value))
        rb.e.pop_top()


def _effects(captured: Captured, rb: Rebuilder) -> None:
    """Write changed objects back; first hold on to everything that is loaded through paths they may lie on."""
    ledger = captured.cx.ledger
    if not rb.plan.effects and not ledger.globals:
        return
    for value in rb.plan.loaded:
        if value not in rb.temps:
            rb.push(value)
            rb.store_temp(value)
    for value in rb.plan.effects:
        write_back(rb, value)
    for globals_, name, value in ledger.globals.values():
        write_global(rb, globals_, name, value)


def _prologue(captured: Captured, rb: Rebuilder, graph: Callable[..., Any] | None) -> None:
    """Bring stack, locals, cells and the world to where the native instruction finds them."""
    _call_graph(captured, rb, graph)
    _effects(captured, rb)
    moved = {name: value for name, value in captured.survivors().items() if not _in_place(name, value)}
    for value in captured.cx.root.stack:  # before a local is stored: values are loaded from where they came in
        _push_stack_item(rb, value)
    for value in moved.values():
        rb.push(value)
    rb.fill_cycles()
    for name in reversed(moved):  # after everything that may be loaded from a local
        rb.e.store_local(name)
    rb.drop_temps()
    for name in _gone(captured):
        rb.e.delete_fast(name)


def _gone(captured: Captured) -> list[str]:
    """Arguments that the program has deleted or replaced, and that nobody stored anew: the frame holds them still."""
    root = captured.cx.root
    survivors = captured.survivors()
    names = [name for name in assemble.argument_slots(root.code) if name not in root.cells and name not in survivors]
    return [name for name in names if name not in root.locals or not _in_place(name, root.locals[name])]


def _push_stack_item(rb: Rebuilder, value: Value) -> None:
    if isinstance(value, CellValue) and value.name is not None:
        rb.e.load_closure(value.name)
    else:
        rb.push(value)


def _in_place(name: str, value: Value) -> bool:
    """Whether the local still holds the argument it came with."""
    source = resolve(value).source
    return isinstance(source, LocalSource) and source.argument[1] == name


def _tail(captured: Captured, successor: int) -> Callable[[Emitter], None]:
    """After the native instruction: call the resume function that starts at `successor`."""
    cx, code = captured.cx, captured.cx.request.code
    root = cx.root
    assert captured.at is not None
    kinds = _stack_kinds(captured, successor)
    live = [name for name in sorted(live_in(root.program)[successor]) if name in root.locals]
    receiver = receiver_of(code)
    if receiver in root.cells and root.cells[receiver].contents is not None:
        live.append(RECEIVER)
    target = resume.function_code(code, successor, tuple(kinds), tuple(live), root.line)
    chained = resume.resume_of(code) is not None

    def emit(e: Emitter) -> None:
        slots = [f"___s{position}" for position in range(len(kinds))]
        for slot in reversed(slots):
            e.store_fast(slot)
        if chained:
            e.begin_call(lambda: e.load_const(_C.TailCall))
            e.make_function(target, target.co_freevars)
        else:
            e.begin_call(lambda: e.load_const(_C.run_continuation))
            e.make_function(target, target.co_freevars)
        values = [slot for slot, kind in zip(slots, kinds, strict=True) if kind == "value"]
        for name in _arguments(target, live, values):
            if name == RECEIVER and receiver is not None and receiver != RECEIVER:
                e.load_deref(receiver)
            else:
                e.load_fast(name)
        if chained:
            e.build_tuple(len(values) + len(live))
            e.end_call(2)
        else:
            e.end_call(1 + len(values) + len(live))
        e.return_value()

    return emit


def _arguments(target: types.CodeType, live: list[str], values: list[str]) -> list[str]:
    """What a continuation is given, in the order of its parameters: the live locals, and `values` for the stack."""
    stack = iter(values)
    return [name if name in live else next(stack) for name in target.co_varnames[: target.co_argcount]]


def _stack_kinds(captured: Captured, successor: int) -> list[assemble.StackItem]:
    """What lies on the stack on entry to `successor`, bottom first."""
    assert captured.at is not None
    root = captured.cx.root
    instr = root.program.instrs[captured.at]
    jumped = successor == instr.target and successor != captured.at + 1
    depth = stack_depths(root.program)[successor]
    assert depth is not None
    below = len(root.stack) - pops(instr, jump=jumped)
    kinds: list[assemble.StackItem] = [
        "null" if isinstance(value, NullValue) else "value" for value in root.stack[:below]
    ]
    pushed: list[assemble.StackItem] = ["value"] * (depth - below)
    if instr.op == "LOAD_METHOD" or (instr.op == "LOAD_GLOBAL" and instr.arg[1]):
        pushed = ["null", "value"] if NULL_FIRST else ["value", "null"]
    if instr.op in _SHUFFLES:
        pushed = kinds[-len(pushed) :]
    return kinds + pushed


_SHUFFLES = frozenset({"COPY", "SWAP"})
