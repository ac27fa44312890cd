"""Values as bytes that another machine can read: every value becomes something, if only its text.

Tensors are written as what is known of them, without their contents; modules, and what is installed, by name; functions
and classes of the user's own whole, with the globals that they name. The rest is pickled, or becomes a `Dummy`.
"""

from __future__ import annotations

import dataclasses
import importlib
import marshal
import os
import pickle
import sys
import sysconfig
import types
from typing import Any

import torch

_INSTALLED = (
    *{sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "purelib", "platlib")},
    os.path.dirname(torch.__file__) + os.sep,
    os.path.dirname(os.path.abspath(__file__)) + os.sep,
)


@dataclasses.dataclass(frozen=True)
class TensorFacts:
    """A tensor without its contents."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: str
    requires_grad: bool
    parameter: bool

    @classmethod
    def of(cls, tensor: torch.Tensor) -> TensorFacts:
        return cls(tuple(tensor.shape), tensor.stride(), tensor.dtype, str(tensor.device), tensor.requires_grad,
                   type(tensor) is torch.nn.Parameter)  # fmt: skip

    def make(self) -> torch.Tensor:
        """A leaf with random contents, or zeros where the dtype has no such; on the CPU where the device is missing."""
        try:
            made = torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device=self.device)
        except (RuntimeError, AssertionError):
            made = torch.empty_strided(self.shape, self.stride, dtype=self.dtype)
        with torch.no_grad():
            if self.dtype.is_floating_point or self.dtype.is_complex:
                made.copy_(torch.randn(self.shape))
            else:
                made.zero_()
        return (
            torch.nn.Parameter(made, self.requires_grad) if self.parameter else made.requires_grad_(self.requires_grad)
        )


class Dummy:
    """What stands for a value that could not be saved."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"<dummy for {self._text}>"


class Pickler(pickle.Pickler):
    """Saves every value somehow."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.whole: set[int] = set()
        """Ids of functions that are saved whole wherever they come from."""

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) in (torch.Tensor, torch.nn.Parameter) and obj.layout is torch.strided:
            return "tensor", id(obj), TensorFacts.of(obj)
        if isinstance(obj, types.ModuleType):
            return "module", obj.__name__
        return None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, types.FunctionType) and (id(obj) in self.whole or not _is_installed(obj)):
            return _reduced_function(obj)
        if isinstance(obj, types.CellType):
            return _cell, (), (_contents(obj),), None, None, _fill_cell
        if isinstance(obj, type):
            return NotImplemented if _is_installed(obj) else _reduced_class(obj)
        if isinstance(obj, types.FunctionType | types.BuiltinFunctionType):
            return NotImplemented
        try:
            return obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        except Exception:  # whatever a class of the user's raises
            return Dummy, (text_of(obj),)


def text_of(obj: object) -> str:
    """What it shows of itself, if it can."""
    try:
        return repr(obj)
    except Exception:
        return f"a {type(obj).__name__}"


def _is_installed(obj: Any) -> bool:
    """Whether another machine finds the function or class under its name."""
    module = sys.modules.get(obj.__module__ or "")
    found: Any = module
    for part in obj.__qualname__.split("."):
        found = getattr(found, part, None)
    file = getattr(module, "__file__", None)
    return found is obj and obj.__module__ != "__main__" and (file is None or file.startswith(_INSTALLED))


def _contents(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _cell() -> types.CellType:
    return types.CellType()


def _fill_cell(cell: types.CellType, state: tuple[tuple[Any, ...]]) -> None:
    for contents in state[0]:
        cell.cell_contents = contents


def _names(code: types.CodeType) -> set[str]:
    """The names that code, and the code in it, asks for; some of them are attributes, which does no harm."""
    inner = [_names(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    return set(code.co_names).union(*inner)


def _reduced_function(function: types.FunctionType) -> Any:
    named = {name: function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__}
    state = {
        "globals": named,
        "defaults": function.__defaults__,
        "kwdefaults": function.__kwdefaults__,
        "dict": vars(function),
    }
    made_of = (marshal.dumps(function.__code__), function.__name__, function.__qualname__, function.__module__,
               function.__closure__)  # fmt: skip
    return _function, made_of, state, None, None, _fill_function


def _function(code: bytes, name: str, qualname: str, module: str, closure: Any) -> types.FunctionType:
    scope = {"__name__": module, "__builtins__": __builtins__}
    function = types.FunctionType(marshal.loads(code), scope, name, None, closure)
    function.__qualname__ = qualname
    return function


def _fill_function(function: types.FunctionType, state: dict[str, Any]) -> None:
    function.__globals__.update(state["globals"])
    function.__defaults__ = state["defaults"]
    function.__kwdefaults__ = state["kwdefaults"]
    vars(function).update(state["dict"])


_NOT_MEMBERS = ("__dict__", "__weakref__")


def _reduced_class(cls: type) -> Any:
    members = {name: value for name, value in vars(cls).items() if name not in _NOT_MEMBERS and not _is_slot(value)}
    slots = {"__slots__": members.pop("__slots__")} if "__slots__" in members else {}
    return _class, (type(cls), cls.__name__, cls.__bases__, slots), members, None, None, _fill_class


def _is_slot(value: object) -> bool:
    return isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType)


def _class(metaclass: type, name: str, bases: tuple[type, ...], slots: dict[str, Any]) -> type:
    return types.new_class(name, bases, {"metaclass": metaclass}, lambda scope: scope.update(slots))


def _fill_class(cls: type, members: dict[str, Any]) -> None:
    for name, value in members.items():
        setattr(cls, name, value)


class Unpickler(pickle.Unpickler):
    """Reads what `Pickler` wrote. It runs what it reads, as all unpickling does."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self._tensors: dict[int, torch.Tensor] = {}

    def persistent_load(self, pid: Any) -> Any:
        if pid[0] == "tensor":
            _, number, facts = pid
            if number not in self._tensors:
                self._tensors[number] = facts.make()
            return self._tensors[number]
        try:
            return importlib.import_module(pid[1])
        except ImportError:
            return types.ModuleType(pid[1], "stands for a module that is not installed here")

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            return type(name.rpartition(".")[2], (Dummy,), {"__module__": module})
