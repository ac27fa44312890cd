"""The context of one `optimize` call: what the frame hook asks when no compiled entry fits."""

from __future__ import annotations

import types
import weakref
from collections.abc import Iterator
from typing import Any

import torch

from compiler import _C, breaks, events, marks, recording, skips
from compiler.bytecode.percode import PerCode
from compiler.errors import CompilerError, InternalError
from compiler.events import FrameRecord, Location
from compiler.options import Options, config
from compiler.output.resume import resume_of
from compiler.pipeline import compile_frame
from compiler.tracebacks import tidy

_torchs_callback = torch._C._dynamo.eval_frame.get_eval_frame_callback
"""What torch.compile does with the frames of this thread; ``None`` or false while it does nothing."""


class Codes:
    """Codes with entries, held weakly; by identity, since equality of codes compares constants."""

    def __init__(self) -> None:
        self._refs: dict[int, weakref.ref[types.CodeType]] = {}

    def add(self, code: types.CodeType) -> None:
        key, refs = id(code), self._refs
        if key not in refs:
            refs[key] = weakref.ref(code, lambda _: refs.pop(key, None))

    def __iter__(self) -> Iterator[types.CodeType]:
        codes = [ref() for ref in list(self._refs.values())]
        return iter([code for code in codes if code is not None])


class CompileContext(_C.Context):
    """Options of one `optimize` call, and the codes it was called on, which are captured whatever their file."""

    def __init__(self, options: Options) -> None:
        super().__init__(self._on_miss, tidy)
        self.options = options
        self.targets: PerCode[bool] = PerCode()
        self.released = False
        self._codes = Codes()
        self._owners: set[weakref.ref[Any]] = set()
        self._told: PerCode[bool] = PerCode()

    def add_target(self, func: Any) -> None:
        """Capture frames of `func` even if they are in a skipped file."""
        code = getattr(func, "__code__", None)
        if isinstance(code, types.CodeType):
            self.targets.put(code, True)
            _targets.put(code, True)
            _C.code_cache(code).skip = 0

    def owned_by(self, owner: Any) -> None:
        """Give up what was compiled when all owners, the only ways to call it, are gone."""
        me = weakref.ref(self)

        def drop(owner: weakref.ref[Any]) -> None:
            context = me()
            if context is not None:
                context._owners.discard(owner)
                if not context._owners:
                    context._release()

        self._owners.add(weakref.ref(owner, drop))

    def _release(self) -> None:
        self.released = True
        for code in self._codes:
            cache = _C.code_cache(code)
            for entry in cache.entries:
                if entry.context is self:
                    cache.remove(entry)

    def _on_miss(self, request: _C.Request) -> _C.Entry | None:
        try:
            return self._answer(request)
        except CompilerError:
            raise
        except Exception as error:
            self._fell_back(request, error)
            return None

    def _answer(self, request: _C.Request) -> _C.Entry | None:
        if _torchs_callback() or self.released:  # the frame is torch.compile's, and so would be ours below
            return None
        code = request.code
        if skips.is_marked(request.func):
            self._record_skip(code, "disabled function", request.func.__qualname__)
            return None
        by_torch = marks.by_torch(request.func)
        if by_torch is not None:
            return self._disabled_by_torch(by_torch)
        if not self.targets.get(code) and resume_of(code) is None:
            if self._is_left_with_all_it_calls(request):
                return _C.Entry(self, None, None, keep_hook=False)
            if self._is_left_alone(request):
                return None
            if skips.makes_module(code, request.locals):  # told where the class is called
                return _C.Entry(self, None, None, keep_hook=False)
        _codes.add(code)
        self._codes.add(code)
        return compile_frame(request, self, self.options)

    def _is_left_with_all_it_calls(self, request: _C.Request) -> bool:
        code = request.code
        if skips.is_test_tool(request.globals):
            request.cache.skip = 0 if _targets.get(code) else 2
            return True
        if not skips.is_skipped(code, request.globals) and skips.is_generated_by_torch(code, request.globals):
            self._record_skip(code, "another compiler", request.globals["__name__"])
            return True
        return False

    def _is_left_alone(self, request: _C.Request) -> bool:
        code = request.code
        if skips.is_skipped(code, request.globals):
            shared = marks.is_wrapped_by_torch(request.func)  # the code of one wrapper is that of all
            request.cache.skip = 0 if shared or _targets.get(code) else 1
            return True
        if skips.is_skipped_by_user(code.co_filename):
            self._record_skip(code, "skipped file", code.co_qualname)
            return True
        interesting = skips.is_interesting(code, request.globals, request.locals)
        return not interesting or skips.is_housekeeping(code, request.locals)

    def _disabled_by_torch(self, mark: marks.TorchMark) -> _C.Entry:
        if not mark.recursive:
            marks.SKIPPED.add(mark.original, mark.reason)
            return _C.Entry(self, None, None, keep_hook=True)
        function = mark.function
        if function is not None and not skips.is_library(function.__code__.co_filename) and not mark.is_by_protocol:
            self._record_skip(function.__code__, "disabled function", function.__qualname__)
        return _C.Entry(self, None, None, keep_hook=False)

    def _record_skip(self, code: types.CodeType, kind: str, context: str) -> None:
        """Told once: the frame is met on every call."""
        if not self._told.get(code):
            self._told.put(code, True)
            where = _start(code)
            events.publish(FrameRecord("skipped", where, breaks.reason_for(kind, context, where)))

    def _fell_back(self, request: _C.Request, error: Exception) -> None:
        """An error of ours outside of the pipeline, which has its own."""
        code = request.code
        if config.strict:
            raise InternalError(f"{code.co_qualname} ({_start(code)}): {error}") from error
        context = f"{type(error).__name__}: {error}"
        saved = recording.save(request.func, request.locals, self.options, error)
        reason = breaks.internal_error(context, _start(code), saved)
        events.publish(FrameRecord("fell_back", _start(code), reason, details={"error": error}))


_targets: PerCode[bool] = PerCode()
"""Codes that some `optimize` call was made for: their being in a skipped file is no reason never to look again."""


def _start(code: types.CodeType) -> Location:
    return Location(code.co_filename, code.co_firstlineno, code.co_qualname)


_codes = Codes()
"""All codes with entries, for `reset`."""


def reset() -> None:
    """Forget all compiled code of the process."""
    for code in _codes:
        _C.code_cache(code).clear()


def hits() -> int:
    """Calls served by compiled code so far, over all code objects that are alive."""
    entries = [entry for code in _codes for entry in _C.code_cache(code).entries]
    return sum(entry.hits for entry in entries if entry.code is not None)
