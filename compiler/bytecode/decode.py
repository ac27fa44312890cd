"""Native code → canonical program, the same on every supported CPython.

Example, ``f(x, k=1)`` on 3.11 and on 3.13 (where ``CALL_KW`` takes the names from the stack)::

    LOAD_GLOBAL 1 (NULL + f)      LOAD_GLOBAL ('f', True)
    LOAD_FAST 0                   LOAD_FAST 'x'
    LOAD_CONST 1             →    LOAD_CONST 1
    KW_NAMES 2 \\
    PRECALL 2   } one unit        CALL (2, ('k',))
    CALL 2     /

The ops are those of `compiler.bytecode.stack`; about the rarest of them see `compiler.bytecode.cells`.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from compiler.bytecode.cells import settle
from compiler.bytecode.native import Native, Range, exception_ranges, natives, range_at
from compiler.bytecode.percode import PerCode
from compiler.bytecode.program import Handler, Instr, Positions, Program
from compiler.bytecode.tables import CALL_PARTS, ROWS, SKIPPED_AT_TARGET, Names

_programs: PerCode[Program] = PerCode()


def decode(code: CodeType) -> Program:
    """The canonical program of `code`, cached for as long as `code` lives."""
    program = _programs.get(code)
    if program is None:
        program = _Decoding(code).program()
        _programs.put(code, program)
    return program


class _Decoding:
    """One run of the decoder over one code object."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.names = Names(code)
        self.natives = natives(code)
        self.positions: list[Positions] = list(code.co_positions())
        self.instrs: list[Instr] = []
        self.index_at: dict[int, int] = {}
        self.by_start = {native.start: i for i, native in enumerate(self.natives)}
        self.skipped = self._skipped()

    def program(self) -> Program:
        offsets = self._canonicalise()
        self._resolve_jumps(offsets)
        ranges = exception_ranges(self.code)
        handlers = [self._handler(range_at(ranges, native.offset)) for native in offsets]
        program = Program(self.code, self.instrs, self.index_at, handlers)
        settle(program)
        return program

    def _skipped(self) -> set[int]:
        """Starts of the instructions that are never executed: generator prologue, ends of loops."""
        skipped: set[int] = set()
        for i, native in enumerate(self.natives):
            if native.name == "RETURN_GENERATOR":
                skipped.add(self.natives[i + 1].start)
            elif native.name == "END_FOR":
                after = SKIPPED_AT_TARGET["FOR_ITER"][1:]
                skipped.update(n.start for n in self.natives[i + 1 : i + 1 + len(after)])
        return skipped

    def _canonicalise(self) -> list[Native]:
        """Fill `instrs`; returns the native instruction of each."""
        sources: list[Native] = []
        unit_start: int | None = None
        kw_names: tuple[str, ...] = ()
        in_prefix = True
        for native in self.natives:
            self.index_at[native.start] = len(self.instrs)
            if native.name in CALL_PARTS:
                unit_start = native.start if unit_start is None else unit_start
                if native.name == "KW_NAMES":
                    kw_names = self.names.consts[native.oparg]
                continue
            in_prefix = in_prefix and native.name != "RESUME"
            if native.start in self.skipped or (in_prefix and native.name == "MAKE_CELL"):
                continue
            start = native.start if unit_start is None else unit_start
            for part, (op, arg) in enumerate(ROWS[native.name](self.names, native.oparg)):
                if op == "CALL":
                    arg = (arg[0], kw_names)
                self._add(op, arg, start, native, part)
                sources.append(native)
            unit_start, kw_names = None, ()
        return sources

    def _add(self, op: str, arg: Any, start: int, native: Native, part: int) -> None:
        positions = self.positions[native.offset // 2]
        index = len(self.instrs)
        self.instrs.append(Instr(index, op, arg, None, start, native.end, part, positions))

    def _resolve_jumps(self, sources: list[Native]) -> None:
        for instr, native in zip(self.instrs, sources, strict=True):
            if native.target is not None:
                instr.target = self._target(native, native.target)

    def _target(self, native: Native, target: int) -> int:
        """The canonical index of a jump's target, past what the interpreter skips there."""
        position = self.by_start[target]
        for name in SKIPPED_AT_TARGET.get(native.name, ()):
            skipped = self.natives[position]
            if skipped.name != name:
                raise ValueError(f"{native.name} does not lead to {name} in {self.code.co_name}")
            position += 1
        return self.index_at[self.natives[position].start]

    def _handler(self, row: Range | None) -> Handler | None:
        if row is None:
            return None
        return Handler(self.index_at[row.target], row.depth, row.push_lasti)
