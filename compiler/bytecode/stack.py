"""What every canonical op takes off the stack and puts on it.

`EFFECTS` maps an op to ``(pops, pushes)``, or to a function of the argument. Items that an op only looks
at and leaves where they are (the list of LIST_APPEND, what WITH_EXCEPT_START calls) are not counted:
everything below ``pops`` items is the same object afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compiler.bytecode.program import Instr

Effect = tuple[int, int]


def _make_function(flags: int) -> Effect:
    return 1 + (flags & 15).bit_count(), 1


def _by_count(pops_per_item: int, extra: int = 0) -> Callable[[int], Effect]:
    return lambda n: (pops_per_item * n + extra, 1)


_FIXED: dict[Effect, str] = {
    (0, 0): "SETUP_ANNOTATIONS MAKE_CELL DELETE_FAST DELETE_DEREF DELETE_GLOBAL DELETE_NAME JUMP",
    (0, 1): """PUSH_NULL COPY LOAD_CONST LOAD_FAST LOAD_FAST_AND_CLEAR LOAD_CLOSURE LOAD_CLOSURE_AND_CLEAR LOAD_DEREF
        LOAD_CLASSDEREF LOAD_NAME LOAD_LOCALS LOAD_BUILD_CLASS LOAD_ASSERTION_ERROR GET_LEN IMPORT_FROM
        WITH_EXCEPT_START MATCH_MAPPING MATCH_SEQUENCE MATCH_KEYS GET_ANEXT""",
    (1, 0): """POP_TOP STORE_FAST STORE_CLOSURE STORE_DEREF STORE_GLOBAL STORE_NAME DELETE_ATTR LIST_APPEND SET_ADD
        LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE POP_EXCEPT IMPORT_STAR PRINT_EXPR POP_JUMP_IF_FALSE
        POP_JUMP_IF_TRUE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE RETURN_VALUE""",
    (1, 1): """UNARY_NEGATIVE UNARY_POSITIVE UNARY_NOT UNARY_INVERT TO_BOOL GET_ITER LOAD_ATTR LIST_TO_TUPLE
        CONVERT_VALUE FORMAT_SIMPLE LOAD_FROM_DICT_OR_GLOBALS LOAD_FROM_DICT_OR_DEREF CHECK_EXC_MATCH YIELD_VALUE
        GET_YIELD_FROM_ITER GET_AWAITABLE GET_AITER STOPITERATION_ERROR ASYNC_GEN_WRAP""",
    (1, 2): "LOAD_METHOD BEFORE_WITH BEFORE_ASYNC_WITH PUSH_EXC_INFO",
    (2, 0): "STORE_ATTR DELETE_SUBSCR MAP_ADD END_ASYNC_FOR",
    (2, 1): """BINARY_OP COMPARE_OP IS_OP CONTAINS_OP BINARY_SUBSCR FORMAT_WITH_SPEC IMPORT_NAME SET_FUNCTION_ATTRIBUTE
        PREP_RERAISE_STAR END_SEND""",
    (2, 2): "CHECK_EG_MATCH",
    (3, 0): "STORE_SUBSCR",
    (3, 1): "BINARY_SLICE MATCH_CLASS",
    (3, 2): "CLEANUP_THROW",
    (4, 0): "STORE_SLICE",
}

EFFECTS: dict[str, Effect | Callable[[Any], Effect]] = {
    **{op: effect for effect, ops in _FIXED.items() for op in ops.split()},
    "RETURN_CONST": (0, 0),
    "RERAISE": (1, 0),
    "SWAP": lambda n: (n, n),
    "LOAD_GLOBAL": lambda arg: (0, 1 + arg[1]),
    "LOAD_SUPER_ATTR": lambda arg: (3, 1 + arg[1]),
    "CALL": lambda arg: (arg[0] + 2, 1),
    "CALL_KW": lambda argc: (argc + 3, 1),
    "CALL_FUNCTION_EX": lambda has_kwargs: (3 + has_kwargs, 1),
    "MAKE_FUNCTION": _make_function,
    "BUILD_TUPLE": _by_count(1),
    "BUILD_LIST": _by_count(1),
    "BUILD_SET": _by_count(1),
    "BUILD_STRING": _by_count(1),
    "BUILD_SLICE": _by_count(1),
    "BUILD_MAP": _by_count(2),
    "BUILD_CONST_KEY_MAP": _by_count(1, extra=1),
    "UNPACK_SEQUENCE": lambda n: (1, n),
    "UNPACK_EX": lambda arg: (1, arg[0] + 1 + arg[1]),
    "FORMAT_VALUE": lambda arg: (1 + arg[1], 1),
    "RAISE_VARARGS": lambda n: (n, 0),
}

#: Effects that depend on which way the instruction goes: (falls through, jumps).
BRANCHING: dict[str, tuple[Effect, Effect]] = {
    "FOR_ITER": ((0, 1), (1, 0)),
    "SEND": ((1, 1), (2, 1)),
    "JUMP_IF_FALSE_OR_POP": ((1, 0), (0, 0)),
    "JUMP_IF_TRUE_OR_POP": ((1, 0), (0, 0)),
}

_TWO_OPERANDS = {"INTRINSIC_SET_FUNCTION_TYPE_PARAMS", "INTRINSIC_TYPEVAR_WITH_BOUND"}
_TWO_OPERANDS |= {"INTRINSIC_TYPEVAR_WITH_CONSTRAINTS", "INTRINSIC_SET_TYPEPARAM_DEFAULT"}


def effect(instr: Instr, *, jump: bool = False) -> Effect:
    """``(pops, pushes)`` of one instruction; `jump`: when it takes its jump."""
    branching = BRANCHING.get(instr.op)
    if branching is not None:
        return branching[jump]
    row = EFFECTS.get(instr.op)
    if row is None:
        return _intrinsic(instr.op)
    return row(instr.arg) if callable(row) else row


def _intrinsic(op: str) -> Effect:
    if not op.startswith("INTRINSIC_"):
        raise KeyError(f"no stack effect for {op}")
    return (2, 1) if op in _TWO_OPERANDS else (1, 1)


def pops(instr: Instr, *, jump: bool = False) -> int:
    """How many items `instr` takes off the stack."""
    return effect(instr, jump=jump)[0]


def pushes(instr: Instr, *, jump: bool = False) -> int:
    """How many items `instr` puts on the stack."""
    return effect(instr, jump=jump)[1]
