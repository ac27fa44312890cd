"""Facts about a canonical program that hold whatever its values are: depths, reachability, liveness.

Exceptional edges count: whatever an instruction's handler needs is needed where the instruction starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from compiler.bytecode.program import Instr, Program
from compiler.bytecode.stack import effect

Depths = list[int | None]


def _edges(program: Program, instr: Instr, depth: int) -> Iterator[tuple[int, int]]:
    """Where control can go from `instr`, with the depth of the stack there."""
    for i, successor in enumerate(program.successors(instr.index)):
        jump = instr.target is not None and (i == 1 or instr.op == "JUMP")
        pops, pushes = effect(instr, jump=jump)
        yield successor, depth - pops + pushes
    handler = program.handler(instr.index)
    if handler is not None:
        yield handler.target, handler.depth + handler.push_lasti + 1


def stack_depths(program: Program, start: int = 0, depth: int = 0) -> Depths:
    """Depth of the stack on entry to each instruction; None where it cannot be reached from `start`."""
    if start or depth:
        return _stack_depths(program, start, depth)
    return _once(program, "stack_depths", lambda: _stack_depths(program, 0, 0))


def _once(program: Program, name: str, find: Callable[[], Any]) -> Any:
    """A fact of the program, found at the first question."""
    if name not in program.facts:
        program.facts[name] = find()
    return program.facts[name]


def _stack_depths(program: Program, start: int, depth: int) -> Depths:
    depths: Depths = [None] * len(program.instrs)
    depths[start] = depth
    pending = [start]
    while pending:
        index = pending.pop()
        here = depths[index]
        assert here is not None
        for successor, there in _edges(program, program.instrs[index], here):
            if depths[successor] is None:
                depths[successor] = there
                pending.append(successor)
            elif depths[successor] != there:
                raise ValueError(f"two stack depths at {successor} of {program.code.co_name}")
    return depths


def reachable(program: Program, start: int) -> set[int]:
    """The instructions that can run once `start` has been entered."""
    seen = {start}
    pending = [start]
    while pending:
        index = pending.pop()
        handler = program.handler(index)
        caught = () if handler is None else (handler.target,)
        for successor in program.successors(index) + caught:
            if successor not in seen:
                seen.add(successor)
                pending.append(successor)
    return seen


#: By op: (the name must be bound before, the name has another value or none after).
_LOCAL_OPS = {
    "LOAD_FAST": (True, False),
    "STORE_FAST": (False, True),
    "DELETE_FAST": (True, True),
    "LOAD_FAST_AND_CLEAR": (True, True),
}


def live_in(program: Program) -> list[frozenset[str]]:
    """The locals whose values may still be read, on entry to each instruction.

    Cells are not listed: they may be read through other functions, so all of them always live (`cell_names`).
    """
    return _once(program, "live_in", lambda: _live_in(program))


def _live_in(program: Program) -> list[frozenset[str]]:
    bits, uses, kills = _local_masks(program)
    masks = _solve(program, uses, kills)
    named: dict[int, frozenset[str]] = {}
    for mask in masks:
        if mask not in named:
            named[mask] = frozenset(name for name, bit in bits.items() if mask & bit)
    return [named[mask] for mask in masks]


def may_read_unbound(program: Program, start: int, unbound: frozenset[str]) -> bool:
    """Whether code entered at `start`, with these own cells of the function empty, may find one empty."""
    own = frozenset(program.code.co_cellvars)
    if not own:
        return False
    before: dict[int, frozenset[str]] = {start: unbound}
    pending = [start]
    while pending:
        index = pending.pop()
        instr, empty = program.instrs[index], before[index]
        if instr.op in _CELL_READS and instr.arg in empty:
            return True
        after, caught = _all_targets(program, index)
        ahead = [(caught, empty)] if caught is not None else []
        ahead += [(successor, _cells_after(instr, empty, own)) for successor in after]
        for successor, names in ahead:
            known = before.get(successor)
            if known is None or not names <= known:
                before[successor] = names if known is None else names | known
                pending.append(successor)
    return False


_CELL_READS = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF", "DELETE_DEREF"})


def _cells_after(instr: Instr, empty: frozenset[str], own: frozenset[str]) -> frozenset[str]:
    if instr.op == "STORE_DEREF":
        return empty - {instr.arg}
    return empty | ({instr.arg} & own) if instr.op == "DELETE_DEREF" else empty


def cell_names(program: Program) -> tuple[str, ...]:
    """The cells of the frame: its own, then free ones; a name once."""
    code = program.code
    return tuple(dict.fromkeys(code.co_cellvars + code.co_freevars))


RECEIVER = "___self"
"""Parameter of a resume function that stands first, where ``super()`` looks, when the method's own is a cell."""

_FRAME_READERS = frozenset({"locals", "vars", "dir", "eval", "exec"})


def receiver_of(code: CodeType) -> str | None:
    """The first argument, when ``super()`` without arguments may read it behind the bytecode's back."""
    if "super" in code.co_names and "__class__" in code.co_freevars and code.co_argcount:
        return code.co_varnames[0]
    return None


def _local_masks(program: Program) -> tuple[dict[str, int], list[int], list[int]]:
    """A bit per local, and for each instruction the bits that it uses and kills."""
    bits: dict[str, int] = {}
    uses, kills = [], []
    for instr in program.instrs:
        used, killed = _LOCAL_OPS.get(instr.op, (False, False))
        bit = bits.setdefault(instr.arg, 1 << len(bits)) if used or killed else 0
        uses.append(bit * used)
        kills.append(bit * killed)
    return bits, _with_hidden_uses(program, bits, uses), kills


def _with_hidden_uses(program: Program, bits: dict[str, int], uses: list[int]) -> list[int]:
    """Calls that look into the frame: ``super()`` at its first argument, ``locals()`` and the like at everything."""
    code, hidden = program.code, 0
    receiver = receiver_of(code)
    if receiver is not None:
        hidden = bits.setdefault(receiver, 1 << len(bits))
    if _FRAME_READERS.intersection(code.co_names):
        hidden = (1 << len(bits)) - 1
    if not hidden:
        return uses
    calls = ("CALL", "LOAD_GLOBAL", "LOAD_NAME")
    return [mask | hidden if instr.op in calls else mask for instr, mask in zip(program.instrs, uses, strict=True)]


def _solve(program: Program, uses: list[int], kills: list[int]) -> list[int]:
    """Backward fixed point; a function without loops takes one pass and a check."""
    edges = [_all_targets(program, index) for index in range(len(uses))]
    masks = [0] * len(uses)
    changed = True
    while changed:
        changed = False
        for index in range(len(uses) - 1, -1, -1):
            after, caught = edges[index]
            mask = 0
            for successor in after:
                mask |= masks[successor]
            mask = mask & ~kills[index] | uses[index]
            if caught is not None:
                mask |= masks[caught]
            if mask != masks[index]:
                masks[index] = mask
                changed = True
    return masks


def _all_targets(program: Program, index: int) -> tuple[tuple[int, ...], int | None]:
    handler = program.handler(index)
    return program.successors(index), None if handler is None else handler.target


_OWN_VARIABLES = frozenset({"locals", "eval", "exec"})
_OWN_VARIABLES_WITHOUT_ARGUMENTS = frozenset({"vars", "dir"})


def reads_own_variables(program: Program) -> bool:
    """Whether a frame of the program looks at its variables as a whole, dead ones too: ``locals()`` and the like."""
    for instr in program.instrs:
        if instr.op == "LOAD_GLOBAL":
            name = instr.arg[0] if isinstance(instr.arg, tuple) else instr.arg
            if name in _OWN_VARIABLES or (name in _OWN_VARIABLES_WITHOUT_ARGUMENTS and _is_called_bare(program, instr)):
                return True
    return False


def _is_called_bare(program: Program, instr: Instr) -> bool:
    following = (other for other in program.instrs[instr.index + 1 :] if other.op not in ("PUSH_NULL", "PRECALL"))
    call = next(following, None)
    return call is not None and call.op == "CALL" and call.arg[0] == 0
