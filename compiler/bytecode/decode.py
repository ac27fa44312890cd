"""Native code → canonical program, the same on every supported CPython.

Example, ``f(x, k=1)`` on 3.11 and on 3.13 (where ``CALL_KW`` takes the names from the stack)::

    LOAD_GLOBAL 1 (NULL + f)      LOAD_GLOBAL ('f', True)
    LOAD_FAST 0                   LOAD_FAST 'x'
    LOAD_CONST 1             →    LOAD_CONST 1
    KW_NAMES 2 \\
    PRECALL 2   } one unit        CALL (2, ('k',))
    CALL 2     /

Beside the ops named in `compiler.bytecode.stack`, three touch a slot's *cell* rather than a local; only
comprehensions inlined by 3.12+ use them, around a loop variable that a closure captures:
``LOAD_CLOSURE_AND_CLEAR name`` puts the function's cell aside on the stack, ``MAKE_CELL name`` makes a new one
of what the slot holds, ``STORE_CLOSURE name`` puts the first one back.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from types import CodeType
from typing import Any

from compiler.bytecode.native import Native, Range, exception_ranges, natives, range_at
from compiler.bytecode.tables import CALL_PARTS, ROWS, SKIPPED_AT_TARGET, Names

Positions = tuple[int | None, int | None, int | None, int | None]


@dataclass(slots=True)
class Instr:
    """One canonical instruction.

    Attributes:
        index: Its position in the program.
        op: Canonical name; what the handlers of the interpreter are registered under.
        arg: The decoded argument: a name, a constant, a count, an operator's text, or a tuple of such.
        target: Index of the jump target; for FOR_ITER and SEND, where execution goes on afterwards.
        native: Byte offset of the first native code unit.
        native_end: Byte offset just after the last one, caches included.
        part: 1 for the second half of a fused native instruction, else 0.
        positions: Line, end line, column, end column.
    """

    index: int
    op: str
    arg: Any
    target: int | None
    native: int
    native_end: int
    part: int
    positions: Positions

    @property
    def line(self) -> int | None:
        """The source line."""
        return self.positions[0]

    @property
    def backward(self) -> bool:
        """Whether it jumps to itself or to something before it."""
        return self.target is not None and self.target <= self.index


@dataclass(slots=True, frozen=True)
class Handler:
    """Where an exception goes.

    Attributes:
        target: Index of the handler's first instruction.
        depth: How many stack items survive; above them come the offset (with `push_lasti`) and the exception.
        push_lasti: Whether the offset of the raising instruction is pushed.
    """

    target: int
    depth: int
    push_lasti: bool


class Program:
    """The canonical form of one code object; immutable by convention, and shared.

    Attributes:
        instrs: The instructions in order.
        index_at: Byte offset of each native instruction → index of the canonical one it is part of, or (if it
            was dropped) of the next one.
    """

    __slots__ = ("_code", "_handlers", "index_at", "instrs", "is_generator")

    def __init__(
        self,
        code: CodeType,
        instrs: list[Instr],
        index_at: dict[int, int],
        handlers: list[Handler | None],
    ) -> None:
        # A strong reference would keep the cache's key alive for ever.
        self._code = weakref.ref(code)
        self.instrs = instrs
        self.index_at = index_at
        self._handlers = handlers
        self.is_generator = is_generator(code)

    @property
    def code(self) -> CodeType:
        """The code object this program was decoded from."""
        code = self._code()
        if code is None:
            raise ReferenceError("the code object of this program is gone")
        return code

    def handler(self, index: int) -> Handler | None:
        """Who catches what instruction `index` raises; None: it leaves the frame."""
        return self._handlers[index]

    def successors(self, index: int) -> tuple[int, ...]:
        """Where execution goes on after `index` without an exception: fall-through first, then the jump."""
        instr = self.instrs[index]
        following = () if instr.op in TERMINAL else (index + 1,)
        jumped = () if instr.target is None else (instr.target,)
        return following + jumped


#: Ops after which the next instruction is not executed.
TERMINAL = frozenset({"JUMP", "RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"})

_GENERATOR_FLAGS = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR


def is_generator(code: CodeType) -> bool:
    """Whether calling `code` makes a generator, a coroutine or an asynchronous generator."""
    return bool(code.co_flags & _GENERATOR_FLAGS)


class _Cache:
    """Programs by identity of their code, dropped with it (equality of code would compare its constants)."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[CodeType], Program]] = {}

    def get(self, code: CodeType) -> Program | None:
        entry = self._entries.get(id(code))
        return entry[1] if entry is not None and entry[0]() is code else None

    def put(self, code: CodeType, program: Program) -> None:
        key = id(code)
        entries = self._entries

        def drop(dead: weakref.ref[CodeType]) -> None:
            entry = entries.get(key)
            if entry is not None and entry[0] is dead:
                del entries[key]

        entries[key] = (weakref.ref(code, drop), program)


_programs = _Cache()


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
        return Program(self.code, self.instrs, self.index_at, handlers)

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
