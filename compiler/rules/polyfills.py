"""Builtins written as plain Python: the interpreter traces them like user code.

Each must behave exactly as what it stands for; property tests compare them.
"""

from __future__ import annotations

import collections
import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

_MISSING: Any = object()


def any_(iterable: Iterable[Any], /) -> bool:
    for item in iterable:  # noqa: SIM110 - this is what any() is written in
        if item:
            return True
    return False


def all_(iterable: Iterable[Any], /) -> bool:
    for item in iterable:  # noqa: SIM110 - this is what all() is written in
        if not item:
            return False
    return True


def sum_(iterable: Iterable[Any], /, start: Any = 0) -> Any:
    if isinstance(start, str):
        raise TypeError("sum() can't sum strings [use ''.join(seq) instead]")
    total = start
    for item in iterable:
        total = total + item
    return total


def _extreme(name: str, better: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    empty = f"{name}() arg is an empty sequence" if name else ""

    def extreme(*args: Any, key: Any = None, default: Any = _MISSING) -> Any:
        items = args if len(args) > 1 else args[0]
        found = _MISSING
        best = None
        for item in items:
            rank = item if key is None else key(item)
            if found is _MISSING or better(rank, best):
                found, best = item, rank
        if found is not _MISSING:
            return found
        if default is _MISSING:
            raise ValueError(empty)
        return default

    return extreme


def _less(a: Any, b: Any) -> Any:
    return a < b


def _greater(a: Any, b: Any) -> Any:
    return a > b


def reduce(function: Callable[[Any, Any], Any], iterable: Iterable[Any], /, initial: Any = _MISSING) -> Any:
    iterator = iter(iterable)
    if initial is _MISSING:
        for first in iterator:
            result = first
            break
        else:
            raise TypeError("reduce() of empty iterable with no initial value")
    else:
        result = initial
    for item in iterator:
        result = function(result, item)
    return result


def chain(*iterables: Iterable[Any]) -> Any:
    for iterable in iterables:
        yield from iterable


def chain_from_iterable(iterables: Iterable[Iterable[Any]], /) -> Any:
    for iterable in iterables:
        yield from iterable


def product(*iterables: Iterable[Any], repeat: int = 1) -> Any:
    pools = [tuple(pool) for pool in iterables] * repeat
    results: list[list[Any]] = [[]]
    for pool in pools:
        results = [[*prefix, item] for prefix in results for item in pool]
    for result in results:
        yield tuple(result)


def islice(iterable: Iterable[Any], /, *bounds: int | None) -> Any:
    window = slice(*bounds)
    start, stop, step = window.start or 0, window.stop, window.step or 1
    position, wanted = 0, start
    if stop is not None and wanted >= stop:
        return
    for item in iterable:
        if position == wanted:
            yield item
            wanted += step
        position += 1  # noqa: SIM113 - enumerate would be traced beside it
        if stop is not None and position >= stop:
            return


def repeat(item: Any, times: int | None = None) -> Any:
    if times is None:
        while True:
            yield item
    for _ in range(times):
        yield item


def count(start: Any = 0, step: Any = 1) -> Any:
    value = start
    while True:
        yield value
        value = value + step


def cycle(iterable: Iterable[Any], /) -> Any:
    seen = []
    for item in iterable:
        yield item
        seen.append(item)
    while seen:
        yield from seen


def starmap(function: Callable[..., Any], iterable: Iterable[Any], /) -> Any:
    for args in iterable:
        yield function(*args)


def accumulate(iterable: Iterable[Any], func: Any = None, *, initial: Any = None) -> Any:
    iterator = iter(iterable)
    total = initial
    if initial is None:
        for first in iterator:
            total = first
            break
        else:
            return
    yield total
    for item in iterator:
        total = total + item if func is None else func(total, item)
        yield total


def zip_longest(*iterables: Iterable[Any], fillvalue: Any = None) -> Any:
    pools = [list(iterable) for iterable in iterables]
    for position in range(max([len(pool) for pool in pools], default=0)):
        yield tuple([pool[position] if position < len(pool) else fillvalue for pool in pools])


def combinations(iterable: Iterable[Any], r: int) -> Any:
    pool = tuple(iterable)
    for indices in itertools.permutations(range(len(pool)), r):
        if sorted(indices) == list(indices):
            yield tuple([pool[i] for i in indices])


def permutations(iterable: Iterable[Any], r: int | None = None) -> Any:
    pool = tuple(iterable)
    size = len(pool) if r is None else r
    for indices in product(range(len(pool)), repeat=size):
        if len(set(indices)) == size:
            yield tuple([pool[i] for i in indices])


def takewhile(predicate: Callable[[Any], Any], iterable: Iterable[Any], /) -> Any:
    for item in iterable:
        if not predicate(item):
            break
        yield item


def dropwhile(predicate: Callable[[Any], Any], iterable: Iterable[Any], /) -> Any:
    iterator = iter(iterable)
    for item in iterator:
        if not predicate(item):
            yield item
            break
    yield from iterator


def pairwise(iterable: Iterable[Any], /) -> Any:
    previous = _MISSING
    for item in iterable:
        if previous is not _MISSING:
            yield (previous, item)
        previous = item


def groupby_keys(iterable: Iterable[Any], key: Any = None) -> Any:
    groups: list[tuple[Any, list[Any]]] = []
    for item in iterable:
        rank = item if key is None else key(item)
        if groups and groups[-1][0] == rank:
            groups[-1][1].append(item)
        else:
            groups.append((rank, [item]))
    for rank, members in groups:
        yield rank, iter(members)


def reversed_sequence(sequence: Any) -> Any:
    """``reversed`` of an object with ``__len__`` and ``__getitem__``."""
    for index in range(len(sequence) - 1, -1, -1):
        yield sequence[index]


def iterated_sequence(sequence: Any) -> Any:
    """``iter`` of an object with ``__getitem__`` alone."""
    index = 0
    while True:
        try:
            item = sequence[index]
        except IndexError:
            return
        yield item
        index += 1


def compress(data: Iterable[Any], selectors: Iterable[Any]) -> Any:
    for item, kept in zip(data, selectors):
        if kept:
            yield item


def filterfalse(predicate: Any, iterable: Iterable[Any], /) -> Any:
    for item in iterable:
        if not (item if predicate is None else predicate(item)):
            yield item


def prod(iterable: Iterable[Any], /, *, start: Any = 1) -> Any:
    total = start
    for item in iterable:
        total = total * item
    return total


def count_elements(mapping: Any, iterable: Iterable[Any], /) -> None:
    for item in iterable:
        mapping[item] = mapping.get(item, 0) + 1


def methodcaller(name: str, /, *args: Any, **kwargs: Any) -> Any:
    return lambda obj: getattr(obj, name)(*args, **kwargs)


def attrgetter(*names: str) -> Any:
    def read(obj: Any, path: str) -> Any:
        for name in path.split("."):
            obj = getattr(obj, name)
        return obj

    if len(names) == 1:
        return lambda obj: read(obj, names[0])
    return lambda obj: tuple([read(obj, name) for name in names])


def itemgetter(*keys: Any) -> Any:
    if len(keys) == 1:
        return lambda obj: obj[keys[0]]
    return lambda obj: tuple([obj[key] for key in keys])


POLYFILLS: dict[Any, Callable[..., Any]] = {
    any: any_,
    all: all_,
    sum: sum_,
    min: _extreme("min", _less),
    max: _extreme("max", _greater),
    functools.reduce: reduce,
    itertools.chain: chain,
    itertools.chain.from_iterable: chain_from_iterable,
    itertools.product: product,
    itertools.islice: islice,
    itertools.repeat: repeat,
    itertools.count: count,
    itertools.cycle: cycle,
    itertools.starmap: starmap,
    itertools.accumulate: accumulate,
    itertools.zip_longest: zip_longest,
    itertools.combinations: combinations,
    itertools.permutations: permutations,
    itertools.takewhile: takewhile,
    itertools.dropwhile: dropwhile,
    itertools.pairwise: pairwise,
    itertools.groupby: groupby_keys,
    itertools.compress: compress,
    itertools.filterfalse: filterfalse,
    math.prod: prod,
    collections._count_elements: count_elements,  # type: ignore[attr-defined]
    operator.methodcaller: methodcaller,
    operator.attrgetter: attrgetter,
    operator.itemgetter: itemgetter,
}
"""What is replaced → what is traced instead."""
