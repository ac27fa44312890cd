"""Python code that is never traced into, by its module: a call of it breaks the graph at the caller's line."""

from __future__ import annotations

import functools

from compiler.breaks import GraphBreak
from compiler.values.functions import FunctionValue

LIBRARIES = frozenset(
    "pytest _pytest pluggy numpy hypothesis coverage xdist scipy sympy _distutils_hack pytest_dynamo".split()
)
"""Packages whose frames are not captured either: they compute without tensors, or run the tests."""

COMPILERS = ("torch._dynamo", "torch._inductor", "torch._functorch", "torch.jit", "torch.fx")
"""Parts of torch that look at frames, modules or graphs themselves."""


@functools.lru_cache(maxsize=4096)
def _kind(module: str) -> str | None:
    if module.partition(".")[0] in LIBRARIES:
        return "skipped file"
    if any(module == prefix or module.startswith(prefix + ".") for prefix in COMPILERS):
        return "another compiler"
    return None


def refuse_untraced(func: FunctionValue) -> None:
    """Break the graph before a call of a function that is never traced.

    Raises:
        GraphBreak: it is one.
    """
    module = func.obj.__globals__.get("__name__")
    kind = _kind(module) if isinstance(module, str) else None
    if kind is not None:
        raise GraphBreak(kind, f"{module}.{func.obj.__qualname__}")
