"""A function's own instructions as `bytecode` items, to be entered in the middle.

The copy leaves out the prefix that builds the frame, and everything that cannot run once it is entered.
Its order, exception table and lines are the original's. With a `Detour` one instruction stands before the
copy, in the same try range, and leads out of it; the copy is what its exception handlers can reach::

        CALL 2            ← entry, guarded by the handler in the copy
        JUMP_FORWARD  way out
        ...                              the copy: the handler, and what may run after it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType

import bytecode.instr as bc

from compiler.bytecode.decode import decode
from compiler.bytecode.emit import ConstPool, Emitter, Item, Scope
from compiler.bytecode.native import Native, Range, exception_ranges, natives, range_at
from compiler.bytecode.percode import PerCode
from compiler.bytecode.program import TERMINAL, Instr
from compiler.bytecode.render import Renderer
from compiler.bytecode.tables import NULL_FIRST, RANGES_NEED_PADDING


@dataclass(frozen=True, slots=True)
class Detour:
    """Where to go after one instruction instead of to its successors.

    Attributes:
        index: The canonical instruction. It runs once: when a handler leads back to it, that is the copy's own.
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
        self._kept = self._reachable(self._roots())
        self._labels: dict[int, bc.Label] = {}
        self._roots_at: dict[int, bc.Label] = {}
        self._open: tuple[Range, bc.TryBegin] | None = None
        self._copy(_body(code), exception_ranges(code))

    def _roots(self) -> list[int]:
        """Where the copy is entered: at `start`, or by what the detour leaves open."""
        index = self._detour.index
        if index < 0:
            return [self._start.index]
        handler = self._program.handler(index)
        open_ways = [other for other in self._program.successors(index) if other not in self._detour.ways]
        return open_ways + ([handler.target] if handler is not None else [])

    def _reachable(self, roots: list[int]) -> set[int]:
        """What can run from `roots`."""
        seen = set(roots)
        pending = list(roots)
        while pending:
            index = pending.pop()
            ahead = self._program.successors(index)
            handler = self._program.handler(index)
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
        unit = [native for native in body if self._in_unit(native)]
        targets |= {native.target for native in unit}
        self._labels = {target: bc.Label() for target in targets if target is not None}
        if unit:
            self._roots_at = {root: bc.Label() for root in self._roots()}
            self._detach(unit, ranges)
        for native in kept:
            self._switch_range(range_at(ranges, native.offset), native)
            self._add(native, index_at[native.start])
        self._close_range()

    def _in_unit(self, native: Native) -> bool:
        if self._detour.index < 0:
            return False
        instr = self._program.instrs[self._detour.index]
        return instr.native <= native.start < instr.native_end

    def _detach(self, unit: list[Native], ranges: list[Range]) -> None:
        """The detour's instruction, then the jumps out."""
        detour = self._detour
        instr = self._program.instrs[detour.index]
        self.items.append(self.entry)
        self._switch_range(range_at(ranges, unit[-1].offset), unit[-1])
        for native in unit:
            self.items += self._detached(instr, native)
        self._close_range()
        if instr.op not in TERMINAL:
            location = self._renderer.location(unit[-1])
            self.items.append(bc.Instr("JUMP_FORWARD", self._way(instr.index + 1), location=location))

    def _detached(self, instr: Instr, native: Native) -> Sequence[bc.Instr]:
        """One native instruction of the detour's unit."""
        location = self._renderer.location(native)
        if native.target is not None:
            assert instr.target is not None
            # In the copy the target is the native one: what a loop's end skips stands there.
            label = self._detour.ways.get(instr.target) or self._labels[native.target]
            return [bc.Instr(_forward(native.name), label, location=location)]
        if instr.op == "LOAD_METHOD":
            # A tail must know which of the two items is NULL: always load the bound method.
            e = Emitter(line=location.lineno)
            e.begin_call(lambda: e.load_attr(instr.arg))
            if NULL_FIRST:
                return [e.items[1], e.items[0], bc.Instr("SWAP", 2, location=location)]  # type: ignore[list-item]
            return e.items  # type: ignore[return-value]
        following = self._program.instrs[instr.index - instr.part : instr.index - instr.part + 2]
        rendered = self._renderer.render(native, [each.op for each in following])
        return rendered if len(rendered) == 1 else rendered[instr.part : instr.part + 1]

    def _way(self, successor: int) -> bc.Label:
        """Where a successor of the detour's instruction is: out, or in the copy."""
        way = self._detour.ways.get(successor)
        return way if way is not None else self._roots_at[successor]

    def _is_kept(self, native: Native) -> bool:
        """Also true for a fused instruction of which only the second half runs."""
        instrs, index = self._program.instrs, self._program.index_at[native.start]
        fused = index + 1 < len(instrs) and instrs[index + 1].native == native.start
        return index in self._kept or (fused and index + 1 in self._kept)

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
            root = self._roots_at.get(index + part)
            if root is not None and native.start == self._program.instrs[index + part].native:
                self.items.append(root)
            if self._detour.index < 0 and native.start == self._start.native and part == self._start.part:
                self.items.append(self.entry)
            self.items.append(instr)

    def _instrs(self, native: Native, index: int) -> tuple[bc.Instr, ...]:
        if native.target is not None:
            return (self._jump(native),)
        following = self._program.instrs[index : index + 2]
        return self._renderer.render(native, [instr.op for instr in following])

    def _jump(self, native: Native) -> bc.Instr:
        assert native.target is not None
        label = self._labels[native.target]
        return bc.Instr(native.name, label, location=self._renderer.location(native))


def _forward(name: str) -> str:
    """The opcode that does the same jump forward."""
    return name.replace("_NO_INTERRUPT", "").replace("BACKWARD", "FORWARD")


_bodies: PerCode[list[Native]] = PerCode()


def _body(code: CodeType) -> list[Native]:
    """The instructions after the prefix, which ends with the first RESUME."""
    body = _bodies.get(code)
    if body is None:
        body = _after_prefix(natives(code))
        _bodies.put(code, body)
    return body


def _after_prefix(all_natives: list[Native]) -> list[Native]:
    for i, native in enumerate(all_natives):
        if native.name == "RESUME":
            return all_natives[i + 1 :]
    return all_natives
