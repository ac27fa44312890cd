"""Building and unpacking containers (row C4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler import rules
from compiler.interpreter.dispatch import handles
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, ListValue, SetValue, SliceValue, TupleValue, as_key

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame


@handles("BUILD_TUPLE")
def build_tuple(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cx.new(TupleValue(frame.pop_raw_n(instr.arg))))


@handles("BUILD_LIST")
def build_list(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cx.new(ListValue(frame.pop_raw_n(instr.arg))))


@handles("BUILD_SLICE")
def build_slice(frame: Frame, instr: Instr) -> None:
    items = frame.pop_raw_n(instr.arg)
    frame.push(SliceValue([*items, *[ConstantValue(None)] * (3 - len(items))]))


@handles("BUILD_SET")
def build_set(frame: Frame, instr: Instr) -> None:
    entries: dict[Any, Value] = {}
    for item in frame.pop_raw_n(instr.arg):
        entries.setdefault(as_key(frame.cx, item), item)
    frame.push(frame.cx.new(SetValue(entries, order=set(iter(entries)))))


@handles("BUILD_MAP")
def build_map(frame: Frame, instr: Instr) -> None:
    parts = frame.pop_raw_n(2 * instr.arg)
    result = DictValue({})
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        rules.dict_store(frame.cx, result, key, value)
    frame.push(frame.cx.new(result))


@handles("BUILD_CONST_KEY_MAP")
def build_const_key_map(frame: Frame, instr: Instr) -> None:
    keys = frame.pop().constant()
    values = frame.pop_raw_n(instr.arg)
    entries: dict[Any, tuple[Value, Value]] = {
        key: (ConstantValue(key), value) for key, value in zip(keys, values, strict=True)
    }
    frame.push(frame.cx.new(DictValue(entries)))


@handles("LIST_EXTEND")
def list_extend(frame: Frame, instr: Instr) -> None:
    items = frame.cx.unpack(frame.pop())
    rules.method(frame.cx, frame.stack[-instr.arg], "extend", ListValue(items))


@handles("SET_UPDATE")
def set_update(frame: Frame, instr: Instr) -> None:
    other = frame.pop()
    rules.method(frame.cx, frame.stack[-instr.arg], "update", other)


@handles("DICT_UPDATE")
def dict_update(frame: Frame, instr: Instr) -> None:
    other = frame.pop()
    rules.method(frame.cx, frame.stack[-instr.arg], "update", other)


@handles("DICT_MERGE")
def dict_merge(frame: Frame, instr: Instr) -> None:
    other = frame.pop()
    rules.merge_keywords(frame.cx, frame.stack[-instr.arg], other)


@handles("LIST_APPEND")
def list_append(frame: Frame, instr: Instr) -> None:
    item = frame.pop_raw()
    rules.method(frame.cx, frame.stack[-instr.arg], "append", item)


@handles("SET_ADD")
def set_add(frame: Frame, instr: Instr) -> None:
    item = frame.pop_raw()
    rules.method(frame.cx, frame.stack[-instr.arg], "add", item)


@handles("MAP_ADD")
def map_add(frame: Frame, instr: Instr) -> None:
    value, key = frame.pop_raw(), frame.pop_raw()
    rules.setitem(frame.cx, frame.stack[-instr.arg].realize(frame.cx), key.realize(frame.cx), value)


@handles("LIST_TO_TUPLE")
def list_to_tuple(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cx.new(TupleValue(frame.cx.unpack(frame.pop()))))


@handles("UNPACK_SEQUENCE")
def unpack_sequence(frame: Frame, instr: Instr) -> None:
    items = rules.unpack_exactly(frame.cx, frame.pop(), instr.arg)
    frame.stack += reversed(items)


@handles("UNPACK_EX")
def unpack_ex(frame: Frame, instr: Instr) -> None:
    before, after = instr.arg
    items = frame.cx.unpack(frame.pop())
    if len(items) < before + after:
        frame.cx.raise_(
            ValueError, f"not enough values to unpack (expected at least {before + after}, got {len(items)})"
        )
    middle = len(items) - after
    parts = [*items[:before], frame.cx.new(ListValue(items[before:middle])), *items[middle:]]
    frame.stack += reversed(parts)
