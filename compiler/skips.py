"""Which frames reached under the hook are captured at all, and which lines are the user's.

A function given to `optimize` is always captured.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import types
from typing import Any

import torch

import compiler.marks as marks
from compiler.events import Location
from compiler.options import config, has_prefix
from compiler.rules.untraced import LIBRARIES
from compiler.values.namespaces import namespace_of

_STDLIB = sysconfig.get_paths()["stdlib"] + os.sep
_SITE = tuple({sysconfig.get_paths()[name] + os.sep for name in ("purelib", "platlib")})
_TORCH = os.path.dirname(torch.__file__) + os.sep
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_PLUGIN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pytest_dynamo") + os.sep
_TORCH_CAPTURED = (os.path.join(_TORCH, "nn", "modules") + os.sep,)
_TORCH_SKIPPED = tuple(
    os.path.join(_TORCH, "nn", "modules", name) for name in ("module.py", "lazy.py", "_functions.py")
)
_LOOKED_INTO = 16
"""Elements of a container argument searched for tensors."""


def is_skipped_file(filename: str) -> bool:
    """Whether frames of the file run in eager: the standard library, torch's inside, test tools, ourselves."""
    if filename.startswith(_TORCH_CAPTURED) and filename not in _TORCH_SKIPPED:
        return False
    return is_library(filename)


def is_skipped(code: types.CodeType, globals_: dict[str, Any]) -> bool:
    """`is_skipped_file` of a frame; generated code (of dataclasses, say) belongs to the module it was made for."""
    filename = code.co_filename
    if filename.startswith("<"):
        filename = globals_.get("__file__") or filename
        if str(globals_.get("__name__")).startswith(_NAMEDTUPLE):
            return True
    return is_skipped_file(filename)


_NAMEDTUPLE = "namedtuple_"
"""How collections names the module that the ``__new__`` of such a class is made in."""


TEST_TOOLS = ("_pytest.assertion", "_pytest._io", "_pytest._code")
"""What explains a failed assertion, say: it shows values, with code of all kinds, and computes nothing.

Other test tools call functions for the user, which may well be captured.
"""


def is_test_tool(globals_: dict[str, Any]) -> bool:
    """Whether all that the frame calls runs in eager too."""
    name = globals_.get("__name__")
    return isinstance(name, str) and any(name == tool or name.startswith(f"{tool}.") for tool in TEST_TOOLS)


def is_generated_by_torch(code: types.CodeType, globals_: dict[str, Any]) -> bool:
    """Whether torch wrote the file and called it a module of its own, as its code generator does with its results."""
    name = globals_.get("__name__")
    return isinstance(name, str) and name.startswith("torch.") and not code.co_filename.startswith((_TORCH, "<"))


def is_housekeeping(code: types.CodeType, locals_: tuple[Any, ...]) -> bool:
    """Whether a frame of torch's modules computes nothing: it is no forward, and no tensor is among its arguments."""
    if not code.co_filename.startswith(_TORCH_CAPTURED) or code.co_name == "forward":
        return False
    return not any(_holds_tensor(value, 1) for value in locals_ if not isinstance(value, torch.nn.Module))


def is_library(filename: str) -> bool:
    """Whether the file is of the standard library, torch, a test tool or ourselves, not of the user."""
    return _belongs_to_library(filename) and not has_prefix(filename, config.capture_files)


@functools.lru_cache(maxsize=65536)
def _belongs_to_library(filename: str) -> bool:
    if filename.startswith("<"):
        return filename.startswith("<frozen")
    if filename.startswith((_TORCH, _OURS, _PLUGIN)):
        return True
    if filename.startswith(_SITE):
        relative = next(filename[len(site) :] for site in _SITE if filename.startswith(site))
        return relative.split(os.sep)[0].removesuffix(".py") in LIBRARIES
    return filename.startswith(_STDLIB)


def is_skipped_by_user(filename: str) -> bool:
    """Whether ``config.skip_files`` names the file."""
    return has_prefix(filename, config.skip_files)


def with_users_line(stack: tuple[Location, ...]) -> tuple[tuple[Location, ...], int]:
    """A stack that holds a line of the user's, and how many lines of libraries stand behind the innermost such line.

    A library's frame that is captured by itself was called by the user's: that line is taken from the stack of the
    running program.
    """
    inside = 0
    while inside < len(stack) and is_library(stack[-1 - inside].file):
        inside += 1
    if inside < len(stack):
        return stack, inside
    callers = _callers()
    return ((*callers, *stack), inside + len(callers) - 1) if callers else (stack, 0)


def _callers() -> tuple[Location, ...]:
    """The running program's lines, from the user's innermost one on; empty if there is none."""
    found: list[Location] = []
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith((_OURS, _PLUGIN)):
            found.append(Location(code.co_filename, frame.f_lineno, code.co_qualname))
            if not is_library(code.co_filename):
                return tuple(reversed(found))
        frame = frame.f_back
    return ()


def is_interesting(code: types.CodeType, globals_: dict[str, Any], locals_: tuple[Any, ...]) -> bool:
    """Whether a frame may contain operators: a tensor or module is among its arguments, or torch among its globals."""
    if config.capture_all_frames:
        return True
    if any(_holds_tensor(value, 2) for value in locals_):
        return True
    return any(_is_torch(globals_.get(name)) for name in code.co_names)


def makes_module(code: types.CodeType, locals_: tuple[Any, ...]) -> bool:
    """Whether the frame is the ``__init__`` of a module: parameters are made in eager."""
    return code.co_name == "__init__" and bool(locals_) and isinstance(locals_[0], torch.nn.Module)


def _holds_tensor(value: Any, depth: int) -> bool:
    if _is_tensor(value):
        return True
    if depth and type(value) in (list, tuple):
        return any(_holds_tensor(item, depth - 1) for item in value[:_LOOKED_INTO])
    if depth and type(value) is dict:
        return any(_holds_tensor(item, depth - 1) for item in list(value.values())[:_LOOKED_INTO])
    own = namespace_of(value) if depth and not issubclass(type(value), _NO_HOLDERS) else None
    if own is not None:
        return any(_is_tensor(item) for item in list(own.values())[:_LOOKED_INTO])
    return False


_NO_HOLDERS = (type, types.ModuleType, types.FunctionType)


def _is_tensor(value: Any) -> bool:
    """By its class alone: isinstance would ask the object for its ``__class__``."""
    return issubclass(type(value), torch.Tensor | torch.nn.Module)


def _is_torch(obj: Any) -> bool:
    if type(obj) is types.ModuleType:
        return obj.__name__.partition(".")[0] == "torch"
    return _is_tensor(obj)


def is_marked(func: Any) -> bool:
    """Whether the function was given to `compiler.skip`."""
    return func in marks.SKIPPED
