"""The table of opcode handlers: canonical op name → function of (frame, instruction)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame

Handler = Callable[["Frame", "Instr"], None]

HANDLERS: dict[str, Handler] = {}


def handles(*ops: str) -> Callable[[Handler], Handler]:
    """Register a handler under canonical op names; a name can have one handler only."""

    def register(handler: Handler) -> Handler:
        for op in ops:
            if op in HANDLERS:
                raise ValueError(f"{op} has two handlers: {HANDLERS[op].__name__} and {handler.__name__}")
            HANDLERS[op] = handler
        return handler

    return register
