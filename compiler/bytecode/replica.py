"""A function's own instructions as `bytecode` items, to be entered in the middle.

The copy leaves out the prefix that builds the frame, and everything that cannot run once it is entered.
Its order, exception table and lines are the original's. A `Detour` leads out of it after one instruction::

        ...                              ...
        CALL 2            ← at           CALL 2
        POP_TOP                          JUMP_FORWARD  way out
        ...                              ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType

import bytecode.instr as bc

from compiler.bytecode.decode import decode
from compiler.bytecode.emit import ConstPool, Item, Scope
from compiler.bytecode.native import Native, Range, exception_ranges, natives, range_at
from compiler.bytecode.program import TERMINAL
from compiler.bytecode.render import Renderer
from compiler.bytecode.tables import RANGES_NEED_PADDING


@dataclass(frozen=True, slots=True)
class Detour:
    """Where to go after one instruction instead of to its successors.

    Attributes:
        index: The canonical instruction.
        ways: Index of a successor → the label to go to, which must lie behind the copy.
    """

    index: int
    ways: Mapping[int, bc.Label] = field(default_factory=dict)


NO_DETOUR = Detour(-1)


class Replica:
    """The copy of `code`, entered at canonical instruction `start`.

    Attributes:
        entry: The label of `start`.
        items: The copy.
    """

    def __init__(self, code: CodeType, start: int, scope: Scope, pool: ConstPool, detour: Detour = NO_DETOUR) -> None:
        self.entry = bc.Label()
        self.items: list[Item] = []
        self._program = decode(code)
        self._start = self._program.instrs[start]
        self._detour = detour
        self._renderer = Renderer(code, scope, pool)
        self._kept = self._reachable(start)
        self._labels: dict[int, bc.Label] = {}
        self._open: tuple[Range, bc.TryBegin] | None = None
        self._copy(_body(code), exception_ranges(code))

    def _reachable(self, start: int) -> set[int]:
        """What can run from `start`, with the ways of the detour closed."""
        program, detour = self._program, self._detour
        seen = {start}
        pending = [start]
        while pending:
            index = pending.pop()
            ahead = program.successors(index)
            if index == detour.index:
                ahead = tuple(other for other in ahead if other not in detour.ways)
            handler = program.handler(index)
            if handler is not None:
                ahead += (handler.target,)
            new = [other for other in ahead if other not in seen]
            seen.update(new)
            pending += new
        return seen

    def _copy(self, body: list[Native], ranges: list[Range]) -> None:
        index_at = self._program.index_at
        kept = [native for native in body if self._is_kept(native)]
        targets = {native.target for native in kept} | {row.target for row in ranges}
        self._labels = {target: bc.Label() for target in targets if target is not None}
        for native in kept:
            self._switch_range(range_at(ranges, native.offset), native)
            self._add(native, index_at[native.start])
        self._close_range()

    def _is_kept(self, native: Native) -> bool:
        """Also true for a fused instruction of which only the second half runs."""
        index = self._program.index_at[native.start]
        return index in self._kept or (native.start == self._start.native and self._start.part == 1)

    def _switch_range(self, row: Range | None, native: Native) -> None:
        """Close the try range of the instruction before and open the one of the next, `native`."""
        if row is not None and self._program.index_at[row.target] not in self._kept:
            row = None  # only dropped instructions are left in it
        if self._open is not None and self._open[0] is not row:
            self._close_range()
        if row is not None and self._open is None:
            begin = bc.TryBegin(self._labels[row.target], row.push_lasti, row.depth)
            self._open = row, begin
            self.items.append(begin)
            if RANGES_NEED_PADDING:
                self.items.append(bc.Instr("NOP", location=self._renderer.location(native)))

    def _close_range(self) -> None:
        if self._open is not None:
            self.items.append(bc.TryEnd(self._open[1]))
            self._open = None

    def _add(self, native: Native, index: int) -> None:
        label = self._labels.get(native.start)
        if label is not None:
            self.items.append(label)
        for part, instr in enumerate(self._instrs(native, index)):
            if index + part not in self._kept:
                continue
            if native.start == self._start.native and part == self._start.part:
                self.items.append(self.entry)
            self.items.append(instr)
            self._leave(native, part)

    def _instrs(self, native: Native, index: int) -> tuple[bc.Instr, ...]:
        if native.target is not None:
            return (self._jump(native),)
        following = self._program.instrs[index : index + 2]
        return self._renderer.render(native, [instr.op for instr in following])

    def _jump(self, native: Native) -> bc.Instr:
        assert native.target is not None
        name, label = native.name, self._labels[native.target]
        detour = self._detour
        if self._is_detoured(native, 0):
            target = self._program.instrs[detour.index].target
            if target is not None and target in detour.ways:
                label = detour.ways[target]
                name = _forward(name)
        return bc.Instr(name, label, location=self._renderer.location(native))

    def _leave(self, native: Native, part: int) -> None:
        """After the detour's instruction, jump out instead of falling through."""
        detour = self._detour
        following = detour.index + 1
        if following not in detour.ways or not self._is_detoured(native, part):
            return
        if self._program.instrs[detour.index].op not in TERMINAL:
            way = detour.ways[following]
            location = self._renderer.location(native)
            self.items.append(bc.Instr("JUMP_FORWARD", way, location=location))

    def _is_detoured(self, native: Native, part: int) -> bool:
        """Whether this is the last native instruction of the detour's unit."""
        if self._detour.index < 0:
            return False
        instr = self._program.instrs[self._detour.index]
        return native.end == instr.native_end and part == instr.part


def _forward(name: str) -> str:
    """The opcode that does the same jump forward."""
    return name.replace("_NO_INTERRUPT", "").replace("BACKWARD", "FORWARD")


def _body(code: CodeType) -> list[Native]:
    """The instructions after the prefix, which ends with the first RESUME."""
    all_natives = natives(code)
    for i, native in enumerate(all_natives):
        if native.name == "RESUME":
            return all_natives[i + 1 :]
    return all_natives
