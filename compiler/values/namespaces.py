"""The dicts in which objects keep their attributes."""

from __future__ import annotations

from typing import Any


def namespace_of(obj: object) -> dict[str, Any] | None:
    """The ``__dict__`` of an object, past any ``__getattribute__``; ``None`` where it has none, or shows none, as type
    variables do from CPython 3.12 on."""
    if not type(obj).__dictoffset__:
        return None
    try:
        return object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return None
