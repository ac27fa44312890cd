"""`compiler.replay(path)`: fail once more, from a file that `compiler.recording` wrote."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from compiler import recording
from compiler.backends.registry import list_backends
from compiler.explain import Explanation, explain
from compiler.options import config
from compiler.recording import Recording


def replay(path: str | os.PathLike[str]) -> Explanation:
    """Capture what the file holds, with random tensors and `config.strict`, and tell what happened.

    Reading the file can run anything that its writer wanted: replay only files that you trust.

    Raises:
        ValueError: it is no such file, or it was written by another version of Python.
    """
    saved = recording.load(path)
    options = dict(saved.settings["options"])
    if options["backend"] not in list_backends():
        options["backend"] = "eager"
    args, kwargs = _arguments(saved)
    with _as_it_was(saved):
        return explain(saved.function, **options)(*args, **kwargs)


def _arguments(saved: Recording) -> tuple[list[Any], dict[str, Any]]:
    """A call that fills the argument slots of the frame."""
    code = saved.function.__code__
    slots = list(saved.locals)
    args, slots = slots[: code.co_argcount], slots[code.co_argcount :]
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    kwargs = dict(zip(names, slots, strict=False))
    slots = slots[len(names) :]
    if code.co_flags & inspect.CO_VARARGS:
        args += slots.pop(0)
    if code.co_flags & inspect.CO_VARKEYWORDS:
        kwargs |= slots.pop(0)
    return args, kwargs


@contextmanager
def _as_it_was(saved: Recording) -> Iterator[None]:
    known = {field.name for field in dataclasses.fields(config)}
    settings = {name: value for name, value in saved.settings["config"].items() if name in known}
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(saved.settings["torch"]["dtype"])
    try:
        with config.patch(**{**settings, "strict": True}), torch.set_grad_enabled(saved.settings["torch"]["grad"]):
            yield
    finally:
        torch.set_default_dtype(dtype)
