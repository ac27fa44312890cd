"""What the rewritten code has to make: a walk over all values that outlive the captured region.

The walk finds the tensors that the graph must return, the values that are used more than once,
cycles, and values that cannot be made again (then the graph breaks earlier, where they were made).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.output.children import children
from compiler.sources import ConstantSource
from compiler.values.base import LazyValue, Value
from compiler.values.functions import CellValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def resolve(value: Value) -> Value:
    """The value behind a lazy one that was looked at; one that was not stays as it is."""
    if isinstance(value, LazyValue) and value.realized is not None:
        value = value.realized
    holder = getattr(value, "holder", None)
    return holder if holder is not None and holder.base is value else value


def is_loaded(value: Value) -> bool:
    """Whether the value is rebuilt by loading its source."""
    return value.source is not None


class Plan:
    """The walk's result.

    Attributes:
        outputs: Tensors that the graph returns, in order of first use.
        uses: Value → number of references to it.
        cyclic: Mutable values that contain themselves: made empty, filled at the end.
        loaded: Values loaded from sources, in order of first use.
        effects: Changed values that somebody can still see.
    """

    def __init__(self, cx: Capture, roots: list[Value]) -> None:
        self.cx = cx
        self.outputs: list[TensorValue] = []
        self.uses: dict[Value, int] = {}
        self.cyclic: set[Value] = set()
        self.loaded: dict[Value, None] = {}
        self._path: list[Value] = []
        for root in roots:
            self.visit(root)
        self.effects = self._visible_effects()

    def _visible_effects(self) -> list[Value]:
        """Changed values and what they now hold; a cell of the frame itself matters when something reaches it."""
        ledger = self.cx.ledger
        for _, _, value in ledger.globals.values():
            self.visit(value)
        effects: dict[Value, None] = {}
        pending = True
        while pending:
            pending = False
            for value in list(ledger.touched):
                if value in effects or (value.source is None and value not in self.uses):
                    continue
                effects[value] = None
                pending = True
                if value.source is not None:
                    self.loaded.setdefault(value)
                for child in children(self.cx, value):
                    self.visit(child)
        return [value for value in ledger.touched if value in effects]

    def visit(self, value: Value) -> None:
        value = resolve(value)
        seen = self.uses.get(value, 0)
        self.uses[value] = seen + 1
        if seen:
            if value in self._path:
                self.cyclic.update(self._path[self._path.index(value) :])
            return
        if is_loaded(value):
            if not isinstance(value.source, ConstantSource):
                self.loaded.setdefault(value)
            return
        if isinstance(value, TensorValue):
            self.outputs.append(value)
            return
        if isinstance(value, CellValue) and value.name is not None and value not in self.cx.ledger.touched:
            return
        self._path.append(value)
        for child in children(self.cx, value):
            self.visit(child)
        self._path.pop()
