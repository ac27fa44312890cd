"""Builtins written as plain Python: the interpreter traces them like user code.

Each must behave exactly as what it stands for; property tests compare them.
"""

from __future__ import annotations

import collections
import functools
import math
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


def prod(iterable: Iterable[Any], /, *, start: Any = 1) -> Any:
    total = start
    for item in iterable:
        total = total * item
    return total


def count_elements(mapping: Any, iterable: Iterable[Any], /) -> None:
    for item in iterable:
        mapping[item] = mapping.get(item, 0) + 1


POLYFILLS: dict[Any, Callable[..., Any]] = {
    any: any_,
    all: all_,
    sum: sum_,
    min: _extreme("min", _less),
    max: _extreme("max", _greater),
    functools.reduce: reduce,
    math.prod: prod,
    collections._count_elements: count_elements,  # type: ignore[attr-defined]
}
"""What is replaced → what is traced instead."""
