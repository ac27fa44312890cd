"""Attributes and methods of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.basics import from_const, is_none
from compiler.rules.torch_construction import DTYPES, NAMED_DTYPES
from compiler.sources import InstanceDictSource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import TupleValue
from compiler.values.functions import MethodValue, ObjectConstant
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_DEVICES = "cpu cuda meta mps xpu ipu xla mtia maia vulkan".split()


def _lives_on(kind: str, value: TensorValue) -> bool:
    return value.device.type == kind


FACTS: dict[str, Callable[[TensorValue], Any]] = {
    "shape": lambda value: value.example.shape,
    "dtype": lambda value: value.example.dtype,
    "device": lambda value: value.device,
    "layout": lambda value: value.example.layout,
    "ndim": lambda value: value.example.ndim,
    "requires_grad": lambda value: value.example.requires_grad,
    "is_leaf": lambda value: value.example.is_leaf,
    "itemsize": lambda value: value.example.itemsize,
    "nbytes": lambda value: value.example.nbytes,
    "name": lambda value: None,
    "is_sparse": lambda value: False,
    "is_sparse_csr": lambda value: False,
    "is_quantized": lambda value: False,
    "is_nested": lambda value: False,
    "is_mkldnn": lambda value: False,
    **{f"is_{kind}": functools.partial(_lives_on, kind) for kind in _DEVICES},
}
"""Attributes that are known without running anything; all but `is_leaf` are guarded by the tensor's facts."""

_LEAF_FACTS = frozenset({"is_leaf", "grad", "grad_fn"})
"""Attributes that depend on whether the tensor is a leaf, which is guarded only where it is asked: that is slow."""

TENSOR_ATTRS = frozenset({"T", "mT", "H", "mH", "real", "imag", "data"})

_VALUE = "data-dependent value"
BREAKS: dict[str, str] = {
    **dict.fromkeys(("item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__complex__",
                     "is_nonzero", "equal", "allclose", "__array__", "__format__"), _VALUE),
    **dict.fromkeys(("data_ptr", "untyped_storage", "storage", "storage_offset", "_version", "is_pinned", "is_shared",
                     "share_memory_", "pin_memory", "is_set_to", "_is_view", "register_hook", "retain_grad",
                     "register_post_accumulate_grad_hook", "set_", "apply_", "map_", "cuda",
                     "share_memory", "__reduce_ex__", "__deepcopy__", "__dlpack__", "_backward_hooks"),
                     "unsupported method"),
    "backward": "training step",
}  # fmt: skip
"""Methods whose result the meta examples cannot give, or whose effect is not a graph's: kind of break."""


def tensor_attr(cx: Capture, value: TensorValue, name: str) -> Value:
    if name in _LEAF_FACTS and value.source is not None:
        cx.guards.add(value.source.attr("is_leaf"), "equal", value.example.is_leaf)
    if name in FACTS:
        return from_const(cx, FACTS[name](value))
    if name in TENSOR_ATTRS:
        return cx.graph.call(getattr, [value, ConstantValue(name)], {})
    if name in ("grad", "_grad"):
        return _grad(cx, value)
    if name == "grad_fn" and (value.example.is_leaf or not value.example.requires_grad):
        return ConstantValue(None)
    found = getattr(torch.Tensor, name, None)
    if found is None:
        real = cx.graph.real(value)
        if real is not None and name in vars(real):
            assert value.source is not None
            return cx.lazy(vars(real)[name], value.source.attr(name))
        if hasattr(torch.Tensor, name):
            raise GraphBreak("unsupported attribute", f"Tensor.{name}")
        if real is not None:
            assert value.source is not None
            cx.guards.entry(value.source.child(InstanceDictSource), name, ABSENT)
        cx.raise_(AttributeError, f"'{value.cls.__name__}' object has no attribute '{name}'")
    if callable(found):
        return MethodValue(value, name)
    raise GraphBreak("unsupported attribute", f"Tensor.{name}")


def _grad(cx: Capture, value: TensorValue) -> Value:
    real = cx.graph.real(value)
    if real is None or not real.is_leaf:
        if not value.example.requires_grad and value.node is not None:
            return ConstantValue(None)
        raise GraphBreak("unsupported attribute", "grad of a tensor that is not an input")
    assert value.source is not None
    return cx.lazy(real.grad, value.source.attr("grad"))


def call_tensor_method(
    cx: Capture, owner: TensorValue, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    if name in BREAKS:
        raise GraphBreak(BREAKS[name], f"Tensor.{name}")
    rule = METHOD_RULES.get(name)
    if rule is not None:
        found = rule(cx, owner, args, kwargs)
        if found is not None:
            return found
    return cx.graph.call(name, [owner, *args], kwargs)


def _to(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Device names become devices; a move to another device is left to eager."""
    plain = [arg.realize(cx) for arg in args]
    for position, arg in enumerate(plain):
        if isinstance(arg, ConstantValue) and isinstance(arg.value, str | torch.device):
            device = torch.device(arg.value)
            if device != owner.device and not (device.type == owner.device.type and device.index is None):
                raise GraphBreak("unsupported method", f"Tensor.to({str(device)!r}), a move to another device")
            plain[position] = ConstantValue(device)
    device_arg = kwargs.get("device")
    asked = None if device_arg is None or is_none(cx, device_arg) else torch.device(device_arg.realize(cx).constant())
    if asked not in (None, owner.device):
        raise GraphBreak("unsupported method", "Tensor.to, a move to another device")
    return cx.graph.call("to", [owner, *plain], kwargs)


def _cpu(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    if owner.device.type != "cpu":
        raise GraphBreak("unsupported method", "Tensor.cpu, a move to another device")
    return owner


def _type(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The name of a tensor's type, or a conversion to one that is given as a name, a class or a dtype."""
    if owner.device.type != "cpu":
        raise GraphBreak("unsupported method", f"Tensor.type() on {owner.device.type}")
    if not args and not kwargs:
        return ConstantValue(torch.empty(0, dtype=owner.example.dtype).type())
    if not args:
        return None
    asked = args[0].realize(cx)
    named = asked.obj if isinstance(asked, ObjectConstant) else asked.constant()
    dtype = named if isinstance(named, torch.dtype) else DTYPES.get(named) or NAMED_DTYPES.get(named)
    if dtype is None:
        raise GraphBreak("unsupported method", f"Tensor.type({named!r})")
    return cx.graph.call("type", [owner, ConstantValue(dtype), *args[1:]], kwargs)


def _get_device(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return ConstantValue(-1 if owner.device.index is None else owner.device.index)


def _is_inference(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Without inference mode and without such inputs there are no inference tensors."""
    mode = torch.is_inference_mode_enabled()
    if mode or any(real.is_inference() for _, real in cx.graph.inputs):
        raise GraphBreak("unsupported method", "Tensor.is_inference where there may be such tensors")
    real = cx.graph.real(owner)
    return ConstantValue(real is not None and real.is_inference())


def _stride(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Of tensors without elements the strides differ from kernel to kernel."""
    if cx.graph.real(owner) is None and owner.example.numel() == 0:
        raise GraphBreak("unsupported method", "the strides of a computed tensor without elements")
    return None


def _new(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A size in one argument is a size: a graph, which makes it a tuple, would take that for data."""
    sizes = args[0].realize(cx) if len(args) == 1 else None
    if isinstance(sizes, TupleValue) and sizes.pytype() is torch.Size:
        return cx.graph.call("new", [owner, *sizes.items], kwargs)
    return None


def _len(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return ConstantValue(cx.rules.length(cx, owner))


def _iter(cx: Capture, owner: TensorValue, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return cx.iterate(owner)


METHOD_RULES: dict[str, Callable[..., Value | None]] = {
    "to": _to,
    "cpu": _cpu,
    "type": _type,
    "new": _new,
    "stride": _stride,
    "dim_order": _stride,
    "get_device": _get_device,
    "is_inference": _is_inference,
    "__len__": _len,
    "__iter__": _iter,
}
