"""A rule per kind of value: the table behind ``len``, ``x[i]``, ``in`` and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from compiler.values.base import Value

R = TypeVar("R", bound=Callable[..., Any])


class ByKind(Generic[R]):
    """Kind of value → rule; the row of the most derived class holds."""

    def __init__(self) -> None:
        self._rows: dict[type[Value], R] = {}

    def of(self, *kinds: type[Value]) -> Callable[[R], R]:
        """Register a rule for kinds; a kind has one rule only."""

        def register(rule: R) -> R:
            for kind in kinds:
                assert kind not in self._rows, kind
                self._rows[kind] = rule
            return rule

        return register

    def find(self, value: Value) -> R | None:
        return next((self._rows[kind] for kind in type(value).__mro__ if kind in self._rows), None)
