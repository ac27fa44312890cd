"""A mapping from code objects, by identity, whose entries go when the code does."""

from __future__ import annotations

import weakref
from types import CodeType
from typing import Generic, TypeVar

T = TypeVar("T")


class PerCode(Generic[T]):
    """Something kept per code object. Equality of code would compare its constants, so identity it is."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[CodeType], T]] = {}

    def get(self, code: CodeType) -> T | None:
        entry = self._entries.get(id(code))
        return entry[1] if entry is not None and entry[0]() is code else None

    def put(self, code: CodeType, thing: T) -> None:
        key = id(code)
        entries = self._entries

        def drop(dead: weakref.ref[CodeType]) -> None:
            entry = entries.get(key)
            if entry is not None and entry[0] is dead:
                del entries[key]

        entries[key] = (weakref.ref(code, drop), thing)
