"""Opcode handlers by family; importing this package fills the dispatch table."""

from compiler.interpreter.handlers import (  # noqa: F401
    building,
    calls,
    control,
    exceptions,
    generators,
    names,
    operators,
)
