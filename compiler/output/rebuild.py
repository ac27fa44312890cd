"""Code that makes values: one row per kind, each leaving the object on the stack."""

from __future__ import annotations

import collections
import functools
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.output.iterators import ROWS as ITERATORS
from compiler.output.layout import elements_in_order
from compiler.output.plan import Plan, is_loaded, resolve
from compiler.values.base import ConstantValue, NullValue, Value
from compiler.values.containers import DequeValue, DictValue, DictViewValue, ListValue, SetValue, SliceValue, TupleValue
from compiler.values.functions import (
    BoundMethodValue,
    CellValue,
    MethodValue,
    NestedFunctionValue,
    PartialValue,
    SuperValue,
)
from compiler.values.objects import ExceptionValue, ObjectValue

if TYPE_CHECKING:
    from compiler.bytecode.emit import Emitter


class Rebuilder:
    """Writes the code that makes values; a value that is needed twice is kept in a temporary local."""

    def __init__(self, plan: Plan, e: Emitter) -> None:
        self.plan = plan
        self.e = e
        self.temps: dict[Value, str] = {}
        self._names = 0
        self._unfilled: list[Value] = []

    # -- temporaries ---------------------------------------------------------------------

    def store_temp(self, value: Value) -> None:
        """Pop the top of the stack into a new temporary that stands for `value`."""
        name = f"___t{self._names}"
        self._names += 1
        self.temps[value] = name
        self.e.store_fast(name)

    def drop_temps(self) -> None:
        """Release what temporaries hold before user code goes on."""
        for name in self.temps.values():
            self.e.delete_fast(name)
        self.temps.clear()

    # -- values --------------------------------------------------------------------------

    def push(self, value: Value) -> None:
        """Push the object."""
        value = resolve(value)
        temp = self.temps.get(value)
        if temp is not None:
            self.e.load_fast(temp)
        elif is_loaded(value):
            assert value.source is not None
            value.source.emit(self.e)
        elif isinstance(value, ConstantValue):
            self.e.load_const(value.value)
        elif value in self.plan.cyclic and value.mutable and type(value) in SHELLS:
            SHELLS[type(value)][0](self, value)
            self.e.copy(1)
            self.store_temp(value)
            self._unfilled.append(value)
        else:
            ROWS[type(value)](self, value)
            if self.plan.uses.get(value, 0) > 1 and not isinstance(value, NullValue):
                self.e.copy(1)
                self.store_temp(value)

    def push_all(self, values: list[Value]) -> None:
        for value in values:
            self.push(value)

    def push_tuple(self, values: list[Value]) -> None:
        self.push_all(values)
        self.e.build_tuple(len(values))

    def fill_cycles(self) -> None:
        """Fill the containers that were made empty because they contain themselves."""
        while self._unfilled:
            value = self._unfilled.pop()
            SHELLS[type(value)][1](self, value)

    def loader(self, value: Value) -> Callable[[], None]:
        return lambda: self.push(value)


Row = Callable[[Rebuilder, Any], None]


def _null(rb: Rebuilder, value: NullValue) -> None:
    rb.e.push_null()


# -- containers ------------------------------------------------------------------------------


def _list(rb: Rebuilder, value: ListValue) -> None:
    rb.push_all(value.items)
    rb.e.build_list(len(value.items))


def _tuple(rb: Rebuilder, value: TupleValue) -> None:
    if value.cls is tuple:
        rb.push_tuple(value.items)
    elif value.cls is torch.Size or not hasattr(value.cls, "_fields"):
        rb.e.call_constant(value.cls, lambda: rb.push_tuple(value.items))
    else:
        rb.e.call_constant(tuple.__new__, lambda: rb.e.load_const(value.cls), lambda: rb.push_tuple(value.items))


def _deque(rb: Rebuilder, value: DequeValue) -> None:
    limit = value.maxlen
    rb.e.call_constant(collections.deque, lambda: rb.push_tuple(value.items), lambda: rb.e.load_const(limit))


def _slice(rb: Rebuilder, value: SliceValue) -> None:
    rb.push_all(value.items)
    rb.e.build_slice(3)


def push_pairs(rb: Rebuilder, value: DictValue) -> None:
    """A plain dict of the entries."""
    for key, item in value.entries.values():
        rb.push(key)
        rb.push(item)
    rb.e.build_map(len(value.entries))


def _dict(rb: Rebuilder, value: DictValue) -> None:
    if value.holder is not None:
        rb.push(value.holder)
        rb.e.load_attr("__dict__")
        return
    _new_dict(rb, value)


def _new_dict(rb: Rebuilder, value: DictValue) -> None:
    if value.cls is dict:
        push_pairs(rb, value)
    elif value.cls is collections.defaultdict:
        factory = value.factory or ConstantValue(None)
        rb.e.call_constant(value.cls, rb.loader(factory), lambda: push_pairs(rb, value))
    else:
        rb.e.call_constant(value.cls, lambda: push_pairs(rb, value))


def push_elements(rb: Rebuilder, value: SetValue) -> None:
    rb.push_all([value.entries[key] for key in elements_in_order(value)])
    rb.e.build_set(len(value.entries))


def _set(rb: Rebuilder, value: SetValue) -> None:
    if value.cls is set:
        push_elements(rb, value)
    else:
        rb.e.call_constant(value.cls, lambda: push_elements(rb, value))


def _view(rb: Rebuilder, value: DictViewValue) -> None:
    if value.mapping.holder is not None:
        rb.e.call_constant(getattr(value.mapping.cls, value.which), rb.loader(value.mapping))
    else:
        rb.push(value.mapping)
        rb.e.call_method(value.which)


# -- callables -------------------------------------------------------------------------------


def _cell(rb: Rebuilder, value: CellValue) -> None:
    if value.name is not None:
        rb.e.load_closure(value.name)
    elif value.contents is None:
        rb.e.call_constant(types.CellType)
    else:
        rb.e.call_constant(types.CellType, rb.loader(value.contents))


def _nested_function(rb: Rebuilder, value: NestedFunctionValue) -> None:
    none = ConstantValue(None)
    rb.e.call_constant(
        make_function,
        lambda: rb.e.load_const(value.code),
        lambda: rb.e.load_const(value.globals),
        *[rb.loader(part or none) for part in (value.defaults, value.closure, value.kwdefaults, value.annotations)],
    )
    for name, item in value.attrs.items():
        _set_attr(rb, name, item)


def make_function(
    code: types.CodeType, globals_: dict[str, Any], defaults: Any, closure: Any, kwdefaults: Any, annotations: Any
) -> types.FunctionType:
    """What ``MAKE_FUNCTION`` makes; annotations are a dict, or a flat tuple of names and values."""
    func = types.FunctionType(code, globals_, code.co_name, defaults, closure)
    if kwdefaults is not None:
        func.__kwdefaults__ = kwdefaults
    if isinstance(annotations, tuple):
        annotations = dict(zip(annotations[::2], annotations[1::2], strict=True))
    if annotations is not None:
        func.__annotations__ = annotations
    return func


def _set_attr(rb: Rebuilder, name: str, value: Value) -> None:
    """``object.name = value`` for the object on top, which stays there."""
    rb.push(value)
    rb.e.copy(2)
    rb.e.store_attr(name)


def _bound_method(rb: Rebuilder, value: BoundMethodValue) -> None:
    rb.e.call_constant(types.MethodType, rb.loader(value.func), rb.loader(value.owner))


def _method(rb: Rebuilder, value: MethodValue) -> None:
    raw = value.through
    if raw is None:
        rb.push(value.owner)
        rb.e.load_attr(value.name)
    elif isinstance(raw, types.BuiltinFunctionType):  # a __new__, which is bound to nothing
        rb.e.load_const(raw)
    elif isinstance(raw, types.ClassMethodDescriptorType):
        rb.e.call_constant(raw.__get__, lambda: rb.e.load_const(None), rb.loader(value.owner))
    else:
        rb.e.call_constant(raw.__get__, rb.loader(value.owner))


def _partial(rb: Rebuilder, value: PartialValue) -> None:
    rb.e.begin_call(lambda: rb.e.load_const(functools.partial))
    rb.push_all([value.func, *value.args, *value.kwargs.values()])
    rb.e.end_call(1 + len(value.args) + len(value.kwargs), tuple(value.kwargs))


def _super(rb: Rebuilder, value: SuperValue) -> None:
    rb.e.call_constant(super, lambda: rb.e.load_const(value.cls), rb.loader(value.owner))


# -- objects ---------------------------------------------------------------------------------


def set_attribute(rb: Rebuilder, value: ObjectValue, name: str, item: Value) -> None:
    """Write an attribute of the object on top, past any ``__setattr__`` of its class: that has been traced."""
    if value.cls.__setattr__ in (object.__setattr__, BaseException.__setattr__):
        _set_attr(rb, name, item)
        return
    rb.store_temp(value)
    rb.e.call_constant(object.__setattr__, rb.loader(value), lambda: rb.e.load_const(name), rb.loader(item))
    rb.e.pop_top()
    rb.push(value)


def _attributes(rb: Rebuilder, value: ObjectValue) -> None:
    for name, item in value.own_attributes().items():
        if isinstance(item, Value):
            set_attribute(rb, value, name, item)


def make_part(base: Any, cls: type, items: Any) -> Any:
    """An object of a list's, dict's or tuple's subclass with what it contains, past all that the subclass overrides."""
    if base is tuple:
        return tuple.__new__(cls, items)
    return fill_part(base, base.__new__(cls), items)


def fill_part(base: Any, obj: Any, items: Any) -> Any:
    """Replace what an object of a list's or dict's subclass contains."""
    base.clear(obj)
    if base is list:
        list.extend(obj, items)
    else:
        for key, item in items.items():
            base.__setitem__(obj, key, item)
    return obj


def part_base(value: ObjectValue) -> Any:
    """The builtin class of the container part."""
    assert value.base is not None
    return value.base.cls


def push_part(rb: Rebuilder, value: ObjectValue) -> None:
    """A tuple or dict of what the container part holds."""
    if isinstance(value.base, DictValue):
        push_pairs(rb, value.base)
    else:
        assert value.base is not None
        rb.push_tuple(value.base.items)


def _object_shell(rb: Rebuilder, value: ObjectValue) -> None:
    if issubclass(value.cls, types.SimpleNamespace):
        rb.e.call_constant(types.SimpleNamespace.__new__, lambda: rb.e.load_const(value.cls))
    elif value.base is None:
        rb.e.call_constant(object.__new__, lambda: rb.e.load_const(value.cls))
    elif part_base(value) is tuple:
        _object_with_part(rb, value)
    else:
        rb.e.call_constant(part_base(value).__new__, lambda: rb.e.load_const(value.cls))


def _object_with_part(rb: Rebuilder, value: ObjectValue) -> None:
    constants = (part_base(value), value.cls)
    loaders = [lambda constant=constant: rb.e.load_const(constant) for constant in constants]
    rb.e.call_constant(make_part, *loaders, lambda: push_part(rb, value))


def _object(rb: Rebuilder, value: ObjectValue) -> None:
    if value.base is None:
        _object_shell(rb, value)
    else:
        _object_with_part(rb, value)
    _attributes(rb, value)


_C_INIT = types.WrapperDescriptorType


def _exception_shell(rb: Rebuilder, value: ExceptionValue) -> None:
    rb.e.begin_call(lambda: rb.e.load_const(value.cls.__new__))
    rb.e.load_const(value.cls)
    rb.push_all(value.init_args)
    rb.e.end_call(1 + len(value.init_args))


def _exception(rb: Rebuilder, value: ExceptionValue) -> None:
    _exception_shell(rb, value)
    init = next(vars(base)["__init__"] for base in value.cls.__mro__ if isinstance(vars(base).get("__init__"), _C_INIT))
    if value.made and init is not vars(BaseException)["__init__"]:
        rb.store_temp(value)
        rb.e.call_constant(init, rb.loader(value), *[rb.loader(arg) for arg in value.init_args])
        rb.e.pop_top()
        rb.push(value)
    _exception_attributes(rb, value)


def _exception_attributes(rb: Rebuilder, value: ExceptionValue) -> None:
    _attributes(rb, value)
    if value.cause is not None:
        _set_attr(rb, "__cause__", value.cause)
    if value.context is not None:
        _set_attr(rb, "__context__", value.context)
    if value.suppress:
        _set_attr(rb, "__suppress_context__", ConstantValue(True))


ROWS: dict[type[Value], Row] = {
    **ITERATORS,
    NullValue: _null,
    ListValue: _list,
    TupleValue: _tuple,
    DequeValue: _deque,
    SliceValue: _slice,
    DictValue: _dict,
    SetValue: _set,
    DictViewValue: _view,
    CellValue: _cell,
    NestedFunctionValue: _nested_function,
    BoundMethodValue: _bound_method,
    MethodValue: _method,
    PartialValue: _partial,
    SuperValue: _super,
    ObjectValue: _object,
    ExceptionValue: _exception,
}

# -- cycles ----------------------------------------------------------------------------------


def _fill_list(rb: Rebuilder, value: ListValue) -> None:
    rb.push(value)
    for item in value.items:
        rb.push(item)
        rb.e.list_append(1)
    rb.e.pop_top()


def _fill_dict(rb: Rebuilder, value: DictValue) -> None:
    for key, item in value.entries.values():
        rb.push(item)
        rb.push(value)
        rb.push(key)
        rb.e.store_item()


def _fill_set(rb: Rebuilder, value: SetValue) -> None:
    rb.push(value)
    rb.e.call_method("update", lambda: rb.push_tuple(list(value.entries.values())))
    rb.e.pop_top()


def _fill_object(rb: Rebuilder, value: ObjectValue) -> None:
    if value.base is not None and part_base(value) is not tuple:
        refill(rb, value)
    rb.push(value)
    _attributes(rb, value)
    rb.e.pop_top()


def refill(rb: Rebuilder, value: ObjectValue) -> None:
    """Give an object of a list's or dict's subclass the contents that it has now."""
    load_base = lambda: rb.e.load_const(part_base(value))  # noqa: E731
    rb.e.call_constant(fill_part, load_base, rb.loader(value), lambda: push_part(rb, value))
    rb.e.pop_top()


def _fill_exception(rb: Rebuilder, value: ExceptionValue) -> None:
    rb.push(value)
    _exception_attributes(rb, value)
    rb.e.pop_top()


def _empty_cell(rb: Rebuilder, value: CellValue) -> None:
    if value.name is not None:
        rb.e.load_closure(value.name)
    else:
        rb.e.call_constant(types.CellType)


def _fill_cell(rb: Rebuilder, value: CellValue) -> None:
    if value.name is None and value.contents is not None:
        rb.push(value.contents)
        rb.push(value)
        rb.e.store_attr("cell_contents")


def _empty_dict(rb: Rebuilder, value: DictValue) -> None:
    if value.cls is collections.defaultdict:
        rb.e.call_constant(value.cls, rb.loader(value.factory or ConstantValue(None)))
    else:
        rb.e.call_constant(value.cls)


SHELLS: dict[type[Value], tuple[Row, Row]] = {
    ListValue: (lambda rb, value: rb.e.build_list(0), _fill_list),
    DictValue: (_empty_dict, _fill_dict),
    SetValue: (lambda rb, value: rb.e.call_constant(value.cls), _fill_set),
    ObjectValue: (_object_shell, _fill_object),
    ExceptionValue: (_exception_shell, _fill_exception),
    CellValue: (_empty_cell, _fill_cell),
}
"""Kind → how to make it empty, how to fill it; fillers use the stack only above what is there."""
