"""A frame that we failed on, as a file: what is needed to fail again elsewhere.

The first line is JSON and says what the file is about; the rest is for `portable`. Saving never raises.
"""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import os
import pickle
import platform
import re
import tempfile
import traceback
import types
from pathlib import Path
from typing import Any

import torch

from compiler.options import Options, config
from compiler.portable import Dummy, Pickler, Unpickler, text_of

_log = logging.getLogger("compiler.recording")

SUFFIX = ".replay"
_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Recording:
    """What a file holds.

    Attributes:
        about: Versions, the error, and the user's line, as text; readable before anything else is.
        function: The function whose frame failed.
        locals: The argument slots of the frame.
        settings: Options of the call, `config`, and torch's modes.
    """

    about: dict[str, str]
    function: types.FunctionType
    locals: tuple[Any, ...]
    settings: dict[str, dict[str, Any]]


def save(function: Any, slots: tuple[Any, ...], options: Options, error: Exception) -> Path | None:
    """Write a file into ``config.replay_dir``; ``None`` where that is empty, or nothing could be written."""
    if not config.replay_dir:
        return None
    try:
        return _save(function, slots, options, error)
    except Exception:
        _log.warning("no replay file could be written to %s", config.replay_dir, exc_info=True)
        return None


def _save(function: types.FunctionType, slots: tuple[Any, ...], options: Options, error: Exception) -> Path:
    settings = {
        "options": {"backend": options.backend_name, "fullgraph": options.fullgraph, "dynamic": options.dynamic},
        "config": {**dataclasses.asdict(config), "replay_dir": ""},
        "torch": {"grad": torch.is_grad_enabled(), "dtype": torch.get_default_dtype()},
    }
    try:
        body = _bytes(function, (function, slots, settings))
    except Exception:  # of a value somewhere in the arguments
        body = _bytes(function, (function, tuple(_or_dummy(function, slot) for slot in slots), settings))
    head = json.dumps({"format": _FORMAT, **_about(function, error)}).encode() + b"\n"
    os.makedirs(config.replay_dir, exist_ok=True)
    name = re.sub(r"\W+", "_", function.__qualname__)
    with tempfile.NamedTemporaryFile(dir=config.replay_dir, prefix=f"{name}-", suffix=SUFFIX, delete=False) as file:
        file.write(head + body)
    return Path(file.name)


def _bytes(function: Any, values: Any) -> bytes:
    body = io.BytesIO()
    pickler = Pickler(body, pickle.HIGHEST_PROTOCOL)
    pickler.whole.add(id(function))
    pickler.dump(values)
    return body.getvalue()


def _or_dummy(function: Any, value: Any) -> Any:
    try:
        _bytes(function, value)
    except Exception:
        return Dummy(text_of(value))
    return value


def _about(function: types.FunctionType, error: Exception) -> dict[str, str]:
    code = function.__code__
    return {
        "function": f"{code.co_qualname} ({code.co_filename}:{code.co_firstlineno})",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
        "error": "".join(traceback.format_exception(error)),
    }


def about(path: str | os.PathLike[str]) -> dict[str, str]:
    """What the file says of itself.

    Raises:
        ValueError: it is no such file.
    """
    with open(path, "rb") as file:
        return _read_about(file)


def load(path: str | os.PathLike[str]) -> Recording:
    """Read a file. It is code: reading it can run anything, so read only files that you trust.

    Raises:
        ValueError: it is no such file, or it was written by another version of Python.
    """
    with open(path, "rb") as file:
        described = _read_about(file)
        if described["python"].split(".")[:2] != platform.python_version().split(".")[:2]:
            raise ValueError(f"{path} was written by Python {described['python']}; replay it with the same")
        function, slots, settings = Unpickler(file).load()
    return Recording(described, function, slots, settings)


def _read_about(file: Any) -> dict[str, str]:
    try:
        described: dict[str, Any] = json.loads(file.readline())
        form = described.pop("format")
    except (ValueError, KeyError, AttributeError):
        raise ValueError(f"{file.name} is no replay file") from None
    if form != _FORMAT:
        raise ValueError(f"{file.name} has format {form}; this version reads format {_FORMAT}")
    return described
