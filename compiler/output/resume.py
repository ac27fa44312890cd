"""Resume functions: the rest of a function, from some instruction on, as a function of its own.

They are made once per place and shape of the stack, and known as such: a graph break inside a
resume function hands the next one to its caller (`_C.TailCall`) instead of calling it, so that
a break inside a loop neither deepens the stack nor gives up the frame.
"""

from __future__ import annotations

import dataclasses
import threading
from types import CodeType

from compiler.bytecode.assemble import StackItem, continuation
from compiler.bytecode.percode import PerCode


@dataclasses.dataclass(frozen=True)
class Resume:
    """Where a resume function comes from: the first line it runs, and the name of the user's function."""

    line: int
    function: str


_Key = tuple[int, tuple[StackItem, ...], tuple[str, ...]]

_lock = threading.Lock()
_made: PerCode[dict[_Key, CodeType]] = PerCode()
_known: PerCode[Resume] = PerCode()


def function_code(
    original: CodeType, at: int, stack: tuple[StackItem, ...], live: tuple[str, ...], line: int
) -> CodeType:
    """The code that goes on in `original` at canonical instruction `at`; the same arguments give the same object."""
    key = (at, stack, live)
    with _lock:
        made = _made.get(original)
        if made is None:
            made = {}
            _made.put(original, made)
        code = made.get(key)
        if code is None:
            code = made[key] = continuation(original, at, stack, live)
            _known.put(code, Resume(line, original.co_qualname))
    return code


def resume_of(code: CodeType) -> Resume | None:
    """What is known of a resume function, or ``None`` for any other code."""
    return _known.get(code)
