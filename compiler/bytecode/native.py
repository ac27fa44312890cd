"""Native code taken apart: instructions with their offsets, and the exception table."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

from compiler.bytecode.tables import CACHES, JUMP_SIGN, OPCODES

_EXTENDED_ARG = dis.opmap["EXTENDED_ARG"]


@dataclass(slots=True)
class Native:
    """One native instruction with its EXTENDED_ARG prefix and its inline caches.

    Attributes:
        start: Byte offset of the first code unit (of the prefix, where there is one).
        offset: Byte offset of the opcode proper; exceptions are looked up by it.
        end: Byte offset just after the caches.
        target: Byte offset that it nominally jumps to.
    """

    name: str
    opcode: int
    oparg: int
    start: int
    offset: int
    end: int
    target: int | None


@dataclass(slots=True, frozen=True)
class Range:
    """One row of the exception table, in byte offsets: ``start <= offset < end``."""

    start: int
    end: int
    target: int
    depth: int
    push_lasti: bool


def natives(code: CodeType) -> list[Native]:
    """The instructions of `code` in order."""
    raw = code.co_code
    found: list[Native] = []
    start = offset = extended = 0
    size = len(raw)
    while offset < size:
        number = raw[offset]
        oparg = extended | raw[offset + 1]
        if number == _EXTENDED_ARG:
            extended = oparg << 8
            offset += 2
            continue
        end = offset + 2 + 2 * CACHES[number]
        sign = JUMP_SIGN.get(number)
        target = None if sign is None else end + 2 * sign * oparg
        found.append(Native(OPCODES[number], number, oparg, start, offset, end, target))
        start = offset = end
        extended = 0
    return found


def _varints(table: bytes) -> Iterator[int]:
    value = 0
    for byte in table:
        value = value << 6 | byte & 63
        if not byte & 64:
            yield value
            value = 0


def exception_ranges(code: CodeType) -> list[Range]:
    """The exception table of `code`; rows are sorted and do not overlap."""
    numbers = _varints(code.co_exceptiontable)
    return [
        Range(start * 2, (start + length) * 2, target * 2, packed >> 1, bool(packed & 1))
        for start, length, target, packed in zip(numbers, numbers, numbers, numbers, strict=True)
    ]


def range_at(ranges: list[Range], offset: int) -> Range | None:
    """The row that covers the instruction at `offset`."""
    for row in ranges:
        if row.start <= offset < row.end:
            return row
    return None
