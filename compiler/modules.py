"""`optimize` of an nn.Module: a module of a subclass that shares everything with the original."""

from __future__ import annotations

import copy
from typing import Any

import torch

from compiler import _C
from compiler.hook import CompileContext


class CompiledModule:
    """Mixed into the class of an optimised module, in front of the user's own.

    The instance has the original's ``__dict__``: parameters, buffers, hooks, mode and attributes
    are one and the same, under the same names. Its call goes through the compiler. A class is
    made for each instance, since CPython looks calls up on the class.
    """

    _compiler_context: CompileContext
    _compiler_class: type[torch.nn.Module]

    def __copy__(self) -> Any:
        return optimize_module(copy.copy(_plain(self)), self._compiler_context)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return optimize_module(copy.deepcopy(_plain(self), memo), self._compiler_context)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _unpickled, (_plain(self), self._compiler_context.options)


def _plain(module: Any) -> torch.nn.Module:
    """The module as an instance of the user's own class."""
    plain: torch.nn.Module = module._compiler_class.__new__(module._compiler_class)
    plain.__dict__ = module.__dict__
    return plain


def _unpickled(module: torch.nn.Module, options: Any) -> torch.nn.Module:
    return optimize_module(module, CompileContext(options))


def optimize_module(module: torch.nn.Module, context: CompileContext) -> torch.nn.Module:
    """A module that shares `module`'s state and whose calls compile."""
    cls: type[torch.nn.Module] = module._compiler_class if isinstance(module, CompiledModule) else type(module)
    context.add_target(cls.forward)
    call: Any = _C.Optimized(cls.__call__, context)
    members = {
        "__call__": call,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "_compiler_context": context,
        "_compiler_class": cls,
    }
    twin_class: Any = type(cls.__name__, (CompiledModule, cls), members)
    twin: torch.nn.Module = twin_class.__new__(twin_class)
    twin.__dict__ = module.__dict__
    return twin
