"""The ledger of effects: what the frame changed that existed before it, or that outlives it.

Values carry their own new state (items, entries, attrs, contents); the ledger remembers which
of them have to be written back, in the order of their first change, and global names.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from compiler.breaks import GraphBreak
from compiler.values.base import Value
from compiler.values.functions import CellValue, PythonModuleValue
from compiler.values.namespaces import namespace_of
from compiler.values.objects import ObjectValue


@dataclasses.dataclass
class Closed:
    """While the ledger is closed: what a change raises, and the values that may be changed, being made meanwhile."""

    cause: GraphBreak
    made: set[Value]


class Ledger:
    """Effects of one capture.

    Attributes:
        touched: Changed values that existed before the frame, and cells of the root frame.
        globals: (id of the globals dict, name) → (the dict, name, new value).
    """

    def __init__(self) -> None:
        self._namespaces: dict[Value, dict[str, Any]] = {}
        self.touched: dict[Value, None] = {}
        self.globals: dict[tuple[int, str], tuple[dict[str, Any], str, Value]] = {}
        self._closed: Closed | None = None

    def close(self, cause: GraphBreak) -> Closed | None:
        """From now on a change of anything made before raises `cause`; returns what `reopen` takes."""
        outer, self._closed = self._closed, Closed(cause, set())
        return outer

    def reopen(self, outer: Closed | None) -> None:
        """Allow again what was allowed before `close`."""
        if outer is not None and self._closed is not None:
            outer.made |= self._closed.made
        self._closed = outer

    def made(self, value: Value) -> None:
        """`value` has been made by the frame."""
        if self._closed is not None:
            self._closed.made.add(value)

    def touch(self, value: Value) -> None:
        """`value` is about to change, or has changed."""
        if self._closed is not None and value not in self._closed.made:
            raise self._closed.cause
        if value.source is None:
            value = getattr(value, "holder", None) or value
        if value in self._namespaces:
            raise _two_ways()
        if isinstance(value, ObjectValue) and value.base is not None and _is_own_dict(value.obj):
            raise GraphBreak("attribute write", f"{value.describe()} is its own __dict__")
        if isinstance(value, PythonModuleValue):
            self._refuse_namespace(vars(value.obj))
        if value.source is not None or (isinstance(value, CellValue) and value.name is not None):
            self.touched[value] = None

    def store_global(self, globals_: dict[str, Any], name: str, value: Value) -> None:
        if self._closed is not None:
            raise self._closed.cause
        self._refuse_namespace(globals_)
        self.globals[id(globals_), name] = (globals_, name, value)

    def load_global(self, globals_: dict[str, Any], name: str) -> Value | None:
        found = self.globals.get((id(globals_), name))
        return found[2] if found else None

    def namespace(self, value: Value, obj: dict[str, Any]) -> None:
        """`value` is the dict of a module's names: it may be read, while nothing of the module is written."""
        modules = [vars(other.obj) for other in self.touched if isinstance(other, PythonModuleValue)]
        written = [globals_ for globals_, _, _ in self.globals.values()]
        if any(obj is other for other in modules + written):
            raise _two_ways()
        self._namespaces[value] = obj

    def _refuse_namespace(self, globals_: dict[str, Any]) -> None:
        if any(globals_ is other for other in self._namespaces.values()):
            raise _two_ways()

    def __bool__(self) -> bool:
        return bool(self.touched or self.globals)


def _is_own_dict(obj: Any) -> bool:
    """Attributes and entries of such a dict are the same."""
    return obj is not None and namespace_of(obj) is obj


def _two_ways() -> GraphBreak:
    return GraphBreak("unsupported value", "a module's names are written, and looked at as a dict")
