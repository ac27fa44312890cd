"""Why an opcode has no handler: for each native or canonical name, what keeps it away from the interpreter.

A function that holds one of them all the same breaks its graph there ("unsupported opcode").
"""

from __future__ import annotations

from compiler.bytecode.tables import CALL_PARTS, INTERNAL, PREFIX

_CLASS_BODY = "only in bodies of classes and modules, which CPython runs itself"
_COROUTINE = "only in coroutines and asynchronous generators, whose frames run natively"
_DECODED = "dropped by the decoder: it does nothing that the interpreter does not do anyway"
_GENERIC = "only in the hidden functions that generic classes, functions and aliases are made by"
_MADE_INSIDE = "made by CPython's own interpreter; never in the code of a function"
_PSEUDO = "an opcode of CPython's compiler, which no code object holds"
_NATIVE = "only while `except*` handles an exception: the graph breaks where that is raised, and CPython handles it"
_INTERACTIVE = "only at the interactive prompt"

UNREACHED: dict[str, str] = {
    **dict.fromkeys(INTERNAL, _MADE_INSIDE),
    **dict.fromkeys(PREFIX, "part of a function's beginning: it makes the frame, which the interpreter does at once"),
    **dict.fromkeys(CALL_PARTS, "decoded as a part of the CALL that follows"),
    **dict.fromkeys(("CACHE", "EXTENDED_ARG", "NOP", "END_FOR"), _DECODED),
    **dict.fromkeys(
        "GET_AITER GET_ANEXT GET_AWAITABLE BEFORE_ASYNC_WITH END_ASYNC_FOR ASYNC_GEN_WRAP".split(), _COROUTINE
    ),
    **dict.fromkeys(
        "STORE_NAME DELETE_NAME LOAD_CLASSDEREF LOAD_LOCALS LOAD_FROM_DICT_OR_GLOBALS LOAD_FROM_DICT_OR_DEREF "
        "SETUP_ANNOTATIONS IMPORT_STAR INTRINSIC_IMPORT_STAR".split(),
        _CLASS_BODY,
    ),
    **dict.fromkeys(
        "INTRINSIC_TYPEVAR INTRINSIC_PARAMSPEC INTRINSIC_TYPEVARTUPLE INTRINSIC_SUBSCRIPT_GENERIC INTRINSIC_TYPEALIAS "
        "INTRINSIC_TYPEVAR_WITH_BOUND INTRINSIC_TYPEVAR_WITH_CONSTRAINTS INTRINSIC_SET_FUNCTION_TYPE_PARAMS "
        "INTRINSIC_SET_TYPEPARAM_DEFAULT".split(),
        _GENERIC,
    ),
    **dict.fromkeys(("PRINT_EXPR", "INTRINSIC_PRINT"), _INTERACTIVE),
    **dict.fromkeys(("INTRINSIC_1_INVALID", "INTRINSIC_2_INVALID"), "a place in CPython's table that nothing uses"),
    **dict.fromkeys(("CHECK_EG_MATCH", "PREP_RERAISE_STAR"), _NATIVE),
    "END_SEND": "a finished `yield from` goes on behind it",
}

PSEUDO: dict[str, str] = dict.fromkeys(
    "SETUP_FINALLY SETUP_CLEANUP SETUP_WITH POP_BLOCK JUMP JUMP_NO_INTERRUPT LOAD_METHOD LOAD_CLOSURE "
    "LOAD_SUPER_METHOD LOAD_ZERO_SUPER_METHOD LOAD_ZERO_SUPER_ATTR STORE_FAST_MAYBE_NULL".split(),
    _PSEUDO,
)
"""Names whose number is above those of real opcodes."""

INSTRUMENTED = "stands in for the opcode of that name while a tool watches; `co_code` shows the original"
