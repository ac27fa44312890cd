"""What users call."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, TypeVar, overload

import torch

from compiler import _C, hook, marks
from compiler.backends.registry import Backend, lookup_backend
from compiler.modules import optimize_module
from compiler.options import Options

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_BACKEND = "eager"


@overload
def optimize(fn: F, *, backend: str | Backend = ..., fullgraph: bool = ..., dynamic: bool | None = ...) -> F: ...
@overload
def optimize(
    fn: None = None, *, backend: str | Backend = ..., fullgraph: bool = ..., dynamic: bool | None = ...
) -> Callable[[F], F]: ...
def optimize(
    fn: Any = None,
    *,
    backend: str | Backend = DEFAULT_BACKEND,
    fullgraph: bool = False,
    dynamic: bool | None = None,
) -> Any:
    """Compile a function or module just in time; as a call or as a decorator, with or without arguments.

    Args:
        fn: A function, method, callable object, or ``torch.nn.Module`` (the result is a module
            with the same parameters, buffers, attributes, hooks and ``state_dict`` keys).
        backend: A name of `list_backends`, or ``(graph_module, example_inputs) -> callable``.
        fullgraph: Raise `Unsupported` at the first graph break instead of going on in eager.
        dynamic: ``None`` decides by itself, ``True``/``False`` ask for symbolic/static sizes.

    Raises:
        TypeError: `fn` is not callable, or an argument has the wrong type.
        UnknownBackend: no backend has that name.
    """
    _check_flag("fullgraph", fullgraph, bool)
    _check_flag("dynamic", dynamic, bool | None)
    function, name = lookup_backend(backend)
    options = Options(backend=function, backend_name=name, fullgraph=fullgraph, dynamic=dynamic)
    if fn is None:
        return lambda later: _optimize(later, options)
    return _optimize(fn, options)


def _check_flag(name: str, value: object, kind: Any) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__ if isinstance(kind, type) else kind}, not {value!r}")


def _optimize(fn: Any, options: Options) -> Any:
    if isinstance(fn, torch.nn.Module):
        return optimize_module(fn, hook.CompileContext(options))
    if not callable(fn):
        raise TypeError(f"optimize takes a function or a module, not {type(fn).__name__}: {fn!r}")
    if isinstance(fn, type):
        raise TypeError(
            f"optimize takes a function or a module, not the class {fn.__qualname__}; optimize its instances"
        )
    if isinstance(fn, _C.Optimized):
        fn = fn.__wrapped__
    context = hook.CompileContext(options)
    context.add_target(_plain(fn))
    return _dressed(_C.Optimized(fn, context), fn)


def _plain(fn: Any) -> Any:
    """The function that a callable ends in: of a method, a partial, an object with ``__call__``."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    if isinstance(fn, types.MethodType):
        return fn.__func__
    return fn if hasattr(fn, "__code__") else getattr(type(fn), "__call__", fn)


def _dressed(wrapper: Any, fn: Any) -> Any:
    """Give a wrapper the name and documentation of what it wraps."""
    functools.update_wrapper(wrapper, fn)
    return wrapper


def disable(fn: Any = None, *, recursive: bool = True) -> Any:
    """Never compile a function, nor (with `recursive`) anything it calls.

    Raises:
        TypeError: `fn` is not callable.
    """
    if fn is None:
        return lambda later: disable(later, recursive=recursive)
    if isinstance(fn, torch.nn.Module):
        fn.forward = disable(fn.forward, recursive=recursive)
        return fn
    _check_callable("disable", fn)
    return _dressed(_C.Disabled(fn), fn) if recursive else skip(fn)


def skip(fn: F) -> F:
    """Run a function's own frames in eager; what it calls may be compiled."""
    _check_callable("skip", fn)
    marks.SKIPPED.add(fn)
    return fn


def allow_in_graph(fn: F) -> F:
    """Record calls of a function in the graph as one operator, without tracing into it."""
    _check_callable("allow_in_graph", fn)
    marks.ALLOWED.add(fn)
    return fn


def assume_constant_result(fn: F) -> F:
    """Call a function once while compiling and take its result for constant."""
    _check_callable("assume_constant_result", fn)
    marks.CONSTANT_RESULT.add(fn)
    return fn


def _check_callable(name: str, fn: object) -> None:
    if not callable(fn):
        raise TypeError(f"{name} takes a callable, not {type(fn).__name__}: {fn!r}")


def reset() -> None:
    """Forget all compiled code; the next calls compile anew."""
    hook.reset()


def stats() -> dict[str, int]:
    """Counters: ``hits``, calls served by compiled code so far."""
    return {"hits": hook.hits()}


def mark_dynamic(tensor: torch.Tensor, index: int | list[int] | tuple[int, ...]) -> None:
    """Ask for symbolic sizes of dimensions of a tensor.

    Sizes are static at present: calls with another size compile anew.
    """
    _mark(tensor, "_compiler_dynamic", index)


def maybe_mark_dynamic(tensor: torch.Tensor, index: int | list[int] | tuple[int, ...]) -> None:
    """Like `mark_dynamic`, without insisting."""
    _mark(tensor, "_compiler_maybe_dynamic", index)


def mark_static(tensor: torch.Tensor, index: int | list[int] | tuple[int, ...] | None = None) -> None:
    """Ask for static sizes of dimensions of a tensor (all of them by default)."""
    _mark(tensor, "_compiler_static", tuple(range(tensor.dim())) if index is None else index)


def _mark(tensor: torch.Tensor, attribute: str, index: int | list[int] | tuple[int, ...]) -> None:
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"a tensor is marked, not {type(tensor).__name__}")
    dims = {index} if isinstance(index, int) else set(index)
    for dim in dims:
        if not -tensor.dim() <= dim < tensor.dim():
            raise IndexError(f"dimension {dim} of a tensor with {tensor.dim()} dimensions")
    setattr(tensor, attribute, getattr(tensor, attribute, set()) | {dim % tensor.dim() for dim in dims})
