"""What iterators and callables of `itertools` and `operator` do, as plain Python that is traced like the user's code.

`rules.standins` says which class each of them stands for. They get iterators where the real ones call ``iter``
when they are made, and never call ``next``: a StopIteration inside a generator would become an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

_MISSING: Any = object()


def chain(*iterables: Iterable[Any]) -> Any:
    for iterable in iterables:
        yield from iterable


def chain_from_iterable(iterables: Iterator[Iterable[Any]]) -> Any:
    for iterable in iterables:
        yield from iterable


def product(*pools: tuple[Any, ...]) -> Any:
    places = [0] * len(pools)
    if not all([len(pool) for pool in pools]):  # noqa: C419 - a list is traced in fewer steps
        return
    while True:
        yield tuple([pool[place] for pool, place in zip(pools, places)])
        for position in range(len(pools) - 1, -1, -1):
            places[position] += 1
            if places[position] < len(pools[position]):
                break
            places[position] = 0
        else:
            return


def combinations(pool: tuple[Any, ...], r: int) -> Any:
    size = len(pool)
    if r > size:
        return
    places = list(range(r))
    while True:
        yield tuple([pool[place] for place in places])
        for position in range(r - 1, -1, -1):
            if places[position] != position + size - r:
                break
        else:
            return
        places[position] += 1
        for following in range(position + 1, r):
            places[following] = places[following - 1] + 1


def combinations_with_replacement(pool: tuple[Any, ...], r: int) -> Any:
    size = len(pool)
    if not size and r:
        return
    places = [0] * r
    while True:
        yield tuple([pool[place] for place in places])
        for position in range(r - 1, -1, -1):
            if places[position] != size - 1:
                break
        else:
            return
        places[position:] = [places[position] + 1] * (r - position)


def permutations(pool: tuple[Any, ...], r: int) -> Any:
    size = len(pool)
    if r > size:
        return
    places = list(range(size))
    rounds = list(range(size, size - r, -1))
    while True:
        yield tuple([pool[place] for place in places[:r]])
        for position in range(r - 1, -1, -1):
            rounds[position] -= 1
            if rounds[position]:
                other = -rounds[position]
                places[position], places[other] = places[other], places[position]
                break
            places[position:] = places[position + 1 :] + places[position : position + 1]
            rounds[position] = size - position
        else:
            return


def islice(iterator: Iterator[Any], start: int, stop: int | None, step: int) -> Any:
    position, wanted = 0, start
    while True:
        while position < wanted:
            for _ in iterator:
                break
            else:
                return
            position += 1
        if stop is not None and position >= stop:
            return
        for item in iterator:  # noqa: B007
            break
        else:
            return
        position += 1
        wanted += step
        if stop is not None and wanted > stop:
            wanted = stop
        yield item


def repeat_forever(item: Any) -> Any:
    while True:
        yield item


def repeat(item: Any, times: int) -> Any:
    for _ in range(times):
        yield item


def count(start: Any = 0, step: Any = 1) -> Any:
    value = start
    while True:
        yield value
        value = value + step


def cycle(iterator: Iterator[Any]) -> Any:
    seen = []
    for item in iterator:
        yield item
        seen.append(item)
    while seen:
        for item in seen:
            yield item


def starmap(function: Callable[..., Any], iterator: Iterator[Any]) -> Any:
    for args in iterator:
        yield function(*args)


def accumulate(iterator: Iterator[Any], func: Any, initial: Any) -> Any:
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


def zip_longest(iterators: list[Any], fillvalue: Any) -> Any:
    active = len(iterators)
    while active:
        row = []
        for position in range(len(iterators)):
            iterator = iterators[position]
            if iterator is None:
                row.append(fillvalue)
                continue
            for item in iterator:
                row.append(item)
                break
            else:
                active -= 1
                if not active:
                    return
                iterators[position] = None
                row.append(fillvalue)
        yield tuple(row)


def takewhile(predicate: Callable[[Any], Any], iterator: Iterator[Any]) -> Any:
    for item in iterator:
        if not predicate(item):
            break
        yield item


def dropwhile(predicate: Callable[[Any], Any], iterator: Iterator[Any]) -> Any:
    for item in iterator:
        if not predicate(item):
            yield item
            break
    for item in iterator:
        yield item


def pairwise(iterator: Iterator[Any]) -> Any:
    previous = _MISSING
    for item in iterator:
        if previous is not _MISSING:
            yield (previous, item)
        previous = item


def compress(data: Iterator[Any], selectors: Iterator[Any]) -> Any:
    for item, kept in zip(data, selectors):
        if kept:
            yield item


def filterfalse(predicate: Any, iterator: Iterator[Any]) -> Any:
    for item in iterator:
        if not (item if predicate is None else predicate(item)):
            yield item


def groupby(iterator: Iterator[Any], key: Any) -> Any:
    state: list[Any] = [_MISSING, _MISSING, None]  # key, item, number of the group being read
    number = 0

    def step() -> bool:
        for item in iterator:
            state[0] = item if key is None else key(item)
            state[1] = item
            return True
        state[1] = _MISSING
        return False

    def group(of: Any, own: int) -> Any:
        while state[2] == own and state[1] is not _MISSING and state[0] == of:
            yield state[1]
            if state[2] != own or not step():
                return

    if not step():
        return
    while True:
        number += 1
        state[2] = number
        current = state[0]
        yield current, group(current, number)
        while state[0] == current:
            if state[1] is _MISSING or not step():
                return


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
        except (IndexError, StopIteration):
            return
        yield item
        index += 1


def until(function: Callable[[], Any], sentinel: Any) -> Any:
    """``iter`` of a function and the value at which to stop."""
    while True:
        item = function()
        if item == sentinel:
            return
        yield item


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
