"""A stand-in for the compiler: the tests it "compiles" say themselves what became of their frames.

Its `optimize` only marks the call as compiled; within such a call `graph`, `break_graph`, `skip_frame`
and `fall_back` publish records through the real `compiler.events`, outside of it they do nothing.
As a pytest plugin (``-p dynamo_standin``) it installs itself for the whole process.
"""

from __future__ import annotations

import contextvars
import functools
import sys

import compiler
from compiler.errors import Unsupported
from compiler.events import FrameRecord, Location, Reason, publish

PUBLIC = ("optimize", "stats", "reset", "list_backends", "disable", "Unsupported")

_fullgraph = contextvars.ContextVar("fullgraph", default=None)
_hits = {"hits": 0}
optimized = []
"""Every function given to `optimize`, with backend and fullgraph."""
decorators = []
"""Backend and fullgraph of every call of `optimize` without a function: what shares compiled code."""


def install(setattr_=setattr):
    """Put the stand-in's functions in the place of the compiler's."""
    optimized.clear()
    decorators.clear()
    for name in PUBLIC:
        setattr_(compiler, name, globals()[name])


def pytest_addoption():
    install()


def optimize(fn=None, *, backend="eager", fullgraph=False, dynamic=None, recompile_limit=None):
    if fn is None:
        decorators.append((backend, fullgraph))
        return functools.partial(optimize, backend=backend, fullgraph=fullgraph)
    optimized.append((fn, backend, fullgraph))

    @functools.wraps(fn)
    def run(*args, **kwargs):
        token = _fullgraph.set(fullgraph)
        try:
            return fn(*args, **kwargs)
        finally:
            _fullgraph.reset(token)

    return run


def stats():
    return dict(_hits)


def reset():
    _hits["hits"] = 0


def list_backends():
    return ["eager", "native", "inductor"]


def disable(fn=None):
    return fn


def compiling():
    """Whether the caller runs in a compiled call."""
    return _fullgraph.get() is not None


def graph(ops=3, recompile=(), capture_ns=2_000_000, backend_ns=1_000_000):
    """A frame compiled whole."""
    _publish("compiled", graph_ops=ops, recompile=recompile, capture_ns=capture_ns, backend_ns=backend_ns)


def hit():
    """A call served by compiled code."""
    _hits["hits"] += compiling()


def break_graph(context="print", ops=1):
    """A graph break; full-graph calls raise."""
    record = _publish("broken", reason=_reason("unsupported call", context), graph_ops=ops)
    if _fullgraph.get():
        raise Unsupported(record)


def skip_frame(kind="no tensors", context="helper"):
    _publish("skipped", reason=_reason(kind, context))


def fall_back(context="ZeroDivisionError"):
    _publish("fell_back", reason=_reason("internal error", context))


def _here():
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] == __name__:
        frame = frame.f_back
    return Location(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def _reason(kind, context):
    return Reason(kind, context, f"{context} cannot be traced.", (f"move {context} out",), (_here(),))


def _publish(outcome, **fields):
    record = FrameRecord(outcome, _here(), **fields)
    if compiling():
        publish(record)
    return record
