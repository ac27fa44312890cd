"""Subscripts, membership and length: a rule per kind of value."""

from __future__ import annotations

import collections
import operator
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.rules.basics import checked_result, fold_plain, is_none
from compiler.rules.iteration import elements
from compiler.rules.kinds import ByKind
from compiler.rules.methods import (
    dict_get,
    dict_store,
    live_items,
    same_or_equal,
)
from compiler.rules.objects import special_method
from compiler.rules.untraced import refused
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import (
    DequeValue,
    DictValue,
    DictViewValue,
    ListValue,
    SequenceValue,
    SetValue,
    SliceValue,
    TupleValue,
    as_key,
)
from compiler.values.functions import ClassValue, ObjectConstant
from compiler.values.iterators import IteratorValue
from compiler.values.objects import ObjectValue, OpaqueValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

# -- membership ------------------------------------------------------------------------------

CONTAINS: ByKind[Callable[..., bool | None]] = ByKind()
"""Kind of container → ``item in container``; ``None``: look through its elements."""


def contains(cx: Capture, container: Value, item: Value) -> bool:
    """``item in container``."""
    rule = CONTAINS.find(container)
    found = rule(cx, container, item) if rule is not None else None
    if found is not None:
        return found
    items = elements(cx, container)
    if items is not None:
        return any(same_or_equal(cx, candidate, item) for candidate in items)
    if not isinstance(container, ObjectValue | IteratorValue):
        raise refused("unsupported operator", f"`in` on {container.describe()}", container)
    iterator = cx.iterate(container)
    while (candidate := cx.advance(iterator)) is not None:
        if same_or_equal(cx, candidate, item):
            return True
    return False


@CONTAINS.of(DictValue, SetValue)
def _has_key(cx: Capture, container: DictValue | SetValue, item: Value) -> bool:
    return as_key(cx, item) in container.entries


@CONTAINS.of(SequenceValue)
def _sequence_has(cx: Capture, container: SequenceValue, item: Value) -> bool:
    return any(same_or_equal(cx, candidate, item) for _, candidate in live_items(container))


@CONTAINS.of(DictViewValue)
def _view_has(cx: Capture, container: DictViewValue, item: Value) -> bool | None:
    return _has_key(cx, container.mapping, item) if container.which == "keys" else None


@CONTAINS.of(ConstantValue)
def _constant_has(cx: Capture, container: ConstantValue, item: Value) -> bool | None:
    if not isinstance(item, ConstantValue):
        if isinstance(container.value, str | bytes):
            raise GraphBreak("operator refused", f"{item.describe()} in {container.describe()}")
        return None
    return bool(fold_plain(cx, operator.contains, [container.value, item.value], {}).constant())


@CONTAINS.of(TensorValue)
def _tensor_has(cx: Capture, container: TensorValue, item: Value) -> bool:
    return cx.graph.call("__contains__", [container, item], {}).truth(cx)


@CONTAINS.of(ObjectValue)
def _object_has(cx: Capture, container: ObjectValue, item: Value) -> bool | None:
    method = special_method(cx, container, "__contains__")
    return None if method is None else cx.call(method, [item], {}).realize(cx).truth(cx)


@CONTAINS.of(ClassValue)
def _enum_has(cx: Capture, container: ClassValue, item: Value) -> bool | None:
    if hasattr(container.obj, "__members__") and isinstance(item, ConstantValue):
        return item.value in container.obj
    return None


# -- reading ---------------------------------------------------------------------------------

GETITEM: ByKind[Callable[..., Value]] = ByKind()
"""Kind of owner → ``owner[key]``."""


def getitem(cx: Capture, owner: Value, key: Value) -> Value:
    """``owner[key]``."""
    owner, key = owner.realize(cx), key.realize(cx)
    rule = GETITEM.find(owner)
    if rule is None:
        raise refused("unsupported operator", f"subscript of {owner.describe()}", owner)
    return rule(cx, owner, key)


@GETITEM.of(TensorValue)
def _tensor_item(cx: Capture, owner: TensorValue, key: Value) -> Value:
    return cx.graph.call(operator.getitem, [owner, key], {})


@GETITEM.of(ConstantValue)
def _constant_item(cx: Capture, owner: ConstantValue, key: Value) -> Value:
    return fold_plain(cx, operator.getitem, [owner.value, key.constant()], {})


@GETITEM.of(ObjectValue)
def _object_item(cx: Capture, owner: ObjectValue, key: Value) -> Value:
    method = special_method(cx, owner, "__getitem__")
    if method is None:
        cx.raise_(TypeError, f"'{owner.cls.__name__}' object is not subscriptable")
    return cx.call(method, [key], {})


@GETITEM.of(ClassValue)
def _class_item(cx: Capture, owner: ClassValue, key: Value) -> Value:
    """A member of an enum, or a generic type of a class written in C."""
    if hasattr(owner.obj, "__members__"):
        return fold_plain(cx, operator.getitem, [owner.obj, key.constant()], {})
    maker = vars(owner.obj).get("__class_getitem__")
    generic = isinstance(maker, classmethod) and owner.obj.__module__ == "collections.abc"
    if not generic and not isinstance(maker, types.ClassMethodDescriptorType | types.BuiltinMethodType):
        raise GraphBreak("unsupported operator", f"subscript of class {owner.obj.__name__}")
    arguments = tuple(_type_argument(cx, item) for item in (key.items if isinstance(key, TupleValue) else [key]))
    return cx.wrap_constant(owner.obj[arguments if isinstance(key, TupleValue) else arguments[0]])


def _type_argument(cx: Capture, value: Value) -> Any:
    """What stands between the brackets of a generic type."""
    value = value.realize(cx)
    if isinstance(value, ListValue):
        return [_type_argument(cx, item) for item in value.items]
    return value.obj if isinstance(value, ObjectConstant) else value.constant()


@GETITEM.of(SequenceValue)
def _sequence_item(cx: Capture, owner: SequenceValue, key: Value) -> Value:
    index = _as_index(cx, key)
    if isinstance(index, slice):
        kind = owner.cls if owner.cls in (list, torch.Size) else tuple
        if owner.cls is tuple and range(len(owner.items))[index] == range(len(owner.items)):
            return owner
        return cx.new(type(owner)(owner.items[index], kind))
    if not isinstance(index, int):
        kind_name = "list" if isinstance(owner, ListValue) else "tuple"
        cx.raise_(TypeError, f"{kind_name} indices must be integers or slices, not {type(index).__name__}")
    if not -len(owner.items) <= index < len(owner.items):
        cx.raise_(IndexError, f"{'list' if isinstance(owner, ListValue) else 'tuple'} index out of range")
    return owner.items[index]


def _as_slice(cx: Capture, bounds: list[Any]) -> slice:
    if not all(bound is None or isinstance(bound, int) for bound in bounds):
        cx.raise_(TypeError, "slice indices must be integers or None or have an __index__ method")
    if bounds[2] == 0:
        cx.raise_(ValueError, "slice step cannot be zero")
    return slice(*bounds)


def _as_index(cx: Capture, key: Value) -> Any:
    if isinstance(key, SliceValue):
        return _as_slice(cx, [item.realize(cx).constant() for item in key.items])
    if isinstance(key, TensorValue):
        raise GraphBreak("data-dependent value", "a tensor as an index of a Python sequence")
    if isinstance(key, ObjectValue):
        method = special_method(cx, key, "__index__")
        if method is not None:
            return checked_result(cx.call(method, [], {}).realize(cx), int, "__index__").constant()
    return key.constant()


@GETITEM.of(DictValue)
def _dict_item(cx: Capture, owner: DictValue, key: Value) -> Value:
    found = dict_get(cx, owner, key)
    if found is not None:
        return found
    if isinstance(owner.holder, ObjectValue) and owner.holder.base is owner:
        maker = special_method(cx, owner.holder, "__missing__")
        if maker is not None:
            return cx.call(maker, [key], {})
    if owner.factory is not None and not is_none(cx, owner.factory):
        made = cx.call(owner.factory, [], {})
        dict_store(cx, owner, key, made)
        return made
    if not key.is_constant():
        raise GraphBreak("operator refused", "KeyError for a key that is not a constant")
    cx.raise_(KeyError, key.constant())


# -- writing ---------------------------------------------------------------------------------

SETITEM: ByKind[Callable[..., None]] = ByKind()
"""Kind of owner → ``owner[key] = value``."""


def setitem(cx: Capture, owner: Value, key: Value, value: Value) -> None:
    """``owner[key] = value``."""
    owner, key = owner.realize(cx), key.realize(cx)
    rule = SETITEM.find(owner)
    if rule is None:
        raise refused("unsupported operator", f"item assignment to {owner.describe()}", owner)
    rule(cx, owner, key, value)


@SETITEM.of(TupleValue, ConstantValue)
def _no_item_assignment(cx: Capture, owner: Value, key: Value, value: Value) -> None:
    cx.raise_(TypeError, f"'{owner.pytype().__name__}' object does not support item assignment")


@SETITEM.of(DictValue)
def _dict_store(cx: Capture, owner: DictValue, key: Value, value: Value) -> None:
    if owner.cls not in _WRITABLE_DICTS:
        _no_item_assignment(cx, owner, key, value)
    dict_store(cx, owner, key, value)


@SETITEM.of(TensorValue)
def _tensor_store(cx: Capture, owner: TensorValue, key: Value, value: Value) -> None:
    cx.graph.call(operator.setitem, [owner, key, value], {})


@SETITEM.of(ObjectValue)
def _object_store(cx: Capture, owner: ObjectValue, key: Value, value: Value) -> None:
    method = special_method(cx, owner, "__setitem__")
    if method is None:
        _no_item_assignment(cx, owner, key, value)
    assert method is not None
    cx.call(method, [key, value], {})


_WRITABLE_DICTS = frozenset({dict, collections.OrderedDict, collections.defaultdict})


@SETITEM.of(ListValue)
def _list_store(cx: Capture, owner: ListValue, key: Value, value: Value) -> None:
    index = _as_index(cx, key)
    if isinstance(index, slice):
        items = cx.unpack(value)
        try:
            owner.items[index] = items
        except ValueError as error:
            cx.raise_(ValueError, *error.args)
    elif not isinstance(index, int):
        cx.raise_(TypeError, f"list indices must be integers or slices, not {type(index).__name__}")
    elif not -len(owner.items) <= index < len(owner.items):
        cx.raise_(IndexError, "list assignment index out of range")
    else:
        owner.items[index] = value
    cx.ledger.touch(owner)


DELITEM: ByKind[Callable[..., None]] = ByKind()
"""Kind of owner → ``del owner[key]``."""


def delitem(cx: Capture, owner: Value, key: Value) -> None:
    """``del owner[key]``."""
    owner, key = owner.realize(cx), key.realize(cx)
    rule = DELITEM.find(owner)
    if rule is None:
        raise refused("unsupported operator", f"item deletion from {owner.describe()}", owner)
    rule(cx, owner, key)


@DELITEM.of(DictValue)
def _dict_delete(cx: Capture, owner: DictValue, key: Value) -> None:
    obj = as_key(cx, key)
    if obj not in owner.entries:
        cx.raise_(KeyError, key.constant())
    del owner.entries[obj]
    cx.ledger.touch(owner)


@DELITEM.of(ListValue)
def _list_delete(cx: Capture, owner: ListValue, key: Value) -> None:
    index = _as_index(cx, key)
    if not isinstance(index, int | slice):
        cx.raise_(TypeError, f"list indices must be integers or slices, not {type(index).__name__}")
    if isinstance(index, int) and not -len(owner.items) <= index < len(owner.items):
        cx.raise_(IndexError, "list assignment index out of range")
    del owner.items[index]
    cx.ledger.touch(owner)


@SETITEM.of(DequeValue)
def _deque_store(cx: Capture, owner: DequeValue, key: Value, value: Value) -> None:
    index = _deque_index(cx, owner, key) % len(owner.items)
    owner.items[index] = value
    owner.stored.add(index)
    cx.ledger.touch(owner)


@DELITEM.of(DequeValue)
def _deque_delete(cx: Capture, owner: DequeValue, key: Value) -> None:
    del owner.items[_deque_index(cx, owner, key)]
    cx.ledger.touch(owner)


@GETITEM.of(DequeValue)
def _deque_item(cx: Capture, owner: DequeValue, key: Value) -> Value:
    return owner.items[_deque_index(cx, owner, key)]


def _deque_index(cx: Capture, owner: DequeValue, key: Value) -> int:
    index = _as_index(cx, key)
    if not isinstance(index, int):
        cx.raise_(TypeError, f"sequence index must be integer, not '{type(index).__name__}'")
    if not -len(owner.items) <= index < len(owner.items):
        cx.raise_(IndexError, "deque index out of range")
    return index


@DELITEM.of(ObjectValue)
def _object_delete(cx: Capture, owner: ObjectValue, key: Value) -> None:
    if special_method(cx, owner, "__delitem__") is None:
        raise refused("unsupported operator", f"item deletion from {owner.describe()}", owner)
    cx.call_method(owner, "__delitem__", key)


# -- length ----------------------------------------------------------------------------------

LENGTH: ByKind[Callable[..., int]] = ByKind()
"""Kind of value → ``len(value)``."""


def length(cx: Capture, value: Value) -> int:
    """``len(value)``."""
    value = value.realize(cx)
    rule = LENGTH.find(value)
    if rule is None:
        raise refused("unsupported builtin", f"len of {value.describe()}", value)
    return rule(cx, value)


@LENGTH.of(SequenceValue)
def _sequence_length(cx: Capture, value: SequenceValue) -> int:
    return len(value.items)


@LENGTH.of(DictValue, SetValue)
def _entries_length(cx: Capture, value: DictValue | SetValue) -> int:
    return len(value.entries)


@LENGTH.of(DictViewValue)
def _view_length(cx: Capture, value: DictViewValue) -> int:
    return len(value.mapping.entries)


@LENGTH.of(TensorValue)
def _tensor_length(cx: Capture, value: TensorValue) -> int:
    if value.example.dim() == 0:
        cx.raise_(TypeError, "len() of a 0-d tensor")
    return int(value.example.shape[0])


@LENGTH.of(ObjectValue)
def _object_length(cx: Capture, value: ObjectValue) -> int:
    method = special_method(cx, value, "__len__")
    if method is None:
        cx.raise_(TypeError, f"object of type '{value.cls.__name__}' has no len()")
    found: int = checked_result(cx.call(method, [], {}).realize(cx), int, "__len__").constant()
    if not 0 <= found <= sys.maxsize:
        raise GraphBreak("operator refused", f"__len__, which gives {found}")
    return found


_DICTS: tuple[dict[Any, Any], ...] = ({}, collections.OrderedDict())
_VIEWS = tuple(type(view) for some in _DICTS for view in (some.keys(), some.values(), some.items()))


@LENGTH.of(OpaqueValue)
def _opaque_length(cx: Capture, value: OpaqueValue) -> int:
    """Of a view from outside; of which dict is not known, so none may have changed."""
    if not isinstance(value.obj, _VIEWS) or cx.ledger.touched or cx.ledger.globals:
        raise refused("unsupported builtin", f"len of {value.describe()}", value)
    assert value.source is not None
    cx.guards.add(value.source, "predicate", _has_length(len(value.obj)))
    return len(value.obj)


def _has_length(expected: int) -> Callable[[Any], bool]:
    def same(found: Any) -> bool:
        return len(found) == expected

    same.__doc__ = f"length is {expected}"
    return same


@LENGTH.of(ConstantValue)
def _constant_length(cx: Capture, value: ConstantValue) -> int:
    found: int = fold_plain(cx, len, [value.value], {}).constant()
    return found


@LENGTH.of(ClassValue)
def _enum_length(cx: Capture, value: ClassValue) -> int:
    if not hasattr(value.obj, "__members__"):
        raise refused("unsupported builtin", f"len of {value.describe()}", value)
    return len(value.obj)
