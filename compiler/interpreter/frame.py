"""One Python frame being interpreted: stack, locals, cells, position; and the loop that steps it.

The root frame's steps are counted: a capture that meets a graph break starts again and stops
before the same step (`stop_at`), where the state is exactly what CPython would have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.bytecode.decode import decode
from compiler.events import Location
from compiler.interpreter.dispatch import HANDLERS
from compiler.values.base import ConstantValue, NullValue, Value
from compiler.values.objects import ObservedException

if TYPE_CHECKING:
    import types

    from compiler.interpreter.capture import Capture
    from compiler.values.functions import CellValue


class StopHere(Exception):
    """The root frame stands before the instruction at which the graph breaks."""


class Frame:
    """The state of one interpreted frame.

    Attributes:
        function: The function value that was called; ``None`` for the root frame.
        ip: Index of the next canonical instruction.
        current: Index of the one being executed.
        outcome: Set by ``RETURN_VALUE`` and ``YIELD_VALUE``: ("return" | "yield", value).
    """

    def __init__(self, cx: Capture, code: types.CodeType, globals_: dict[str, Any], function: Value | None) -> None:
        self.cx = cx
        self.code = code
        self.globals = globals_
        self.function = function
        self.program = decode(code)
        self.locals: dict[str, Value] = {}
        self.cells: dict[str, CellValue] = {}
        self.stack: list[Value] = []
        self.ip = self.current = 0
        self.outcome: tuple[str, Value] | None = None
        self.started = self.finished = self.running = False
        self.returned: Value | None = None
        self.saved_handled: Value | None = None
        self.names: dict[str, Value] = {}

    # -- the stack -----------------------------------------------------------------------

    def push(self, value: Value) -> None:
        self.stack.append(value)

    def push_callable(self, value: Value, null_first: bool) -> None:
        """Push a callable with the NULL that CPython keeps beside it."""
        pair = [NullValue(), value] if null_first else [value, NullValue()]
        self.stack += pair

    def pop(self) -> Value:
        """The top of the stack, looked at (lazy values are realised)."""
        return self.stack.pop().realize(self.cx)

    def pop_raw(self) -> Value:
        """The top of the stack, unlooked at."""
        return self.stack.pop()

    def pop_raw_n(self, count: int) -> list[Value]:
        """The topmost `count` values, lowest first, unlooked at."""
        if not count:
            return []
        values = self.stack[-count:]
        del self.stack[-count:]
        return values

    # -- running -------------------------------------------------------------------------

    def run(self) -> tuple[str, Value]:
        """Interpret until the frame returns or yields.

        Raises:
            ObservedException: an exception leaves the frame.
            GraphBreak: the capture cannot go on.
            StopHere: the root frame has reached its break.
        """
        self.outcome = None
        cx, instrs, is_root = self.cx, self.program.instrs, self.function is None
        while self.outcome is None:
            instr = instrs[self.ip]
            if is_root:
                if cx.step == cx.stop_at:
                    raise StopHere
                cx.step += 1
            self.current = self.ip
            self.ip += 1
            cx.count()
            handler = HANDLERS.get(instr.op)
            if handler is None:
                raise GraphBreak("unsupported opcode", instr.op)
            try:
                handler(self, instr)
            except ObservedException as exc:
                self.raise_here(exc)
        return self.outcome

    def raise_here(self, exc: ObservedException) -> None:
        """Go to the handler of the current instruction.

        Raises:
            ObservedException: it has none.
        """
        instr = self.program.instrs[self.current]
        handler = self.program.handler(instr.index)
        if handler is None:
            raise exc
        del self.stack[handler.depth :]
        if handler.push_lasti:
            self.push(ConstantValue(instr.native // 2))
        self.push(exc.value)
        self.ip = handler.target

    def jump(self, target: int | None) -> None:
        assert target is not None
        self.ip = target

    @property
    def line(self) -> int:
        """The line of the current instruction, or of the last one before it that has one."""
        instrs = self.program.instrs
        lines = (instrs[index].positions[0] for index in range(self.current, -1, -1))
        return next((line for line in lines if line is not None), self.code.co_firstlineno)

    def location(self) -> Location:
        return Location(self.code.co_filename, self.line, self.code.co_qualname)
