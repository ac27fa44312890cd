"""Looking into a capture while it is under way: `compiler.comptime`.

A call of `comptime` in captured code calls the given function then and there, with a `CaptureView`; in eager and in
compiled code it does nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import torch.fx

from compiler.breaks import GraphBreak
from compiler.events import Location

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.values.base import Value


def comptime(callback: Callable[[CaptureView], object]) -> None:
    """Call `callback` with a `CaptureView` when this line is captured, and never otherwise.

    A capture that meets a graph break starts again, so the function may be called more than once for one line. What it
    returns is ignored.

    Args:
        callback: A Python function or lambda. One made in the compiled function itself may use that function's
            variables only where their values are constants.

    Raises:
        Exception: what `callback` raises stops the capture; the frame runs in eager, or raises with ``config.strict``.
    """


class ValueView:
    """What is known of one variable. Asking makes the capture rely on the answer, as the program's own reading does."""

    def __init__(self, cx: Capture, value: Value) -> None:
        self._cx = cx
        self._lazy = value

    @property
    def _value(self) -> Value:
        return self._lazy.realize(self._cx)

    @property
    def python_type(self) -> type:
        return self._value.pytype()

    @property
    def is_constant(self) -> bool:
        return self._value.is_constant()

    @property
    def constant(self) -> Any:
        """The value itself.

        Raises:
            ValueError: it is not known.
        """
        if not self.is_constant:
            raise ValueError(f"{self} is no constant")
        return self._value.constant()

    @property
    def example(self) -> torch.Tensor:
        """Of a tensor: one without contents, on the meta device, of its shape, strides, dtype and requires_grad.

        Raises:
            ValueError: it is no tensor.
        """
        example = getattr(self._value, "example", None)
        if example is None:
            raise ValueError(f"{self} is no tensor")
        return example

    @property
    def source(self) -> str | None:
        """The access path of a value that existed before the frame, as guards name it."""
        return None if self._value.source is None else str(self._value.source)

    def __str__(self) -> str:
        return repr(self.constant) if self.is_constant else self._value.describe()

    __repr__ = __str__


class CaptureView:
    """A capture, as it stands at a call of `comptime`."""

    def __init__(self, cx: Capture) -> None:
        self._cx = cx

    @property
    def stack(self) -> tuple[Location, ...]:
        """The lines being captured, outermost first."""
        return self._cx.location()

    @property
    def locals(self) -> Mapping[str, ValueView]:
        """The variables of the function that called `comptime`."""
        frame = self._cx.frames[-1]
        cells = {name: cell.contents for name, cell in frame.cells.items() if cell.contents is not None}
        return {name: ValueView(self._cx, value) for name, value in (frame.locals | cells).items()}

    @property
    def graph(self) -> torch.fx.Graph:
        """A copy of the graph so far, with all results of operators that nobody uses as outputs."""
        copy = torch.fx.Graph()
        nodes: dict[torch.fx.Node, torch.fx.Node] = {}
        copy.graph_copy(self._cx.graph.graph, nodes)
        copy.output(tuple(node for node in nodes.values() if not node.users))
        return copy

    @property
    def guards(self) -> list[str]:
        """The facts relied upon so far."""
        return [str(guard) for guard in self._cx.guards if guard.kind != "exists"]

    def print_graph(self, file: TextIO | None = None) -> None:
        print(self.graph, file=file or sys.stdout)

    def print_guards(self, file: TextIO | None = None) -> None:
        print("\n".join(self.guards), file=file or sys.stdout)

    def print_locals(self, file: TextIO | None = None) -> None:
        for name, value in self.locals.items():
            print(f"{name} = {value}", file=file or sys.stdout)

    def print_stack(self, file: TextIO | None = None) -> None:
        for place in self.stack:
            print(f"{place} in {place.function}: {place.source_line}", file=file or sys.stdout)

    def graph_break(self, message: str = "comptime") -> NoReturn:
        """Break the graph at this line."""
        raise GraphBreak("user request", message)
