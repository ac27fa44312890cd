"""Builtin functions and types: a table of object → rule ``(cx, args, kwargs) -> Value``."""

from __future__ import annotations

import abc
import collections
import copy
import enum
import inspect
import math
import operator
import os
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

import compiler.marks as marks
from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules import arithmetic, comparison, subscripts
from compiler.rules.attributes import getattr_
from compiler.rules.basics import class_of, describe_args, fold, traceback_of
from compiler.rules.classes import lookup
from compiler.rules.methods import dict_store, pairs_of, set_entries, set_order, sorted_items
from compiler.rules.polyfills import reversed_sequence
from compiler.rules.text import format_value, to_text
from compiler.sources import CallSource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DequeValue, DictValue, ListValue, SetValue, SliceValue, TupleValue
from compiler.values.functions import (
    BoundMethodValue,
    ClassValue,
    FunctionValue,
    ObjectConstant,
    SuperValue,
)
from compiler.values.iterators import EnumerateIterator, FilterIterator, MapIterator, SnapshotIterator, ZipIterator
from compiler.values.objects import ExceptionValue, ObjectValue, ObservedException
from compiler.values.tensor import TensorValue
from compiler.values.wrap import is_plain_python

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

Rule = Callable[["Capture", list[Value], dict[str, Value]], Value]

BUILTINS: dict[Any, Rule] = {}

PURE: frozenset[Any] = frozenset(
    {func for name, func in vars(math).items() if callable(func)}
    | {os.fspath, abs, ascii, bin, chr, divmod, hash, hex, oct, ord, pow, round, bytes, complex, format}
)
"""Functions folded when every argument is a constant."""


def builtin(*objects: Any) -> Callable[[Callable[..., Value | None]], Callable[..., Value | None]]:
    """Register a rule with the builtin's own parameters after `cx`; ``None`` stands for None."""

    def register(rule: Callable[..., Value | None]) -> Callable[..., Value | None]:
        signature = inspect.signature(rule)

        def checked(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
            try:
                signature.bind(cx, *args, **kwargs)
            except TypeError as error:
                text = f"{rule.__name__.strip('_')}({describe_args(args, kwargs)}): {error}"
                raise GraphBreak("unsupported builtin", text) from None
            result = rule(cx, *[arg.realize(cx) for arg in args], **kwargs)
            return ConstantValue(None) if result is None else result

        for obj in objects:
            assert obj not in BUILTINS, obj
            BUILTINS[obj] = checked
        return rule

    return register


# -- questions about values ------------------------------------------------------------------


@builtin(len)
def _len(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(subscripts.length(cx, value))


@builtin(callable)
def _callable(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(lookup(value.pytype(), "__call__") is not ABSENT)


_PLAIN_METACLASSES = (type, abc.ABCMeta, enum.EnumType, type(torch.nn.Parameter), type(torch.Tensor))


@builtin(isinstance)
def _isinstance(cx: Capture, value: Value, classes: Value, /) -> Value:
    return ConstantValue(any(_is_instance(cx, value, cls) for cls in _classes(cx, classes)))


def _is_instance(cx: Capture, value: Value, cls: type) -> bool:
    if isinstance(value, TensorValue) and type(cls) is type(torch.FloatTensor):
        raise GraphBreak("unsupported builtin", f"isinstance with {cls.__name__}")
    if cls is torch.nn.Buffer:
        return isinstance(value, TensorValue) and _flag(cx, value, "_is_buffer")
    if type(cls) not in _PLAIN_METACLASSES:
        raise GraphBreak("unsupported builtin", f"isinstance with {cls!r}, whose metaclass decides")
    if isinstance(value, TensorValue) and issubclass(cls, torch.nn.Parameter):
        return issubclass(value.cls, cls)
    _rely_on_registrations(cx, cls)
    return issubclass(value.pytype(), cls)


def _rely_on_registrations(cx: Capture, cls: type) -> None:
    """What an abstract base class answers changes when a class is registered with one."""
    if isinstance(cls, abc.ABCMeta):
        source = cx.sources.constant("abc.get_cache_token", abc.get_cache_token).child(CallSource)
        cx.guards.add(source, "equal", abc.get_cache_token())


def _flag(cx: Capture, value: Value, name: str) -> bool:
    """``bool(getattr(value, name, False))``."""
    try:
        return getattr_(cx, value, name).realize(cx).truth(cx)
    except ObservedException as exc:
        if not issubclass(exc.value.cls, AttributeError):
            raise
        return False


def _classes(cx: Capture, value: Value) -> list[type]:
    value = value.realize(cx)
    if isinstance(value, TupleValue):
        return [cls for item in value.items for cls in _classes(cx, item)]
    if not isinstance(value, ClassValue) and isinstance(getattr(value, "obj", None), types.UnionType):
        return list(value.obj.__args__)  # type: ignore[attr-defined]
    return [class_of(value)]


@builtin(issubclass)
def _issubclass(cx: Capture, cls: Value, classes: Value, /) -> Value:
    wanted = _classes(cx, classes)
    if any(type(each) not in _PLAIN_METACLASSES for each in wanted):
        raise GraphBreak("unsupported builtin", "issubclass with a class whose metaclass decides")
    for each in wanted:
        _rely_on_registrations(cx, each)
    return ConstantValue(issubclass(class_of(cls), tuple(wanted)))


@builtin(type)
def _type(cx: Capture, value: Value, /) -> Value:
    return cx.wrap_constant(type(value.obj) if isinstance(value, ClassValue) else value.pytype())


@builtin(id)
def _id(cx: Capture, value: Value, /) -> Value:
    raise GraphBreak("unsupported builtin", f"id of {value.describe()}")


@builtin(getattr)
def _getattr(cx: Capture, value: Value, name: Value, default: Value | None = None, /) -> Value:
    try:
        return getattr_(cx, value, name.constant())
    except ObservedException as exc:
        if default is None or not issubclass(exc.value.cls, AttributeError):
            raise
        return default


@builtin(hasattr)
def _hasattr(cx: Capture, value: Value, name: Value, /) -> Value:
    try:
        getattr_(cx, value, name.constant())
    except ObservedException as exc:
        if not issubclass(exc.value.cls, AttributeError):
            raise
        return ConstantValue(False)
    return ConstantValue(True)


@builtin(setattr)
def _setattr(cx: Capture, value: Value, name: Value, new: Value, /) -> None:
    value.setattr(cx, name.constant(), new)


@builtin(delattr)
def _delattr(cx: Capture, value: Value, name: Value, /) -> None:
    value.delattr(cx, name.constant())


@builtin(vars)
def _vars(cx: Capture, value: Value | None = None, /) -> Value:
    if value is None:
        raise GraphBreak("unsupported builtin", "vars() of the frame")
    return getattr_(cx, value, "__dict__")


@builtin(sys.exc_info)
def _exc_info(cx: Capture) -> Value:
    exc = cx.handled
    if isinstance(exc, ExceptionValue):
        return TupleValue([cx.wrap_constant(exc.cls), exc, traceback_of(cx, exc)])
    if isinstance(exc, ConstantValue):
        return TupleValue([ConstantValue(None)] * 3)
    raise GraphBreak("unsupported builtin", "sys.exc_info() of an exception caught natively")


@builtin(sys.exception)
def _exception(cx: Capture) -> Value:
    if isinstance(cx.handled, ExceptionValue | ConstantValue):
        return cx.handled
    raise GraphBreak("unsupported builtin", "sys.exception() of an exception caught natively")


@builtin(globals)
def _globals(cx: Capture) -> Value:
    frame = cx.frames[-1]
    if cx.ledger.globals:
        raise GraphBreak("unsupported builtin", "globals() after a global was written")
    return cx.wrap_constant(frame.globals, "globals()")


# -- iteration -------------------------------------------------------------------------------


@builtin(iter)
def _iter(cx: Capture, value: Value, /) -> Value:
    return cx.iterate(value)


@builtin(next)
def _next(cx: Capture, iterator: Value, default: Value | None = None, /) -> Value:
    if default is None:
        return cx.call(getattr_(cx, iterator, "__next__"), [], {})
    item = cx.advance(iterator)
    return default if item is None else item


@builtin(enumerate)
def _enumerate(cx: Capture, iterable: Value, start: Value | None = None) -> Value:
    first = 0 if start is None else start.realize(cx).constant()
    return cx.new(EnumerateIterator(cx.iterate(iterable), first))


@builtin(zip)
def _zip(cx: Capture, *iterables: Value, strict: Value | None = None) -> Value:
    inner = [cx.iterate(iterable) for iterable in iterables]
    return cx.new(ZipIterator(inner, strict is not None and strict.realize(cx).truth(cx)))


@builtin(map)
def _map(cx: Capture, func: Value, /, *iterables: Value) -> Value:
    return cx.new(MapIterator(func, [cx.iterate(iterable) for iterable in iterables]))


@builtin(filter)
def _filter(cx: Capture, func: Value, iterable: Value, /) -> Value:
    return cx.new(FilterIterator(func, cx.iterate(iterable)))


@builtin(reversed)
def _reversed(cx: Capture, value: Value, /) -> Value:
    if isinstance(value, ObjectValue):
        method = cx.rules.special_method(cx, value, "__reversed__")
        if method is not None and value.base is None:
            return cx.call(method, [], {})
        if value.base is None and lookup(value.cls, "__len__") is not ABSENT:
            return cx.call(cx.wrap_constant(reversed_sequence), [value], {})
    if isinstance(value, TensorValue):
        return value if value.example.dim() == 0 else cx.graph.call("flip", [value, ConstantValue(0)], {})
    items = cx.rules.elements(cx, value)
    if items is None or isinstance(value, SetValue):
        raise GraphBreak("unsupported builtin", f"reversed of {value.describe()}")
    cls: type = type(reversed([])) if isinstance(value, ListValue) else reversed
    return cx.new(SnapshotIterator(cls, items[::-1]))


@builtin(sorted)
def _sorted(cx: Capture, iterable: Value, /, *, key: Value | None = None, reverse: Value | None = None) -> Value:
    if (
        isinstance(iterable, SetValue) and key is None
    ):  # no two elements are equal: where they come from does not matter
        return cx.new(ListValue(sorted_items(cx, list(iterable.entries.values()), key, reverse)))
    return cx.new(ListValue(sorted_items(cx, cx.unpack(iterable), key, reverse)))


@builtin(range)
def _range(cx: Capture, *bounds: Value) -> Value:
    return fold(cx, range, [_indexed(cx, bound) for bound in bounds], {})


def _indexed(cx: Capture, value: Value) -> Value:
    if isinstance(value, TensorValue):
        raise GraphBreak("data-dependent value", "range over a tensor")
    if isinstance(value, ObjectValue):
        return cx.call_method(value, "__index__")
    return value


# -- containers ------------------------------------------------------------------------------


@builtin(list)
def _list(cx: Capture, iterable: Value | None = None, /) -> Value:
    return cx.new(ListValue(cx.unpack(iterable) if iterable is not None else []))


@builtin(tuple)
def _tuple(cx: Capture, iterable: Value | None = None, /) -> Value:
    if isinstance(iterable, TupleValue) and iterable.cls is tuple:
        return iterable
    return cx.new(TupleValue(cx.unpack(iterable) if iterable is not None else []))


@builtin(torch.Size)
def _size(cx: Capture, iterable: Value | None = None, /) -> Value:
    items = cx.unpack(iterable) if iterable is not None else []
    if not all(type(item.realize(cx).constant()) is int for item in items):
        raise GraphBreak("operator refused", "torch.Size of elements that are not integers")
    return cx.new(TupleValue(items, torch.Size))


@builtin(set)
def _set(cx: Capture, iterable: Value | None = None, /) -> Value:
    return _make_set(cx, set, iterable)


def _make_set(cx: Capture, cls: type, iterable: Value | None) -> Value:
    if iterable is None:
        return cx.new(SetValue({}, cls, order=cls()))
    entries = set_entries(cx, iterable)
    return cx.new(SetValue(entries, cls, order=set_order(cls, iterable, entries)))


@builtin(frozenset)
def _frozenset(cx: Capture, iterable: Value | None = None, /) -> Value:
    if isinstance(iterable, SetValue) and iterable.cls is frozenset:
        return iterable
    return _make_set(cx, frozenset, iterable)


def _make_dict(cx: Capture, cls: type, iterable: Value | None, kwargs: dict[str, Value]) -> DictValue:
    result = DictValue({}, cls)
    for key, value in pairs_of(cx, iterable) if iterable is not None else []:
        dict_store(cx, result, key, value)
    for name, value in kwargs.items():
        dict_store(cx, result, ConstantValue(name), value)
    cx.new(result)
    return result


@builtin(dict)
def _dict(cx: Capture, iterable: Value | None = None, /, **kwargs: Value) -> Value:
    return _make_dict(cx, dict, iterable, kwargs)


@builtin(collections.OrderedDict)
def _ordered_dict(cx: Capture, iterable: Value | None = None, /, **kwargs: Value) -> Value:
    return _make_dict(cx, collections.OrderedDict, iterable, kwargs)


@builtin(collections.defaultdict)
def _default_dict(
    cx: Capture, factory: Value | None = None, iterable: Value | None = None, /, **kwargs: Value
) -> Value:
    result = _make_dict(cx, collections.defaultdict, iterable, kwargs)
    result.factory = factory
    return result


@builtin(collections.deque)
def _deque(cx: Capture, iterable: Value | None = None, maxlen: Value | None = None) -> Value:
    limit = None if maxlen is None else maxlen.realize(cx).constant()
    items = cx.unpack(iterable) if iterable is not None else []
    result = DequeValue(items[max(len(items) - limit, 0) :] if limit is not None else items)
    result.maxlen = limit
    return cx.new(result)


@builtin(slice)
def _slice(cx: Capture, *bounds: Value) -> Value:
    none = ConstantValue(None)
    start, stop, step = {1: (none, *bounds, none), 2: (*bounds, none), 3: bounds}[len(bounds)]
    return SliceValue([start, stop, step])


# -- scalars and text ------------------------------------------------------------------------


def _number(cls: type, dunder: str) -> None:
    def convert(cx: Capture, *args: Value, **kwargs: Value) -> Value:
        if args and isinstance(args[0], TensorValue):
            raise GraphBreak("data-dependent value", f"{cls.__name__} of a tensor")
        if args and isinstance(args[0], ObjectValue):
            for name in (dunder, "__index__"):
                method = cx.rules.special_method(cx, args[0], name)
                if method is not None:
                    return cx.call(method, [], {})
        return fold(cx, cls, list(args), kwargs)

    convert.__name__ = cls.__name__
    builtin(cls)(convert)


_number(int, "__int__")
_number(float, "__float__")


@builtin(bool)
def _bool(cx: Capture, value: Value | None = None, /) -> Value:
    return ConstantValue(value is not None and value.truth(cx))


@builtin(str)
def _str(cx: Capture, value: Value | None = None, /) -> Value:
    return ConstantValue("") if value is None else to_text(cx, value, str)


@builtin(repr)
def _repr(cx: Capture, value: Value, /) -> Value:
    return to_text(cx, value, repr)


@builtin(format)
def _format(cx: Capture, value: Value, spec: Value | None = None, /) -> Value:
    return format_value(cx, value, spec or ConstantValue(""))


@builtin(abs)
def _abs(cx: Capture, value: Value, /) -> Value:
    if isinstance(value, TensorValue):
        return cx.graph.call(torch.abs, [value], {})
    if isinstance(value, ObjectValue):
        return cx.call_method(value, "__abs__")
    return fold(cx, abs, [value], {})


@builtin(round)
def _round(cx: Capture, value: Value, digits: Value | None = None) -> Value:
    rest = [] if digits is None else [digits]
    if isinstance(value, TensorValue):
        raise GraphBreak("operator refused", "round of a tensor, which has no __round__")
    return fold(cx, round, [value, *rest], {})


@builtin(pow)
def _pow(cx: Capture, base: Value, exponent: Value, modulus: Value | None = None) -> Value:
    if modulus is None:
        return arithmetic.binary(cx, "**", base, exponent.realize(cx))
    return fold(cx, pow, [base, exponent, modulus], {})


@builtin(divmod)
def _divmod(cx: Capture, left: Value, right: Value, /) -> Value:
    if isinstance(left.realize(cx), TensorValue) or isinstance(right.realize(cx), TensorValue):
        raise GraphBreak("operator refused", "divmod of a tensor, which has no __divmod__")
    return TupleValue([arithmetic.binary(cx, "//", left, right), arithmetic.binary(cx, "%", left, right)])


@builtin(inspect.signature)
def _signature(cx: Capture, func: Value, /) -> Value:
    """The signature of a Python function; a decorated one is looked through, as inspect does."""
    method = func if isinstance(func, BoundMethodValue) else None
    inner = method.func.realize(cx) if method is not None else func
    while isinstance(inner, FunctionValue):
        if "__signature__" in vars(inner.obj) or inner.source is None:
            break
        if "__wrapped__" not in vars(inner.obj):
            found = inspect.signature(types.MethodType(inner.obj, inner) if method is not None else inner.obj)
            return cx.wrap_constant(found, f"inspect.signature({inner.obj.__qualname__})")
        inner = getattr_(cx, inner, "__wrapped__").realize(cx)
    raise GraphBreak("unsupported builtin", f"the signature of {func.describe()}")


# -- copies ----------------------------------------------------------------------------------


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


# -- classes and functions -------------------------------------------------------------------


@builtin(super)
def _super(cx: Capture, cls: Value | None = None, owner: Value | None = None, /) -> Value:
    if cls is not None and owner is not None:
        return SuperValue(class_of(cls), owner)
    frame = cx.frames[-1]
    cell = frame.cells.get("__class__")
    if cell is None or cell.contents is None or not frame.code.co_argcount:
        raise GraphBreak("unsupported builtin", "super() outside of a method")
    name = frame.code.co_varnames[0]
    found = frame.locals.get(name) or (frame.cells[name].contents if name in frame.cells else None)
    if found is None:
        raise GraphBreak("unsupported builtin", "super() after the first argument was deleted")
    return SuperValue(class_of(cell.contents.realize(cx)), found.realize(cx))


@builtin(types.MethodType)
def _method_type(cx: Capture, func: Value, owner: Value, /) -> Value:
    return BoundMethodValue(func, owner)


@builtin(print)
def _print(cx: Capture, *args: Value, **kwargs: Value) -> Value:
    raise GraphBreak("output", "print()")


@builtin(input, open)
def _file(cx: Capture, *args: Value, **kwargs: Value) -> Value:
    raise GraphBreak("output", "a file or the terminal")


@builtin(object)
def _object(cx: Capture) -> Value:
    return cx.new(ObjectValue(object))


@builtin(marks.is_compiling)
def _is_compiling(cx: Capture) -> Value:
    return ConstantValue(True)


@builtin(marks.graph_break)
def _graph_break(cx: Capture, message: Value | None = None) -> Value:
    raise GraphBreak("user request", str(message.realize(cx).constant()) if message is not None else "graph_break()")


# -- the operator module ---------------------------------------------------------------------


def _register_operators() -> None:
    for text, (func, _) in arithmetic.BINARY.items():
        builtin(func)(_binary(text))
        builtin(arithmetic.INPLACE[text])(_binary(text + "="))
    for text, (func, _, _) in comparison.COMPARE.items():
        builtin(func)(_compare(text))
    for name, (function, _) in arithmetic.UNARY.items():
        builtin(function)(_unary(name))


def _binary(text: str) -> Callable[..., Value]:
    return lambda cx, left, right, /: arithmetic.binary(cx, text, left, right)


def _compare(text: str) -> Callable[..., Value]:
    return lambda cx, left, right, /: comparison.compare(cx, text, left, right)


def _unary(name: str) -> Callable[..., Value]:
    return lambda cx, value, /: arithmetic.unary(cx, name, value)


_register_operators()


@builtin(operator.getitem)
def _getitem(cx: Capture, owner: Value, key: Value, /) -> Value:
    return subscripts.getitem(cx, owner, key)


@builtin(operator.setitem)
def _setitem(cx: Capture, owner: Value, key: Value, value: Value, /) -> None:
    subscripts.setitem(cx, owner, key, value)


@builtin(operator.contains)
def _contains(cx: Capture, container: Value, item: Value, /) -> Value:
    return ConstantValue(subscripts.contains(cx, container, item))


@builtin(operator.is_)
def _is(cx: Capture, left: Value, right: Value, /) -> Value:
    return ConstantValue(comparison.identical(cx, left, right))


@builtin(operator.is_not)
def _is_not(cx: Capture, left: Value, right: Value, /) -> Value:
    return ConstantValue(not comparison.identical(cx, left, right))


@builtin(operator.not_)
def _not(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(not value.truth(cx))


@builtin(operator.truth)
def _truth(cx: Capture, value: Value, /) -> Value:
    return ConstantValue(value.truth(cx))


@builtin(operator.index)
def _index(cx: Capture, value: Value, /) -> Value:
    return fold(cx, operator.index, [_indexed(cx, value)], {})
