"""Callables given to `optimize` that have no frame to capture: each says so once, where it is called."""

from __future__ import annotations

import functools
import inspect
from types import CodeType
from typing import Any

from compiler import _C, breaks, events
from compiler.errors import Unsupported
from compiler.events import FrameRecord, Location
from compiler.hook import CompileContext

_OF_FUNCTIONS = frozenset("__code__ __globals__ __closure__ __defaults__ __kwdefaults__".split())
"""What `inspect` and others read of a function, beside its name."""

_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Native:
    """A callable that runs natively whatever was asked, and publishes a record of that on its first call."""

    def __init__(self, fn: Any, context: CompileContext, record: FrameRecord) -> None:
        functools.update_wrapper(self, fn, updated=())
        self.__wrapped__ = fn
        self._context = context
        self._record = record
        self._told = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._told:
            self._told = True
            events.publish(self._record)
        if self._context.options.fullgraph:
            raise Unsupported(self._record)
        return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in _OF_FUNCTIONS:
            return getattr(self.__wrapped__, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    def __reduce__(self) -> Any:
        return _itself, (self.__wrapped__,)


def _itself(fn: Any) -> Any:
    return fn


def telling(called: Any, plain: Any, context: CompileContext) -> Any:
    """`called`, or what tells that it will never be captured, judged by the function that it ends in."""
    found = _reason(plain)
    if found is None:
        return called
    kind, what = found
    code = getattr(plain, "__code__", None)
    where = Location(code.co_filename, code.co_firstlineno, code.co_qualname) if code else Location("", 0, what)
    return Native(called, context, FrameRecord("skipped", where, breaks.reason_for(kind, what, where)))


def _reason(plain: Any) -> tuple[str, str] | None:
    """Kind and context of the reason why a function is never captured; ``None`` where it may be."""
    name = getattr(plain, "__qualname__", None) or type(plain).__qualname__
    code = getattr(plain, "__code__", None)
    if isinstance(plain, _C.Disabled):
        return "disabled function", name
    if isinstance(code, CodeType):
        return ("generator frame", name) if code.co_flags & _SUSPENDS else None
    return None if hasattr(plain, "__wrapped__") else ("not Python code", name)
