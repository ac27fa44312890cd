"""What an operator gives under autocast.

Autocast acts on tensors of a device, and examples are on the meta device. So under autocast they go in a wrapper that
claims to be on the true device; beneath autocast and autograd, torch hands each operator back to the wrapper, which
runs it on the examples inside. Measured: some 40 µs an operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

import torch
from torch.utils._pytree import tree_map

from compiler.breaks import GraphBreak
from compiler.graph.gradients import differentiable
from compiler.graph.modes import DEVICES

_META = torch.device("meta")


def active() -> bool:
    """Whether autocast is on for any device."""
    return bool(torch._C._is_any_autocast_enabled())


class _Claimed(torch.Tensor):
    """An example that claims to be on a device."""

    inner: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner: torch.Tensor, device: torch.device) -> Self:
        claimed = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=device,
        )
        claimed.inner = inner
        return claimed

    @classmethod
    def __torch_dispatch__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        claimed = list(_claimed((args, kwargs)))
        device = claimed[0].device
        if kwargs.get("device") is not None:
            device, kwargs["device"] = torch.device(kwargs["device"]), _META
        given = {id(arg.inner): arg for arg in claimed}
        result = func(*tree_map(_inner, args), **tree_map(_inner, kwargs))

        def claim(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            return given[id(value)] if id(value) in given else cls(value, device)

        return tree_map(claim, result)


def _inner(value: Any) -> Any:
    return value.inner if isinstance(value, _Claimed) else value


def _claimed(tree: Any) -> Iterator[_Claimed]:
    if isinstance(tree, _Claimed):
        yield tree
    elif isinstance(tree, tuple | list):
        for item in tree:
            yield from _claimed(item)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from _claimed(item)


class Examples:
    """The examples of one call's arguments, each in one wrapper."""

    def __init__(self) -> None:
        self._pairs: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def claim(self, example: torch.Tensor, device: torch.device) -> torch.Tensor:
        """The example, as if it were on `device`.

        Raises:
            GraphBreak: autocast on this device is not followed.
        """
        if device.type not in DEVICES:
            raise GraphBreak("skipped by state", f"autocast on {device.type}")
        if id(example) not in self._pairs:
            claimed: torch.Tensor = _Claimed(example.detach(), device)
            if example.requires_grad:
                claimed = claimed.requires_grad_() if example.is_leaf else differentiable(claimed)
            self._pairs[id(example)] = example, claimed
        return self._pairs[id(example)][1]

    def run(self, call: Callable[[], Any]) -> Any:
        """The examples of what `call`, an operator on claimed arguments, gives.

        Raises:
            GraphBreak: an argument's own facts were changed.
        """
        cached = torch.is_autocast_cache_enabled()
        torch.set_autocast_cache_enabled(False)
        try:
            result = call()
        finally:
            torch.set_autocast_cache_enabled(cached)
        if any(_differ(*pair) for pair in self._pairs.values()):
            raise GraphBreak(
                "skipped by state", "an operator that changes its argument's shape or gradient in autocast"
            )
        return tree_map(self._example, result)

    def _example(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        for example, claimed in self._pairs.values():
            if value is claimed:
                return example
        inner = _inner(value)
        return differentiable(inner) if value.requires_grad else inner


def _differ(example: torch.Tensor, claimed: torch.Tensor) -> bool:
    inner = _inner(claimed)
    return (
        example.shape != inner.shape
        or example.stride() != inner.stride()
        or example.requires_grad != claimed.requires_grad
        or example.is_leaf != claimed.is_leaf
    )
