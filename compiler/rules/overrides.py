"""Objects whose class defines ``__torch_function__``: torch's functions hand the call over to it.

Which object gets the call, and with what function and arguments, is torch's own affair: the function is called with
objects that stand in for the program's, and note what they are asked. Then the class's ``__torch_function__`` is
traced with the values themselves::

    torch.matmul(operator, tensor)  ──►  Operator.__torch_function__(torch.matmul, (Operator,), (operator, tensor))
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.rules.basics import from_const
from compiler.rules.classes import bind_class_attr, lookup
from compiler.sources import CallSource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, ListValue, SequenceValue, TupleValue
from compiler.values.objects import ObjectValue
from compiler.values.tensor import TensorValue
from compiler.values.wrap import overrides_torch

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_HOOK = "__torch_function__"
_KIND = "overridden function"


@dataclasses.dataclass
class _Asked:
    """What a stand-in was given: its class, and the arguments of ``__torch_function__``."""

    cls: type
    given: tuple[Any, ...]


class _Call:
    """One call of a function of torch with stand-ins for the objects that override it."""

    def __init__(self, cx: Capture) -> None:
        self.cx = cx
        self.asked: list[_Asked] = []
        self.answer = object()
        self._classes: dict[type, type] = {}
        self._values: dict[int, tuple[Any, Value]] = {}

    def stand_in(self, value: Value) -> Any:
        """What torch is given for a value."""
        value = value.realize(self.cx)
        made = self._made_for(value)
        self._values[id(made)] = (made, value)
        return made

    def _made_for(self, value: Value) -> Any:
        if isinstance(value, TensorValue):
            return value.example
        if isinstance(value, ConstantValue):
            return value.value
        if isinstance(value, SequenceValue):
            items = [self.stand_in(item) for item in value.items]
            return items if isinstance(value, ListValue) else tuple(items)
        if isinstance(value, ObjectValue) and overrides_torch(value.cls):
            return self._class_for(value.cls)()
        raise GraphBreak("not a graph argument", value.describe())

    def _class_for(self, cls: type) -> type:
        if cls not in self._classes:
            if any(issubclass(cls, other) or issubclass(other, cls) for other in self._classes):
                raise GraphBreak(_KIND, f"by {cls.__qualname__} and a class derived from it")

            def note(_: type, *given: Any) -> Any:
                self.asked.append(_Asked(cls, given))
                return self.answer

            self._classes[cls] = type(cls.__name__, (), {_HOOK: classmethod(note)})
        return self._classes[cls]

    # -- back from what torch gave to values ----------------------------------------------

    def classes(self, types: Any) -> Value:
        real = {stand_in: cls for cls, stand_in in self._classes.items()}
        if type(types) is not tuple or not all(cls in real for cls in types):
            raise GraphBreak(_KIND, "for classes that are not the arguments'")
        return TupleValue([self.cx.wrap_constant(real[cls]) for cls in types])

    def value(self, given: Any) -> Value:
        known = self._values.get(id(given))
        if known is not None:
            return known[1]
        if type(given) is tuple:
            return TupleValue([self.value(item) for item in given])
        return from_const(self.cx, given)

    def keywords(self, given: Any) -> Value:
        if given is None:
            return ConstantValue(None)
        return self.cx.new(DictValue({name: (ConstantValue(name), self.value(item)) for name, item in given.items()}))


def call_override(cx: Capture, target: Callable[..., Any] | str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A call of a function of torch, or of a tensor's method, that an argument's class overrides."""
    enabled = torch._C._is_torch_function_enabled
    cx.wrap(enabled(), cx.sources.constant(enabled.__name__, enabled).child(CallSource))
    call = _Call(cx)
    plain = [call.stand_in(arg) for arg in args]
    named = {name: call.stand_in(arg) for name, arg in kwargs.items()}
    if getattr(target, "__module__", None) == "_operator" and not isinstance(args[0].realize(cx), TensorValue):
        raise GraphBreak(_KIND, f"{getattr(target, '__name__', target)}, an operator that an object is asked for first")
    try:
        found = getattr(plain[0], target)(*plain[1:], **named) if isinstance(target, str) else target(*plain, **named)
    except Exception as error:
        raise GraphBreak("operator refused", f"{target}: {type(error).__name__}: {error}") from error
    if found is not call.answer or len(call.asked) != 1:
        raise GraphBreak(_KIND, f"{target}, which does more than to hand the call over")
    return _trace(cx, call)


def _trace(cx: Capture, call: _Call) -> Value:
    """``cls.__torch_function__(func, types, args, kwargs)`` as torch calls it."""
    (asked,) = call.asked
    func, types, args, *kwargs = asked.given
    hook = lookup(asked.cls, _HOOK)
    if not isinstance(hook, classmethod):
        raise GraphBreak(_KIND, f"{asked.cls.__qualname__}.{_HOOK} is no class method")
    given = [cx.wrap_constant(func), call.classes(types), call.value(args), *map(call.keywords, kwargs)]
    bound = bind_class_attr(cx, cx.wrap_constant(asked.cls), asked.cls, _HOOK, hook)
    result = cx.call(bound, given, {}).realize(cx)
    if isinstance(result, ConstantValue) and result.value is NotImplemented:
        raise GraphBreak(_KIND, f"{asked.cls.__qualname__}.{_HOOK} gives NotImplemented")
    return result
