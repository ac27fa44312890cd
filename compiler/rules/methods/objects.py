"""Methods of iterators, generators, functions and of `object` itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.breaks import GraphBreak
from compiler.rules.basics import TracebackValue, class_of, is_exception_class, is_none
from compiler.rules.methods.table import method_of
from compiler.values.base import Value
from compiler.values.containers import ListValue, TupleValue
from compiler.values.functions import BoundMethodValue, FunctionValue, NestedFunctionValue
from compiler.values.iterators import GeneratorValue, IteratorValue
from compiler.values.objects import ExceptionValue, ObjectValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


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


@method_of(GeneratorValue, "throw")
def _throw(
    cx: Capture, self: GeneratorValue, kind: Value, value: Value | None = None, tb: Value | None = None
) -> Value:
    if tb is not None and not isinstance(tb, TracebackValue) and not is_none(cx, tb):
        raise GraphBreak("unsupported method", "generator.throw() with a traceback")
    found = cx.throw_into(self, _thrown(cx, kind.realize(cx), value))
    if found is None:
        cx.throw(ExceptionValue(StopIteration, [self.frame.returned] if _returned(cx, self) else []))
    return found


def _thrown(cx: Capture, kind: Value, value: Value | None) -> ExceptionValue:
    """The exception that ``throw(kind, value)`` is about."""
    value = None if value is None or is_none(cx, value) else value.realize(cx)
    if isinstance(value, ExceptionValue) and is_exception_class(kind) and issubclass(value.cls, class_of(kind)):
        return value
    if isinstance(kind, ExceptionValue) and value is None:
        return kind
    if not is_exception_class(kind) or isinstance(value, TupleValue):
        raise GraphBreak("unsupported method", f"generator.throw({kind.describe()}, ...)")
    made = cx.call(kind, [] if value is None else [value], {}).realize(cx)
    if not isinstance(made, ExceptionValue):
        raise GraphBreak("unsupported method", f"generator.throw({kind.describe()}), which makes {made.describe()}")
    return made


@method_of(GeneratorValue, "close")
def _close(cx: Capture, self: GeneratorValue) -> Value:
    return cx.close_generator(self)


@method_of(ExceptionValue, "add_note")
def _add_note(cx: Capture, self: ExceptionValue, note: Value) -> None:
    if not isinstance(note.realize(cx).constant(), str):
        cx.raise_(TypeError, f"note must be a str, not '{note.realize(cx).pytype().__name__}'")
    notes = self.attrs.get("__notes__")
    if notes is None:
        notes = self.attrs["__notes__"] = cx.new(ListValue([]))
    if not isinstance(notes, Value):
        raise GraphBreak("unsupported method", "add_note() after __notes__ was deleted")
    cx.call_method(notes, "append", note)


@method_of(ExceptionValue, "with_traceback")
def _with_traceback(cx: Capture, self: ExceptionValue, tb: Value) -> Value:
    self.setattr(cx, "__traceback__", tb)
    return self


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
        self.made = True
    elif args or kwargs:
        raise GraphBreak("unsupported method", "object.__init__ with arguments")


@method_of(ObjectValue, "__init_subclass__")
def _init_subclass(cx: Capture, self: ObjectValue) -> None:
    return None
