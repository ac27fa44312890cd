"""Tensors: a node of the graph and a meta-device example that carries its properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.values.base import Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.sources import Source


class TensorValue(Value):
    """A tensor.

    Attributes:
        node: Its FX node; ``None`` until a tensor with a source is first used by an operator.
        example: A live tensor on the meta device with the same shape, strides, dtype,
            requires_grad and is_leaf; in-place operators run on it too, so it never lags behind.
        device: The true device.
        cls: The exact class (``torch.Tensor`` or ``torch.nn.Parameter``).
        maybe_alias: Another tensor value may be the same tensor, and marked so too.
        layout_unsure: The example's strides may not be those of the tensor; see `compiler.graph.layouts`.
    """

    __slots__ = ("cls", "device", "example", "layout_unsure", "maybe_alias", "node")

    def __init__(
        self,
        node: Any,
        example: torch.Tensor,
        device: torch.device,
        cls: type = torch.Tensor,
        source: Source | None = None,
    ) -> None:
        super().__init__(source)
        self.node = node
        self.example = example
        self.device = device
        self.cls = cls
        self.maybe_alias = False
        self.layout_unsure = False

    def pytype(self) -> type:
        return self.cls

    def truth(self, cx: Capture) -> bool:
        raise GraphBreak("data-dependent jump", "the truth of a tensor")

    def constant(self) -> Any:
        raise GraphBreak("data-dependent value", f"{self.describe()} where a constant is needed")

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.tensor_attr(cx, self, name)

    def setattr(self, cx: Capture, name: str, value: Value) -> None:
        if name == "requires_grad" and value.realize(cx).is_constant():
            cx.rules.call_tensor_method(cx, self, "requires_grad_", [value], {})
            return
        raise GraphBreak("attribute write", f"{name!r} of a tensor")

    def describe(self) -> str:
        return f"a tensor of shape {tuple(self.example.shape)} and {self.example.dtype}"
