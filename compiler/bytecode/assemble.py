"""Three makers of code objects: `whole` bodies, `spliced` bodies, and `continuation` functions.

All keep the original's name, file, first line and cells. Their parameters are positional-only: one per
slot that the caller fills, so that a frame's arguments can be handed over as they lie.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import CodeType
from typing import Literal

import bytecode.instr as bc
from bytecode import Bytecode, ConcreteBytecode
from bytecode.flags import CompilerFlags
from bytecode.instr import InstrLocation

from compiler.bytecode.decode import decode
from compiler.bytecode.emit import ConstPool, Emitter, Item, Scope, SlotInstr
from compiler.bytecode.flow import RECEIVER, receiver_of, stack_depths
from compiler.bytecode.program import Program, is_generator
from compiler.bytecode.replica import Detour, Replica
from compiler.bytecode.tables import SKIPPED_AT_TARGET

#: What lies on the stack: a value, or the NULL below (or beside) a callable and in an unbound local put aside.
StackItem = Literal["value", "null"]
Body = Callable[[Emitter], None]

_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def argument_slots(code: CodeType) -> tuple[str, ...]:
    """The parameters of `code` in the order of its frame, ``*args`` and ``**kwargs`` included."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS)
    count += bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[:count]


def whole(original: CodeType, emit: Body, extra: Sequence[str] = ()) -> CodeType:
    """A function with the frame of `original`, `extra` parameters and a body of our own, which returns."""
    _refuse_unfit(original)
    scope = Scope(original.co_cellvars, original.co_freevars)
    pool = ConstPool()
    body = Emitter(scope, original.co_firstlineno, pool)
    emit(body)
    items = _prefix(original, scope) + body.items
    return _finish(original, items, (*argument_slots(original), *extra), scope, pool, peak(body.items, 0))


def spliced(
    original: CodeType, at: int, emit_prologue: Body, tails: Mapping[int, Body], extra: Sequence[str] = ()
) -> CodeType:
    """The prologue, then instruction `at` of the original where it stands, then a tail.

    Args:
        original: The function.
        at: The canonical instruction. It runs inside the original's own try ranges: if it raises, the user's
            handlers run natively.
        emit_prologue: Leaves locals and stack as the original has them on entry to `at`; falls through.
        tails: By the index of a successor of `at`: what to do instead of going there. A tail finds the stack
            as the original has it there, runs outside of all try ranges, and returns. Without a tail for a
            successor, the original's code goes on.
        extra: Parameters after those of the original's slots.

    A prologue that stores a local into the slot of a displaced cell pushes that cell first.
    """
    _refuse_unfit(original)
    scope = Scope(original.co_cellvars, original.co_freevars)
    pool = ConstPool()
    program = decode(original)
    depths = stack_depths(program)
    ways = {successor: bc.Label() for successor in tails}
    line = program.instrs[at].line
    prologue = Emitter(scope, line or original.co_firstlineno, pool)
    emit_prologue(prologue)
    copy = Replica(original, at, scope, pool, Detour(at, ways))
    stacksize = peak(prologue.items, 0)
    items = _prefix(original, scope) + prologue.items + copy.items
    for successor, emit_tail in tails.items():
        tail = Emitter(scope_at(program, successor, scope), line, pool)
        tail.place(ways[successor])
        if successor == program.instrs[at].target:
            _end_loop(tail, program.instrs[at].op)
        start = len(tail.items)
        emit_tail(tail)
        stacksize = max(stacksize, peak(tail.items[start:], depths[successor] or 0))
        items += tail.items
    return _finish(original, items, (*argument_slots(original), *extra), scope, pool, stacksize)


def scope_at(program: Program, index: int, scope: Scope) -> Scope:
    """`scope` as it is on entry to instruction `index`."""
    displaced = program.displaced.get(index)
    return scope if displaced is None else replace(scope, displaced=displaced)


def _end_loop(tail: Emitter, op: str) -> None:
    """What a jump of `op` skips at its target has to stand there."""
    for name in SKIPPED_AT_TARGET.get(op, ()):
        tail.emit(name)


def continuation(original: CodeType, at: int, stack: Sequence[StackItem], live: Sequence[str]) -> CodeType:
    """A function that resumes `original` at instruction `at`.

    Its parameters are those of `leading`, the values of `stack`, bottom first, then the other locals in `live`;
    all other locals are unbound. The cells of the original, its own and then its free ones, are the free variables.

    `live` has to name every live local that is bound there (`compiler.bytecode.flow.live_in`): where the
    compiler has proved a local bound, 3.12+ reads it unchecked, and a missing one crashes the process.
    """
    _refuse_unfit(original)
    cells = tuple(dict.fromkeys(original.co_cellvars + original.co_freevars))
    scope = Scope(freevars=cells)
    pool = ConstPool()
    line = decode(original).instrs[at].line
    values = _fresh_names(stack, taken={*original.co_varnames, *cells})
    prologue = Emitter(scope, line or original.co_firstlineno, pool)
    _push_stack(prologue, stack, values)
    copy = Replica(original, at, scope, pool)
    prologue.jump(copy.entry)
    items = _prefix(original, scope) + prologue.items + copy.items
    stacksize = peak(prologue.items, 0)
    first = leading(original, live)
    rest = [name for name in live if name not in first]
    return _finish(original, items, (*first, *values, *rest), scope, pool, stacksize)


def leading(code: CodeType, live: Sequence[str]) -> tuple[str, ...]:
    """The local that has to be the first parameter of a continuation: ``super()`` looks for it there."""
    wanted = (receiver_of(code), RECEIVER)
    return tuple(name for name in live if name in wanted)[:1]


def _fresh_names(stack: Sequence[StackItem], taken: set[str]) -> list[str]:
    """A parameter per value of the stack; a continuation of a continuation has others of that kind."""
    count = sum(item == "value" for item in stack)
    names = (f"___stack{i}" for i in range(count + len(taken)))
    free = (name for name in names if name not in taken)
    return [next(free) for _ in range(count)]


def _push_stack(e: Emitter, stack: Sequence[StackItem], values: Sequence[str]) -> None:
    """Rebuild the stack; the parameters must not keep its items alive."""
    names = iter(values)
    for item in stack:
        if item == "null":
            e.push_null()
        else:
            e.load_fast(next(names))
    for name in values:
        e.delete_fast(name)


def _refuse_unfit(code: CodeType) -> None:
    if is_generator(code):
        raise ValueError(f"{code.co_qualname} is a generator or a coroutine")
    if not code.co_flags & inspect.CO_OPTIMIZED:
        raise ValueError(f"{code.co_qualname} is not the code of a function")
    if set(code.co_cellvars) & set(code.co_freevars):
        raise ValueError(f"{code.co_qualname} has a cell and a free variable of one name")


def _prefix(original: CodeType, scope: Scope) -> list[Item]:
    """What builds the frame: free variables copied in, cells made, in the compiler's own order."""
    nowhere = InstrLocation(None, None, None, None)
    first = InstrLocation(original.co_firstlineno, original.co_firstlineno, None, None)
    items: list[Item] = []
    if scope.freevars:
        items.append(bc.Instr("COPY_FREE_VARS", len(scope.freevars), location=nowhere))
    items += [bc.Instr("MAKE_CELL", bc.CellVar(name), location=nowhere) for name in scope.cellvars]
    items.append(bc.Instr("RESUME", 0, location=first))
    return items


def peak(items: Iterable[Item], depth: int) -> int:
    """The deepest stack in a stretch of code entered with `depth` items; backward jumps add nothing."""
    deepest = depth
    here: int | None = depth
    at_label: dict[bc.Label, int] = {}
    for item in items:
        if isinstance(item, bc.Label):
            here = at_label.setdefault(item, here) if here is not None else at_label.get(item)
        elif isinstance(item, bc.Instr) and here is not None:
            if isinstance(item.arg, bc.Label):
                at_label.setdefault(item.arg, here + item.stack_effect(jump=True))
            after = here + item.stack_effect(jump=False)
            deepest = max(deepest, after)
            here = None if item.is_final() else after
    return deepest


def _finish(
    original: CodeType,
    items: list[Item],
    parameters: Sequence[str],
    scope: Scope,
    pool: ConstPool,
    stacksize: int,
) -> CodeType:
    """Assemble; depths in the exception table are given, so no pass over the flow graph is needed."""
    code = Bytecode()
    list.extend(code, items)
    code.name, code.qualname = original.co_name, original.co_qualname
    code.filename, code.first_lineno = original.co_filename, original.co_firstlineno
    code.flags = CompilerFlags(original.co_flags & ~_VARIADIC)
    code.argcount = code.posonlyargcount = len(parameters)
    code.argnames = [*parameters, *(name for name in _plain_locals(original) if name not in parameters)]
    code.cellvars, code.freevars = list(scope.cellvars), list(scope.freevars)
    code.docstring = pool.of(original.co_consts[0] if original.co_consts else None)  # type: ignore[assignment]
    concrete = code.to_concrete_bytecode(compute_exception_stack_depths=False)
    _restore_slots(items, concrete)
    concrete.consts = [const.value for const in concrete.consts]
    return concrete.to_code(stacksize=max(stacksize, original.co_stacksize), compute_exception_stack_depths=False)


def _plain_locals(code: CodeType) -> tuple[str, ...]:
    """The locals that are not cells."""
    cells = set(code.co_cellvars)
    return tuple(name for name in code.co_varnames if name not in cells)


def _restore_slots(items: list[Item], concrete: ConcreteBytecode) -> None:
    """Put the real opcode back where one on a cell's slot went through `bytecode` in disguise."""
    if not any(isinstance(item, SlotInstr) for item in items):
        return
    instrs = (item for item in items if isinstance(item, bc.Instr))
    natives = (native for native in concrete if native.name != "CACHE")
    for instr, native in zip(instrs, natives, strict=True):
        if isinstance(instr, SlotInstr):
            native.name = instr.real
