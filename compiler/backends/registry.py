"""Backends by name: built-in ones, registered ones, and entry points of the group ``pytest_dynamo.backends``."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import inspect
from collections.abc import Callable
from typing import Any, overload

from compiler.errors import UnknownBackend
from compiler.options import closest

Backend = Callable[..., Any]
"""``backend(graph_module, example_inputs) -> callable``, which takes the graph's inputs and returns its outputs."""

ENTRY_POINTS = "pytest_dynamo.backends"

_BUILT_IN = {"eager": "compiler.backends.eager:eager", "inductor": "compiler.backends.inductor:inductor"}
_registered: dict[str, Backend] = {}


@overload
def register_backend(backend: Backend, *, name: str | None = None, overwrite: bool = False) -> Backend: ...
@overload
def register_backend(
    backend: None = None, *, name: str | None = None, overwrite: bool = False
) -> Callable[[Backend], Backend]: ...
def register_backend(backend: Backend | None = None, *, name: str | None = None, overwrite: bool = False) -> Any:
    """Make a backend available by name, directly or as a decorator.

    Args:
        backend: Takes a ``torch.fx.GraphModule`` and its example inputs, returns a callable.
        name: The name; the function's own by default.
        overwrite: Take the place of another backend of that name.

    Raises:
        TypeError: `backend` is not callable.
        ValueError: the name is taken.
    """
    if backend is None:
        return lambda function: register_backend(function, name=name, overwrite=overwrite)
    if not callable(backend):
        raise TypeError(f"a backend must be callable, not {type(backend).__name__}")
    name = name or str(getattr(backend, "__name__", type(backend).__name__))
    if not overwrite and _registered.get(name) is not backend and name in list_backends():
        raise ValueError(f"there is a backend {name!r} already; overwrite=True puts this one in its place")
    _registered[name] = backend
    return backend


def list_backends() -> list[str]:
    """The names that `optimize` accepts, sorted."""
    found = {point.name for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    return sorted({*_BUILT_IN, *_registered, *found})


def lookup_backend(backend: str | Backend) -> tuple[Backend, str]:
    """The backend and its name.

    Raises:
        UnknownBackend: no backend has that name; the known ones are listed, closest first.
        TypeError: `backend` is neither a name nor callable.
    """
    if not isinstance(backend, str):
        if not callable(backend):
            raise TypeError(f"backend must be a name or a callable, not {type(backend).__name__}: {backend!r}")
        return backend, getattr(backend, "__name__", type(backend).__name__)
    found = _registered.get(backend)
    if found is None and backend in _BUILT_IN:
        module, _, name = _BUILT_IN[backend].partition(":")
        found = getattr(importlib.import_module(module), name)
    if found is None:
        points = importlib.metadata.entry_points(group=ENTRY_POINTS, name=backend)
        found = next((point.load() for point in points), None)
    if found is None:
        raise UnknownBackend(f"unknown backend {backend!r}; there are: {closest(backend, list_backends())}")
    return found, backend


def configured_backend(
    backend: str | Backend, mode: str | None = None, options: dict[str, Any] | None = None
) -> tuple[Backend, str]:
    """`lookup_backend`, with the keywords that the user gave for it.

    A backend that has an attribute ``check_keywords`` is asked at once whether it knows their values; another one
    finds out when it compiles a first graph.

    Raises:
        TypeError: the backend does not take one of them.
        ValueError: it does not know a value.
    """
    found, name = lookup_backend(backend)
    if mode is not None and options is not None:
        raise TypeError("optimize takes a mode or options, not both")
    extra: dict[str, Any] = {}
    if mode is not None and mode != "default":
        extra["mode"] = mode
    if options:
        extra["options"] = options
    if not extra:
        return found, name
    if not _takes(found, extra):
        others = [other for other in _BUILT_IN if other != name and _takes(lookup_backend(other)[0], extra)]
        which = f"; backends that do: {', '.join(others)}" if others else ""
        raise TypeError(f"backend {name!r} takes no {' or '.join(extra)}: {extra}{which}")
    getattr(found, "check_keywords", _accept)(**extra)
    return functools.partial(found, **extra), name


def _takes(backend: Backend, keywords: dict[str, Any]) -> bool:
    """Whether the backend's signature has the keywords; one that cannot be told is given them."""
    try:
        signature = inspect.signature(backend)
    except ValueError:
        return True
    try:
        signature.bind(None, None, **keywords)
    except TypeError:
        return False
    return True


def _accept(**keywords: Any) -> None:
    """What a backend without ``check_keywords`` says."""
