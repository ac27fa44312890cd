"""Marks that users put on functions: never trace, record as one node, constant result."""

from __future__ import annotations

import dataclasses
import types
import weakref
from collections.abc import Callable
from typing import Any

import torch


class MarkedFunctions:
    """Functions by identity, held weakly where they can be. A bound method stands for its function."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Callable[[], Any], str | None]] = {}

    def add(self, func: Any, reason: str | None = None) -> None:
        func = _function(func)
        key = id(func)
        try:
            held: Callable[[], Any] = weakref.ref(func, lambda _: self._kept.pop(key, None))
        except TypeError:
            held = lambda: func  # noqa: E731 - it has no weak references
        self._kept[key] = (held, reason)

    def __contains__(self, func: Any) -> bool:
        func = _function(func)
        kept = self._kept.get(id(func))
        return kept is not None and kept[0]() is func

    def reason(self, func: Any) -> str | None:
        """What was said when the function was marked."""
        kept = self._kept.get(id(_function(func)))
        return kept[1] if kept is not None else None


def _function(func: Any) -> Any:
    return func.__func__ if isinstance(func, types.MethodType) else func


ALLOWED = MarkedFunctions()
"""Functions that `compiler.allow_in_graph` made graph operators."""

CONSTANT_RESULT = MarkedFunctions()
"""Functions whose result `compiler.assume_constant_result` promised to be constant."""

SKIPPED = MarkedFunctions()
"""Functions that `compiler.skip` keeps eager while their callees may compile."""


@dataclasses.dataclass(frozen=True)
class TorchMark:
    """A function of the user's behind ``torch.compiler.disable``: those who wrote that meant any compiler."""

    original: Any
    reason: str | None
    recursive: bool

    @property
    def is_by_protocol(self) -> bool:
        """Whether torch has marked the user's function by itself, as it does with ``__torch_dispatch__`` of modes."""
        return str(getattr(self.original, "__name__", "")).startswith(_PROTOCOL)

    @property
    def function(self) -> types.FunctionType | None:
        """The Python function that was meant: of a module, its forward."""
        owner = getattr(self.original, "__self__", None)
        found = _function(owner.forward if isinstance(owner, torch.nn.Module) else self.original)
        return found if isinstance(found, types.FunctionType) else None


_PROTOCOL = "__torch_"


def is_wrapped_by_torch(func: Any) -> bool:
    """Whether ``torch.compiler.disable`` made the function, from one of the user's or of torch's own."""
    own = getattr(func, "__dict__", {})
    return bool(own.get("_torchdynamo_disable")) and "_torchdynamo_orig_callable" in own


def by_torch(func: Any) -> TorchMark | None:
    """The mark of what ``torch.compiler.disable`` has made of a function; torch's own functions are left alone."""
    if not is_wrapped_by_torch(func):
        return None
    own = func.__dict__
    original = own["_torchdynamo_orig_callable"]
    module = getattr(_function(original), "__module__", None)
    if isinstance(module, str) and module.partition(".")[0] == "torch" and not isinstance(original, types.MethodType):
        return None
    return TorchMark(original, own.get("_torchdynamo_disable_msg"), own.get("_torchdynamo_disable_recursive", True))


def graph_break(message: str = "") -> None:
    """Break the graph here when compiled; do nothing otherwise.

    Args:
        message: Shown as the context of the break.
    """


def is_compiling() -> bool:
    """Whether the calling code is being captured: false in eager, true in compiled code."""
    return False
