"""The opcode table: what each native opcode of the running CPython means canonically.

This is the one place where interpreter versions differ. `ROWS` maps a native opcode name to a decoder
that turns ``(names, oparg)`` into canonical ``(op, arg)`` pairs: none (dropped), one, or two for
3.13's fused opcodes. A row for an opcode that this version lacks is harmless; an opcode of this version
without a row raises on import.

Jump targets are not arguments: `JUMP_SIGN` says which opcodes jump, and which way.
"""

from __future__ import annotations

import dis
import opcode
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

VERSION = sys.version_info[:2]
SUPPORTED = ((3, 11), (3, 12), (3, 13))

if VERSION not in SUPPORTED:
    raise ImportError(f"CPython {VERSION[0]}.{VERSION[1]} is not supported")

#: Where the NULL of a plain call goes: below the callable, or (3.13) between callable and arguments.
NULL_FIRST = VERSION < (3, 13)

Decoded = tuple[tuple[str, Any], ...]


class Names:
    """The name tables of one code object, by the indices that its opcodes use.

    Attributes:
        slots: Names of the frame's slots: locals, then cells that are not locals, then free variables.
        is_cell: Whether each slot holds a cell once the function's prefix has run.
    """

    __slots__ = ("consts", "is_cell", "names", "slots")

    def __init__(self, code: CodeType) -> None:
        local, cell = code.co_varnames, code.co_cellvars
        own_cells = tuple(name for name in cell if name not in local)
        self.slots = local + own_cells + code.co_freevars
        boxed = set(cell)
        self.is_cell = [name in boxed for name in local]
        self.is_cell += [True] * (len(self.slots) - len(local))
        self.names = code.co_names
        self.consts = code.co_consts


Decoder = Callable[[Names, int], Decoded]
ArgDecoder = Callable[[Names, int], Any]


def _nothing(names: Names, oparg: int) -> None:
    return None


def _count(names: Names, oparg: int) -> int:
    return oparg


def _flag(names: Names, oparg: int) -> bool:
    return bool(oparg & 1)


def _const(names: Names, oparg: int) -> Any:
    return names.consts[oparg]


def _name(names: Names, oparg: int) -> str:
    return names.names[oparg]


def _slot(names: Names, oparg: int) -> str:
    return names.slots[oparg]


def _global(names: Names, oparg: int) -> tuple[str, bool]:
    return names.names[oparg >> 1], bool(oparg & 1)


def _super(names: Names, oparg: int) -> tuple[str, bool, bool]:
    return names.names[oparg >> 2], bool(oparg & 1), bool(oparg & 2)


def _operator(names: Names, oparg: int) -> str:
    return OPERATORS[oparg]


def _compare(names: Names, oparg: int) -> tuple[str, bool]:
    return dis.cmp_op[oparg >> COMPARE_SHIFT], bool(oparg & COMPARE_TO_BOOL)


def _call(names: Names, oparg: int) -> tuple[int, tuple[str, ...]]:
    return oparg, ()


def _unpack_ex(names: Names, oparg: int) -> tuple[int, int]:
    return oparg & 0xFF, oparg >> 8


def _format(names: Names, oparg: int) -> tuple[int, bool]:
    return oparg & 3, bool(oparg & 4)


def _drop(names: Names, oparg: int) -> Decoded:
    return ()


def _to(op: str, arg: ArgDecoder = _nothing) -> Decoder:
    return lambda names, oparg: ((op, arg(names, oparg)),)


def _local(op: str) -> Decoder:
    """A local's opcode; on a slot that holds a cell it moves the cell itself."""
    on_cell = ON_CELL.get(op, op)
    return lambda names, oparg: ((on_cell if names.is_cell[oparg] else op, names.slots[oparg]),)


def _two_locals(first: str, second: str) -> Decoder:
    one, two = _local(first), _local(second)
    return lambda names, oparg: one(names, oparg >> 4) + two(names, oparg & 15)


def _attr_or_method(names: Names, oparg: int) -> Decoded:
    return (("LOAD_METHOD" if oparg & 1 else "LOAD_ATTR", names.names[oparg >> 1]),)


def _intrinsic(descs: list[str]) -> Decoder:
    return lambda names, oparg: ((INTRINSICS.get(descs[oparg], descs[oparg]), None),)


#: What an opcode of locals means on a slot that holds a cell (3.13 has no LOAD_CLOSURE; comprehensions
#: inlined since 3.12 put the enclosing function's cell aside and restore it).
ON_CELL = {
    "LOAD_FAST": "LOAD_CLOSURE",
    "STORE_FAST": "STORE_CLOSURE",
    "LOAD_FAST_AND_CLEAR": "LOAD_CLOSURE_AND_CLEAR",
}

#: Intrinsic functions that have a canonical op of their own.
INTRINSICS = {
    "INTRINSIC_STOPITERATION_ERROR": "STOPITERATION_ERROR",
    "INTRINSIC_ASYNC_GEN_WRAP": "ASYNC_GEN_WRAP",
    "INTRINSIC_UNARY_POSITIVE": "UNARY_POSITIVE",
    "INTRINSIC_LIST_TO_TUPLE": "LIST_TO_TUPLE",
    "INTRINSIC_PREP_RERAISE_STAR": "PREP_RERAISE_STAR",
}

OPERATORS = tuple(text for _, text in opcode._nb_ops)  # type: ignore[attr-defined]
COMPARE_SHIFT = {(3, 11): 0, (3, 12): 4, (3, 13): 5}[VERSION]
COMPARE_TO_BOOL = 16 if VERSION >= (3, 13) else 0

#: Opcodes at the start of a function that build its frame; the copy of a body leaves them out.
PREFIX = frozenset({"COPY_FREE_VARS", "MAKE_CELL", "RETURN_GENERATOR", "RESUME"})

#: Opcodes that belong to the call that follows them.
CALL_PARTS = frozenset({"KW_NAMES", "PRECALL"})

#: What an exhausted ``for`` or a finished ``yield from`` jumps over, next to its nominal target. FOR_ITER has
#: popped the iterator by then; SEND, made alike on all versions, has replaced the receiver by the result.
_SKIPPED: dict[tuple[int, int], dict[str, tuple[str, ...]]] = {
    (3, 11): {},
    (3, 12): {"FOR_ITER": ("END_FOR",), "SEND": ("END_SEND",)},
    (3, 13): {"FOR_ITER": ("END_FOR", "POP_TOP"), "SEND": ("END_SEND",)},
}
SKIPPED_AT_TARGET = _SKIPPED[VERSION]

#: An error that comes out of an inlined Python call is looked up in the exception table one code unit before the
#: call; compiled functions always have something of the same range there, so copies have to as well.
RANGES_NEED_PADDING = VERSION >= (3, 13)

#: Never found in the code of a function: the interpreter makes them, and `co_code` hides them.
INTERNAL = frozenset({"INTERPRETER_EXIT", "RESERVED", "EXIT_INIT_CHECK", "ENTER_EXECUTOR"})

_DROPPED = ("NOP", "RESUME", "CACHE", "EXTENDED_ARG", "COPY_FREE_VARS", "RETURN_GENERATOR", "END_FOR")

_BARE = """
    POP_TOP PUSH_NULL TO_BOOL BINARY_SUBSCR STORE_SUBSCR DELETE_SUBSCR BINARY_SLICE STORE_SLICE GET_LEN GET_ITER
    UNARY_NEGATIVE UNARY_POSITIVE UNARY_NOT UNARY_INVERT LIST_TO_TUPLE FORMAT_SIMPLE FORMAT_WITH_SPEC LOAD_LOCALS
    RETURN_VALUE PUSH_EXC_INFO POP_EXCEPT CHECK_EXC_MATCH CHECK_EG_MATCH PREP_RERAISE_STAR LOAD_ASSERTION_ERROR
    WITH_EXCEPT_START BEFORE_WITH BEFORE_ASYNC_WITH CLEANUP_THROW LOAD_BUILD_CLASS SETUP_ANNOTATIONS IMPORT_STAR
    PRINT_EXPR YIELD_VALUE END_SEND GET_YIELD_FROM_ITER GET_AITER GET_ANEXT END_ASYNC_FOR ASYNC_GEN_WRAP
    MATCH_MAPPING MATCH_SEQUENCE MATCH_KEYS
""".split()

_COUNTED = """
    COPY SWAP BUILD_TUPLE BUILD_LIST BUILD_SET BUILD_MAP BUILD_STRING BUILD_SLICE BUILD_CONST_KEY_MAP
    LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE LIST_APPEND SET_ADD MAP_ADD UNPACK_SEQUENCE CONVERT_VALUE
    RERAISE RAISE_VARARGS GET_AWAITABLE MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE MATCH_CLASS CALL_KW
""".split()

_NAMED = """
    STORE_GLOBAL DELETE_GLOBAL LOAD_NAME STORE_NAME DELETE_NAME LOAD_FROM_DICT_OR_GLOBALS LOAD_ATTR STORE_ATTR
    DELETE_ATTR IMPORT_NAME IMPORT_FROM
""".split()

_CELLS = """
    LOAD_CLOSURE LOAD_DEREF STORE_DEREF DELETE_DEREF LOAD_CLASSDEREF LOAD_FROM_DICT_OR_DEREF MAKE_CELL
""".split()

_JUMPS = {
    "JUMP_FORWARD": "JUMP",
    "JUMP_BACKWARD": "JUMP",
    "JUMP_BACKWARD_NO_INTERRUPT": "JUMP",
    "JUMP_IF_FALSE_OR_POP": "JUMP_IF_FALSE_OR_POP",
    "JUMP_IF_TRUE_OR_POP": "JUMP_IF_TRUE_OR_POP",
    "FOR_ITER": "FOR_ITER",
    "SEND": "SEND",
    **{
        f"POP_JUMP_{way}IF_{test}": f"POP_JUMP_IF_{test}"
        for way in ("", "FORWARD_", "BACKWARD_")
        for test in ("FALSE", "TRUE", "NONE", "NOT_NONE")
    },
}

ROWS: dict[str, Decoder] = {
    **dict.fromkeys(_DROPPED, _drop),
    **{name: _to(name) for name in _BARE},
    **{name: _to(name, _count) for name in _COUNTED},
    **{name: _to(name, _name) for name in _NAMED},
    **{name: _to(name, _slot) for name in _CELLS},
    **{name: _to(op) for name, op in _JUMPS.items()},
    "LOAD_CONST": _to("LOAD_CONST", _const),
    "RETURN_CONST": _to("RETURN_CONST", _const),
    "KW_NAMES": _drop,
    "PRECALL": _drop,
    "CALL": _to("CALL", _call),
    "CALL_FUNCTION_EX": _to("CALL_FUNCTION_EX", _flag),
    "IS_OP": _to("IS_OP", _flag),
    "CONTAINS_OP": _to("CONTAINS_OP", _flag),
    "BINARY_OP": _to("BINARY_OP", _operator),
    "COMPARE_OP": _to("COMPARE_OP", _compare),
    "FORMAT_VALUE": _to("FORMAT_VALUE", _format),
    "UNPACK_EX": _to("UNPACK_EX", _unpack_ex),
    "LOAD_GLOBAL": _to("LOAD_GLOBAL", _global),
    "LOAD_METHOD": _to("LOAD_METHOD", _name),
    "LOAD_SUPER_ATTR": _to("LOAD_SUPER_ATTR", _super),
    "LOAD_FAST": _local("LOAD_FAST"),
    "LOAD_FAST_CHECK": _local("LOAD_FAST"),
    "LOAD_FAST_AND_CLEAR": _local("LOAD_FAST_AND_CLEAR"),
    "STORE_FAST": _local("STORE_FAST"),
    "DELETE_FAST": _local("DELETE_FAST"),
    "LOAD_FAST_LOAD_FAST": _two_locals("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": _two_locals("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": _two_locals("STORE_FAST", "STORE_FAST"),
}

if VERSION >= (3, 12):
    ROWS |= {
        "LOAD_ATTR": _attr_or_method,
        "CALL_INTRINSIC_1": _intrinsic(opcode._intrinsic_1_descs),  # type: ignore[attr-defined]
        "CALL_INTRINSIC_2": _intrinsic(opcode._intrinsic_2_descs),  # type: ignore[attr-defined]
    }
if VERSION >= (3, 13):
    ROWS["MAKE_FUNCTION"] = lambda names, oparg: (("MAKE_FUNCTION", 0),)


def _is_user_opcode(name: str, number: int) -> bool:
    """Pseudo opcodes (256 and up) and instrumented ones never show in `co_code`."""
    return number < 256 and not name.startswith("INSTRUMENTED_") and name not in INTERNAL


OPCODES: dict[int, str] = {number: name for name, number in dis.opmap.items() if _is_user_opcode(name, number)}

_unknown = sorted(set(OPCODES.values()) - set(ROWS))
if _unknown:
    raise ImportError(f"opcodes without a row in {__name__}: {', '.join(_unknown)}")


def _cache_entries(name: str, number: int) -> int:
    entries: Any = opcode._inline_cache_entries  # type: ignore[attr-defined]
    return entries.get(name, 0) if isinstance(entries, dict) else entries[number]


#: By opcode number: how many code units of inline cache follow.
CACHES: dict[int, int] = {number: _cache_entries(name, number) for number, name in OPCODES.items()}

#: By opcode number: +1 for jumps forward, -1 for jumps backward; absent for everything else.
JUMP_SIGN: dict[int, int] = {
    number: -1 if "BACKWARD" in name else 1 for number, name in OPCODES.items() if name in _JUMPS
}
