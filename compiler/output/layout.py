"""Making a set that iterates as the program's own would, now and after more has happened to it.

The order of a set is that of its table: it depends on the size of the table, on who came first, and on holes that
removed elements have left.
"""

from __future__ import annotations

import sys
from typing import Any

from compiler.values.containers import IdentityKey, SetValue


def can_be_laid_out(value: SetValue) -> bool:
    """Whether a set made of the elements has the table of the program's own."""
    if any(isinstance(key, IdentityKey) for key in value.entries):  # by addresses, which are different every time
        return True
    if value.order is None:
        return len(value.entries) < 2
    again = _made(value, elements_in_order(value))
    same = list(again) == list(value.order) and sys.getsizeof(again) == sys.getsizeof(value.order)
    return same and not value.holes


def elements_in_order(value: SetValue) -> list[Any]:
    """The keys, in the order in which they are to be put into a new set."""
    came = list(value.entries)
    if value.order is None or list(_made(value, came)) == list(value.order):
        return came
    return list(value.order)


def _made(value: SetValue, keys: list[Any]) -> Any:
    """As the rewritten code makes it."""
    made = set(keys)
    return made if value.cls is set else value.cls(made)
