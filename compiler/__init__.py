"""A just-in-time compiler for PyTorch programs."""

import gc as _gc

_was_collecting = _gc.isenabled()
_gc.disable()  # one collection, of all that torch has made, would take half as long as this import

from compiler import events
from compiler.api import (
    allow_in_graph,
    assume_constant_result,
    disable,
    mark_dynamic,
    mark_static,
    maybe_mark_dynamic,
    optimize,
    reset,
    skip,
    stats,
)
from compiler.backends.registry import list_backends, register_backend
from compiler.comptime import CaptureView, comptime
from compiler.errors import BackendError, CompilerError, InternalError, UnknownBackend, Unsupported
from compiler.explain import Explanation, explain
from compiler.logs import enable_from_environment as _enable_logs
from compiler.marks import graph_break, is_compiling
from compiler.options import config
from compiler.replaying import replay

if _was_collecting:
    _gc.enable()

__all__ = [
    "BackendError", "CaptureView", "CompilerError", "Explanation", "InternalError", "UnknownBackend", "Unsupported",
    "allow_in_graph", "assume_constant_result", "comptime", "config", "disable", "events", "explain", "graph_break",
    "is_compiling", "list_backends", "mark_dynamic", "mark_static", "maybe_mark_dynamic", "optimize",
    "register_backend", "replay", "reset", "skip", "stats",
]  # fmt: skip

_enable_logs()
