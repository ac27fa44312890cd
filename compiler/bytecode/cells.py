"""Telling cells from locals where one slot holds now this, now that.

A comprehension that 3.12+ inlines may have a variable named like a cell of the function around it. The
compiler then puts the cell aside on the stack, uses its slot, and puts the cell back::

    LOAD_FAST_AND_CLEAR x         LOAD_CLOSURE_AND_CLEAR x
    ...                           ...
    STORE_FAST x                  STORE_FAST x                  the loop variable
    LOAD_FAST x             →     LOAD_FAST x
    ...                           ...
    STORE_FAST x                  STORE_CLOSURE x               the function's cell is back

If a closure captures the loop variable, ``MAKE_CELL x`` gives the slot a new cell in between, and it is read
by LOAD_DEREF as everywhere. The opcodes alone do not tell these apart; what lies on the stack does.
"""

from __future__ import annotations

from collections.abc import Callable

from compiler.bytecode.program import Instr, Program
from compiler.bytecode.stack import effect

#: Names of the cells that lie on the stack, None for everything else; bottom first.
Tokens = list[str | None]
#: Cells whose slot holds a local.
Displaced = frozenset[str]


def settle(program: Program) -> None:
    """Give the ops that touch cells' slots their right names, and fill ``program.displaced`` and ``aside``."""
    if not any(instr.op == "LOAD_CLOSURE_AND_CLEAR" for instr in program.instrs):
        return
    seen = {0}
    pending: list[tuple[int, Tokens, Displaced]] = [(0, [], frozenset())]
    while pending:
        index, tokens, displaced = pending.pop()
        if displaced:
            program.displaced[index] = displaced
        if any(tokens):
            program.aside.add(index)
        for successor, there, out in _step(program, program.instrs[index], tokens, displaced):
            if successor not in seen:
                seen.add(successor)
                pending.append((successor, there, out))


def _step(program: Program, instr: Instr, tokens: Tokens, displaced: Displaced) -> list[tuple[int, Tokens, Displaced]]:
    """The states after `instr`, which gets its final name."""
    handler = program.handler(instr.index)
    found = []
    if handler is not None:
        caught = tokens[: handler.depth] + [None] * (handler.push_lasti + 1)
        found.append((handler.target, caught, displaced))
    special = _SPECIAL.get(instr.op)
    if special is not None:
        out = list(tokens)
        return [*found, (instr.index + 1, out, special(instr, out, displaced))]
    for i, successor in enumerate(program.successors(instr.index)):
        pops, pushes = effect(instr, jump=instr.target is not None and (i == 1 or instr.op == "JUMP"))
        out = tokens[: len(tokens) - pops] + [None] * pushes
        found.append((successor, out, displaced))
    return found


Special = Callable[[Instr, Tokens, Displaced], Displaced]


def _put_aside(instr: Instr, tokens: Tokens, displaced: Displaced) -> Displaced:
    if instr.arg in displaced:
        instr.op = "LOAD_FAST_AND_CLEAR"
        tokens.append(None)
        return displaced
    tokens.append(instr.arg)
    return displaced | {instr.arg}


def _make_cell(instr: Instr, tokens: Tokens, displaced: Displaced) -> Displaced:
    return displaced - {instr.arg}


def _store(instr: Instr, tokens: Tokens, displaced: Displaced) -> Displaced:
    if tokens.pop() == instr.arg:
        return displaced - {instr.arg}
    instr.op = "STORE_FAST"
    return displaced | {instr.arg}


def _load(instr: Instr, tokens: Tokens, displaced: Displaced) -> Displaced:
    if instr.arg in displaced:
        instr.op = "LOAD_FAST"
        tokens.append(None)
    else:
        tokens.append(instr.arg)
    return displaced


def _swap(instr: Instr, tokens: Tokens, displaced: Displaced) -> Displaced:
    tokens[-1], tokens[-instr.arg] = tokens[-instr.arg], tokens[-1]
    return displaced


def _copy(instr: Instr, tokens: Tokens, displaced: Displaced) -> Displaced:
    tokens.append(tokens[-instr.arg])
    return displaced


_SPECIAL: dict[str, Special] = {
    "LOAD_CLOSURE_AND_CLEAR": _put_aside,
    "MAKE_CELL": _make_cell,
    "STORE_CLOSURE": _store,
    "LOAD_CLOSURE": _load,
    "SWAP": _swap,
    "COPY": _copy,
}
