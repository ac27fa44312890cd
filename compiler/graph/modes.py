"""torch's modes that a captured program may switch.

While a frame is interpreted they are switched for real, so that examples and questions follow; the pipeline puts
them back. A switch is written into the graph, which leaves all modes as it found them; what a frame leaves switched
at its end, or at a graph break, the rewritten code sets behind the graph.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import torch

DEVICES = ("cpu", "cuda")
"""Kinds of device for which autocast is followed."""


@dataclasses.dataclass(frozen=True)
class Mode:
    """One mode.

    Attributes:
        reader, setter: torch's functions; `about` goes before what the setter sets, and is all that the reader takes.
        pinned: Whether every compiled frame is guarded by it.
    """

    name: str
    reader: Callable[..., Any]
    setter: Callable[..., Any]
    about: tuple[Any, ...] = ()
    pinned: bool = True

    def read(self) -> Any:
        return self.reader(*self.about)

    def set(self, value: Any) -> None:
        self.setter(*self.about, value)


def autocast_nesting() -> int:
    """How many autocast blocks the program is in."""
    torch.autocast_increment_nesting()
    return int(torch.autocast_decrement_nesting())


def set_autocast_nesting(count: int) -> None:
    """Enter or leave autocast blocks; leaving the last one clears autocast's cache, as torch.autocast does."""
    while autocast_nesting() < count:
        torch.autocast_increment_nesting()
    while autocast_nesting() > count:
        if torch.autocast_decrement_nesting() == 0:
            torch.clear_autocast_cache()


GRAD = Mode("grad mode", torch.is_grad_enabled, torch._C._set_grad_enabled)
DEFAULT_DTYPE = Mode("default dtype", torch.get_default_dtype, torch._C._set_default_dtype)
NESTING = Mode("autocast nesting", autocast_nesting, set_autocast_nesting, pinned=False)
_AUTOCAST_CACHE = Mode(
    "autocast cache", torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled, pinned=False
)
_AUTOCAST = [
    Mode(f"autocast on {device}", torch.is_autocast_enabled, torch.set_autocast_enabled, (device,))
    for device in DEVICES
]
_AUTOCAST_DTYPE = [
    Mode(f"autocast dtype on {device}", torch.get_autocast_dtype, torch.set_autocast_dtype, (device,), pinned=False)
    for device in DEVICES
]
MODES = (GRAD, DEFAULT_DTYPE, *_AUTOCAST, *_AUTOCAST_DTYPE, _AUTOCAST_CACHE, NESTING)
_OF_AUTOCAST = (*_AUTOCAST, *_AUTOCAST_DTYPE, _AUTOCAST_CACHE, NESTING)

SETTERS = frozenset(
    {mode.setter for mode in MODES}
    | {torch.autocast_increment_nesting, torch.autocast_decrement_nesting, torch.clear_autocast_cache}
)
"""Functions that switch a mode, as they stand in graphs."""


def find(function: Callable[..., Any], about: tuple[Any, ...]) -> Mode | None:
    """The mode that a function of torch reads, or sets, when it is called with `about`."""
    if function is torch.is_autocast_enabled and not about:
        about = ("cuda",)
    return next((mode for mode in MODES if function in (mode.reader, mode.setter) and mode.about == about), None)


def autocast_facts() -> tuple[tuple[Callable[[], Any], Any], ...]:
    """Questions about autocast, with their answers now."""
    return tuple((functools.partial(mode.reader, *mode.about), mode.read()) for mode in _OF_AUTOCAST)


class Modes:
    """The modes of one capture.

    Attributes:
        entry: What they were when the frame was entered.
    """

    def __init__(self) -> None:
        self.entry = read_all()

    def changed(self) -> list[tuple[Mode, Any]]:
        """The modes that the program has switched since the frame was entered, and to what."""
        now = read_all()
        return [(mode, value) for mode, value in now.items() if value != self.entry[mode]]


def read_all() -> dict[Mode, Any]:
    """Every mode now; autocast's, where it has never been asked for, cost nothing."""
    return {mode: mode.read() for mode in MODES}


def restore(before: dict[Mode, Any]) -> None:
    """Set the modes as they were."""
    for mode, value in before.items():
        if mode.read() != value:
            mode.set(value)


def saved_tensor_hooks() -> object | None:
    """The innermost hooks on tensors that autograd saves, or ``None``: they run while operators do, and may raise."""
    hooks: object | None = torch._C._autograd._top_saved_tensors_default_hooks(True)
    return hooks
