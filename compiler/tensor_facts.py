"""What a guard knows of a tensor, read through attributes: the reference that the reading in C must agree with."""

from __future__ import annotations

from dataclasses import dataclass

import torch

RAW = -1
"""In ``Description.stride_from``: the stride is compared as a number."""


def _stride_chain(shape: tuple[int, ...], stride: tuple[int, ...], dynamic: frozenset[int]) -> tuple[int, ...]:
    """Per dim, the next inner dim whose extent gives its stride, where that depends on a dynamic size; else RAW."""
    chain = [RAW] * len(shape)
    inner, moving = None, False
    for dim in sorted(range(len(shape)), key=lambda d: (stride[d], -d)):
        if inner is not None:
            moving = (moving or inner in dynamic) and stride[dim] == stride[inner] * max(shape[inner], 1)
            chain[dim] = inner if moving else RAW
        inner = dim
    return tuple(chain)


def _traits(tensor: torch.Tensor, check_leaf: bool) -> tuple[tuple[str, object], ...]:
    traits: list[tuple[str, object]] = [
        ("dtype", tensor.dtype),
        ("device", tensor.device),
        ("layout", tensor.layout),
        ("requires_grad", tensor.requires_grad),
        ("conjugate bit", tensor.is_conj()),
        ("negative bit", tensor.is_neg()),
        ("zero tensor", tensor._is_zerotensor()),
        ("inference tensor", tensor.is_inference()),
    ]
    if check_leaf:
        traits.append(("is_leaf", tensor.is_leaf))
    return tuple(traits)


@dataclass(frozen=True, slots=True)
class Description:
    """Facts of an example. Storage offsets are not among them."""

    type: type
    traits: tuple[tuple[str, object], ...]
    shape: tuple[int, ...]
    stride: tuple[int, ...] | None
    dynamic: frozenset[int]
    stride_from: tuple[int, ...]
    check_leaf: bool

    @classmethod
    def of(cls, example: torch.Tensor, dynamic_dims: tuple[int, ...], check_leaf: bool) -> Description:
        """Describes ``example``; sizes in ``dynamic_dims`` may change, and strides that follow from them with them."""
        dynamic = frozenset(dim + example.dim() if dim < 0 else dim for dim in dynamic_dims)
        if not dynamic <= set(range(example.dim())):
            raise ValueError(f"dynamic_dims {tuple(dynamic_dims)} of a tensor with {example.dim()} dims")
        with torch._C.DisableTorchFunctionSubclass():
            shape = tuple(example.shape)
            stride = tuple(example.stride()) if example.layout == torch.strided else None
            traits = _traits(example, check_leaf)
        chain = _stride_chain(shape, stride, dynamic) if stride is not None else (RAW,) * len(shape)
        return cls(type(example), traits, shape, stride, dynamic, chain, check_leaf)

    def difference(self, value: object) -> str | None:
        """The first property that differs, phrased; None when all facts hold."""
        if type(value) is not self.type:
            return f"type: expected {self.type.__qualname__}, got {type(value).__qualname__}"
        assert isinstance(value, torch.Tensor)
        with torch._C.DisableTorchFunctionSubclass():
            for (name, expected), (_, got) in zip(self.traits, _traits(value, self.check_leaf)):
                if expected != got:
                    return f"{name}: expected {expected}, got {got}"
            return self._shape_difference(value)

    def _shape_difference(self, value: torch.Tensor) -> str | None:
        shape = tuple(value.shape)
        if len(shape) != len(self.shape):
            return f"number of dims: expected {len(self.shape)}, got {len(shape)}"
        for dim, (expected, got) in enumerate(zip(self.shape, shape)):
            if expected != got and dim not in self.dynamic:
                return f"size of dim {dim}: expected {expected}, got {got}"
        if self.stride is None:
            return None
        stride = tuple(value.stride())
        for dim, source in enumerate(self.stride_from):
            expected = self.stride[dim] if source == RAW else stride[source] * max(shape[source], 1)
            if expected != stride[dim]:
                return f"stride of dim {dim}: expected {expected}, got {stride[dim]}"
        return None
