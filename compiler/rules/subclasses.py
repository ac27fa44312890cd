"""Objects of user classes derived from list, dict, OrderedDict or tuple: builtin methods act on the container part.

A method that the class overrides never comes here: it is Python code and is traced. What comes
here is the builtin's own method, reached by inheritance or through `super`.
"""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.classes import guarded_lookup
from compiler.rules.methods import call_method, pairs_of
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, ListValue, SequenceValue, TupleValue
from compiler.values.objects import ObjectValue
from compiler.values.wrap import container_base

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_OF_OBJECT = frozenset({"__setattr__", "__delattr__", "__getattribute__", "__init_subclass__"})
_COMMON = frozenset("__len__ __contains__ __getitem__ __iter__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__".split())
_LIST = _COMMON | frozenset(
    "append extend insert pop clear reverse copy index count remove sort __setitem__ __delitem__ __add__ __mul__ "
    "__iadd__ __reversed__".split()
)
_DICT = _COMMON | frozenset(
    "get keys values items pop popitem setdefault update clear copy __setitem__ __delitem__ __or__ __ior__".split()
)
_METHODS: dict[type, frozenset[str]] = {
    list: _LIST,
    tuple: _COMMON | frozenset({"index", "count", "__add__", "__mul__"}),
    dict: _DICT,
    collections.OrderedDict: (_DICT - {"copy", "__or__", "__ior__"}) | {"move_to_end"},
}
"""Methods whose rules on the container part do what the builtin does on an object of a subclass."""

_THROUGH_ITEMS = frozenset({"pop", "setdefault", "popitem"})
"""Methods of OrderedDict that go through the subclass's own item access."""

_GIVES_SELF = frozenset({"__iadd__", "__ior__"})


def call_on_part(
    cx: Capture, owner: ObjectValue, name: str, args: list[Value], kwargs: dict[str, Value]
) -> Value | None:
    """A builtin method of an object with a container part; ``None`` when it is no method of the container."""
    part = owner.base
    assert part is not None
    if name in _OF_OBJECT:
        return None
    if name == "__init__":
        _initialise(cx, owner, args, kwargs)
        return ConstantValue(None)
    base = container_base(owner.cls)
    assert base is not None
    if name not in _METHODS[base]:
        raise GraphBreak("unsupported method", f"{owner.cls.__name__}.{name}")
    if base is collections.OrderedDict:
        if name == "update":
            _store_all(cx, owner, args, kwargs)
            return ConstantValue(None)
        if name in _THROUGH_ITEMS and any(_overrides(cx, owner, dunder) for dunder in _ITEM_ACCESS):
            raise GraphBreak("unsupported method", f"{owner.cls.__name__}.{name}")
    if name.startswith("__"):
        args = [_part_of(arg.realize(cx)) for arg in args]
    result = call_method(cx, part, name, args, kwargs)
    return owner if name in _GIVES_SELF else result


_ITEM_ACCESS = ("__getitem__", "__setitem__", "__delitem__", "__contains__")


def _overrides(cx: Capture, owner: ObjectValue, name: str) -> bool:
    base = container_base(owner.cls)
    assert base is not None
    return guarded_lookup(cx, owner.cls, name) is not vars(base).get(name)


def _part_of(value: Value) -> Value:
    return value.base if isinstance(value, ObjectValue) and value.base is not None else value


def iterated_part(cx: Capture, value: Value) -> SequenceValue | DictValue | None:
    """The container part of an object that is iterated over as the builtin is."""
    if not isinstance(value, ObjectValue) or value.base is None or _overrides(cx, value, "__iter__"):
        return None
    return value.base


def is_plain_mapping(cx: Capture, value: Value) -> bool:
    """Whether ``dict(value)`` reads the entries of a dict's subclass directly."""
    return isinstance(iterated_part(cx, value), DictValue) and container_base(value.pytype()) is dict


def blank(cx: Capture, cls: type, args: list[Value]) -> ObjectValue:
    """What the builtin's ``__new__`` makes of a subclass."""
    base = container_base(cls)
    made = ObjectValue(cls)
    if base is tuple:
        made.base = TupleValue(cx.unpack(args[0]) if args else [])
    elif base is list:
        made.base = ListValue([])
    elif base is not None:
        made.base = DictValue({}, base)
    if made.base is not None:
        made.base.holder = made
    cx.new(made)
    return made


def _initialise(cx: Capture, owner: ObjectValue, args: list[Value], kwargs: dict[str, Value]) -> None:
    part = owner.base
    if isinstance(part, ListValue):
        if kwargs or len(args) > 1:
            raise GraphBreak("operator refused", f"{owner.cls.__name__}() takes at most one argument")
        call_method(cx, part, "clear", [], {})
        if args:
            call_method(cx, part, "extend", args, {})
    elif container_base(owner.cls) is collections.OrderedDict:
        _store_all(cx, owner, args, kwargs)
    elif isinstance(part, DictValue):
        call_method(cx, part, "update", args, kwargs)


def _store_all(cx: Capture, owner: ObjectValue, args: list[Value], kwargs: dict[str, Value]) -> None:
    """OrderedDict's way to update: one item assignment after the other, through the subclass's own."""
    if len(args) > 1:
        raise GraphBreak("operator refused", f"{owner.cls.__name__}() takes at most one argument")
    pairs: list[tuple[Any, Value]] = [pair for arg in args for pair in pairs_of(cx, arg)]
    for key, value in [*pairs, *((ConstantValue(name), value) for name, value in kwargs.items())]:
        cx.rules.setitem(cx, owner, key, value)
