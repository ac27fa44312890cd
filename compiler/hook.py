"""The context of one `optimize` call: what the frame hook asks when no compiled entry fits."""

from __future__ import annotations

import types
import weakref
from typing import Any

import torch

from compiler import _C, breaks, events, skips
from compiler.events import FrameRecord, Location
from compiler.options import Options
from compiler.output.resume import resume_of
from compiler.pipeline import compile_frame


_torchs_callback = torch._C._dynamo.eval_frame.get_eval_frame_callback
"""What torch.compile does with the frames of this thread; ``None`` or false while it does nothing."""


class CompileContext(_C.Context):
    """Options of one `optimize` call, and the codes it was called on, which are captured whatever their file."""

    def __init__(self, options: Options) -> None:
        super().__init__(self._on_miss)
        self.options = options
        self.targets: set[int] = set()

    def add_target(self, func: Any) -> None:
        """Capture frames of `func` even if they are in a skipped file."""
        code = getattr(func, "__code__", None)
        if isinstance(code, types.CodeType):
            self.targets.add(id(code))

    def _on_miss(self, request: _C.Request) -> _C.Entry | None:
        if _torchs_callback():  # the frame is torch.compile's, and so would be ours below
            return None
        code = request.code
        is_target = id(code) in self.targets
        if not is_target and resume_of(code) is None:
            if skips.is_skipped(code, request.globals):
                request.cache.skip = 1
                return None
            if skips.is_marked(request.func):
                _record_skip(code, "disabled function", request.func.__qualname__)
                return None
            if not skips.is_interesting(code, request.globals, request.locals):
                return None
        _remember(code)
        return compile_frame(request, self, self.options)


def _record_skip(code: types.CodeType, kind: str, context: str) -> None:
    where = Location(code.co_filename, code.co_firstlineno, code.co_qualname)
    events.publish(FrameRecord("skipped", where, breaks.reason_for(kind, context, where)))


_codes: dict[int, weakref.ref[types.CodeType]] = {}


def _remember(code: types.CodeType) -> None:
    """Keep track of codes with entries, for `reset`; by identity, since equality of codes compares constants."""
    key = id(code)
    if key not in _codes:
        _codes[key] = weakref.ref(code, lambda _: _codes.pop(key, None))


def reset() -> None:
    """Forget all compiled code of the process."""
    for ref in list(_codes.values()):
        code = ref()
        if code is not None:
            _C.code_cache(code).clear()
    _codes.clear()


def hits() -> int:
    """Calls served by compiled code so far, over all code objects that are alive."""
    codes = [ref() for ref in list(_codes.values())]
    entries = [entry for code in codes if code is not None for entry in _C.code_cache(code).entries]
    return sum(entry.hits for entry in entries if entry.code is not None)
