"""`optimize` of an nn.Module: a module of a subclass that shares everything with the original."""

from __future__ import annotations

import copy
import functools
from typing import Any

import torch

from compiler import _C, native
from compiler.hook import CompileContext


class CompiledModule:
    """Mixed into the class of an optimised module, in front of the user's own.

    The instance has the original's ``__dict__``: parameters, buffers, hooks, mode and attributes
    are one and the same, under the same names. Its call is a compiled call of the original, so
    that ``self`` is one object in the user's methods. A class is made for each instance, since
    CPython looks calls up on the class; rules tell such a class by its ``_compiler_original``.
    """

    _compiler_context: CompileContext
    _compiler_original: torch.nn.Module

    def __init_subclass__(cls) -> None:
        """The user's class has been set up already: its own hook does not run again."""

    def __copy__(self) -> Any:
        return _again(copy.copy(self._compiler_original), self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return _again(copy.deepcopy(self._compiler_original, memo), self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _unpickled, (self._compiler_original, self._compiler_context.options)


def _again(module: torch.nn.Module, like: CompiledModule) -> torch.nn.Module:
    return optimize_module(module, CompileContext(like._compiler_context.options))


def _unpickled(module: torch.nn.Module, options: Any) -> torch.nn.Module:
    return optimize_module(module, CompileContext(options))


def optimize_module(module: torch.nn.Module, context: CompileContext) -> torch.nn.Module:
    """A module that shares `module`'s state and whose calls compile."""
    original: torch.nn.Module = module._compiler_original if isinstance(module, CompiledModule) else module
    cls = type(original)
    context.add_target(original.forward)
    context.add_target(cls.forward)
    members = {
        "__call__": _compiled(native.telling(original.__call__, _function(original.forward), context), context),
        "forward": _compiled(native.telling(original.forward, _function(original.forward), context), context),
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "_compiler_context": context,
        "_compiler_original": original,
    }
    twin_class: Any = type(cls.__name__, (CompiledModule, cls), members)
    twin: torch.nn.Module = object.__new__(twin_class)
    twin.__dict__ = original.__dict__
    context.owned_by(twin_class)
    return twin


def _function(method: Any) -> Any:
    return getattr(method, "__func__", method)


def _compiled(method: Any, context: CompileContext) -> staticmethod[..., Any]:
    """A method of the original as an attribute of the twin's class."""
    call: Any = _C.Optimized(method, context)
    return staticmethod(functools.update_wrapper(call, method))
