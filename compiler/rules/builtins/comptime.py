"""V17: `compiler.comptime`."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.comptime import CaptureView, comptime
from compiler.rules.builtins.table import builtin
from compiler.values.base import Value
from compiler.values.containers import TupleValue
from compiler.values.functions import CellValue, FunctionValue, NestedFunctionValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


@builtin(comptime)
def _comptime(cx: Capture, callback: Value) -> None:
    _function(cx, callback)(CaptureView(cx))


def _function(cx: Capture, callback: Value) -> Any:
    if isinstance(callback, FunctionValue):
        return callback.obj
    if isinstance(callback, NestedFunctionValue) and callback.defaults is None and callback.kwdefaults is None:
        closure = callback.closure.realize(cx) if callback.closure is not None else TupleValue([])
        assert isinstance(closure, TupleValue)
        cells = tuple(_cell(cx, item.realize(cx)) for item in closure.items)
        return types.FunctionType(callback.code, callback.globals, callback.code.co_name, None, cells)
    raise GraphBreak("unsupported call", f"compiler.comptime({callback.describe()})")


def _cell(cx: Capture, cell: Value) -> types.CellType:
    outside = cx.object_of(cell)
    if isinstance(outside, types.CellType) and cell not in cx.ledger.touched:
        return outside
    contents = cell.contents.realize(cx) if isinstance(cell, CellValue) and cell.contents is not None else None
    if contents is None or not contents.is_constant():
        raise GraphBreak("unsupported call", "compiler.comptime with a function that uses variables of the frame")
    return types.CellType(contents.constant())
