"""Functions without tensors, in eager and compiled."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import compiler
from compiler import events
from tests.compiler.agreement import agree


def agree_plain(function: Callable[..., Any], *args: Any, whole: bool = False) -> list[events.FrameRecord]:
    """`agree` with frames captured and run although there is no tensor; `whole`: and without a graph break."""
    with compiler.config.patch(capture_all_frames=True):
        records = agree(function, lambda: copy.deepcopy(args))
    assert not whole or [record.outcome for record in records] == ["compiled"], [record.reason for record in records]
    return records
