"""Warnings of a test that runs twice: what the second run repeats is not heard again."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

Heard = set[tuple[type[Warning], str, str, int]]


@contextlib.contextmanager
def once(heard: Heard) -> Iterator[None]:
    """Pass on, at the end of a ``with`` block, the warnings not in `heard`, and add them to it."""
    before = frozenset(heard)
    with warnings.catch_warnings(record=True) as caught:
        yield
    for one in caught:
        key = (one.category, str(one.message), one.filename, one.lineno)
        heard.add(key)
        if key not in before:
            warnings.showwarning(one.message, one.category, one.filename, one.lineno, one.file, one.line)
