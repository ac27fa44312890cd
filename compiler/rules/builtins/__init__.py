"""Builtin functions and types, a file for each family: rows of object → rule."""

import compiler.rules.builtins.comptime
import compiler.rules.builtins.containers
import compiler.rules.builtins.copies
import compiler.rules.builtins.functions
import compiler.rules.builtins.iteration
import compiler.rules.builtins.itertools_
import compiler.rules.builtins.operators
import compiler.rules.builtins.pickling
import compiler.rules.builtins.questions
import compiler.rules.builtins.scalars  # noqa: F401 - fill the table
from compiler.rules.builtins.table import BUILTINS, PURE, builtin

__all__ = [
    "BUILTINS",
    "PURE",
    "builtin",
]
