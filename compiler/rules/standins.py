"""Making stand-ins: the real class, and the body that is traced for its objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.values.base import Value
from compiler.values.iterators import GeneratorValue
from compiler.values.standins import Recipe, StandInCallable, StandInIterator

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def iterator(cx: Capture, recipe: Recipe, body: Callable[..., Any], *args: Value) -> Value:
    """An iterator whose work the generator function `body` does."""
    inner = cx.call(cx.wrap_constant(body), list(args), {})
    assert isinstance(inner, GeneratorValue)
    return cx.new(StandInIterator(recipe, inner))


def function(cx: Capture, recipe: Recipe, body: Callable[..., Any]) -> Value:
    """A callable whose work the function does that `body` gives."""
    inner = cx.call(cx.wrap_constant(body), recipe.args, recipe.kwargs)
    return cx.new(StandInCallable(recipe, inner))


def number(cx: Capture, value: Value, least: int = 0) -> int:
    """A known number of items.

    Raises:
        GraphBreak: it is no plain int of a sensible size; the real class says what it thinks of that.
    """
    found = value.realize(cx).constant()
    if type(found) is not int or found < least:
        raise GraphBreak("operator refused", f"{found!r} as a number of items")
    return found
