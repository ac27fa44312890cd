"""Resume functions: the rest of a function, from some instruction on, as a function of its own.

They are made once per place and shape of the stack, and known as such: a graph break inside a
resume function hands the next one to its caller (`_C.TailCall`) instead of calling it, so that
a break inside a loop neither deepens the stack nor gives up the frame.
"""

from __future__ import annotations

import dataclasses
import threading
import weakref
from types import CodeType

from compiler.bytecode.assemble import StackItem, continuation
from compiler.bytecode.decode import decode
from compiler.bytecode.flow import reachable
from compiler.bytecode.percode import PerCode


@dataclasses.dataclass(frozen=True)
class Resume:
    """Where a resume function comes from.

    Attributes:
        line: The first line it runs.
        origin: The user's code.
        indices: For each canonical instruction of the resume function that is the user's, its index there.
        offset: Number of instructions before those.
    """

    line: int
    origin: weakref.ref[CodeType]
    indices: tuple[int, ...]
    offset: int


_Key = tuple[int, tuple[StackItem, ...], tuple[str, ...]]

_lock = threading.Lock()
_made: PerCode[dict[_Key, CodeType]] = PerCode()
_known: PerCode[Resume] = PerCode()


def function_code(code: CodeType, at: int, stack: tuple[StackItem, ...], live: tuple[str, ...], line: int) -> CodeType:
    """The code that goes on in `code` at canonical instruction `at`; the same arguments give the same object.

    It is made from the user's own code even if `code` is a resume function: so the second pass through a loop
    meets the resume functions of the first.
    """
    with _lock:
        original, at = _user_code(code, at)
        made = _made.get(original)
        if made is None:
            made = {}
            _made.put(original, made)
        key = (at, stack, live)
        found = made.get(key)
        if found is None:
            found = made[key] = continuation(original, at, stack, live)
            indices = tuple(sorted(reachable(decode(original), at)))
            offset = len(decode(found).instrs) - len(indices)
            _known.put(found, Resume(line, weakref.ref(original), indices, offset))
    return found


def _user_code(code: CodeType, at: int) -> tuple[CodeType, int]:
    """The instruction of the user's code that instruction `at` of `code` is a copy of."""
    resumed = _known.get(code)
    original = resumed.origin() if resumed is not None else None
    if resumed is None or original is None or at < resumed.offset:
        return code, at
    index = resumed.indices[at - resumed.offset]
    same = decode(original).instrs[index].op == decode(code).instrs[at].op
    return (original, index) if same else (code, at)


def rewritten(code: CodeType, original: CodeType) -> None:
    """`code` runs in the place of `original`, and goes on where that does."""
    resumed = _known.get(original)
    if resumed is not None:
        _known.put(code, resumed)


def resume_of(code: CodeType) -> Resume | None:
    """What is known of a resume function, or ``None`` for any other code."""
    return _known.get(code)
