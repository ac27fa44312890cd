"""Code that is never traced into, by its module: a call of it breaks the graph at the caller's line."""

from __future__ import annotations

import functools
import logging

from torch.autograd.function import FunctionCtx

from compiler.breaks import GraphBreak
from compiler.options import config, has_prefix
from compiler.values.base import Value
from compiler.values.functions import FunctionValue, ObjectConstant

LIBRARIES = frozenset(
    "pytest _pytest pluggy numpy hypothesis coverage xdist scipy sympy _distutils_hack pytest_dynamo".split()
)
"""Packages whose frames are not captured either: they compute without tensors, or run the tests."""

TORCH_PARTS = {
    "another compiler": """torch._dynamo torch._inductor torch._functorch.aot_autograd torch._functorch._aot_autograd
        torch._functorch.compilers torch._functorch.partitioners torch.jit torch.fx torch.export torch.onnx""",
    "function transform": "torch._functorch torch.func torch.autograd.forward_ad",
    "autograd function": "torch.autograd.function",
    "torch tool": """torch.testing torch.autograd.gradcheck torch.autograd.functional torch.autograd.graph
        torch.utils.checkpoint torch.utils.data torch.serialization torch.distributed torch.profiler torch.hub
        torch.package torch.multiprocessing torch.library torch.autograd.profiler torch._compile""",
    "training step": "torch.optim",
    "module construction": "torch._dynamo.mutation_guard",
}
"""Kind of graph break → modules of torch that look at frames, graphs or values themselves, or drive the program."""

RUNNING_WORLD = {
    "output": "_io io",
    "lock": "_thread threading queue",
    "outside world": "time random _random posix os uuid secrets socket _socket select subprocess",
}
"""Kind of graph break → modules of the standard library whose functions are traced as far as they go, and say so where
they do not."""

_KIND_OF_PART = {module: kind for kind, modules in TORCH_PARTS.items() for module in modules.split()}


_KIND_OF_WORLD = {module: kind for kind, modules in RUNNING_WORLD.items() for module in modules.split()}

UNTRACED_FUNCTIONS = {
    ("torch", "compile"): "another compiler",
    ("torch.autograd", "grad"): "training step",
    ("torch.autograd", "backward"): "training step",
    ("logging", "_acquireLock"): "output",
    ("logging", "Logger._log"): "output",
    ("logging", "Logger.handle"): "output",
}
"""Functions of modules that are traced otherwise."""


@functools.lru_cache(maxsize=4096)
def _kind(module: str) -> str | None:
    """The kind of graph break for a call into a module; ``None`` where it may be traced."""
    package = module.partition(".")[0]
    if package in ("numpy", "scipy"):
        return "array library"
    if package in LIBRARIES:
        return "untraced library"
    while module:
        if module in _KIND_OF_PART:
            return _KIND_OF_PART[module]
        module = module.rpartition(".")[0]
    return None


_TRACED = frozenset(
    vars(FunctionCtx)[name]
    for name in ("save_for_backward", "save_for_forward", "mark_dirty", "mark_non_differentiable")
)
"""Functions of such modules that only note their arguments."""


def refuse_untraced(func: FunctionValue) -> None:
    """Break the graph before a call of a function that is never traced.

    Raises:
        GraphBreak: it is one.
    """
    if func.obj in _TRACED:
        return
    if has_prefix(func.obj.__code__.co_filename, config.skip_files):
        raise GraphBreak("skipped file", func.obj.__qualname__)
    module = func.obj.__globals__.get("__name__")
    if module == "_pytest.assertion.rewrite" and func.obj.__name__ != "_check_if_assertion_pass_impl":
        raise GraphBreak("failed assertion", func.obj.__name__)
    if not isinstance(module, str):
        return
    kind = UNTRACED_FUNCTIONS.get((module, func.obj.__qualname__)) or _kind(module)
    if kind is not None:
        named = func.obj.__module__  # of a function that torch has wrapped: its own
        raise GraphBreak((named and _kind(named)) or kind, f"{named}.{func.obj.__qualname__}")


def refused(kind: str, context: str, *values: Value) -> GraphBreak:
    """A graph break of a kind; the cause is another if one of the values is of a library that is never traced."""
    if any(getattr(value, "obj", None) is logging._lock for value in values):  # type: ignore[attr-defined]
        return GraphBreak("output", "logging")
    modules = (module for value in values if isinstance(module := _module(value), str))
    causes = (_kind(module) or _KIND_OF_WORLD.get(module) for module in modules)
    return GraphBreak(next(filter(None, causes), kind), context)


def _module(value: Value) -> object:
    module = getattr(value.obj, "__module__", None) if isinstance(value, ObjectConstant) else None
    return module or value.pytype().__module__
