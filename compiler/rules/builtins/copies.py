"""Copies: the module `copy`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.attributes import getattr_
from compiler.rules.builtins.table import builtin
from compiler.rules.classes import lookup
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, ListValue, SetValue, TupleValue
from compiler.values.functions import (
    FunctionValue,
    ObjectConstant,
)
from compiler.values.objects import ObjectValue
from compiler.values.wrap import is_plain_python

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


@builtin(copy.copy)
def _copy(cx: Capture, value: Value, /) -> Value:
    if isinstance(value, ConstantValue | TupleValue | ObjectConstant | FunctionValue):
        return value
    if isinstance(value, ListValue | DictValue | SetValue):
        return cx.call_method(value, "copy")
    if isinstance(value, ObjectValue) and _copies_plainly(value.cls):
        return _with_attributes(cx, value, lambda item: item)
    raise GraphBreak("unsupported builtin", f"copy of {value.describe()}")


@builtin(copy.deepcopy)
def _deepcopy(cx: Capture, value: Value, /) -> Value:
    return _deep(cx, value, {})


def _deep(cx: Capture, value: Value, memo: dict[Value, Value]) -> Value:
    value = value.realize(cx)
    if isinstance(value, ConstantValue | ObjectConstant | FunctionValue):
        return value
    if value in memo:
        return memo[value]
    if isinstance(value, ListValue):
        memo[value] = made = ListValue([])
        made.items += [_deep(cx, item, memo) for item in value.items]
        return cx.new(made)
    if isinstance(value, TupleValue):
        items = [_deep(cx, item, memo) for item in value.items]
        same = all(old.realize(cx) is new for old, new in zip(value.items, items, strict=True))
        memo[value] = value if same else cx.new(TupleValue(items, value.cls))
        return memo[value]
    if isinstance(value, DictValue):
        memo[value] = copied = DictValue({}, value.cls)
        copied.factory = value.factory
        copied.entries |= {key: (name, _deep(cx, item, memo)) for key, (name, item) in value.entries.items()}
        return cx.new(copied)
    if isinstance(value, ObjectValue) and _copies_plainly(value.cls):
        return _with_attributes(cx, value, lambda item: _deep(cx, item, memo))
    raise GraphBreak("unsupported builtin", f"deepcopy of {value.describe()}")


_COPY_HOOKS = ("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__",
               "__getnewargs__", "__getnewargs_ex__", "__slots__")  # fmt: skip


def _copies_plainly(cls: type) -> bool:
    """Whether a copy is a new object with the same ``__dict__``, and no code of the class runs."""
    return is_plain_python(cls) and all(
        lookup(cls, name) in (ABSENT, vars(object).get(name, ABSENT)) for name in _COPY_HOOKS
    )


def _with_attributes(cx: Capture, value: ObjectValue, of: Callable[[Value], Value]) -> Value:
    own = getattr_(cx, value, "__dict__").realize(cx)
    assert isinstance(own, DictValue)
    made = ObjectValue(value.cls)
    made.attrs |= {name: of(item) for name, (_, item) in own.entries.items()}
    return cx.new(made)
