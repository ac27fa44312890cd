"""`optimize` of an nn.Module: a module of a subclass that shares everything with the original."""

from __future__ import annotations

import copy
import functools
from types import MethodType
from typing import Any

import torch

from compiler import _C, native
from compiler.hook import CompileContext


class _Class:
    """``twin.__class__``: the original's, for reading and for changing; libraries change what a module is that way.

    Not a property: torch.jit compiles those of a class.
    """

    def __get__(self, twin: CompiledModule | None, owner: type) -> Any:
        return owner if twin is None else type(object.__getattribute__(twin, "_compiler_original"))

    def __set__(self, twin: CompiledModule, cls: type) -> None:
        object.__getattribute__(twin, "_compiler_original").__class__ = cls
        _follow(twin)


class _Forward:
    """``twin.forward``: a compiled call of what is the original's forward by then."""

    def __init__(self, original: torch.nn.Module, context: CompileContext) -> None:
        self._original = original
        self._context = context
        self._made: tuple[Any, Any] = (None, None)

    def __get__(self, twin: CompiledModule | None, owner: type) -> Any:
        method: Any = self._original.forward
        if twin is None:
            return _function(method)
        if self._made[0] != method:
            self._context.add_target(method)
            self._made = method, _compiled(method, method, self._context)
        return self._made[1]


class CompiledModule:
    """Mixed into the class of an optimised module, in front of the user's own.

    The instance has the original's ``__dict__``: parameters, buffers, hooks, mode and attributes
    are one and the same, under the same names. Its call is a compiled call of the original, so
    that ``self`` is one object in the user's methods. A class is made for each instance, since
    CPython looks calls up on the class; rules tell such a class by its ``_compiler_original``.

    The original may become another class (a lazy module does, and so does one that is parametrized).
    The twin's class notices when the twin is called, or one of its attributes used, and then
    has the new class for its base.
    """

    _compiler_context: CompileContext
    _compiler_original: torch.nn.Module

    __class__ = _Class()

    def __init_subclass__(cls) -> None:
        """The user's class has been set up already: its own hook does not run again."""

    def __getattribute__(self, name: str) -> Any:
        _follow(self)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        _follow(self)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        _follow(self)
        super().__delattr__(name)

    def __copy__(self) -> Any:
        return _again(copy.copy(self._compiler_original), self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return _again(copy.deepcopy(self._compiler_original, memo), self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _unpickled, (self._compiler_original, self._compiler_context.options)

    def __prepare_scriptable__(self) -> torch.nn.Module:
        """What torch.jit.script compiles."""
        return self._compiler_original


def _again(module: torch.nn.Module, like: CompiledModule) -> torch.nn.Module:
    return optimize_module(module, CompileContext(like._compiler_context.options))


def _unpickled(module: torch.nn.Module, options: Any) -> torch.nn.Module:
    return optimize_module(module, CompileContext(options))


def optimize_module(module: torch.nn.Module, context: CompileContext) -> torch.nn.Module:
    """A module that shares `module`'s state and whose calls compile."""
    original: torch.nn.Module = module._compiler_original if isinstance(module, CompiledModule) else module
    cls = type(original)
    twin_class: Any = type(cls.__name__, (CompiledModule, cls), {"_compiler_context": context})
    twin_class._compiler_original = original
    _take_after_original(twin_class)
    twin: torch.nn.Module = object.__new__(twin_class)
    object.__setattr__(twin, "__dict__", original.__dict__)
    context.owned_by(twin_class)
    return twin


def _follow(twin: CompiledModule) -> None:
    """See to it that the twin's class has the original's for its base."""
    twin_class: Any = type(twin)
    cls = type(twin_class.__dict__["_compiler_original"])
    if twin_class.__bases__[1] is not cls:
        twin_class.__bases__ = (CompiledModule, cls)
        _take_after_original(twin_class)


def _take_after_original(twin_class: Any) -> None:
    """Give the class of a twin what is the original's class' own, and calls of the original."""
    original, context = twin_class._compiler_original, twin_class._compiler_context
    cls = type(original)

    def renewed() -> Any:
        twin_class.__bases__ = (CompiledModule, type(original))
        _take_after_original(twin_class)
        return twin_class.__call__

    context.add_target(original.forward)
    context.add_target(cls.forward)
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(twin_class, name, getattr(cls, name))
    twin_class.__call__ = staticmethod(_compiled(original.__call__, original.forward, context, original, renewed))
    twin_class.forward = _Forward(original, context)


def _function(method: Any) -> Any:
    return method.__func__ if isinstance(method, MethodType) else method


def _compiled(method: Any, ends_in: Any, context: CompileContext, *watch: Any) -> Any:
    """A compiled call of a method of the original."""
    called = native.telling(method, _function(ends_in), context)
    return functools.update_wrapper(_C.Optimized(called, context, *watch), called)
