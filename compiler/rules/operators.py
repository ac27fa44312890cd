"""Operators: arithmetic, comparison, identity, membership, subscripts."""

from __future__ import annotations

import collections
import operator
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.basics import fold_plain, is_none
from compiler.rules.classes import lookup
from compiler.rules.iteration import elements
from compiler.rules.methods import (
    OPERATOR_METHODS,
    SET_ALGEBRA,
    call_method,
    dict_get,
    dict_store,
    pairs_of,
    same_or_equal,
    set_entries,
)
from compiler.rules.objects import special_method
from compiler.rules.untraced import refused
from compiler.values.base import ConstantValue, LazyValue, NullValue, Value
from compiler.values.containers import (
    DictValue,
    DictViewValue,
    ListValue,
    SequenceValue,
    SetValue,
    SliceValue,
    TupleValue,
    as_key,
)
from compiler.values.functions import BoundMethodValue, ClassValue, FunctionValue, MethodValue, ObjectConstant
from compiler.values.iterators import IteratorValue
from compiler.values.objects import ObjectValue, OpaqueValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

BINARY: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "+": (operator.add, "add"),
    "-": (operator.sub, "sub"),
    "*": (operator.mul, "mul"),
    "/": (operator.truediv, "truediv"),
    "//": (operator.floordiv, "floordiv"),
    "%": (operator.mod, "mod"),
    "**": (operator.pow, "pow"),
    "@": (operator.matmul, "matmul"),
    "&": (operator.and_, "and"),
    "|": (operator.or_, "or"),
    "^": (operator.xor, "xor"),
    "<<": (operator.lshift, "lshift"),
    ">>": (operator.rshift, "rshift"),
}
"""Operator text → function and dunder stem."""

INPLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv, "//": operator.ifloordiv,
    "%": operator.imod, "**": operator.ipow, "@": operator.imatmul, "&": operator.iand, "|": operator.ior,
    "^": operator.ixor, "<<": operator.ilshift, ">>": operator.irshift,
}  # fmt: skip

COMPARE: dict[str, tuple[Callable[[Any, Any], Any], str, str]] = {
    "==": (operator.eq, "__eq__", "__eq__"),
    "!=": (operator.ne, "__ne__", "__ne__"),
    "<": (operator.lt, "__lt__", "__gt__"),
    "<=": (operator.le, "__le__", "__ge__"),
    ">": (operator.gt, "__gt__", "__lt__"),
    ">=": (operator.ge, "__ge__", "__le__"),
}
"""Operator text → function, dunder, reflected dunder."""

UNARY: dict[str, tuple[Callable[[Any], Any], str]] = {
    "UNARY_NEGATIVE": (operator.neg, "__neg__"),
    "UNARY_POSITIVE": (operator.pos, "__pos__"),
    "UNARY_INVERT": (operator.invert, "__invert__"),
}

_LARGEST_RESULT = 1_000_000
"""Elements or bits of a folded result beyond which the program computes it itself."""


# -- arithmetic ------------------------------------------------------------------------------


def binary(cx: Capture, op: str, left: Value, right: Value) -> Value:
    """``left op right``; `op` ends in ``=`` for the in-place form."""
    in_place = op.endswith("=")
    op = op.rstrip("=")
    left, right = left.realize(cx), right.realize(cx)
    if isinstance(left, TensorValue) or isinstance(right, TensorValue):
        if isinstance(left, ObjectValue) or isinstance(right, ObjectValue):
            return _dunder_binary(cx, op, left, right, in_place)
        function = INPLACE[op] if in_place and isinstance(left, TensorValue) else BINARY[op][0]
        return cx.graph.call(function, [left, right], {})
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        return _fold_binary(cx, op, left.value, right.value)
    rule = _find_rule(op, left, right)
    if rule is not None:
        result = rule(cx, left, right, in_place)
        if result is not None:
            return result
    if isinstance(right, ObjectValue) and right.base is not None and not isinstance(left, ObjectValue):
        if special_method(cx, right, f"__r{BINARY[op][1]}__") is None:
            return binary(cx, op + "=" * in_place, left, right.base)
    if isinstance(left, ObjectValue) or isinstance(right, ObjectValue):
        return _dunder_binary(cx, op, left, right, in_place)
    if left.is_constant() and right.is_constant():
        return _fold_binary(cx, op, left.constant(), right.constant())
    raise refused("unsupported operator", f"{left.pytype().__name__} {op} {right.pytype().__name__}", left, right)


def _fold_binary(cx: Capture, op: str, left: Any, right: Any) -> Value:
    if _is_huge(op, left, right):
        raise GraphBreak("unsupported operator", f"a very large result of {op}")
    return fold_plain(cx, BINARY[op][0], [left, right], {})


def _is_huge(op: str, left: Any, right: Any) -> bool:
    if op == "**" and isinstance(left, int) and isinstance(right, int):
        return right * max(left.bit_length(), 1) > _LARGEST_RESULT
    if op == "<<" and isinstance(left, int) and isinstance(right, int):
        return right > _LARGEST_RESULT
    if op == "*":
        for sized, count in ((left, right), (right, left)):
            if isinstance(sized, str | bytes | tuple) and isinstance(count, int):
                return len(sized) * count > _LARGEST_RESULT
    return False


BinaryRule = Callable[["Capture", Any, Any, bool], Value | None]
_BINARY_RULES: list[tuple[str, type[Value], type[Value], BinaryRule]] = []


def _rule(op: str, left: type[Value], right: type[Value]) -> Callable[[BinaryRule], BinaryRule]:
    def register(rule: BinaryRule) -> BinaryRule:
        _BINARY_RULES.append((op, left, right, rule))
        return rule

    return register


def _find_rule(op: str, left: Value, right: Value) -> BinaryRule | None:
    for wanted, left_kind, right_kind, rule in _BINARY_RULES:
        if wanted == op and isinstance(left, left_kind) and isinstance(right, right_kind):
            return rule
    return None


@_rule("+", SequenceValue, SequenceValue)
def _concat(cx: Capture, left: SequenceValue, right: SequenceValue, in_place: bool) -> Value | None:
    if in_place and isinstance(left, ListValue):
        call_method(cx, left, "extend", [right], {})
        return left
    if isinstance(left, ListValue) and isinstance(right, ListValue):
        return cx.new(ListValue(left.items + right.items))
    if isinstance(left, TupleValue) and isinstance(right, TupleValue):
        both_sizes = left.cls is torch.Size and right.cls is torch.Size
        return cx.new(TupleValue(left.items + right.items, torch.Size if both_sizes else tuple))
    cx.raise_(
        TypeError, f'can only concatenate {left.cls.__name__} (not "{right.cls.__name__}") to {left.cls.__name__}'
    )


@_rule("+", ListValue, Value)
def _extend_in_place(cx: Capture, left: ListValue, right: Value, in_place: bool) -> Value | None:
    if in_place and not isinstance(right, ObjectValue):
        call_method(cx, left, "extend", [right], {})
        return left
    return None


@_rule("*", SequenceValue, ConstantValue)
def _repeat(cx: Capture, left: SequenceValue, right: ConstantValue, in_place: bool) -> Value | None:
    count = right.value
    if not isinstance(count, int):
        cx.raise_(TypeError, f"can't multiply sequence by non-int of type '{type(count).__name__}'")
    if len(left.items) * count > _LARGEST_RESULT:
        raise GraphBreak("unsupported operator", "a very large result of *")
    if in_place and isinstance(left, ListValue):
        left.items[:] = left.items * count
        cx.ledger.touch(left)
        return left
    return cx.new(type(left)(left.items * count, list if isinstance(left, ListValue) else tuple))


@_rule("*", ConstantValue, SequenceValue)
def _repeat_reflected(cx: Capture, left: ConstantValue, right: SequenceValue, in_place: bool) -> Value | None:
    return _repeat(cx, right, left, False)


@_rule("|", DictValue, DictValue)
def _merge(cx: Capture, left: DictValue, right: DictValue, in_place: bool) -> Value | None:
    if in_place:
        call_method(cx, left, "update", [right], {})
        return left
    merged = DictValue(dict(left.entries), left.cls)
    merged.factory = left.factory
    for key, value in pairs_of(cx, right):
        dict_store(cx, merged, key, value)
    return cx.new(merged)


@_rule("|", ClassValue, Value)
def _union(cx: Capture, left: ClassValue, right: Value, in_place: bool) -> Value | None:
    other = right.obj if isinstance(right, ObjectConstant) else right.constant()
    if not isinstance(other, type | types.UnionType | None):
        return None
    return cx.wrap_constant(left.obj | other)


_SET_NAMES = {"|": "union", "&": "intersection", "-": "difference", "^": "symmetric_difference"}


def _set_rule(op: str) -> BinaryRule:
    def rule(cx: Capture, left: Value, right: Value, in_place: bool) -> Value | None:
        if not isinstance(right, SetValue | DictViewValue) or not isinstance(left, SetValue | DictViewValue):
            return None
        entries = SET_ALGEBRA[_SET_NAMES[op]](set_entries(cx, left), set_entries(cx, right))
        if in_place and isinstance(left, SetValue) and left.cls is set:
            left.entries.clear()
            left.entries.update(entries)
            left.changed = True
            cx.ledger.touch(left)
            return left
        return cx.new(SetValue(entries, left.cls if isinstance(left, SetValue) else set))

    return rule


for _op in _SET_NAMES:
    _rule(_op, SetValue, Value)(_set_rule(_op))
    _rule(_op, DictViewValue, Value)(_set_rule(_op))


@_rule("%", ConstantValue, Value)
def _percent(cx: Capture, left: ConstantValue, right: Value, in_place: bool) -> Value | None:
    if not isinstance(left.value, str):
        return None
    if isinstance(right, TupleValue):
        items = tuple(_text_argument(cx, item) for item in right.items)
        return fold_plain(cx, operator.mod, [left.value, items], {})
    return fold_plain(cx, operator.mod, [left.value, _text_argument(cx, right)], {})


def _text_argument(cx: Capture, value: Value) -> Any:
    value = value.realize(cx)
    return value.constant() if value.is_constant() else cx.rules.convert(cx, value, str).realize(cx).constant()


def _dunder_binary(cx: Capture, op: str, left: Value, right: Value, in_place: bool) -> Value:
    """Python's protocol: in-place form, left, reflected right (first when its class is a subclass)."""
    stem = BINARY[op][1]
    attempts = [(left, f"__{stem}__", right), (right, f"__r{stem}__", left)]
    if right.pytype() is not left.pytype() and issubclass(right.pytype(), left.pytype()):
        attempts.reverse()
    elif right.pytype() is left.pytype():
        attempts.pop()
    if in_place:
        attempts.insert(0, (left, f"__i{stem}__", right))
    for owner, name, other in attempts:
        result = _try_dunder(cx, owner, name, other)
        if result is not None:
            return result
    text = f"unsupported operand type(s) for {op}{'=' if in_place else ''}"
    if op == "**":
        text = f"unsupported operand type(s) for {'**=' if in_place else '** or pow()'}"
    cx.raise_(TypeError, f"{text}: '{left.pytype().__name__}' and '{right.pytype().__name__}'")


def _try_dunder(cx: Capture, owner: Value, name: str, other: Value) -> Value | None:
    """Call a binary dunder; ``None`` when it is missing or gives NotImplemented."""
    if not isinstance(owner, ObjectValue):
        if isinstance(owner, TensorValue):
            raise GraphBreak("unsupported operator", f"a tensor with {other.describe()}")
        return None
    method = special_method(cx, owner, name)
    if method is None:
        return None
    result = cx.call(method, [other], {}).realize(cx)
    return None if isinstance(result, ConstantValue) and result.value is NotImplemented else result


def unary(cx: Capture, op: str, value: Value) -> Value:
    function, dunder = UNARY[op]
    value = value.realize(cx)
    if isinstance(value, TensorValue):
        return cx.graph.call(function, [value], {})
    if isinstance(value, ConstantValue):
        return fold_plain(cx, function, [value.value], {})
    if isinstance(value, ObjectValue):
        method = special_method(cx, value, dunder)
        if method is not None:
            return cx.call(method, [], {})
    raise refused("unsupported operator", f"{op} of {value.describe()}", value)


# -- comparison ------------------------------------------------------------------------------


def compare(cx: Capture, op: str, left: Value, right: Value) -> Value:
    left, right = left.realize(cx), right.realize(cx)
    if isinstance(left, TensorValue) or isinstance(right, TensorValue):
        other = right if isinstance(left, TensorValue) else left
        if isinstance(other, ConstantValue) and not isinstance(other.value, int | float | complex | bool):
            return ConstantValue(op == "!=") if op in ("==", "!=") else _refuse_compare(op, left, right)
        return cx.graph.call(COMPARE[op][0], [left, right], {})
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        return fold_plain(cx, COMPARE[op][0], [left.value, right.value], {})
    if isinstance(left, SequenceValue) and isinstance(right, SequenceValue):
        return _compare_sequences(cx, op, left, right)
    if isinstance(left, SetValue | DictViewValue) and isinstance(right, SetValue | DictViewValue):
        return ConstantValue(COMPARE[op][0](set_entries(cx, left).keys(), set_entries(cx, right).keys()))
    if isinstance(left, ObjectValue) or isinstance(right, ObjectValue):
        return _dunder_compare(cx, op, left, right)
    if op in ("==", "!="):
        return ConstantValue(_equal(cx, left, right) == (op == "=="))
    return _refuse_compare(op, left, right)


def _refuse_compare(op: str, left: Value, right: Value) -> Any:
    raise refused("unsupported operator", f"{left.pytype().__name__} {op} {right.pytype().__name__}", left, right)


_BY_IDENTITY = (ObjectConstant, FunctionValue, BoundMethodValue)


def _equal(cx: Capture, left: Value, right: Value) -> bool:
    if left is right:
        return True
    if isinstance(left, DictValue) and isinstance(right, DictValue):
        if left.entries.keys() != right.entries.keys():
            return False
        return all(same_or_equal(cx, item, right.entries[key][1]) for key, (_, item) in left.entries.items())
    if isinstance(left, SliceValue) and isinstance(right, SliceValue):
        return all(same_or_equal(cx, a, b) for a, b in zip(left.items, right.items, strict=True))
    if isinstance(left, BoundMethodValue) and isinstance(right, BoundMethodValue):
        return identical(cx, left.func, right.func) and identical(cx, left.owner, right.owner)
    if isinstance(left, MethodValue) and isinstance(right, MethodValue):
        return left.name == right.name and identical(cx, left.owner, right.owner)
    if isinstance(left, OpaqueValue) or isinstance(right, OpaqueValue):
        _refuse_compare("==", left, right)
    if isinstance(left, ObjectConstant) or isinstance(right, ObjectConstant):
        return _equal_objects(left, right)
    if left.is_constant() and right.is_constant():
        return bool(left.constant() == right.constant())
    return False


def _equal_objects(left: Value, right: Value) -> bool:
    """Of objects known by identity, and constants: asked now, unless an answer would run somebody's Python."""
    objects = [value.obj if isinstance(value, ObjectConstant) else value for value in (left, right)]
    kinds = [type(obj).__eq__ for obj in objects if not isinstance(obj, Value)]
    if all(kind is object.__eq__ for kind in kinds):
        return objects[0] is objects[1]
    plain = [value.constant() if isinstance(value, Value) and value.is_constant() else value for value in objects]
    if any(isinstance(obj, Value) or isinstance(type(obj).__eq__, types.FunctionType) for obj in plain):
        _refuse_compare("==", left, right)
    return bool(plain[0] == plain[1])


def _compare_sequences(cx: Capture, op: str, left: SequenceValue, right: SequenceValue) -> Value:
    kinds = (ListValue, TupleValue)
    if not any(isinstance(left, kind) and isinstance(right, kind) for kind in kinds):
        if op in ("==", "!="):
            return ConstantValue(op == "!=")
        cx.raise_(
            TypeError,
            f"'{op}' not supported between instances of '{left.cls.__name__}' and '{right.cls.__name__}'",
        )
    if op in ("==", "!=") and len(left.items) != len(right.items):
        return ConstantValue(op == "!=")
    for a, b in zip(left.items, right.items, strict=False):
        if not same_or_equal(cx, a, b):
            return ConstantValue(op == "!=") if op in ("==", "!=") else compare(cx, op, a, b)
    return ConstantValue(COMPARE[op][0](len(left.items), len(right.items)))


def _dunder_compare(cx: Capture, op: str, left: Value, right: Value) -> Value:
    _, name, reflected = COMPARE[op]
    attempts = [(left, name, right), (right, reflected, left)]
    if right.pytype() is not left.pytype() and issubclass(right.pytype(), left.pytype()):
        attempts.reverse()
    for owner, dunder, other in attempts:
        if isinstance(owner, ObjectValue):
            raw = lookup(owner.cls, dunder)
            if dunder == "__ne__" and raw is object.__ne__:
                result = _try_dunder(cx, owner, "__eq__", other) if _has_eq(owner) else None
                if result is not None:
                    return ConstantValue(not result.truth(cx))
            elif isinstance(raw, types.FunctionType) or owner.base is not None:
                result = _try_dunder(cx, owner, dunder, other)
                if result is not None:
                    return result
            elif raw is not ABSENT and raw is not vars(object).get(dunder):
                _refuse_compare(op, left, right)
    if op in ("==", "!="):
        return ConstantValue(identical(cx, left, right) == (op == "=="))
    cx.raise_(
        TypeError,
        f"'{op}' not supported between instances of '{left.pytype().__name__}' and '{right.pytype().__name__}'",
    )


def _has_eq(value: ObjectValue) -> bool:
    return isinstance(lookup(value.cls, "__eq__"), types.FunctionType)


def identical(cx: Capture, left: Value, right: Value) -> bool:
    """``left is right``."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ConstantValue) and one.value is None:
            return is_none(cx, other)
    left, right = left.realize(cx), right.realize(cx)
    if left is right:
        return True
    if isinstance(left, NullValue) or isinstance(right, NullValue):
        return False
    if left.pytype() is not right.pytype():
        return False
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        return _same_constant(left, right)
    if isinstance(left, ObjectConstant | FunctionValue) and isinstance(right, ObjectConstant | FunctionValue):
        return left.obj is right.obj
    if isinstance(left, TensorValue) and isinstance(right, TensorValue):
        return _same_tensor(cx, left, right)
    if left.source is not None and right.source is not None:
        if isinstance(left, BoundMethodValue | MethodValue):
            return False
        cx.guards.distinct([left.source, right.source])
        return False
    if isinstance(left, TupleValue | BoundMethodValue):
        raise GraphBreak("unsupported operator", f"`is` between objects of type {left.pytype().__name__}")
    return False


_INTERNED = (bool, type(None), type(Ellipsis), type(NotImplemented), torch.dtype, torch.layout)


def _same_constant(left: ConstantValue, right: ConstantValue) -> bool:
    if isinstance(left.value, _INTERNED) or left.value is right.value:
        return left.value is right.value
    if left.value != right.value:
        return False
    if type(left.value) is int and -5 <= left.value <= 256:
        return True
    raise GraphBreak("unsupported operator", f"`is` between equal objects of type {type(left.value).__name__}")


def _same_tensor(cx: Capture, left: TensorValue, right: TensorValue) -> bool:
    if left.source is not None and right.source is not None:
        cx.guards.distinct([left.source, right.source])
        return False
    if (left.source is None) != (right.source is None) or left.example is not right.example:
        return False
    return True


# -- membership and subscripts ---------------------------------------------------------------


def contains(cx: Capture, container: Value, item: Value) -> bool:
    """``item in container``."""
    if isinstance(container, DictValue | SetValue):
        return as_key(cx, item) in container.entries
    if isinstance(container, DictViewValue) and container.which == "keys":
        return as_key(cx, item) in container.mapping.entries
    if isinstance(container, ConstantValue) and isinstance(item, ConstantValue):
        return bool(fold_plain(cx, operator.contains, [container.value, item.value], {}).constant())
    if isinstance(container, TensorValue):
        found = cx.graph.call("__contains__", [container, item], {})
        return found.truth(cx)
    if isinstance(container, ObjectValue):
        method = special_method(cx, container, "__contains__")
        if method is not None:
            return cx.call(method, [item], {}).realize(cx).truth(cx)
    if isinstance(container, ClassValue) and hasattr(container.obj, "__members__") and isinstance(item, ConstantValue):
        return item.value in container.obj
    items = elements(cx, container)
    if items is not None:
        return any(same_or_equal(cx, candidate, item) for candidate in items)
    if isinstance(container, ObjectValue | IteratorValue):
        iterator = cx.iterate(container)
        while (candidate := cx.advance(iterator)) is not None:
            if same_or_equal(cx, candidate, item):
                return True
        return False
    raise refused("unsupported operator", f"`in` on {container.describe()}", container)


def getitem(cx: Capture, owner: Value, key: Value) -> Value:
    """``owner[key]``."""
    owner, key = owner.realize(cx), key.realize(cx)
    if isinstance(owner, SequenceValue):
        return _sequence_item(cx, owner, key)
    if isinstance(owner, DictValue):
        return _dict_item(cx, owner, key)
    if isinstance(owner, TensorValue):
        return cx.graph.call(operator.getitem, [owner, key], {})
    if isinstance(owner, ConstantValue):
        return fold_plain(cx, operator.getitem, [owner.value, key.constant()], {})
    if isinstance(owner, ObjectValue):
        method = special_method(cx, owner, "__getitem__")
        if method is None:
            cx.raise_(TypeError, f"'{owner.cls.__name__}' object is not subscriptable")
        return cx.call(method, [key], {})
    if isinstance(owner, ClassValue):
        if hasattr(owner.obj, "__members__"):
            return fold_plain(cx, operator.getitem, [owner.obj, key.constant()], {})
        if isinstance(
            vars(owner.obj).get("__class_getitem__"), types.ClassMethodDescriptorType | types.BuiltinMethodType
        ):
            arguments = tuple(_type_argument(item) for item in (key.items if isinstance(key, TupleValue) else [key]))
            return cx.wrap_constant(owner.obj[arguments if isinstance(key, TupleValue) else arguments[0]])
        raise GraphBreak("unsupported operator", f"subscript of class {owner.obj.__name__}")
    raise refused("unsupported operator", f"subscript of {owner.describe()}", owner)


def _type_argument(value: Value) -> Any:
    """What stands between the brackets of a generic type."""
    value = getattr(value, "realized", None) or value
    return value.obj if isinstance(value, ObjectConstant) else value.constant()


def _sequence_item(cx: Capture, owner: SequenceValue, key: Value) -> Value:
    index = _as_index(cx, key)
    if isinstance(index, slice):
        kind = owner.cls if owner.cls in (list, torch.Size) else tuple
        return cx.new(type(owner)(owner.items[index], kind))
    if not isinstance(index, int):
        kind_name = "list" if isinstance(owner, ListValue) else "tuple"
        cx.raise_(TypeError, f"{kind_name} indices must be integers or slices, not {type(index).__name__}")
    if not -len(owner.items) <= index < len(owner.items):
        cx.raise_(IndexError, f"{'list' if isinstance(owner, ListValue) else 'tuple'} index out of range")
    return owner.items[index]


def _as_index(cx: Capture, key: Value) -> Any:
    if isinstance(key, SliceValue):
        return slice(*[item.realize(cx).constant() for item in key.items])
    if isinstance(key, TensorValue):
        raise GraphBreak("data-dependent value", "a tensor as an index of a Python sequence")
    if isinstance(key, ObjectValue):
        method = special_method(cx, key, "__index__")
        if method is not None:
            return cx.call(method, [], {}).realize(cx).constant()
    return key.constant()


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


def setitem(cx: Capture, owner: Value, key: Value, value: Value) -> None:
    """``owner[key] = value``."""
    owner, key = owner.realize(cx), key.realize(cx)
    if isinstance(owner, ListValue):
        _list_store(cx, owner, _as_index(cx, key), value)
    elif isinstance(owner, DictValue):
        if owner.cls not in _WRITABLE_DICTS:
            cx.raise_(TypeError, f"'{owner.cls.__name__}' object does not support item assignment")
        dict_store(cx, owner, key, value)
    elif isinstance(owner, TensorValue):
        cx.graph.call(operator.setitem, [owner, key, value], {})
    elif isinstance(owner, ObjectValue):
        method = special_method(cx, owner, "__setitem__")
        if method is None:
            cx.raise_(TypeError, f"'{owner.cls.__name__}' object does not support item assignment")
        cx.call(method, [key, value], {})
    elif isinstance(owner, TupleValue | ConstantValue):
        cx.raise_(TypeError, f"'{owner.pytype().__name__}' object does not support item assignment")
    else:
        raise refused("unsupported operator", f"item assignment to {owner.describe()}", owner)


_WRITABLE_DICTS = frozenset({dict, collections.OrderedDict, collections.defaultdict})


def _list_store(cx: Capture, owner: ListValue, index: Any, value: Value) -> None:
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


def delitem(cx: Capture, owner: Value, key: Value) -> None:
    """``del owner[key]``."""
    owner, key = owner.realize(cx), key.realize(cx)
    if isinstance(owner, DictValue):
        obj = as_key(cx, key)
        if obj not in owner.entries:
            cx.raise_(KeyError, key.constant())
        del owner.entries[obj]
        cx.ledger.touch(owner)
    elif isinstance(owner, ListValue):
        index = _as_index(cx, key)
        if isinstance(index, int) and not -len(owner.items) <= index < len(owner.items):
            cx.raise_(IndexError, "list assignment index out of range")
        del owner.items[index]
        cx.ledger.touch(owner)
    elif isinstance(owner, ObjectValue) and special_method(cx, owner, "__delitem__") is not None:
        cx.call_method(owner, "__delitem__", key)
    else:
        raise refused("unsupported operator", f"item deletion from {owner.describe()}", owner)


def length(cx: Capture, value: Value) -> int:
    """``len(value)``."""
    if isinstance(value, LazyValue):
        value = value.realize(cx)
    if isinstance(value, SequenceValue):
        return len(value.items)
    if isinstance(value, DictValue | SetValue):
        return len(value.entries)
    if isinstance(value, DictViewValue):
        return len(value.mapping.entries)
    if isinstance(value, TensorValue):
        if value.example.dim() == 0:
            cx.raise_(TypeError, "len() of a 0-d tensor")
        return int(value.example.shape[0])
    if isinstance(value, ObjectValue):
        method = special_method(cx, value, "__len__")
        if method is None:
            cx.raise_(TypeError, f"object of type '{value.cls.__name__}' has no len()")
        return cx.call(method, [], {}).realize(cx).constant()
    if isinstance(value, ConstantValue):
        return fold_plain(cx, len, [value.value], {}).constant()
    if isinstance(value, ClassValue) and hasattr(value.obj, "__members__"):
        return len(value.obj)
    raise refused("unsupported builtin", f"len of {value.describe()}", value)


def _setitem_method(cx: Capture, owner: Value, key: Value, value: Value) -> Value:
    setitem(cx, owner, key, value)
    return ConstantValue(None)


def _delitem_method(cx: Capture, owner: Value, key: Value) -> Value:
    delitem(cx, owner, key)
    return ConstantValue(None)


def _compare_method(op: str) -> Callable[..., Value]:
    return lambda cx, left, right: compare(cx, op, left, right)


def _binary_method(op: str) -> Callable[..., Value]:
    return lambda cx, left, right: binary(cx, op, left, right)


OPERATOR_METHODS |= {
    "__getitem__": getitem,
    "__len__": lambda cx, value: ConstantValue(length(cx, value)),
    "__contains__": lambda cx, container, item: ConstantValue(contains(cx, container, item)),
    "__setitem__": _setitem_method,
    "__delitem__": _delitem_method,
    "__iter__": lambda cx, value: cx.iterate(value),
    **{dunder: _compare_method(op) for op, (_, dunder, _reflected) in COMPARE.items()},
    **{f"__{stem}__": _binary_method(op) for op, (_, stem) in BINARY.items()},
}
