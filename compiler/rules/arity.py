"""Which arguments a rule takes: those of the builtin that it describes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


class Arity:
    """The parameters of a rule. A call by position is checked by counting: to bind a signature costs 20 µs."""

    def __init__(self, rule: Callable[..., Any]) -> None:
        self._signature = inspect.signature(rule)
        parameters = self._signature.parameters.values()
        by_position = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._least = sum(p.default is p.empty for p in by_position)
        self._most: float = len(by_position)
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            self._most = float("inf")
        if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
            self._most = -1

    def check(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Whether a call fits.

        Raises:
            TypeError: it does not.
        """
        if kwargs or not self._least <= len(args) <= self._most:
            self._signature.bind(*args, **kwargs)
