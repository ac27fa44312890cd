"""torch's global modes: those that a guard pins, and those under which nothing is captured."""

from __future__ import annotations

from collections.abc import Callable

import torch

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
    "autocast": torch._C._is_any_autocast_enabled,
    "torch.jit.trace": torch._C._get_tracing_state,
}


def unfollowed_mode() -> str | None:
    """The name of an active mode that the capture does not follow, or ``None``."""
    return next((name for name, active in _UNFOLLOWED.items() if active()), None)


def state_guard() -> tuple[tuple[Callable[[], object], object], ...]:
    """The pinned functions with their results now."""
    return tuple((func, func()) for func in PINNED)
