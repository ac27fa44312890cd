"""The ledger of effects: what the frame changed that existed before it, or that outlives it.

Values carry their own new state (items, entries, attrs, contents); the ledger remembers which
of them have to be written back, in the order of their first change, and global names.
"""

from __future__ import annotations

from typing import Any

from compiler.breaks import GraphBreak
from compiler.values.base import Value
from compiler.values.functions import CellValue, PythonModuleValue


class Ledger:
    """Effects of one capture.

    Attributes:
        touched: Changed values that existed before the frame, and cells of the root frame.
        globals: (id of the globals dict, name) → (the dict, name, new value).
        closed: Raised, when set, by any change, also of what is made inside the frame.
    """

    def __init__(self) -> None:
        self._namespaces: dict[Value, dict[str, Any]] = {}
        self.touched: dict[Value, None] = {}
        self.globals: dict[tuple[int, str], tuple[dict[str, Any], str, Value]] = {}
        self.closed: GraphBreak | None = None

    def touch(self, value: Value) -> None:
        """`value` is about to change, or has changed."""
        if self.closed is not None:
            raise self.closed
        if value.source is None:
            value = getattr(value, "holder", None) or value
        if value in self._namespaces:
            raise _two_ways()
        if isinstance(value, PythonModuleValue):
            self._refuse_namespace(vars(value.obj))
        if value.source is not None or (isinstance(value, CellValue) and value.name is not None):
            self.touched[value] = None

    def store_global(self, globals_: dict[str, Any], name: str, value: Value) -> None:
        if self.closed is not None:
            raise self.closed
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


def _two_ways() -> GraphBreak:
    return GraphBreak("unsupported value", "a module's names are written, and looked at as a dict")
