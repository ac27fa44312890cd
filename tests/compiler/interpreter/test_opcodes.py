"""Every opcode is interpreted, or it is known why it need not be; and the page about them says so."""

from __future__ import annotations

from compiler.bytecode.unreached import UNREACHED
from compiler.interpreter.dispatch import HANDLERS
from tests import opcodes


def test_every_opcode_has_a_handler_or_a_reason():
    assert not [name for name, cell in opcodes.column().items() if cell is None]


def test_what_has_a_handler_needs_no_reason():
    assert not UNREACHED.keys() & HANDLERS.keys()


def test_the_page_is_current():
    """`python -m tests.opcodes` writes it."""
    assert opcodes.PAGE.read_text() == opcodes.updated()
