"""Options of one `compiler.optimize` call, and the process-wide `config`.

`Options` is frozen and built once per call: everything downstream reads it and nothing
changes it. `config` holds the knobs that are not per call. Each field is typed; a value
of another type is refused. A field can be set by assignment, for a block with
`config.patch(name=value)`, or from the environment as ``COMPILER_<NAME>`` in capitals.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import os
from collections.abc import Callable, Iterator
from typing import Any

LOGS = "COMPILER_LOGS"
"""Names the logs to write; see `compiler.logs`."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


@dataclasses.dataclass(frozen=True, eq=False)
class Options:
    """What one call of `compiler.optimize` asked for.

    Attributes:
        backend: Turns ``(GraphModule, example_inputs)`` into a callable.
        backend_name: The name the user gave, or the callable's own, for messages.
        fullgraph: Raise `compiler.Unsupported` at the first graph break.
        dynamic: As of torch.compile; at present sizes are static whatever it says.
        name: What the user calls the compiled region.
        recompile_limit: In place of ``config.recompile_limit``.
    """

    backend: Callable[..., Any]
    backend_name: str
    fullgraph: bool = False
    dynamic: bool | None = None
    name: str | None = None
    recompile_limit: int | None = None


def closest(name: str, known: list[str]) -> str:
    """The known names as one phrase, the closest match first."""
    ranked = difflib.get_close_matches(name, known, n=len(known) or 1, cutoff=0.0)
    rest = [other for other in sorted(known) if other not in ranked]
    return ", ".join(ranked + rest)


def has_prefix(filename: str, prefixes: str) -> bool:
    """Whether one of the paths in a setting of the kind of ``config.skip_files`` begins the name of a file."""
    return bool(prefixes) and any(prefix and filename.startswith(prefix) for prefix in prefixes.split(os.pathsep))


@dataclasses.dataclass
class Config:
    """Process-wide settings; see the module docstring for the ways to set them."""

    recompile_limit: int = 8
    """Compiled entries kept for one code object before its frames run in eager."""

    strict: bool = False
    """Raise our own internal errors instead of running the frame in eager."""

    max_trace_instructions: int = 400_000
    """Bytecode instructions interpreted for one frame before the capture gives up."""

    max_inline_depth: int = 60
    """Nested Python calls traced into before a call becomes a graph break."""

    capture_all_frames: bool = False
    """Capture frames reached under the hook even where no tensor or module is in sight, and run what was captured even
    where it holds no operator. Shows whether plain Python behaves as it should; makes nothing faster."""

    skip_files: str = ""
    """Further path prefixes, separated by ``os.pathsep``, whose functions run in eager."""

    capture_files: str = ""
    """Path prefixes, separated by ``os.pathsep``, whose frames count as the user's although they are a library's.

    Functions that have been met as a library's stay such.
    """

    replay_dir: str = ""
    """Where a file is written for each internal error, for ``python -m compiler.replay``; empty for none."""

    def __post_init__(self) -> None:
        _refuse_misspelt([f"COMPILER_{field.name.upper()}" for field in dataclasses.fields(self)])
        for field in dataclasses.fields(self):
            text = os.environ.get(f"COMPILER_{field.name.upper()}")
            if text is not None:
                setattr(self, field.name, _parse(field.name, text, type(getattr(self, field.name))))

    def __setattr__(self, name: str, value: object) -> None:
        default = type(self).__dataclass_fields__.get(name)
        if default is None:
            raise self._unknown(name)
        wanted = type(default.default)
        if type(value) is not wanted:
            raise TypeError(f"config.{name} takes {wanted.__name__}, not {type(value).__name__}")
        if type(value) is int and value < 0:
            raise ValueError(f"config.{name} must not be negative: {value}")
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # asked by copying, pickling and the like
        raise self._unknown(name)

    def _unknown(self, name: str) -> AttributeError:
        known = [field.name for field in dataclasses.fields(self)]
        return AttributeError(f"unknown option {name!r}; there are: {closest(name, known)}", name=name, obj=self)

    @contextlib.contextmanager
    def patch(self, **changes: object) -> Iterator[None]:
        """Set fields for the duration of a ``with`` block.

        Raises:
            AttributeError: a name is unknown; the message lists the known ones.
            TypeError: a value has the wrong type.
            ValueError: a number is negative.
        """
        known = {field.name for field in dataclasses.fields(self)}
        before = {name: getattr(self, name) for name in changes if name in known}
        try:
            for name, value in changes.items():
                setattr(self, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(self, name, value)


def _refuse_misspelt(known: list[str]) -> None:
    """Names of the environment that come close to ours; others that begin like ours belong to other programs."""
    for name in os.environ:
        if name.startswith("COMPILER_") and name not in (*known, LOGS) and _resembles(name, [*known, LOGS]):
            raise ValueError(f"unknown option {name} in the environment; there are: {closest(name, [*known, LOGS])}")


def _resembles(name: str, known: list[str]) -> bool:
    return bool(difflib.get_close_matches(name, known, n=1, cutoff=0.85))


def _parse(name: str, text: str, wanted: type) -> object:
    if wanted is bool:
        lowered = text.strip().lower()
        if lowered in _TRUE or lowered in _FALSE:
            return lowered in _TRUE
        raise ValueError(f"COMPILER_{name.upper()}={text!r} is not a boolean (1/0, true/false, yes/no, on/off)")
    try:
        return wanted(text)
    except ValueError:
        raise ValueError(f"COMPILER_{name.upper()}={text!r} is not of type {wanted.__name__}") from None


config = Config()
