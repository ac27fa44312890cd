"""The canonical program: what a code object is once CPython's version has been taken out of it."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from types import CodeType
from typing import Any

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
        aside: Indices on entry to which a cell of the function lies on the stack, put aside.
        displaced: Index → names whose own slot holds a plain local there, the cell being aside on the stack.
        facts: What was found out about the program (by `compiler.bytecode.flow`), each once.
    """

    __slots__ = ("_code", "_handlers", "aside", "displaced", "facts", "index_at", "instrs", "is_generator")

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
        self.aside: set[int] = set()
        self.displaced: dict[int, frozenset[str]] = {}
        self.facts: dict[str, Any] = {}
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
