"""torch's global modes: those that a guard pins, and those under which nothing is captured."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import torch
import torch.utils._python_dispatch

from compiler import _C
from compiler.graph import autocast
from compiler.graph.modes import autocast_facts, saved_tensor_hooks
from compiler.guards import StateGuard

PINNED: tuple[Callable[[], object], ...] = (
    torch.is_grad_enabled,
    torch.is_inference_mode_enabled,
    torch.get_default_dtype,
    torch._C._len_torch_function_stack,
    torch._C._len_torch_dispatch_stack,
    torch._C._functorch.peek_interpreter_stack,
    torch._C._is_any_autocast_enabled,
    torch._C._get_tracing_state,
)
"""Functions whose results compiled code relies on."""

_UNFOLLOWED: dict[str, Callable[[], object]] = {
    "a torch function mode (such as torch.set_default_device)": torch._C._len_torch_function_stack,
    "a torch dispatch mode": torch._C._len_torch_dispatch_stack,
    "a functorch transform": torch._C._functorch.peek_interpreter_stack,
    "torch.jit.trace": torch._C._get_tracing_state,
    "hooks on saved tensors": saved_tensor_hooks,
}


def unfollowed_mode() -> str | None:
    """The name of an active mode that the capture does not follow, or ``None``."""
    return next((name for name, active in _UNFOLLOWED.items() if active()), None)


def state_guard() -> StateGuard:
    """The modes pinned as they are now."""
    pairs = tuple((func, func()) for func in PINNED)
    if autocast.active():
        pairs += autocast_facts()
    elif _modes_are_readable():
        return StateGuard(pairs, "modes", _C.torch_modes())
    return StateGuard(pairs, "state", pairs)


@functools.cache
def _modes_are_readable() -> bool:
    """Whether `_C.torch_modes` notices every change of a mode: some 2 ns instead of 30 ns a mode, where it does.

    What it reads are no interfaces of torch, so it is tried, once, against each mode.
    """
    before = _C.torch_modes()
    if before is None:
        return False
    for mode in _CHANGES:
        with mode():
            inside = _C.torch_modes()
        if inside == before or _C.torch_modes() != before:
            return False
    return True


@contextlib.contextmanager
def _other_default_dtype() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16 if before != torch.float16 else torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def _functorch() -> Iterator[None]:
    torch._C._functorch._vmap_increment_nesting(1, "error")
    try:
        yield
    finally:
        torch._C._functorch._vmap_decrement_nesting()


_CHANGES: tuple[Callable[[], AbstractContextManager[object]], ...] = (
    lambda: torch.set_grad_enabled(not torch.is_grad_enabled()),
    lambda: torch.inference_mode(not torch.is_inference_mode_enabled()),
    lambda: torch.autocast("cpu", enabled=not torch.is_autocast_enabled("cpu")),
    _other_default_dtype,
    _functorch,
    torch.overrides.BaseTorchFunctionMode,
    torch.utils._python_dispatch.TorchDispatchMode,
)
