"""Tensors made of Python data: lists with tensors in them, and the old constructors such as ``torch.LongTensor``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.graph.stand_ins import run_on_stand_ins
from compiler.rules.basics import describe_args
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import ListValue, SequenceValue, TupleValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_KINDS = "Double Float Half BFloat16 Long Int Short Char Byte Bool".split()

DTYPES: dict[Any, torch.dtype] = {(cls := getattr(torch, f"{kind}Tensor")): cls.dtype for kind in _KINDS}
"""Types of dense tensors on the CPU."""

NAMED_DTYPES = {f"torch.{cls.__name__}": dtype for cls, dtype in DTYPES.items()}


def stacked(cx: Capture, data: SequenceValue, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``torch.tensor(data)`` where numbers stand in tensors: these are stacked, which reads nothing.

    Only tensors of the result's own dtype: a conversion from one number to another is not Python's in every case.
    """
    if args or set(kwargs) - {"dtype", "device"}:
        raise GraphBreak("unsupported call", f"tensor({describe_args([data, *args], kwargs)})")
    found: list[TensorValue] = []
    examples = _examples(cx, data, found)
    asked = kwargs["dtype"].realize(cx).constant() if "dtype" in kwargs else None
    device = found[0].device
    wanted = kwargs["device"].realize(cx).constant() if "device" in kwargs else "cpu"
    if device.type != "cpu" or torch.device("cpu" if wanted is None else wanted) != device:
        raise GraphBreak("unsupported call", "tensor() of a list with tensors of another device")
    try:
        made = run_on_stand_ins(torch.tensor, (examples,), {"dtype": asked})
    except Exception as error:
        raise GraphBreak("operator refused", f"tensor: {type(error).__name__}: {error}") from error
    if any(value.example.requires_grad or value.example.dtype != made.dtype for value in found):
        raise GraphBreak("data-dependent value", "torch.tensor of tensors of another dtype, or that require grad")
    return _stack(cx, data, ConstantValue(made.dtype))


def _examples(cx: Capture, data: Value, found: list[TensorValue]) -> Any:
    value = data.realize(cx)
    if isinstance(value, TensorValue):
        found.append(value)
        return value.example
    if isinstance(value, SequenceValue):
        return [_examples(cx, item, found) for item in value.items]
    return value.constant()


def _stack(cx: Capture, data: Value, dtype: Value) -> Value:
    value = data.realize(cx)
    if isinstance(value, TensorValue):
        return value
    if isinstance(value, SequenceValue) and value.items:
        items = [_stack(cx, item, dtype) for item in value.items]
        return cx.graph.call(torch.stack, [cx.new(ListValue(items))], {})
    return cx.graph.call(torch.tensor, [value], {"dtype": dtype})


def constructor(cls: Any) -> Callable[[Capture, list[Value], dict[str, Value]], Value]:
    """The rule of an old constructor: of sizes it makes memory, of a sequence a tensor of its numbers."""

    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        plain = [arg.realize(cx) for arg in args]
        dtype = ConstantValue(torch.get_default_dtype() if cls is torch.Tensor else DTYPES[cls])
        first = plain[0] if len(plain) == 1 else None
        if kwargs:
            raise GraphBreak("unsupported call", f"{cls.__name__}({describe_args(args, kwargs)})")
        if isinstance(first, TupleValue) and first.pytype() is torch.Size:
            return cx.graph.call(torch.empty, [first], {"dtype": dtype})
        if isinstance(first, ListValue | TupleValue):
            return _tensor(cx, first, dtype)
        if all(isinstance(value, ConstantValue) and type(value.value) is int for value in plain):
            return cx.graph.call(torch.empty, [TupleValue(plain or [ConstantValue(0)])], {"dtype": dtype})
        raise GraphBreak("unsupported call", f"{cls.__name__}({describe_args(args, kwargs)})")

    return rule


def _tensor(cx: Capture, data: SequenceValue, dtype: Value) -> Value:
    found: list[TensorValue] = []
    _examples(cx, data, found)
    return stacked(cx, data, [], {"dtype": dtype}) if found else cx.graph.call(torch.tensor, [data], {"dtype": dtype})


CONSTRUCTORS = {cls: constructor(cls) for cls in (torch.Tensor, *DTYPES)}
