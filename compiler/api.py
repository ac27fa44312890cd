"""What users call."""

from __future__ import annotations

import copyreg
import functools
import sys
import types
from collections.abc import Callable
from typing import Any, TypeVar, overload

import torch

from compiler import _C, hook, marks, native
from compiler.backends.registry import Backend, configured_backend
from compiler.modules import optimize_module
from compiler.options import Options, closest

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_BACKEND = "eager"


@overload
def optimize(model: F, **options: Any) -> F: ...
@overload
def optimize(model: None = None, **options: Any) -> Callable[[F], F]: ...
def optimize(  # noqa: PLR0913 - torch.compile's own parameters
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Backend = DEFAULT_BACKEND,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    **unknown: Any,
) -> Any:
    """Compile a function or module just in time; as a call or as a decorator, with or without arguments.

    Args:
        model: A function, method, callable object, or ``torch.nn.Module`` (the result is a module
            with the same parameters, buffers, attributes, hooks and ``state_dict`` keys). A staticmethod,
            classmethod or property stays what it is, and calls compiled code.
        fullgraph: Raise `Unsupported` at the first graph break instead of going on in eager.
        dynamic: As of torch.compile; at present sizes are static whatever it says.
        backend: A name of `list_backends`, or ``(graph_module, example_inputs) -> callable``.
        mode: Passed on to the backend; ``None`` and ``"default"`` leave the choice to it.
        options: Passed on to the backend.
        name: Names the compiled region.
        disable: Give `model` back as it is.
        recompile_limit: Compiled entries kept for one code object, in place of ``config.recompile_limit``.
        isolate_recompiles: Every call of `optimize` counts its own recompiles, whatever this says.

    Raises:
        TypeError: `model` is not callable, an argument has the wrong type or is unknown, or the backend does not
            take `mode` or `options`.
        ValueError: The backend does not know the mode or an option; `recompile_limit` is negative.
        UnknownBackend: no backend has that name.
    """
    given = {"fullgraph": fullgraph, "dynamic": dynamic, "mode": mode, "options": options, "name": name,
             "disable": disable, "recompile_limit": recompile_limit,
             "isolate_recompiles": isolate_recompiles}  # fmt: skip
    _check_known(unknown)
    for option, value in given.items():
        _check_type(option, value, _TYPES[option])
    if recompile_limit is not None and recompile_limit < 0:
        raise ValueError(f"recompile_limit must not be negative: {recompile_limit}")
    function, backend_name = configured_backend(backend, mode, options)
    chosen = Options(function, backend_name, fullgraph, dynamic, name, recompile_limit)
    decorator = _Decorator(chosen, disable)
    return decorator if model is None else decorator(model)


class _Decorator:
    """What ``optimize(...)`` without a model gives: all that it is applied to shares one set of compiled code."""

    def __init__(self, options: Options, disabled: bool = False) -> None:
        self._context = hook.CompileContext(options)
        self._context.owned_by(self)
        self._disabled = disabled

    def __call__(self, model: Any) -> Any:
        make_again = _DESCRIPTORS.get(type(model))
        if make_again is not None:
            return make_again(self, model)
        if isinstance(model, type) or not callable(model):
            what = (
                f"the class {model.__qualname__}; optimize its instances" if isinstance(model, type) else _kind(model)
            )
            raise TypeError(f"optimize takes a function or a module, not {what}")
        if self._disabled:
            return model
        if isinstance(model, torch.nn.Module):
            return optimize_module(model, self._context)
        if isinstance(model, _C.Optimized):
            model = model.__wrapped__
        if isinstance(model, native.Native):
            model = model.__wrapped__
        plain = _plain(model)
        self._context.add_target(plain)
        called = native.telling(model, plain, self._context)
        wrapper = _dressed(_C.Optimized(called, self._context), called)
        self._context.owned_by(wrapper)
        return wrapper


def _property_again(decorator: _Decorator, made: property) -> property:
    """The property, with each of its functions compiled."""
    fget, fset, fdel = (function and decorator(function) for function in (made.fget, made.fset, made.fdel))
    return property(fget, fset, fdel, made.__doc__)


_DESCRIPTORS: dict[type, Callable[[_Decorator, Any], Any]] = {
    staticmethod: lambda decorator, made: staticmethod(decorator(made.__func__)),
    classmethod: lambda decorator, made: classmethod(decorator(made.__func__)),
    property: _property_again,
}
"""What a decorator below has made of a function: how to make the same of the compiled function."""

_TYPES: dict[str, Any] = {
    "fullgraph": bool,
    "dynamic": bool | None,
    "mode": str | None,
    "options": dict | None,
    "name": str | None,
    "disable": bool,
    "recompile_limit": int | None,
    "isolate_recompiles": bool,
}


def _check_known(unknown: dict[str, Any]) -> None:
    for name in unknown:
        raise TypeError(f"optimize has no option {name!r}; there are: {closest(name, ['backend', *_TYPES])}")


def _check_type(name: str, value: object, kind: Any) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__ if isinstance(kind, type) else kind}, not {value!r}")


def optimize_function(fn: Any, options: Options) -> Any:
    """A compiled call of anything callable."""
    return _Decorator(options)(fn)


def _kind(obj: object) -> str:
    return f"{type(obj).__name__}: {obj!r}"


def _plain(fn: Any) -> Any:
    """The function that a callable ends in: of a method, a partial, an object with ``__call__``."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    if isinstance(fn, types.MethodType):
        return fn.__func__
    if isinstance(fn, _C.Disabled | types.BuiltinFunctionType):
        return fn
    return fn if hasattr(fn, "__code__") else getattr(type(fn), "__call__", fn)  # noqa: B004


def _dressed(wrapper: Any, fn: Any) -> Any:
    """Give a wrapper the name and documentation of what it wraps."""
    functools.update_wrapper(wrapper, fn, updated=("__dict__",) if isinstance(fn, types.FunctionType) else ())
    return wrapper


def _reduce(wrapper: Any) -> Any:
    """How wrappers are pickled and copied: by name, as functions are, or made again around what they wrap."""
    if _is_global(wrapper):
        return wrapper.__qualname__
    if isinstance(wrapper, _C.Optimized):
        return optimize_function, (wrapper.__wrapped__, wrapper.context.options)  # type: ignore[attr-defined]
    return disable, (wrapper.__wrapped__,)


def _is_global(wrapper: Any) -> bool:
    """Whether the wrapper's own name leads to it."""
    found: Any = sys.modules.get(getattr(wrapper, "__module__", None) or "")
    for part in getattr(wrapper, "__qualname__", "<locals>").split("."):
        found = getattr(found, part, None)
    return found is wrapper


for _wrapper in (_C.Optimized, _C.Disabled):
    copyreg.pickle(_wrapper, _reduce)


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """Never compile a function, nor (with `recursive`) anything it calls; compiled code that calls it breaks there.

    Args:
        fn: A function, a callable object, or a module, whose calls then run in eager.
        recursive: Whether what `fn` calls runs in eager too.
        reason: Shown with the graph breaks this causes.

    Raises:
        TypeError: `fn` is not callable.
    """
    if fn is None:
        return lambda later: disable(later, recursive, reason=reason)
    _check_callable("disable", fn)
    if not recursive:
        return skip(fn, reason=reason)
    if isinstance(fn, torch.nn.Module):
        fn.forward = disable(fn.forward, reason=reason)
        return fn
    wrapper = _dressed(_C.Disabled(fn), fn)
    if reason is not None:
        wrapper.__compiler_reason__ = reason
    return wrapper


def skip(fn: F, *, reason: str | None = None) -> F:
    """Run a function's own frames in eager; what it calls may be compiled."""
    _check_callable("skip", fn)
    marked = fn.forward if isinstance(fn, torch.nn.Module) else fn
    marks.SKIPPED.add(marked, reason)
    return fn


def allow_in_graph(fn: F) -> F:
    """Record calls of a function in the graph as one operator, without tracing into it.

    It runs once on tensors of the meta device, to learn the shape of its result.
    """
    return _mark_all("allow_in_graph", fn, marks.ALLOWED)


def assume_constant_result(fn: F) -> F:
    """Call a function once while compiling and take its result for constant."""
    return _mark_all("assume_constant_result", fn, marks.CONSTANT_RESULT)


def _mark_all(name: str, fn: Any, marked: marks.MarkedFunctions) -> Any:
    """Mark a function, or each of a list or tuple of them."""
    for each in fn if isinstance(fn, list | tuple) else (fn,):
        _check_callable(name, each)
        marked.add(each)
    return fn


def _check_callable(name: str, fn: object) -> None:
    if not callable(fn):
        raise TypeError(f"{name} takes a callable, not {_kind(fn)}")


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
    dims = set(index) if isinstance(index, list | tuple | set | frozenset) else {index}
    for dim in dims:
        if type(dim) is not int:
            raise TypeError(f"a dimension is an int, or a list of ints, not {index!r}")
        if not -tensor.dim() <= dim < tensor.dim():
            raise IndexError(f"dimension {dim} of a tensor with {tensor.dim()} dimensions")
    setattr(tensor, attribute, getattr(tensor, attribute, set()) | {dim % tensor.dim() for dim in dims})
