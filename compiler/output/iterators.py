"""Code that makes iterators where they stand, and stand-ins as what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from compiler.values.base import Value
from compiler.values.iterators import (
    DictIterator,
    EnumerateIterator,
    FilterIterator,
    GeneratorValue,
    MapIterator,
    RangeIterator,
    ReverseIterator,
    SequenceIterator,
    SnapshotIterator,
    ZipIterator,
)
from compiler.values.standins import StandInCallable, StandInIterator

if TYPE_CHECKING:
    from compiler.output.rebuild import Rebuilder


def _sequence_iterator(rb: Rebuilder, value: SequenceIterator) -> None:
    if value.sequence is None:
        rb.e.load_const(())
        rb.e.get_iter()
        return
    rb.push(value.sequence)
    rb.e.get_iter()
    if value.index:
        rb.e.copy(1)
        rb.e.call_method("__setstate__", lambda: rb.e.load_const(value.index))
        rb.e.pop_top()


def advanced(iterable: Iterable[Any], count: int) -> Iterator[Any]:
    """An iterator of which `count` elements are consumed."""
    iterator = iter(iterable)
    for _ in range(count):
        next(iterator)
    return iterator


def _snapshot(rb: Rebuilder, value: SnapshotIterator) -> None:
    assert value.over is not None
    rb.e.call_constant(advanced, rb.loader(value.over), lambda: rb.e.load_const(value.index))


def _reverse_iterator(rb: Rebuilder, value: ReverseIterator) -> None:
    """One that is at its end stays there, whatever the sequence has then."""
    if value.index < 0:
        empty = value.sequence.cls() if value.sequence.mutable else ()
        rb.e.call_constant(exhausted, lambda: rb.e.load_const(empty), lambda: rb.e.load_const(True))
        return
    rb.e.call_constant(reversed, rb.loader(value.sequence))
    rb.e.copy(1)
    rb.e.call_method("__setstate__", lambda: rb.e.load_const(value.index))
    rb.e.pop_top()


def _dict_iterator(rb: Rebuilder, value: DictIterator) -> None:
    if value.mapping is None:
        rb.e.call_constant(exhausted, rb.loader(value.over), lambda: rb.e.load_const(value.reverse))
    elif value.reverse:
        rb.e.call_constant(advanced_reversed, rb.loader(value.over), lambda: rb.e.load_const(value.index))
    else:
        rb.e.call_constant(advanced, rb.loader(value.over), lambda: rb.e.load_const(value.index))


def exhausted(over: Any, reverse: bool) -> Iterator[Any]:
    """An iterator at its end."""
    iterator = reversed(over) if reverse else iter(over)
    for _ in iterator:
        pass
    return iterator


def advanced_reversed(over: Any, count: int) -> Iterator[Any]:
    """A reversed iterator of which `count` elements are consumed."""
    iterator = reversed(over)
    for _ in range(count):
        next(iterator)
    return iterator


def _range_iterator(rb: Rebuilder, value: RangeIterator) -> None:
    rb.e.load_const(value.range[value.index :])
    rb.e.get_iter()


def _enumerate(rb: Rebuilder, value: EnumerateIterator) -> None:
    rb.e.call_constant(enumerate, rb.loader(value.inner), lambda: rb.e.load_const(value.count))


def _zip(rb: Rebuilder, value: ZipIterator) -> None:
    rb.e.begin_call(lambda: rb.e.load_const(zip))
    rb.push_all(value.inner)
    rb.e.load_const(value.strict)
    rb.e.end_call(len(value.inner) + 1, ("strict",))


def _map(rb: Rebuilder, value: MapIterator) -> None:
    rb.e.call_constant(map, rb.loader(value.func), *[rb.loader(inner) for inner in value.inner])


def _filter(rb: Rebuilder, value: FilterIterator) -> None:
    rb.e.call_constant(filter, rb.loader(value.func), rb.loader(value.inner))


def _generator(rb: Rebuilder, value: GeneratorValue) -> None:
    func, args, kwargs = value.call_parts
    rb.e.begin_call(rb.loader(func))
    rb.push_all([*args, *kwargs.values()])
    rb.e.end_call(len(args) + len(kwargs), tuple(kwargs))


def _stand_in(rb: Rebuilder, value: StandInIterator | StandInCallable) -> None:
    recipe = value.recipe
    rb.e.begin_call(lambda: rb.e.load_const(recipe.maker))
    rb.push_all([*recipe.args, *recipe.kwargs.values()])
    rb.e.end_call(len(recipe.args) + len(recipe.kwargs), tuple(recipe.kwargs))


ROWS: dict[type[Value], Callable[[Rebuilder, Any], None]] = {
    SequenceIterator: _sequence_iterator,
    ReverseIterator: _reverse_iterator,
    DictIterator: _dict_iterator,
    SnapshotIterator: _snapshot,
    RangeIterator: _range_iterator,
    EnumerateIterator: _enumerate,
    ZipIterator: _zip,
    MapIterator: _map,
    FilterIterator: _filter,
    GeneratorValue: _generator,
    StandInIterator: _stand_in,
    StandInCallable: _stand_in,
}
