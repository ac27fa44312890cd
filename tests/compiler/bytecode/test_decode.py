"""The decoder over the standard library, against `dis`."""

from __future__ import annotations

import argparse
import ast
import asyncio.base_events
import collections
import contextlib
import dataclasses
import dis
import enum
import functools
import gc
import inspect
import json.decoder
import statistics
import textwrap
import typing
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from compiler.bytecode.decode import decode
from compiler.bytecode.flow import stack_depths
from compiler.bytecode.native import exception_ranges, natives
from compiler.bytecode.program import Program
from compiler.bytecode.stack import effect
from compiler.bytecode.tables import OPCODES, VERSION
from tests.compiler.bytecode import samples
from tests.compiler.bytecode.cutting import codes

MODULES = [
    argparse, ast, asyncio.base_events, collections, contextlib, dataclasses, enum, functools, inspect,
    json.decoder, statistics, textwrap, typing, samples,
]  # fmt: skip


def all_codes(module: ModuleType) -> Iterator[CodeType]:
    assert module.__file__ is not None
    source = Path(module.__file__).read_text()
    return codes(compile(source, module.__file__, "exec"))


each_module = pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)


@each_module
def test_native_instructions_are_those_of_dis(module: ModuleType) -> None:
    for code in all_codes(module):
        expected = [(i.offset, i.opcode, i.arg or 0) for i in dis.get_instructions(code) if i.opname != "EXTENDED_ARG"]
        found = [(n.offset, n.opcode, n.oparg if n.opcode >= dis.HAVE_ARGUMENT else 0) for n in natives(code)]
        assert [entry[:2] for entry in found] == [entry[:2] for entry in expected]
        targets = {n.target for n in natives(code)} - {None}
        assert targets <= set(dis.findlabels(code.co_code))
        ranges = [(r.start, r.end, r.target, r.depth, r.push_lasti) for r in exception_ranges(code)]
        entries = dis._parse_exception_table(code)  # type: ignore[attr-defined]
        assert ranges == [(e.start, e.end, e.target, e.depth, e.lasti) for e in entries]


@each_module
def test_jumps_and_handlers_stay_inside(module: ModuleType) -> None:
    for code in all_codes(module):
        program = decode(code)
        size = len(program.instrs)
        for i, instr in enumerate(program.instrs):
            assert instr.index == i
            assert instr.native < instr.native_end <= len(code.co_code)
            assert all(successor < size for successor in program.successors(i))
            handler = program.handler(i)
            assert handler is None or handler.target < size


@each_module
def test_depths_agree_with_the_exception_table_and_the_stack_size(module: ModuleType) -> None:
    for code in all_codes(module):
        program = decode(code)
        depths = stack_depths(program)  # raises where two ways disagree
        assert max(depth or 0 for depth in depths) <= code.co_stacksize
        for i, depth in enumerate(depths):
            handler = program.handler(i)
            assert depth is None or handler is None or handler.depth <= depth


#: A conditional jump that CPython counts otherwise: what the jump leaves, once past what it skips.
_SKIPS = {"FOR_ITER", "SEND"}


@each_module
def test_effects_are_those_of_dis(module: ModuleType) -> None:
    for code in all_codes(module):
        program = decode(code)
        for instr, expected in _units(program):
            for jump in (False, True):
                if instr[0].target is None and jump:
                    continue
                if instr[0].op in _SKIPS and jump:
                    continue
                found = 0
                for one in instr:
                    pops, pushes = effect(one, jump=jump)
                    found += pushes - pops
                assert found == expected[jump], instr


def _units(program: Program):
    """Canonical instructions of one native unit, with the unit's effects by `dis`."""
    code = program.code
    by_end: dict[int, list] = {}
    for instr in program.instrs:
        by_end.setdefault(instr.native_end, []).append(instr)
    all_natives = natives(code)
    for instrs in by_end.values():
        members = [n for n in all_natives if instrs[0].native <= n.start and n.end <= instrs[0].native_end]
        yield instrs, [sum(_dis_effect(n, jump) for n in members) for jump in (False, True)]


def _dis_effect(native, jump: bool) -> int:
    takes = native.opcode in dis.hasarg if VERSION >= (3, 12) else native.opcode >= dis.HAVE_ARGUMENT
    return dis.stack_effect(native.opcode, native.oparg if takes else None, jump=jump)


def test_every_opcode_of_this_version_has_a_row() -> None:
    from compiler.bytecode.tables import ROWS

    assert set(OPCODES.values()) <= set(ROWS)


def test_programs_are_cached_by_identity_and_die_with_their_code() -> None:
    source = "def f(x):\n    return x + 1\n"
    first = compile(source, "one", "exec").co_consts[0]
    second = compile(source, "one", "exec").co_consts[0]
    assert first == second
    assert decode(first) is decode(first)
    assert decode(first) is not decode(second)
    program = weakref.ref(first)
    del first
    gc.collect()
    assert program() is None


def ops(function) -> list[tuple[str, object]]:
    return [(instr.op, instr.arg) for instr in decode(function.__code__).instrs]


def test_calls() -> None:
    def f(g, x):
        return g(x, k=x)

    found = ops(f)
    names = [op for op, _ in found]
    if VERSION >= (3, 13):
        assert ("CALL_KW", 2) in found
    else:
        assert ("CALL", (2, ("k",))) in found
    assert names[:2] == (["LOAD_FAST", "PUSH_NULL"] if VERSION >= (3, 13) else ["PUSH_NULL", "LOAD_FAST"])


def test_a_loop_ends_past_what_exhaustion_skips() -> None:
    def f(xs):
        for x in xs:
            pass
        return x

    program = decode(f.__code__)
    loop = next(instr for instr in program.instrs if instr.op == "FOR_ITER")
    after = program.instrs[loop.target]
    assert (after.op, after.arg) == ("LOAD_FAST", "x")
    assert program.instrs[loop.target - 1].op == "JUMP"


def test_operators_and_comparisons() -> None:
    def f(a, b):
        a @= b
        return -a < +b

    found = dict(ops(f))
    assert found["BINARY_OP"] == "@="
    assert found["COMPARE_OP"] == ("<", False)
    assert "UNARY_POSITIVE" in found


def test_the_prefix_is_dropped() -> None:
    def f(x):
        def g():
            yield x

        return g

    assert ops(f)[0][0] == "LOAD_CLOSURE"
    generator = next(const for const in f.__code__.co_consts if isinstance(const, CodeType))
    assert decode(generator).instrs[0].op == "LOAD_DEREF"
    assert decode(generator).is_generator
