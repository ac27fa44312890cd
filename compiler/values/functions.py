"""Callables: Python functions, closures made in the frame, bound methods, builtins, classes, cells."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.values.base import Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.sources import Source
    from compiler.values.containers import DictValue


class CellValue(Value):
    """A closure cell; `contents` is ``None`` while it is empty.

    Attributes:
        name: Its variable, when the cell belongs to the root frame: rebuilt natively there.
        owner: The frame code it belongs to when `name` is set.
    """

    mutable = True
    __slots__ = ("contents", "name")

    def __init__(self, contents: Value | None = None, name: str | None = None, source: Source | None = None) -> None:
        super().__init__(source)
        self.contents = contents
        self.name = name

    def pytype(self) -> type:
        return types.CellType


class ObjectConstant(Value):
    """An object known by identity whose own nature needs no following: builtins, classes, modules, dtypes' kin."""

    __slots__ = ("obj",)

    def __init__(self, obj: Any, source: Source | None = None) -> None:
        super().__init__(source)
        self.obj = obj

    def pytype(self) -> type:
        return type(self.obj)

    def truth(self, cx: Capture) -> bool:
        if getattr(type(self.obj), "__bool__", None) or getattr(type(self.obj), "__len__", None):
            raise GraphBreak("unsupported value", f"truth of {self.describe()}")
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.object_constant_attr(cx, self, name)

    def setattr(self, cx: Capture, name: str, value: Value) -> None:
        cx.rules.object_constant_setattr(cx, self, name, value)

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.rules.call_object(cx, self, args, kwargs)

    def describe(self) -> str:
        name = getattr(self.obj, "__qualname__", None) or getattr(self.obj, "__name__", None)
        module = getattr(self.obj, "__module__", None)
        kind = type(self.obj).__name__
        return f"{kind} {module}.{name}" if name and isinstance(module, str) else f"{kind} {name or ''}".strip()


class BuiltinValue(ObjectConstant):
    """A builtin function or method descriptor."""

    __slots__ = ()


class ClassValue(ObjectConstant):
    """A class."""

    __slots__ = ()


class PythonModuleValue(ObjectConstant):
    """A module object; its attributes are read through its dict, with guards."""

    __slots__ = ()


class FunctionValue(Value):
    """A Python function that exists: `obj` is the function itself; its code has been guarded."""

    __slots__ = ("attrs", "obj")

    def __init__(self, obj: types.FunctionType, source: Source | None = None) -> None:
        super().__init__(source)
        self.obj = obj
        self.attrs: dict[str, Value] = {}

    def pytype(self) -> type:
        return types.FunctionType

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.function_attr(cx, self, name)

    def setattr(self, cx: Capture, name: str, value: Value) -> None:
        raise GraphBreak("attribute write", f"{name!r} of {self.describe()}")

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.rules.call_python(cx, self, args, kwargs)

    def describe(self) -> str:
        return f"function {self.obj.__module__}.{self.obj.__qualname__}"


class NestedFunctionValue(Value):
    """A function made inside the frame by ``def`` or ``lambda``."""

    mutable = True
    __slots__ = ("annotations", "attrs", "closure", "code", "defaults", "globals", "kwdefaults", "module")

    def __init__(self, code: types.CodeType, globals_: dict[str, Any]) -> None:
        super().__init__()
        self.code = code
        self.globals = globals_
        self.defaults: Value | None = None
        self.kwdefaults: Value | None = None
        self.annotations: Value | None = None
        self.closure: Value | None = None
        self.attrs: dict[str, Value] = {}

    def pytype(self) -> type:
        return types.FunctionType

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.nested_function_attr(cx, self, name)

    def setattr(self, cx: Capture, name: str, value: Value) -> None:
        self.attrs[name] = value

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.call_function(self, args, kwargs)

    def describe(self) -> str:
        return f"function {self.code.co_name}"


class BoundMethodValue(Value):
    """``obj.method`` of a Python function: `func` and the object it is bound to."""

    __slots__ = ("func", "owner")

    def __init__(self, func: Value, owner: Value, source: Source | None = None) -> None:
        super().__init__(source)
        self.func = func
        self.owner = owner

    def pytype(self) -> type:
        return types.MethodType

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        if name == "__self__":
            return self.owner
        if name == "__func__":
            return self.func
        return self.func.getattr(cx, name)

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.call(self.func, [self.owner, *args], kwargs)

    def describe(self) -> str:
        return f"method {self.func.describe()}"


_CALL_OF_A_CLASS = vars(type)["__call__"]


class MethodValue(Value):
    """``obj.name`` of a builtin type's method, such as ``[].append``; a row of `rules.methods` says what it does.

    Attributes:
        through: The descriptor, where reading `name` may find another: ``super().name``, or one under a second name.
    """

    __slots__ = ("name", "owner", "through")

    def __init__(self, owner: Value, name: str, through: Any = None) -> None:
        super().__init__()
        self.owner = owner
        self.name = name
        self.through = through

    def pytype(self) -> type:
        return types.BuiltinMethodType

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        if name == "__self__":
            return self.owner
        if name in ("__name__", "__qualname__", "__doc__"):
            return cx.rules.method_fact(cx, self, name)
        return super().getattr(cx, name)

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        if self.through is _CALL_OF_A_CLASS and isinstance(self.owner, ClassValue):
            return cx.rules.construct_plainly(cx, self.owner.obj, args, kwargs)
        if self.through is not None:
            return cx.rules.call_inherited(cx, self, args, kwargs)
        return cx.rules.call_method(cx, self.owner, self.name, args, kwargs)

    def describe(self) -> str:
        return f"method {self.name!r} of {self.owner.describe()}"


class PartialValue(Value):
    """A ``functools.partial``.

    Attributes:
        obj: The object itself, when it existed before the frame.
        keywords: Its dict then, which anybody can change.
    """

    __slots__ = ("_kwargs", "args", "func", "keywords", "obj")

    def __init__(
        self,
        func: Value,
        args: list[Value],
        kwargs: dict[str, Value],
        obj: functools.partial[Any] | None = None,
        source: Source | None = None,
    ) -> None:
        super().__init__(source)
        self.obj = obj
        self.func = func
        self.args = args
        self._kwargs = kwargs
        self.keywords: DictValue | None = None

    @property
    def kwargs(self) -> dict[str, Value]:
        if self.keywords is None:
            return self._kwargs
        return {name: item for name, (_, item) in self.keywords.entries.items()}

    def pytype(self) -> type:
        return functools.partial

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.partial_attr(cx, self, name)

    def call(self, cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.call(self.func, [*self.args, *args], {**self.kwargs, **kwargs})


class SuperValue(Value):
    """``super(cls, obj)``."""

    __slots__ = ("cls", "owner")

    def __init__(self, cls: type, owner: Value) -> None:
        super().__init__()
        self.cls = cls
        self.owner = owner

    def pytype(self) -> type:
        return super

    def truth(self, cx: Capture) -> bool:
        return True

    def getattr(self, cx: Capture, name: str) -> Value:
        return cx.rules.super_attr(cx, self, name)
