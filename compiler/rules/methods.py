"""Methods of builtin types: a table of (kind of value, name) → rule."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.basics import all_constant, constant_of, describe_args, fold, fold_plain, is_none
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
from compiler.values.functions import BoundMethodValue, ClassValue, FunctionValue, NestedFunctionValue
from compiler.values.iterators import GeneratorValue, IteratorValue
from compiler.values.objects import ExceptionValue, ObjectValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

Rule = Callable[..., Value | None]

METHODS: dict[tuple[type[Value], str], Rule] = {}


def method_of(kind: type[Value], *names: str) -> Callable[[Rule], Rule]:
    """Register a rule ``(cx, self, *args, **kwargs) -> Value | None`` (``None`` stands for None)."""

    def register(rule: Rule) -> Rule:
        for name in names:
            assert (kind, name) not in METHODS, (kind, name)
            METHODS[kind, name] = rule
        return rule

    return register


def call_method(cx: Capture, owner: Value, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``owner.name(*args, **kwargs)`` for a method of a builtin type."""
    owner = owner.realize(cx)
    if isinstance(owner, TensorValue):
        return cx.rules.call_tensor_method(cx, owner, name, args, kwargs)
    if isinstance(owner, ObjectValue) and owner.base is not None:
        found = cx.rules.call_on_part(cx, owner, name, args, kwargs)
        if found is not None:
            return found
    for kind in type(owner).__mro__:
        rule = METHODS.get((kind, name))
        if rule is not None:
            return _apply(cx, rule, owner, name, args, kwargs)
    if name in OPERATOR_METHODS and not kwargs:
        return OPERATOR_METHODS[name](cx, owner, *[arg.realize(cx) for arg in args])
    if isinstance(owner, ConstantValue) and all_constant(cx, args, kwargs):
        return fold(cx, getattr(owner.value, name), args, kwargs)
    if isinstance(owner, ClassValue):
        return cx.rules.call_class_method(cx, owner, name, args, kwargs)
    raise refused("unsupported method", f"{owner.pytype().__name__}.{name}({describe_args(args, kwargs)})", owner)


def _apply(cx: Capture, rule: Rule, owner: Value, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    try:
        _signature(rule).bind(cx, owner, *args, **kwargs)
    except TypeError as error:
        text = f"{owner.pytype().__name__}.{name}({describe_args(args, kwargs)}): {error}"
        raise GraphBreak("unsupported method", text) from None
    result = rule(cx, owner, *args, **kwargs)
    return ConstantValue(None) if result is None else result


def _signature(rule: Rule) -> Any:
    found = _SIGNATURES.get(rule)
    if found is None:
        found = _SIGNATURES[rule] = inspect.signature(rule)
    return found


_SIGNATURES: dict[Rule, Any] = {}


def method(cx: Capture, owner: Value, name: str, *args: Value) -> Value:
    """Shorthand for the interpreter's own uses."""
    return call_method(cx, owner.realize(cx), name, list(args), {})


OPERATOR_METHODS: dict[str, Callable[..., Value]] = {}
"""Dunders that are operators: filled by `rules.operators`."""


# -- lists, tuples, deques -------------------------------------------------------------------


def _index(cx: Capture, value: Value) -> int:
    found = value.realize(cx).constant()
    if not isinstance(found, int):
        raise GraphBreak("unsupported method", f"an index of type {type(found).__name__}")
    return found


def _trim(self: DequeValue, *, left: bool) -> None:
    """A full deque drops items at the other end."""
    excess = 0 if self.maxlen is None else max(len(self.items) - self.maxlen, 0)
    if excess:
        del self.items[slice(None, excess) if left else slice(len(self.items) - excess, None)]


@method_of(DequeValue, "append")
def _deque_append(cx: Capture, self: DequeValue, item: Value) -> None:
    self.items.append(item)
    _trim(self, left=True)
    cx.ledger.touch(self)


@method_of(DequeValue, "extend")
def _deque_extend(cx: Capture, self: DequeValue, items: Value) -> None:
    self.items.extend(cx.unpack(items))
    _trim(self, left=True)
    cx.ledger.touch(self)


@method_of(DequeValue, "extendleft")
def _deque_extendleft(cx: Capture, self: DequeValue, items: Value) -> None:
    for item in cx.unpack(items):
        _appendleft(cx, self, item)


@method_of(DequeValue, "rotate")
def _rotate(cx: Capture, self: DequeValue, steps: Value | None = None) -> None:
    if self.items:
        by = (1 if steps is None else _index(cx, steps)) % len(self.items)
        self.items[:] = self.items[-by:] + self.items[:-by] if by else self.items
    cx.ledger.touch(self)


@method_of(DequeValue, "pop")
def _deque_pop(cx: Capture, self: DequeValue) -> Value:
    if not self.items:
        cx.raise_(IndexError, "pop from an empty deque")
    cx.ledger.touch(self)
    return self.items.pop()


@method_of(ListValue, "append")
def _append(cx: Capture, self: SequenceValue, item: Value) -> None:
    self.items.append(item)
    cx.ledger.touch(self)


@method_of(ListValue, "extend", "__iadd__")
def _extend(cx: Capture, self: SequenceValue, items: Value) -> None:
    self.items.extend(cx.unpack(items))
    cx.ledger.touch(self)


@method_of(ListValue, "insert")
def _insert(cx: Capture, self: SequenceValue, index: Value, item: Value) -> None:
    self.items.insert(_index(cx, index), item)
    cx.ledger.touch(self)


@method_of(ListValue, "pop")
def _pop(cx: Capture, self: SequenceValue, index: Value | None = None) -> Value:
    at = -1 if index is None else _index(cx, index)
    if not self.items:
        cx.raise_(IndexError, "pop from empty list")
    if not -len(self.items) <= at < len(self.items):
        cx.raise_(IndexError, "pop index out of range")
    cx.ledger.touch(self)
    return self.items.pop(at)


@method_of(DequeValue, "popleft")
def _popleft(cx: Capture, self: SequenceValue) -> Value:
    if not self.items:
        cx.raise_(IndexError, "pop from an empty deque")
    cx.ledger.touch(self)
    return self.items.pop(0)


@method_of(DequeValue, "appendleft")
def _appendleft(cx: Capture, self: DequeValue, item: Value) -> None:
    self.items.insert(0, item)
    _trim(self, left=False)
    cx.ledger.touch(self)


@method_of(ListValue, "clear")
@method_of(DequeValue, "clear")
def _clear(cx: Capture, self: SequenceValue) -> None:
    self.items.clear()
    cx.ledger.touch(self)


@method_of(ListValue, "reverse")
def _reverse(cx: Capture, self: SequenceValue) -> None:
    self.items.reverse()
    cx.ledger.touch(self)


@method_of(ListValue, "copy")
def _copy(cx: Capture, self: SequenceValue) -> Value:
    return cx.new(ListValue(self.items))


@method_of(SequenceValue, "index")
def _find(cx: Capture, self: SequenceValue, item: Value) -> Value:
    for position, candidate in enumerate(self.items):
        if same_or_equal(cx, candidate, item):
            return ConstantValue(position)
    text = cx.rules.convert(cx, item, repr).realize(cx).constant()
    cx.raise_(ValueError, f"{text} is not in list" if self.cls is list else "tuple.index(x): x not in tuple")


@method_of(SequenceValue, "count")
def _count(cx: Capture, self: SequenceValue, item: Value) -> Value:
    return ConstantValue(sum(same_or_equal(cx, candidate, item) for candidate in self.items))


@method_of(ListValue, "remove")
def _remove(cx: Capture, self: SequenceValue, item: Value) -> None:
    for position, candidate in enumerate(self.items):
        if same_or_equal(cx, candidate, item):
            del self.items[position]
            cx.ledger.touch(self)
            return
    cx.raise_(ValueError, "list.remove(x): x not in list")


def same_or_equal(cx: Capture, left: Value, right: Value) -> bool:
    """``left is right or left == right``, as containers compare."""
    left, right = left.realize(cx), right.realize(cx)
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        return left.value is right.value or bool(left.value == right.value)
    if cx.rules.identical(cx, left, right):
        return True
    return cx.rules.compare(cx, "==", left.realize(cx), right.realize(cx)).realize(cx).truth(cx)


@method_of(ListValue, "sort")
def _sort(cx: Capture, self: ListValue, *, key: Value | None = None, reverse: Value | None = None) -> None:
    self.items[:] = sorted_items(cx, self.items, key, reverse)
    cx.ledger.touch(self)


def sorted_items(cx: Capture, items: list[Value], key: Value | None, reverse: Value | None) -> list[Value]:
    """A stable sort by keys that are constants."""
    use_key = key is not None and not is_none(cx, key)
    keys = [cx.call(key, [item], {}) for item in items] if use_key else items  # type: ignore[arg-type]
    plain = [constant_of(cx, value) for value in keys]
    backwards = reverse is not None and reverse.realize(cx).truth(cx)
    try:
        order = sorted(range(len(items)), key=plain.__getitem__, reverse=backwards)
    except TypeError as error:
        cx.raise_(TypeError, *error.args)
    return [items[position] for position in order]


@method_of(TupleValue, "numel")
def _numel(cx: Capture, self: TupleValue) -> Value:
    return ConstantValue(math.prod(_index(cx, item) for item in self.items))


@method_of(TupleValue, "_replace")
def _replace(cx: Capture, self: TupleValue, /, **changes: Value) -> Value:
    fields = self.cls._fields  # type: ignore[attr-defined]
    if not set(changes) <= set(fields):
        raise GraphBreak("unsupported method", "_replace with unknown fields")
    return cx.new(
        TupleValue([changes.get(name, item) for name, item in zip(fields, self.items, strict=True)], self.cls)
    )


@method_of(TupleValue, "_asdict")
def _asdict(cx: Capture, self: TupleValue) -> Value:
    pairs = zip(self.cls._fields, self.items, strict=True)  # type: ignore[attr-defined]
    return cx.new(DictValue({name: (ConstantValue(name), item) for name, item in pairs}))


@method_of(SliceValue, "indices")
def _indices(cx: Capture, self: SliceValue, length: Value) -> Value:
    return cx.rules.from_const(cx, self.realize(cx).constant().indices(_index(cx, length)))


# -- dicts -----------------------------------------------------------------------------------


def dict_store(cx: Capture, self: DictValue, key: Value, value: Value) -> None:
    """``self[key] = value``; a key that is there keeps its place and its key object."""
    obj = as_key(cx, key)
    known = self.entries.get(obj)
    self.entries[obj] = (known[0] if known else key, value)
    cx.ledger.touch(self)


def dict_get(cx: Capture, self: DictValue, key: Value) -> Value | None:
    entry = self.entries.get(as_key(cx, key))
    return entry[1] if entry else None


@method_of(DictValue, "get")
def _dict_get(cx: Capture, self: DictValue, key: Value, default: Value | None = None) -> Value | None:
    found = dict_get(cx, self, key)
    return default if found is None else found


@method_of(DictValue, "setdefault")
def _setdefault(cx: Capture, self: DictValue, key: Value, default: Value | None = None) -> Value:
    found = dict_get(cx, self, key)
    if found is None:
        found = default or ConstantValue(None)
        dict_store(cx, self, key, found)
    return found


@method_of(DictValue, "pop")
def _dict_pop(cx: Capture, self: DictValue, key: Value, default: Value | None = None) -> Value:
    obj = as_key(cx, key)
    if obj not in self.entries:
        if default is None:
            cx.raise_(KeyError, key.realize(cx).constant())
        return default
    cx.ledger.touch(self)
    return self.entries.pop(obj)[1]


@method_of(DictValue, "popitem")
def _popitem(cx: Capture, self: DictValue) -> Value:
    if not self.entries:
        cx.raise_(KeyError, "popitem(): dictionary is empty")
    cx.ledger.touch(self)
    return TupleValue(self.entries.popitem()[1])


@method_of(DictValue, "clear")
def _dict_clear(cx: Capture, self: DictValue) -> None:
    self.entries.clear()
    cx.ledger.touch(self)


@method_of(DictValue, "copy")
def _dict_copy(cx: Capture, self: DictValue) -> Value:
    copy = DictValue(dict(self.entries), self.cls)
    copy.factory = self.factory
    return cx.new(copy)


def _view_rule(which: str) -> Rule:
    def rule(cx: Capture, self: DictValue) -> Value:
        return cx.new(DictViewValue(self, which))

    return rule


METHODS |= {(DictValue, which): _view_rule(which) for which in ("keys", "values", "items")}


@method_of(DictValue, "update", "__ior__")
def _dict_update(cx: Capture, self: DictValue, _other: Value | None = None, /, **kwargs: Value) -> None:
    if _other is not None:
        for key, value in pairs_of(cx, _other):
            dict_store(cx, self, key, value)
    for name, value in kwargs.items():
        dict_store(cx, self, ConstantValue(name), value)
    cx.ledger.touch(self)


def pairs_of(cx: Capture, other: Value) -> list[tuple[Value, Value]]:
    """The pairs of a mapping or of an iterable of pairs."""
    other = other.realize(cx)
    if isinstance(other, DictValue):
        return list(other.entries.values())
    if cx.rules.is_plain_mapping(cx, other):
        part = cx.rules.iterated_part(cx, other)
        return list(part.entries.values())
    if isinstance(other, ObjectValue) and cx.rules.special_method(cx, other, "keys") is not None:
        keys = cx.unpack(cx.call_method(other, "keys"))
        return [(key, cx.call_method(other, "__getitem__", key)) for key in keys]
    pairs: list[tuple[Value, Value]] = []
    for item in cx.unpack(other):
        key, value = cx.rules.unpack_exactly(cx, item.realize(cx), 2)
        pairs.append((key, value))
    return pairs


def merge_keywords(cx: Capture, target: Value, other: Value) -> None:
    """``**other`` in a call: like update, but a name may come once only."""
    target = target.realize(cx)
    assert isinstance(target, DictValue)
    for key, value in pairs_of(cx, other):
        if as_key(cx, key) in target.entries:
            raise GraphBreak("operator refused", f"multiple values for keyword {key.realize(cx).constant()!r}")
        dict_store(cx, target, key, value)


@method_of(DictValue, "move_to_end")
def _move_to_end(cx: Capture, self: DictValue, key: Value, last: Value | None = None) -> None:
    obj = as_key(cx, key)
    if obj not in self.entries:
        cx.raise_(KeyError, key.realize(cx).constant())
    entry = self.entries.pop(obj)
    if last is None or last.realize(cx).truth(cx):
        self.entries[obj] = entry
    else:
        rest = dict(self.entries)
        self.entries.clear()
        self.entries.update({obj: entry, **rest})
    cx.ledger.touch(self)


# -- sets ------------------------------------------------------------------------------------


def _changed(cx: Capture, self: SetValue, method: str | None = None, item: Value | None = None) -> None:
    """Note a change; `method` was called with `item`, or something happened that the log has no words for."""
    self.changed = True
    item = item.realize(cx) if item is not None else None
    if method is None or not isinstance(item, ConstantValue):
        self.log = None
    elif self.log is not None:
        self.log.append((method, item.value))
    cx.ledger.touch(self)


@method_of(SetValue, "add")
def _set_add(cx: Capture, self: SetValue, item: Value) -> None:
    key = as_key(cx, item)
    self.entries.setdefault(key, item)
    if self.order is not None:
        self.order.add(key)
    _changed(cx, self, "add", item)


@method_of(SetValue, "discard")
def _discard(cx: Capture, self: SetValue, item: Value) -> None:
    key = as_key(cx, item)
    self.entries.pop(key, None)
    if self.order is not None:
        self.order.discard(key)
    _changed(cx, self, "discard", item)


@method_of(SetValue, "remove")
def _set_remove(cx: Capture, self: SetValue, item: Value) -> None:
    key = as_key(cx, item)
    if self.entries.pop(key, None) is None:
        cx.raise_(KeyError, item.realize(cx).constant())
    if self.order is not None:
        self.order.discard(key)
    _changed(cx, self, "discard", item)


@method_of(SetValue, "clear")
def _set_clear(cx: Capture, self: SetValue) -> None:
    self.entries.clear()
    self.order = set()
    _changed(cx, self)


@method_of(SetValue, "update", "__ior__")
def _set_update(cx: Capture, self: SetValue, *others: Value) -> None:
    for other in others:
        entries = set_entries(cx, other)
        for key, item in entries.items():
            self.entries.setdefault(key, item)
        self.order = set_order(_updated, self, self.entries, (other, entries))
        one_by_one = not isinstance(other.realize(cx), SetValue | DictValue)
        for item in entries.values():
            _changed(cx, self, "add" if one_by_one else None, item)
    cx.ledger.touch(self)


def _updated(target: set[Any], other: Any) -> set[Any]:
    target.update(other)
    return target


@method_of(SetValue, "copy")
def _set_copy(cx: Capture, self: SetValue) -> Value:
    cls: Any = self.cls
    return cx.new(SetValue(dict(self.entries), self.cls, order=set_order(cls.copy, self, self.entries)))


def set_order(
    operation: Callable[..., Any], first: Value, entries: dict[Any, Value], *rest: tuple[Value, dict[Any, Value]]
) -> Any:
    """What an operation does to the real sets behind values; ``None`` when one of them is unknown."""
    operands = [_ordered(first, entries), *[_ordered(value, items) for value, items in rest]]
    return None if any(operand is None for operand in operands) else operation(*operands)


def _ordered(value: Value, entries: dict[Any, Value]) -> Any:
    value = getattr(value, "realized", None) or value
    if isinstance(value, SetValue):
        return value.order
    return dict.fromkeys(entries) if isinstance(value, DictValue) else list(entries)


def set_entries(cx: Capture, value: Value) -> dict[Any, Value]:
    """The elements of an iterable as set entries."""
    value = value.realize(cx)
    if isinstance(value, SetValue):
        return dict(value.entries)
    entries: dict[Any, Value] = {}
    for item in cx.unpack(value):
        entries.setdefault(as_key(cx, item), item)
    return entries


SET_ALGEBRA: dict[str, Callable[[dict[Any, Value], dict[Any, Value]], dict[Any, Value]]] = {
    "union": lambda a, b: a | {key: item for key, item in b.items() if key not in a},
    "intersection": lambda a, b: {key: item for key, item in a.items() if key in b},
    "difference": lambda a, b: {key: item for key, item in a.items() if key not in b},
    "symmetric_difference": lambda a, b: (
        {key: item for key, item in a.items() if key not in b} | {key: item for key, item in b.items() if key not in a}
    ),
}
SET_TESTS: dict[str, Callable[[dict[Any, Value], dict[Any, Value]], bool]] = {
    "issubset": lambda a, b: a.keys() <= b.keys(),
    "issuperset": lambda a, b: a.keys() >= b.keys(),
    "isdisjoint": lambda a, b: a.keys().isdisjoint(b.keys()),
}


def _algebra_rule(name: str) -> Rule:
    def rule(cx: Capture, self: SetValue, *others: Value) -> Value:
        entries = dict(self.entries)
        rest = [(other, set_entries(cx, other)) for other in others]
        for _, items in rest:
            entries = SET_ALGEBRA[name](entries, items)
        order = set_order(getattr(self.cls, name), self, self.entries, *rest)
        return cx.new(SetValue(entries, self.cls, order=order))

    return rule


def _test_rule(name: str) -> Rule:
    def rule(cx: Capture, self: SetValue, other: Value) -> Value:
        return ConstantValue(SET_TESTS[name](self.entries, set_entries(cx, other)))

    return rule


METHODS |= {(SetValue, name): _algebra_rule(name) for name in SET_ALGEBRA}
METHODS |= {(SetValue, name): _test_rule(name) for name in SET_TESTS}


# -- strings ---------------------------------------------------------------------------------


@method_of(ConstantValue, "join")
def _join(cx: Capture, self: ConstantValue, parts: Value) -> Value:
    items = [item.realize(cx) for item in cx.unpack(parts)]
    for position, item in enumerate(items):
        if item.pytype() is not type(self.value):
            message = f"sequence item {position}: expected str instance, {item.pytype().__name__} found"
            cx.raise_(TypeError, message)
    return ConstantValue(self.value.join([item.constant() for item in items]))


@method_of(ConstantValue, "format")
def _format(cx: Capture, self: ConstantValue, /, *args: Value, **kwargs: Value) -> Value:
    plain = [_formattable(cx, arg) for arg in args]
    named = {name: _formattable(cx, arg) for name, arg in kwargs.items()}
    return fold_plain(cx, self.value.format, plain, named)


def _formattable(cx: Capture, value: Value) -> Any:
    value = value.realize(cx)
    return value.constant() if value.is_constant() else cx.rules.convert(cx, value, str).realize(cx).constant()


# -- iterators, generators, functions --------------------------------------------------------


@method_of(IteratorValue, "__next__")
def _next(cx: Capture, self: IteratorValue) -> Value:
    item = self.advance(cx)
    if item is None:
        args = [self.frame.returned] if isinstance(self, GeneratorValue) and _returned(cx, self) else []
        cx.throw(ExceptionValue(StopIteration, args))
    return item


def _returned(cx: Capture, generator: GeneratorValue) -> bool:
    value = generator.frame.returned
    return value is not None and not is_none(cx, value)


@method_of(IteratorValue, "__iter__")
def _iter(cx: Capture, self: IteratorValue) -> Value:
    return self


@method_of(GeneratorValue, "send")
def _send(cx: Capture, self: GeneratorValue, item: Value) -> Value:
    if not self.frame.started and not is_none(cx, item):
        cx.raise_(TypeError, "can't send non-None value to a just-started generator")
    found = cx.resume_generator(self, item)
    if found is None:
        cx.throw(ExceptionValue(StopIteration, [self.frame.returned] if _returned(cx, self) else []))
    return found


@method_of(FunctionValue, "__get__")
@method_of(NestedFunctionValue, "__get__")
def _bind(cx: Capture, self: Value, owner: Value, cls: Value | None = None) -> Value:
    return self if is_none(cx, owner) else BoundMethodValue(self, owner)


@method_of(ObjectValue, "__setattr__")
def _object_setattr(cx: Capture, self: ObjectValue, name: Value, value: Value) -> None:
    cx.rules.plain_setattr(cx, self, name.realize(cx).constant(), value)


@method_of(ObjectValue, "__getattribute__")
def _object_getattribute(cx: Capture, self: ObjectValue, name: Value) -> Value:
    return cx.rules.default_attr(cx, self, name.realize(cx).constant())


@method_of(ObjectValue, "__delattr__")
def _object_delattr(cx: Capture, self: ObjectValue, name: Value) -> None:
    cx.rules.plain_delattr(cx, self, name.realize(cx).constant())


@method_of(ObjectValue, "__init__")
def _object_init(cx: Capture, self: ObjectValue, *args: Value, **kwargs: Value) -> None:
    if isinstance(self, ExceptionValue):
        self.init_args = list(args)
    elif args or kwargs:
        raise GraphBreak("unsupported method", "object.__init__ with arguments")


@method_of(ObjectValue, "__init_subclass__")
def _init_subclass(cx: Capture, self: ObjectValue) -> None:
    return None
