"""One native instruction as `bytecode` wants it: the argument resolved, names in place of indices."""

from __future__ import annotations

import dis
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

import bytecode.instr as bc
from bytecode.instr import InstrLocation, opcode_has_argument

from compiler.bytecode.emit import LOAD_CLOSURE, ConstPool, Scope, SlotInstr
from compiler.bytecode.native import Native
from compiler.bytecode.program import Positions
from compiler.bytecode.tables import COMPARE_SHIFT, COMPARE_TO_BOOL, ON_CELL, OPCODES, VERSION, Names

#: Fused opcodes are taken apart: each half can be entered, and `bytecode` limits their operands.
FUSED = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}


class Renderer:
    """Renders instructions of one code object for a frame whose cells are those of `scope`."""

    def __init__(self, code: CodeType, scope: Scope, pool: ConstPool) -> None:
        self.names = Names(code)
        self.scope = scope
        self.pool = pool
        self._positions: list[Positions] = list(code.co_positions())
        self._locations: dict[Positions, InstrLocation] = {}

    def location(self, native: Native) -> InstrLocation:
        """Where in the source `native` stands."""
        positions = self._positions[native.offset // 2]
        found = self._locations.get(positions)
        if found is None:
            found = self._locations[positions] = _location(positions)
        return found

    def render(self, native: Native, ops: Sequence[str]) -> tuple[bc.Instr, ...]:
        """`native`, which does not jump, as one instruction or as the two halves of a fused one.

        `ops` are the names of its canonical instructions and of the next one: they tell whether a slot's cell
        or its local is meant.
        """
        halves = FUSED.get(native.name)
        if halves is not None:
            first = self._local(halves[0], native.oparg >> 4, native, ops[0])
            return first, self._local(halves[1], native.oparg & 15, native, ops[1])
        if ops[0] == "LOAD_CLOSURE_AND_CLEAR" and ops[1] != "MAKE_CELL":
            return (self._put_aside(native),)
        if native.opcode in _LOCAL:
            return (self._local(native.name, native.oparg, native, ops[0]),)
        arg = _ARGUMENTS.get(native.opcode, _no_argument)(self, native.oparg)
        return (bc.Instr(native.name, arg, location=self.location(native)),)

    def _put_aside(self, native: Native) -> bc.Instr:
        """A free variable keeps its cell: its slot is not the local's, and whoever lists locals expects one."""
        variable = self.scope.cell(self.names.slots[native.oparg])
        name = LOAD_CLOSURE if isinstance(variable, bc.FreeVar) else native.name
        return SlotInstr(name, variable, self.location(native))

    def _local(self, name: str, slot: int, native: Native, op: str) -> bc.Instr:
        variable = self.names.slots[slot]
        location = self.location(native)
        if op in _OF_CELLS:
            return SlotInstr(name, self.scope.cell(variable), location)
        return bc.Instr(name, variable, location=location)


def _location(positions: Positions) -> InstrLocation:
    line, end_line, column, end_column = positions
    if column is None or end_column is None:
        return InstrLocation(line, line, None, None)
    try:
        return InstrLocation(line, end_line, column, end_column)
    except ValueError:  # CPython may say that a piece ends before it starts
        return InstrLocation(line, line, None, None)


Argument = Callable[[Renderer, int], Any]


def _no_argument(renderer: Renderer, oparg: int) -> Any:
    return bc.UNSET


def _plain(renderer: Renderer, oparg: int) -> Any:
    return oparg


def _const(renderer: Renderer, oparg: int) -> Any:
    return renderer.pool.of(renderer.names.consts[oparg])


def _cell(renderer: Renderer, oparg: int) -> Any:
    return renderer.scope.cell(renderer.names.slots[oparg])


def _name(renderer: Renderer, oparg: int) -> Any:
    return renderer.names.names[oparg]


def _flagged_name(renderer: Renderer, oparg: int) -> Any:
    return bool(oparg & 1), renderer.names.names[oparg >> 1]


def _super(renderer: Renderer, oparg: int) -> Any:
    return bool(oparg & 1), bool(oparg & 2), renderer.names.names[oparg >> 2]


def _compare(renderer: Renderer, oparg: int) -> Any:
    return bc.Compare((oparg >> COMPARE_SHIFT) + (oparg & COMPARE_TO_BOOL))


_BY_NAME: dict[str, Argument] = {
    "LOAD_GLOBAL": _flagged_name,
    "LOAD_ATTR": _name if VERSION < (3, 12) else _flagged_name,
    "LOAD_SUPER_ATTR": _super,
    "COMPARE_OP": _compare,
    "BINARY_OP": lambda renderer, oparg: bc.BinaryOp(oparg),
    "CALL_INTRINSIC_1": lambda renderer, oparg: bc.Intrinsic1Op(oparg),
    "CALL_INTRINSIC_2": lambda renderer, oparg: bc.Intrinsic2Op(oparg),
}

_LOCAL = frozenset(dis.haslocal)
_OF_CELLS = frozenset(ON_CELL.values())
_FAMILIES: tuple[tuple[frozenset[int], Argument], ...] = (
    (frozenset(dis.hasconst), _const),
    (frozenset(dis.hasfree), _cell),
    (frozenset(dis.hasname), _name),
)


def _argument_of(number: int, name: str) -> Argument:
    if name in _BY_NAME:
        return _BY_NAME[name]
    for members, argument in _FAMILIES:
        if number in members:
            return argument
    return _plain if opcode_has_argument(number) else _no_argument


_ARGUMENTS: dict[int, Argument] = {number: _argument_of(number, name) for number, name in OPCODES.items()}
