"""Guards: the facts a captured frame relies on, each tied to a source.

`GuardSet` collects facts while the interpreter uses them, removes duplicates and prints the
tree that `compiler._C.GuardTree` checks before every call. A guard that fails can say which
fact it is and what was found instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from compiler import _C
from compiler.sources import Source
from compiler.tensor_facts import Description

ABSENT = _C.ABSENT


@dataclasses.dataclass(eq=False)
class Guard:
    """One fact about the value at `source`.

    Attributes:
        kind: A kind of check of `_C.GuardTree`.
        payload: What the check compares with; its form depends on the kind.
    """

    source: Source | None
    kind: str
    payload: Any

    def __str__(self) -> str:
        return PHRASES[self.kind](str(self.source), self.payload)

    def failure(self, request: _C.Request) -> str:
        """What was expected, and what `request` has instead."""
        try:
            found = value_at(self.source, request) if self.source is not None else None
            return FAILURES[self.kind](self, found) if self.kind in FAILURES else f"expected {self}"
        except Exception:  # the path that cannot be walked is the failure, or a property of somebody's raises
            return f"expected {self}"


def _names(payload: dict[str, Any]) -> str:
    return ", ".join(str(name) for name in payload)


def _short(obj: object) -> str:
    text = repr(obj)
    return text if len(text) <= 80 else text[:77] + "..."


PHRASES: dict[str, Callable[[str, Any], str]] = {
    "type": lambda s, p: f"type({s}) is {p.__module__}.{p.__qualname__}",
    "is": lambda s, p: f"{s} is {_short(p)}",
    "is_not": lambda s, p: f"{s} is not {_short(p)}",
    "equal": lambda s, p: f"{s} == {_short(p)}",
    "length": lambda s, p: f"len({s}) == {p}",
    "keys": lambda s, p: f"list({s}) == {_short(list(p))}",
    "has_key": lambda s, p: f"{p!r} in {s}",
    "lacks_key": lambda s, p: f"{p!r} not in {s}",
    "truth": lambda s, p: f"bool({s}) is {p}",
    "tensor": lambda s, p: f"tensor properties of {s}: {_facts(p)}",
    "class_attrs": lambda s, p: f"class attributes of {s} unchanged: {_names(p[1])}",
    "exists": lambda s, p: f"{s} exists",
    "items": lambda s, p: f"entries of {s} unchanged: {_names(p)}",
    "empty": lambda s, p: f"all empty in {s}: {', '.join(p)}",
    "same_as": lambda s, p: f"{s} is {p}",
    "distinct": lambda s, p: "all different objects: " + ", ".join(map(str, p)),
    "predicate": lambda s, p: f"{getattr(p, '__doc__', None) or p}: {s}",
    "state": lambda s, p: "torch's modes (grad, inference, autocast, default dtype, functorch) unchanged",
}


def _facts(facts: _C.TensorFacts) -> str:
    known = facts.description
    traits = dict(known.traits)
    grad = ", requires_grad" if traits["requires_grad"] else ""
    return f"{known.type.__name__} {list(known.shape)} {traits['dtype']} on {traits['device']}{grad}"


def _got(found: Callable[[Any], str]) -> Callable[[Guard, Any], str]:
    return lambda guard, value: f"expected {guard}, got {found(value)}"


def _changed(expected: dict[Any, Any], found: Any) -> str:
    """The entries that differ, with what they are now."""
    now = {name: found.get(name, ABSENT) for name, item in expected.items() if found.get(name, ABSENT) is not item}
    return ", ".join(f"{name!r} is {'missing' if item is ABSENT else _short(item)}" for name, item in now.items())


def _changed_attributes(guard: Guard, value: Any) -> str:
    cls, expected = guard.payload
    raw = {name: next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), ABSENT) for name in expected}
    return f"class attributes of {guard.source} changed: {_changed(expected, raw)}"


def _changed_modes(guard: Guard, value: Any) -> str:
    now = [(func.__name__, func(), expected) for func, expected in guard.payload]
    return ", ".join(f"{name}() is {got}, was {expected}" for name, got, expected in now if got != expected)


FAILURES: dict[str, Callable[[Guard, Any], str]] = {
    "type": _got(lambda value: f"{type(value).__module__}.{type(value).__qualname__}"),
    "is": _got(_short),
    "equal": _got(_short),
    "length": _got(lambda value: str(len(value))),
    "keys": _got(lambda value: _short(list(value))),
    "tensor": lambda guard, value: f"{guard.source}: {guard.payload.describe(value)}",
    "items": lambda guard, value: f"entries of {guard.source} changed: {_changed(guard.payload, value)}",
    "class_attrs": _changed_attributes,
    "state": _changed_modes,
}
"""Kinds of guard that tell what was found instead."""


def value_at(source: Source, request: _C.Request) -> Any:
    """What lies at the end of an access path in the frame of `request`."""
    base = request if source.base is None else value_at(source.base, request)
    return ACCESSORS[source.accessor](base, source.guard_argument())


def _global(request: _C.Request, name: str) -> Any:
    return request.globals[name] if name in request.globals else request.builtins[name]


ACCESSORS: dict[str, Callable[[Any, Any], Any]] = {
    "local": lambda request, slot: request.locals[slot],
    "global": _global,
    "free": lambda request, index: request.closure[index],
    "constant": lambda request, obj: obj,
    "cell": lambda cell, _: cell.cell_contents,
    "attr": getattr,
    "dict": lambda obj, _: obj.__dict__,
    "key": lambda mapping, key: mapping[key],
    "item": lambda sequence, index: sequence[index],
    "type": lambda obj, _: type(obj),
    "call": lambda obj, function: function(obj),
    "func_attr": getattr,
}
"""The steps of access paths as `_C.GuardTree` walks them."""


@dataclasses.dataclass(frozen=True)
class StateGuard:
    """torch's global modes.

    Attributes:
        pairs: Zero-argument functions and the results they must give.
        kind, payload: The check that finds out in less time, or the pairs themselves.
    """

    pairs: tuple[tuple[Callable[[], object], object], ...]
    kind: str
    payload: object


class GuardSet:
    """The guards of one capture, in the order in which facts were used."""

    def __init__(self) -> None:
        self._guards: dict[Hashable, Guard] = {}
        self._state: StateGuard | None = None

    def add(self, source: Source, kind: str, payload: Any = None) -> None:
        """Rely on a fact; a fact that is known already is not added again."""
        key = (source, kind, _identity(kind, payload))
        if key not in self._guards:
            self._guards[key] = Guard(source, kind, payload)

    def exists(self, source: Source) -> None:
        """The path can be walked: the keys and attributes on it are there."""
        self.add(source, "exists")

    def class_attr(self, source: Source, cls: type, name: str, found: object) -> None:
        """The MRO lookup of `name` on the class at `source` gives `found` (or `ABSENT`)."""
        key = (source, "class_attrs", None)
        guard = self._guards.get(key)
        if guard is None:
            guard = self._guards[key] = Guard(source, "class_attrs", (cls, {}))
        guard.payload[1][name] = found

    def entry(self, source: Source, key: Hashable, found: object) -> None:
        """The dict at `source` has exactly this object (or `ABSENT`) under `key`."""
        at = (source, "items", None)
        guard = self._guards.get(at)
        if guard is None:
            guard = self._guards[at] = Guard(source, "items", {})
        guard.payload[key] = found

    def distinct(self, sources: list[Source]) -> None:
        """The values at all these sources are different objects."""
        if len(sources) > 1:
            self.add(sources[-1], "distinct", list(sources))

    def state(self, state: StateGuard) -> None:
        """torch's global modes, which are no value's."""
        self._state = state

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._guards.values())

    def __len__(self) -> int:
        return len(self._guards)

    def build(self, inputs: Sequence[Source] = ()) -> tuple[_C.GuardTree, list[Guard]]:
        """The checking tree, and what every guard id stands for.

        With `inputs`, the tree brings along the values at these sources, as a tuple, when it holds.
        """
        printer = _TreePrinter()
        if self._state:
            printer.state(self._state)
        for guard in self._guards.values():
            assert guard.source is not None
            printer.reach(guard.source)
        for guard in self._guards.values():
            printer.add(guard)
        return printer.tree(inputs), printer.checks


def _identity(kind: str, payload: Any) -> Hashable:
    if kind in ("equal", "has_key", "lacks_key", "length", "truth"):
        return (type(payload), repr(payload)) if isinstance(payload, float | complex) else (type(payload), payload)
    if kind in ("tensor", "keys"):
        return None
    return id(payload)


class _TreePrinter:
    """Prints guards as the node list of `_C.GuardTree`: pre-order, parents before children."""

    def __init__(self) -> None:
        self.checks: list[Guard] = []
        self._nodes: list[tuple[Any, ...]] = []
        self._index: dict[Source, int] = {}
        self._facts: dict[Description, _C.TensorFacts] = {}

    def _number(self, check: Guard) -> int:
        self.checks.append(check)
        return len(self.checks) - 1

    def state(self, state: StateGuard) -> None:
        check = (self._number(Guard(None, "state", state.pairs)), state.kind, state.payload)
        self._nodes.append((-1, "constant", None, -1, [check]))

    def reach(self, source: Source) -> int:
        """The node of a source, added below its base when missing."""
        found = self._index.get(source)
        if found is None:
            parent = -1 if source.base is None else self.reach(source.base)
            failed = self._number(Guard(source, "exists", None))
            self._nodes.append((parent, source.accessor, source.guard_argument(), failed, []))
            found = self._index[source] = len(self._nodes) - 1
        return found

    def add(self, guard: Guard) -> None:
        payload = guard.payload
        assert guard.source is not None
        if guard.kind == "same_as":
            payload = self.reach(payload)
        elif guard.kind == "distinct":
            payload = [self.reach(source) for source in payload]
        elif guard.kind == "tensor":  # parameters alike share facts, which the processor then keeps at hand
            payload = self._facts.setdefault(payload.description, payload)
        node = self._nodes[self.reach(guard.source)]
        if guard.kind == "exists":
            return
        node[4].append((self._number(guard), guard.kind, payload))

    def tree(self, inputs: Sequence[Source]) -> Any:
        return _C.GuardTree(self._nodes, [self.reach(source) for source in inputs])
