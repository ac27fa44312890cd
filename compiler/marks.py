"""Marks that users put on functions: never trace, record as one node, constant result."""

from __future__ import annotations

import weakref
from typing import Any

ALLOWED: weakref.WeakSet[Any] = weakref.WeakSet()
"""Functions that `compiler.allow_in_graph` made graph operators."""

CONSTANT_RESULT: weakref.WeakSet[Any] = weakref.WeakSet()
"""Functions whose result `compiler.assume_constant_result` promised to be constant."""

SKIPPED: weakref.WeakSet[Any] = weakref.WeakSet()
"""Functions that `compiler.skip` keeps eager while their callees may compile."""


def graph_break(message: str = "") -> None:
    """Break the graph here when compiled; do nothing otherwise.

    Args:
        message: Shown as the context of the break.
    """


def is_compiling() -> bool:
    """Whether the calling code is being captured: false in eager, true in compiled code."""
    return False
