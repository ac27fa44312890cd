"""The module `itertools`, and callables of `operator`: arguments are looked at as early as the real ones do."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules import bodies
from compiler.rules.basics import is_none
from compiler.rules.builtins.table import builtin
from compiler.rules.standins import function, iterator, number
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import ListValue, TupleValue
from compiler.values.standins import Recipe

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

NONE = ConstantValue(None)


def _plain(cls: Any, *args: Value, **kwargs: Value) -> Recipe:
    return Recipe(cls, cls, list(args), kwargs)


@builtin(itertools.chain)
def _chain(cx: Capture, *iterables: Value) -> Value:
    return iterator(cx, _plain(itertools.chain, *iterables), bodies.chain, *iterables)


@builtin(itertools.chain.from_iterable)
def _from_iterable(cx: Capture, iterables: Value, /) -> Value:
    inner = cx.iterate(iterables)
    recipe = Recipe(itertools.chain, itertools.chain.from_iterable, [inner], {})
    return iterator(cx, recipe, bodies.chain_from_iterable, inner)


def _over(cls: Any, body: Callable[..., Any]) -> None:
    """A class whose last argument is what it iterates over."""

    def rule(cx: Capture, *args: Value) -> Value:
        inner = [*args[:-1], cx.iterate(args[-1])]
        return iterator(cx, _plain(cls, *inner), body, *inner)

    def of_one(cx: Capture, iterable: Value, /) -> Value:
        return rule(cx, iterable)

    def of_two(cx: Capture, func: Value, iterable: Value, /) -> Value:
        return rule(cx, func, iterable)

    builtin(cls)(of_one if cls in (itertools.cycle, itertools.pairwise) else of_two)


for _name in ("cycle", "pairwise", "starmap", "takewhile", "dropwhile", "filterfalse"):
    _over(getattr(itertools, _name), getattr(bodies, _name))


@builtin(itertools.compress)
def _compress(cx: Capture, data: Value, selectors: Value) -> Value:
    inner = [cx.iterate(data), cx.iterate(selectors.realize(cx))]
    return iterator(cx, _plain(itertools.compress, *inner), bodies.compress, *inner)


@builtin(itertools.accumulate)
def _accumulate(cx: Capture, iterable: Value, func: Value = NONE, *, initial: Value = NONE) -> Value:
    inner = cx.iterate(iterable)
    recipe = _plain(itertools.accumulate, inner, func, initial=initial)
    return iterator(cx, recipe, bodies.accumulate, inner, func, initial)


@builtin(itertools.groupby)
def _groupby(cx: Capture, iterable: Value, key: Value = NONE) -> Value:
    inner = cx.iterate(iterable)
    return iterator(cx, _plain(itertools.groupby, inner, key), bodies.groupby, inner, key)


@builtin(itertools.zip_longest)
def _zip_longest(cx: Capture, *iterables: Value, fillvalue: Value = NONE) -> Value:
    inner = [cx.iterate(iterable) for iterable in iterables]
    recipe = _plain(itertools.zip_longest, *inner, fillvalue=fillvalue)
    return iterator(cx, recipe, bodies.zip_longest, ListValue(inner), fillvalue)


@builtin(itertools.islice)
def _islice(cx: Capture, iterable: Value, *bounds: Value) -> Value:
    if not 1 <= len(bounds) <= 3:
        raise GraphBreak("operator refused", f"islice with {len(bounds)} bounds")
    start, stop, step = {1: (NONE, *bounds, NONE), 2: (*bounds, NONE), 3: bounds}[len(bounds)]
    plain = [
        ConstantValue(default if is_none(cx, bound) else number(cx, bound, least))
        for bound, default, least in ((start, 0, 0), (stop, None, 0), (step, 1, 1))
    ]
    inner = cx.iterate(iterable)
    return iterator(cx, _plain(itertools.islice, inner, *plain), bodies.islice, inner, *plain)


def _pool(cx: Capture, iterable: Value) -> TupleValue:
    pool = TupleValue(cx.unpack(iterable))
    cx.new(pool)
    return pool


@builtin(itertools.product)
def _product(cx: Capture, *iterables: Value, repeat: Value | None = None) -> Value:
    times = 1 if repeat is None else number(cx, repeat)
    pools = [_pool(cx, iterable) for iterable in iterables]
    recipe = _plain(itertools.product, *pools, repeat=ConstantValue(times))
    return iterator(cx, recipe, bodies.product, *(pools * times))


@builtin(itertools.permutations)
def _permutations(cx: Capture, iterable: Value, r: Value = NONE) -> Value:
    pool = _pool(cx, iterable)
    size = ConstantValue(len(pool.items) if is_none(cx, r) else number(cx, r))
    return iterator(cx, _plain(itertools.permutations, pool, size), bodies.permutations, pool, size)


def _combine(cls: Any, body: Callable[..., Any]) -> None:
    def rule(cx: Capture, iterable: Value, r: Value) -> Value:
        pool = _pool(cx, iterable)
        size = ConstantValue(number(cx, r))
        return iterator(cx, _plain(cls, pool, size), body, pool, size)

    builtin(cls)(rule)


_combine(itertools.combinations, bodies.combinations)
_combine(itertools.combinations_with_replacement, bodies.combinations_with_replacement)


@builtin(itertools.repeat)
def _repeat(cx: Capture, object: Value, times: Value | None = None) -> Value:
    if times is None:
        return iterator(cx, _plain(itertools.repeat, object), bodies.repeat_forever, object)
    often = times.realize(cx).constant()
    if type(often) is not int:
        raise GraphBreak("operator refused", "itertools.repeat, not a whole number of times")
    return iterator(cx, _plain(itertools.repeat, object, times), bodies.repeat, object, times)


@builtin(itertools.count)
def _count(cx: Capture, start: Value | None = None, step: Value | None = None) -> Value:
    args = [start or ConstantValue(0), step or ConstantValue(1)]
    if not all(isinstance(arg.realize(cx).constant(), int | float | complex) for arg in args):
        raise GraphBreak("operator refused", "itertools.count of something that is no number")
    return iterator(cx, _plain(itertools.count, *args), bodies.count, *args)


def _callable(cls: Any, body: Callable[..., Any]) -> None:
    def rule(cx: Capture, first: Value, /, *rest: Value, **kwargs: Value) -> Value:
        return function(cx, Recipe(cls, cls, [first, *rest], kwargs), body)

    builtin(cls)(rule)


_callable(operator.itemgetter, bodies.itemgetter)


@builtin(operator.attrgetter)
def _attrgetter(cx: Capture, *names: Value) -> Value:
    _check_names(cx, names)
    return function(cx, _plain(operator.attrgetter, *names), bodies.attrgetter)


@builtin(operator.methodcaller)
def _methodcaller(cx: Capture, name: Value, /, *args: Value, **kwargs: Value) -> Value:
    _check_names(cx, (name,))
    return function(cx, _plain(operator.methodcaller, name, *args, **kwargs), bodies.methodcaller)


def _check_names(cx: Capture, names: tuple[Value, ...]) -> None:
    if not names or not all(isinstance(name.realize(cx).constant(), str) for name in names):
        raise GraphBreak("operator refused", "attribute names that are no strings")
