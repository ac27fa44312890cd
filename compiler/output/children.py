"""Which values a value is made of: one row per kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from compiler.breaks import BreakEarlier, GraphBreak
from compiler.output.layout import can_be_laid_out
from compiler.rules import bodies
from compiler.rules.basics import TracebackValue
from compiler.values.base import ConstantValue, NullValue, Value
from compiler.values.containers import (
    DequeValue,
    DictValue,
    DictViewValue,
    ListValue,
    SetValue,
    SliceValue,
    TupleValue,
)
from compiler.values.functions import (
    BoundMethodValue,
    BuiltinValue,
    CellValue,
    ClassValue,
    FunctionValue,
    MethodValue,
    NestedFunctionValue,
    ObjectConstant,
    PartialValue,
    PythonModuleValue,
    SuperValue,
)
from compiler.values.iterators import (
    DictIterator,
    EnumerateIterator,
    FilterIterator,
    GeneratorValue,
    MapIterator,
    RangeIterator,
    ReverseIterator,
    SequenceIterator,
    SnapshotIterator,
    ZipIterator,
)
from compiler.values.objects import ExceptionValue, ObjectValue
from compiler.values.standins import StandInCallable, StandInIterator

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def children(cx: Capture, value: Value) -> list[Value]:
    """The values that have to be rebuilt for `value`.

    Raises:
        BreakEarlier: it cannot be rebuilt.
    """
    row = CHILDREN.get(type(value))
    if row is None:
        cx.not_rebuildable(value, value.describe())
    return list(row(cx, value))


def _none(cx: Capture, value: Any) -> Iterable[Value]:
    return ()


def _present(*values: Value | None) -> list[Value]:
    return [value for value in values if value is not None]


def _set(cx: Capture, value: SetValue) -> Iterable[Value]:
    if value.source is None and not can_be_laid_out(value):
        cx.not_rebuildable(value, "a set whose elements another history would put into another order")
    return [*value.entries.values(), *[item for _, items in value.log for item in items]]


def _dict(cx: Capture, value: DictValue) -> Iterable[Value]:
    if value.holder is not None and value.source is None and value.holder.base is not value:  # type: ignore[attr-defined]
        return [value.holder]
    pairs = value.entries.values()
    return [part for pair in pairs for part in pair] + _present(value.factory)


def _object(cx: Capture, value: ObjectValue) -> Iterable[Value]:
    own = [item for item in value.own_attributes().values() if isinstance(item, Value)]
    return own if value.base is None else [*CHILDREN[type(value.base)](cx, value.base), *own]


def _exception(cx: Capture, value: ExceptionValue) -> Iterable[Value]:
    if value.raised is not None:
        raise BreakEarlier(value.raised, GraphBreak("not rebuildable", "an exception with a traceback"))
    return [*value.init_args, *_object(cx, value), *_present(value.cause, value.context)]


def _function(cx: Capture, value: NestedFunctionValue) -> Iterable[Value]:
    parts = _present(value.defaults, value.kwdefaults, value.annotations, value.closure)
    return [*parts, *value.attrs.values()]


def _sequence_iterator(cx: Capture, value: SequenceIterator) -> Iterable[Value]:
    holder = value.sequence.holder if value.sequence is not None else None
    if holder is not None and isinstance(getattr(holder.pytype(), "__iter__", None), FunctionType):
        cx.not_rebuildable(value, f"an iterator over {holder.describe()}")
    return _present(value.sequence)


def _snapshot(cx: Capture, value: SnapshotIterator) -> Iterable[Value]:
    if value.over is None or (value.watch is not None and not value.watch.undisturbed()):
        cx.not_rebuildable(value, f"a {value.cls.__name__} that is being consumed")
    return [value.over]


def _dict_iterator(cx: Capture, value: DictIterator) -> Iterable[Value]:
    if value.mapping is not None and not value.watch.undisturbed():
        cx.not_rebuildable(value, f"a {value.pytype().__name__} that is being consumed")
    return [value.over]


def _generator(cx: Capture, value: GeneratorValue) -> Iterable[Value]:
    if value.frame.started or value.frame.finished:
        cx.not_rebuildable(value, "a generator that is being consumed")
    func, args, kwargs = value.call_parts
    if value.frame.code.co_filename == bodies.__file__:
        cx.not_rebuildable(value, "a part of an iterator of the standard library")
    return [func, *args, *kwargs.values()]


def _stand_in(cx: Capture, value: StandInIterator | StandInCallable) -> Iterable[Value]:
    if isinstance(value, StandInIterator) and (value.inner.frame.started or value.inner.frame.finished):
        cx.not_rebuildable(value, f"{value.describe()} that is being consumed")
    return [*value.recipe.args, *value.recipe.kwargs.values()]


def _traceback(cx: Capture, value: TracebackValue) -> Iterable[Value]:
    cx.not_rebuildable(value, "the traceback of an exception caught in the graph")


CHILDREN: dict[type[Value], Callable[[Capture, Any], Iterable[Value]]] = {
    ConstantValue: _none,
    NullValue: _none,
    BuiltinValue: _none,
    ClassValue: _none,
    PythonModuleValue: _none,
    ObjectConstant: _none,
    FunctionValue: _none,
    ListValue: lambda cx, value: value.items,
    TupleValue: lambda cx, value: value.items,
    DequeValue: lambda cx, value: value.items,
    SliceValue: lambda cx, value: value.items,
    DictValue: _dict,
    SetValue: _set,
    DictViewValue: lambda cx, value: [value.mapping],
    ObjectValue: _object,
    ExceptionValue: _exception,
    CellValue: lambda cx, value: _present(value.contents),
    NestedFunctionValue: _function,
    BoundMethodValue: lambda cx, value: [value.func, value.owner],
    MethodValue: lambda cx, value: [value.owner],
    PartialValue: lambda cx, value: [value.func, *value.args, *value.kwargs.values()],
    SuperValue: lambda cx, value: [value.owner],
    SequenceIterator: _sequence_iterator,
    ReverseIterator: lambda cx, value: [value.sequence],
    DictIterator: _dict_iterator,
    SnapshotIterator: _snapshot,
    RangeIterator: _none,
    EnumerateIterator: lambda cx, value: [value.inner],
    ZipIterator: lambda cx, value: value.inner,
    MapIterator: lambda cx, value: [value.func, *value.inner],
    FilterIterator: lambda cx, value: [value.func, value.inner],
    GeneratorValue: _generator,
    StandInIterator: _stand_in,
    StandInCallable: _stand_in,
    TracebackValue: _traceback,
}
