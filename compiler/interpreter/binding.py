"""Binding call arguments to the parameters of a Python function, as CPython does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, TupleValue
from compiler.values.functions import CellValue, FunctionValue, NestedFunctionValue

if TYPE_CHECKING:
    import types

    from compiler.interpreter.capture import Capture

CO_VARARGS = 0x04
CO_VARKEYWORDS = 0x08

Function = FunctionValue | NestedFunctionValue


def code_of(func: Function) -> types.CodeType:
    return func.obj.__code__ if isinstance(func, FunctionValue) else func.code


def globals_of(func: Function) -> dict[str, Any]:
    return func.obj.__globals__ if isinstance(func, FunctionValue) else func.globals


def closure_of(cx: Capture, func: Function) -> list[CellValue]:
    """The cells of the function's free variables, in the order of ``co_freevars``."""
    if isinstance(func, NestedFunctionValue):
        cells: list[Any] = cx.unpack(func.closure) if func.closure is not None else []
        return cells
    made = func.obj.__closure__ or ()
    assert func.source is not None
    closure = func.source.attr("__closure__") if made else None
    return [cx.wrap_cell(cell, closure.item(index)) for index, cell in enumerate(made)]  # type: ignore[union-attr]


def defaults_of(cx: Capture, func: Function) -> tuple[list[Value], dict[str, Value]]:
    """Positional and keyword-only defaults."""
    if isinstance(func, NestedFunctionValue):
        positional = cx.unpack(func.defaults) if func.defaults is not None else []
        keyword = func.kwdefaults.realize(cx) if func.kwdefaults is not None else None
        if isinstance(keyword, DictValue):
            return positional, {key: value for key, (_, value) in keyword.entries.items()}
        return positional, {}
    obj, source = func.obj, func.source
    assert source is not None
    at = source.attr("__defaults__")
    positional = [cx.lazy(value, at.item(index)) for index, value in enumerate(obj.__defaults__ or ())]
    if positional:
        cx.guards.add(at, "length", len(positional))
    keyword_at = source.attr("__kwdefaults__")
    keyword_only = {name: cx.lazy(value, keyword_at.key(name)) for name, value in (obj.__kwdefaults__ or {}).items()}
    return positional, keyword_only


def bind(cx: Capture, func: Function, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """Parameter name → value.

    Raises:
        GraphBreak: the arguments do not fit; the call runs natively and raises CPython's own TypeError.
    """
    code = code_of(func)
    names = code.co_varnames
    count, keyword_only = code.co_argcount, code.co_kwonlyargcount
    bound = dict(zip(names[:count], args, strict=False))
    rest = dict(kwargs)
    position = count + keyword_only
    if code.co_flags & CO_VARARGS:
        bound[names[position]] = cx.new(TupleValue(args[count:]))
        position += 1
    elif len(args) > count:
        raise _mismatch(func, "too many positional arguments")
    for name in names[code.co_posonlyargcount : count + keyword_only]:
        if name in rest:
            if name in bound:
                raise _mismatch(func, f"multiple values for {name!r}")
            bound[name] = rest.pop(name)
    if code.co_flags & CO_VARKEYWORDS:
        entries: dict[Any, tuple[Value, Value]] = {name: (ConstantValue(name), value) for name, value in rest.items()}
        bound[names[position]] = cx.new(DictValue(entries))
    elif rest:
        raise _mismatch(func, f"unexpected keyword {next(iter(rest))!r}")
    missing = [name for name in names[: count + keyword_only] if name not in bound]
    if missing:
        _fill_defaults(cx, func, bound, missing)
    return bound


def _fill_defaults(cx: Capture, func: Function, bound: dict[str, Value], missing: list[str]) -> None:
    code = code_of(func)
    positional, keyword = defaults_of(cx, func)
    first = code.co_argcount - len(positional)
    available = dict(zip(code.co_varnames[first : code.co_argcount], positional, strict=True)) | keyword
    for name in missing:
        if name not in available:
            raise _mismatch(func, f"missing argument {name!r}")
        bound[name] = available[name]


def _mismatch(func: Function, what: str) -> GraphBreak:
    return GraphBreak("operator refused", f"call of {func.describe()}: {what}")
