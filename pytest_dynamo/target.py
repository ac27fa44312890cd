"""What of a test item is compiled, and which items are not."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_dynamo import markers

Compile = Callable[[Callable[..., Any]], Callable[..., Any]]


HYPOTHESIS_SETTINGS = "_hypothesis_internal_use_settings"
"""Where a test of hypothesis keeps its settings; hypothesis' own pytest plugin sets it, too."""


def _doctest(item: pytest.Item) -> str | None:
    return "doctest" if isinstance(item, pytest.DoctestItem) else None


def _no_function(item: pytest.Item) -> str | None:
    return None if isinstance(item, pytest.Function) else f"{type(item).__name__} is not a Python function"


def _not_run(item: pytest.Item) -> str | None:
    return "--setup-only" if item.config.getoption("setuponly", False) else None


def _coroutine(item: pytest.Item) -> str | None:
    function = inspect.unwrap(_slot(item)[2])
    asynchronous = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return "async test" if asynchronous else None


def _no_python_code(item: pytest.Item) -> str | None:
    function = _function_of(_slot(item)[2])
    return None if inspect.isfunction(function) else f"the test is a {type(function).__name__}, not a function"


REFUSALS: tuple[Callable[[pytest.Item], str | None], ...] = (
    _doctest,
    _no_function,
    markers.skip_reason,
    _not_run,
    _coroutine,
    _no_python_code,
)
"""Each says why an item is not compiled, or ``None``; asked in order, later ones rely on earlier ones."""


def refusal(item: pytest.Item) -> str | None:
    """Why the item is run once, as without the plugin; ``None`` where it is compiled."""
    return next((reason for ask in REFUSALS if (reason := ask(item)) is not None), None)


@contextlib.contextmanager
def compiled(item: pytest.Function, compile_function: Compile) -> Iterator[None]:
    """Let the item call its test function through the compiler during a ``with`` block."""
    owner, name, original = _slot(item)
    setattr(owner, name, _through(compile_function, original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def renew(item: pytest.Function) -> None:
    """Make the item take a fresh instance of its test class, as every run of a method has one."""
    if isinstance(item.parent, pytest.Class) and inspect.ismethod(item.obj):
        _let_instances_differ(item.obj)
        item._obj = None
        item.__dict__.pop("_instance", None)


def _let_instances_differ(method: Any) -> None:
    """Tell hypothesis that a test of its own has a reason to be called on two instances."""
    if hasattr(method, "hypothesis"):
        hypothesis = sys.modules["hypothesis"]
        function = method.__func__
        settings = getattr(function, HYPOTHESIS_SETTINGS, hypothesis.settings.default)
        allowed = {*settings.suppress_health_check, hypothesis.HealthCheck.differing_executors}
        setattr(function, HYPOTHESIS_SETTINGS, hypothesis.settings(settings, suppress_health_check=allowed))


def _slot(item: Any) -> tuple[Any, str, Any]:
    """Where the item keeps what it calls: owner, attribute, present value.

    A test of hypothesis is a runner around the user's function; the function is what counts.
    """
    handle = getattr(item.obj, "hypothesis", None)
    owner, name = (item, "obj") if handle is None else (handle, "inner_test")
    return owner, name, getattr(owner, name)


def _function_of(called: Any) -> Any:
    return called.__func__ if inspect.ismethod(called) else called


def _through(compile_function: Compile, called: Any) -> Any:
    function = _function_of(called)
    run = compile_function(function)

    @functools.wraps(function)
    def run_compiled(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return run(*args, **kwargs)

    return types.MethodType(run_compiled, called.__self__) if inspect.ismethod(called) else run_compiled
