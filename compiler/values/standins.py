"""Objects of library classes written in C whose doings are traced as Python: outside of the capture they are real.

One that nobody has used yet is rebuilt by calling the real class; a half consumed iterator cannot be rebuilt.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.values.base import Value
from compiler.values.iterators import GeneratorValue, IteratorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How the real object is made: ``maker(*args, **kwargs)`` gives one of class `cls`."""

    cls: type
    maker: Any
    args: list[Value]
    kwargs: dict[str, Value]


class StandInIterator(IteratorValue):
    """An iterator of a library's; `inner` is the generator that does its work."""

    __slots__ = ("inner", "recipe")

    def __init__(self, recipe: Recipe, inner: GeneratorValue) -> None:
        super().__init__()
        self.recipe = recipe
        self.inner = inner

    def pytype(self) -> type:
        return self.recipe.cls

    def advance(self, cx: Capture) -> Value | None:
        if self.inner.frame.running:
            raise GraphBreak("generator", f"a {self.recipe.cls.__name__} that is asked for an item while it makes one")
        return self.inner.advance(cx)

    def describe(self) -> str:
        return f"a {self.recipe.cls.__name__}"


class StandInCallable(Value):
    """A callable of a library's; `inner` is the function that does its work."""

    __slots__ = ("inner", "recipe")

    def __init__(self, recipe: Recipe, inner: Value) -> None:
        super().__init__()
        self.recipe = recipe
        self.inner = inner

    def pytype(self) -> type:
        return self.recipe.cls

    def truth(self, cx: Capture) -> bool:
        return True

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.call(self.inner, args, kwargs)

    def describe(self) -> str:
        return f"a {self.recipe.cls.__name__}"
