"""From the result of a folded call to a value: constants, and new containers of them."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, ListValue, SetValue, SliceValue, TupleValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

ATOMS = (
    bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, enum.Enum,
    torch.dtype, torch.device, torch.layout, torch.memory_format, re.Pattern,
)  # fmt: skip


def fresh(cx: Capture, result: Any) -> Value:
    """A value for `result`, which nobody else holds.

    Raises:
        GraphBreak: its type has no value.
    """
    if isinstance(result, ATOMS):
        return ConstantValue(result)
    if isinstance(result, slice):
        return SliceValue([fresh(cx, part) for part in (result.start, result.stop, result.step)])
    if isinstance(result, tuple):
        return cx.new(TupleValue([fresh(cx, item) for item in result], type(result)))
    if type(result) is list:
        return cx.new(ListValue([fresh(cx, item) for item in result]))
    if type(result) is dict:
        return cx.new(DictValue({key: (fresh(cx, key), fresh(cx, item)) for key, item in result.items()}))
    if type(result) in (set, frozenset):
        return cx.new(SetValue({item: fresh(cx, item) for item in result}, type(result), order=result))
    if isinstance(result, type) or callable(result):
        return cx.wrap_constant(result)
    raise GraphBreak("unsupported value", f"a result of type {type(result).__qualname__}")
