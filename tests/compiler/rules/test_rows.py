"""Every row of the tables of builtins and methods against the real thing, with arguments of all kinds."""

from __future__ import annotations

import builtins
import collections
import copy
import inspect
import itertools
import math
import operator
import random
from typing import Any

import pytest

import compiler
from compiler.rules.builtins import BUILTINS, PURE
from compiler.rules.polyfills import POLYFILLS

FAMILIES = {
    "builtins": builtins,
    "operator": operator,
    "math": math,
    "itertools": itertools,
    "collections": collections,
    "copy": copy,
}
UNANSWERABLE = {"id", "input", "open", "print", "globals", "exc_info", "exception", "super", "vars", "hash", "object"}
"""Rows about identity, files and the frame."""

FEW, MANY = 5, 100
"""Calls tried of each row, always and on demand."""


class Number:
    """An object with a few dunders."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __index__(self) -> int:
        return self.number

    def __add__(self, other: object) -> Any:
        return self.number + other if isinstance(other, int) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.number == self.number

    def __lt__(self, other: object) -> Any:
        return self.number < other.number if isinstance(other, Number) else NotImplemented

    def __len__(self) -> int:
        return self.number

    def __iter__(self) -> Any:
        return iter(range(self.number))

    def __repr__(self) -> str:
        return f"Number({self.number})"


def increment(value: Any) -> Any:
    return value + 1


def three() -> int:
    return 3


def pool() -> list[Any]:
    """Arguments, made afresh."""
    return [
        *(0, 1, -1, 2, True, 2.5, float("inf"), 1j, "", "abc", "a b", b"ab", None, ..., int, str, list),
        *((), (1, 2), [], [3, 1, 2], ["b", "a"], [(1, 2), (3, 4)], {}, {"a": 1, "b": 2}, {1: 2}),
        *(set(), {1, 2}, frozenset({2, 3}), range(3), slice(1, None), Number(2), increment, three),
        *(collections.deque([1, 2], 2), collections.OrderedDict(a=1), collections.defaultdict(int, a=2)),
    ]


def shown(value: Any, depth: int = 3) -> Any:
    """What can be compared of a result: iterators are used up, objects shown by their text."""
    if hasattr(type(value), "__next__"):
        items = list(itertools.islice(value, 20))
        return type(value), [shown(item, depth - 1) for item in items] if depth else len(items)
    if isinstance(value, list | tuple | set | frozenset | collections.deque):
        return type(value), [shown(item, depth - 1) for item in value] if depth else len(value)
    if isinstance(value, dict):
        return type(value), [
            (shown(key, depth - 1), shown(item, depth - 1)) for key, item in value.items()
        ] if depth else len(value)
    return type(value), repr(value).partition(" at 0x")[0]


def outcome(function: Any, args: tuple[Any, ...]) -> Any:
    try:
        found = shown(function(*args))
    except Exception as error:
        found = type(error), str(error)
    return found, [shown(arg) for arg in args]


def rows() -> dict[str, Any]:
    """The functions that have a rule, by name."""
    known = {*BUILTINS, *PURE, *POLYFILLS}
    named = [(f"{family}.{name}", thing) for family in FAMILIES for name, thing in vars(FAMILIES[family]).items()]
    return {
        name: thing
        for name, thing in named
        if not name.partition(".")[2].startswith("_")
        and callable(thing)
        and getattr(thing, "__hash__", None)
        and thing in known
        if name.partition(".")[2] not in UNANSWERABLE and not (inspect.isclass(thing) and issubclass(thing, Exception))
    }


def methods() -> dict[str, Any]:
    """All methods of builtin containers and of strings, as functions."""
    kinds = (list, dict, set, frozenset, tuple, str, collections.deque, collections.OrderedDict, range, slice)
    left_out = {"__class__", "__class_getitem__", "__init_subclass__", "__subclasshook__", "__new__", "__sizeof__"}
    left_out |= {"__reduce__", "__reduce_ex__", "__getnewargs__", "__getstate__", "__dir__", "__hash__", "__init__"}
    left_out |= {"__getattribute__", "__setattr__", "__delattr__", "__format__", "__repr__", "__str__", "__doc__"}
    return {
        f"{kind.__name__}.{name}": (kind, name)
        for kind in kinds
        for name in sorted({name for base in kind.__mro__ for name in vars(base)} - left_out)
        if callable(getattr(kind, name))
    }


def disagreement(function: Any, args: list[int]) -> str | None:
    """Call with the arguments at these places of the pool, in eager and compiled."""

    def inputs() -> tuple[Any, ...]:
        made = pool()
        return tuple(copy.deepcopy(made[place]) for place in args)

    compiler.reset()
    # A function of that many parameters: each is looked at as an argument.
    call = {
        0: lambda: function(),
        1: lambda a: function(a),
        2: lambda a, b: function(a, b),
        3: lambda a, b, c: function(a, b, c),
    }[len(args)]
    with compiler.config.patch(capture_all_frames=True, strict=True):
        expected, found = outcome(call, inputs()), outcome(compiler.optimize(call), inputs())
    return None if expected == found else f"{inputs()}: {found} instead of {expected}"


def is_long(name: str, args: list[int]) -> bool:
    """Whether the result may go on for ever, or be enormous."""
    return any(pool()[place] == math.inf for place in args if isinstance(pool()[place], float))


def try_builtin(name: str, times: int) -> None:
    function, chance = rows()[name], random.Random(name)
    for _ in range(times):
        args = [chance.randrange(len(pool())) for _ in range(chance.choice([0, 1, 1, 1, 2, 2, 2, 3]))]
        if not is_long(name, args):
            wrong = disagreement(function, args)
            assert wrong is None, wrong


def try_method(name: str, times: int) -> None:
    (kind, method), chance = methods()[name], random.Random(name)
    owners = [place for place, thing in enumerate(pool()) if type(thing) is kind]
    for _ in range(times):
        rest = [chance.randrange(len(pool())) for _ in range(chance.choice([0, 1, 1, 1, 2]))]
        if not is_long(name, rest):
            wrong = disagreement(lambda owner, *args: getattr(owner, method)(*args), [chance.choice(owners), *rest])
            assert wrong is None, wrong


TRIES = {**dict.fromkeys(sorted(rows()), try_builtin), **dict.fromkeys(sorted(methods()), try_method)}


@pytest.mark.parametrize("name", TRIES)
def test_row(name: str) -> None:
    TRIES[name](name, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("name", TRIES)
def test_row_often(name: str) -> None:
    TRIES[name](name, MANY)
