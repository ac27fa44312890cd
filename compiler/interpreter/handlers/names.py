"""Stack shuffles, constants, names, cells, attributes and imports (rows C2, C12)."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING

from compiler import rules
from compiler.breaks import GraphBreak
from compiler.bytecode.tables import NULL_FIRST
from compiler.interpreter.dispatch import handles
from compiler.values.base import ConstantValue, NullValue, Value
from compiler.values.functions import CellValue, SuperValue

if TYPE_CHECKING:
    from compiler.bytecode.program import Instr
    from compiler.interpreter.frame import Frame


@handles("POP_TOP")
def pop_top(frame: Frame, instr: Instr) -> None:
    frame.pop_raw()


@handles("PUSH_NULL")
def push_null(frame: Frame, instr: Instr) -> None:
    frame.push(NullValue())


@handles("COPY")
def copy(frame: Frame, instr: Instr) -> None:
    frame.push(frame.stack[-instr.arg])


@handles("SWAP")
def swap(frame: Frame, instr: Instr) -> None:
    stack = frame.stack
    stack[-1], stack[-instr.arg] = stack[-instr.arg], stack[-1]


@handles("LOAD_CONST")
def load_const(frame: Frame, instr: Instr) -> None:
    frame.push(rules.from_const(frame.cx, instr.arg))


@handles("LOAD_FAST")
def load_fast(frame: Frame, instr: Instr) -> None:
    value = frame.locals.get(instr.arg)
    if value is None:
        frame.cx.raise_(
            UnboundLocalError, f"cannot access local variable '{instr.arg}' where it is not associated with a value"
        )
    frame.push(value)


@handles("LOAD_FAST_AND_CLEAR")
def load_fast_and_clear(frame: Frame, instr: Instr) -> None:
    held = frame.locals.pop(instr.arg, None)
    frame.push(NullValue() if held is None else held)


@handles("STORE_FAST")
def store_fast(frame: Frame, instr: Instr) -> None:
    value = frame.pop_raw()
    if isinstance(value, NullValue):
        frame.locals.pop(instr.arg, None)
    else:
        frame.locals[instr.arg] = value


@handles("DELETE_FAST")
def delete_fast(frame: Frame, instr: Instr) -> None:
    if frame.locals.pop(instr.arg, None) is None:
        frame.cx.raise_(
            UnboundLocalError, f"cannot access local variable '{instr.arg}' where it is not associated with a value"
        )


@handles("LOAD_CLOSURE")
def load_closure(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cells[instr.arg])


def _cell_contents(frame: Frame, name: str) -> Value:
    contents = frame.cells[name].contents
    if contents is not None:
        return contents
    if name in frame.code.co_freevars:
        message = f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
        frame.cx.raise_(NameError, message)
    frame.cx.raise_(UnboundLocalError, f"cannot access local variable '{name}' where it is not associated with a value")


@handles("LOAD_DEREF")
def load_deref(frame: Frame, instr: Instr) -> None:
    frame.push(_cell_contents(frame, instr.arg))


@handles("STORE_DEREF")
def store_deref(frame: Frame, instr: Instr) -> None:
    cell = frame.cells[instr.arg]
    cell.contents = frame.pop_raw()
    frame.cx.ledger.touch(cell)


@handles("DELETE_DEREF")
def delete_deref(frame: Frame, instr: Instr) -> None:
    _cell_contents(frame, instr.arg)
    cell: CellValue = frame.cells[instr.arg]
    cell.contents = None
    frame.cx.ledger.touch(cell)


@handles("LOAD_GLOBAL", "LOAD_NAME")
def load_global(frame: Frame, instr: Instr) -> None:
    name, null = instr.arg if isinstance(instr.arg, tuple) else (instr.arg, False)
    value = frame.cx.rules.load_global(frame.cx, frame, name)
    if null:
        frame.push_callable(value, NULL_FIRST)
    else:
        frame.push(value)


@handles("STORE_GLOBAL")
def store_global(frame: Frame, instr: Instr) -> None:
    frame.cx.ledger.store_global(frame.globals, instr.arg, frame.pop_raw())
    frame.names.clear()


@handles("DELETE_GLOBAL")
def delete_global(frame: Frame, instr: Instr) -> None:
    raise GraphBreak("unsupported opcode", "DELETE_GLOBAL")


@handles("LOAD_ATTR")
def load_attr(frame: Frame, instr: Instr) -> None:
    frame.push(rules.getattr_(frame.cx, frame.pop(), instr.arg))


@handles("LOAD_METHOD")
def load_method(frame: Frame, instr: Instr) -> None:
    frame.push_callable(rules.getattr_(frame.cx, frame.pop(), instr.arg), NULL_FIRST)


@handles("STORE_ATTR")
def store_attr(frame: Frame, instr: Instr) -> None:
    owner = frame.pop()
    owner.setattr(frame.cx, instr.arg, frame.pop_raw())


@handles("DELETE_ATTR")
def delete_attr(frame: Frame, instr: Instr) -> None:
    frame.pop().delattr(frame.cx, instr.arg)


@handles("LOAD_SUPER_ATTR")
def load_super_attr(frame: Frame, instr: Instr) -> None:
    name, is_method, _two_args = instr.arg
    owner = frame.pop_raw()
    cls = frame.pop()
    maker = frame.pop()
    if not rules.is_object(maker, super):
        raise GraphBreak("unsupported call", "a name `super` that is not the builtin")
    value = SuperValue(rules.class_of(cls), owner.realize(frame.cx)).getattr(frame.cx, name)
    if is_method:
        frame.push_callable(value, NULL_FIRST)
    else:
        frame.push(value)


@handles("LOAD_ASSERTION_ERROR")
def load_assertion_error(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cx.wrap_constant(AssertionError))


@handles("LOAD_BUILD_CLASS")
def load_build_class(frame: Frame, instr: Instr) -> None:
    frame.push(frame.cx.wrap_constant(builtins.__build_class__, "__build_class__"))


@handles("IMPORT_NAME")
def import_name(frame: Frame, instr: Instr) -> None:
    """An import of a module that is loaded already is a look at ``sys.modules``."""
    fromlist, level = frame.pop().constant(), frame.pop().constant()
    name = _absolute(frame, instr.arg, level)
    found = sys.modules.get(name)
    if found is None or getattr(getattr(found, "__spec__", None), "_initializing", False):
        raise GraphBreak("unsupported call", f"import of {name}, which is not loaded yet")
    if not fromlist:
        name = name.partition(".")[0] if level == 0 else name
        found = sys.modules[name]
    modules = frame.cx.sources.constant("sys.modules", sys.modules)
    frame.cx.guards.entry(modules, name, found)
    frame.push(frame.cx.wrap_constant(found, name))


def _absolute(frame: Frame, name: str, level: int) -> str:
    if not level:
        return name
    package = frame.globals.get("__package__") or ""
    base = package.rsplit(".", level - 1)[0] if level > 1 else package
    return f"{base}.{name}" if name else base


@handles("IMPORT_FROM")
def import_from(frame: Frame, instr: Instr) -> None:
    module = frame.stack[-1].realize(frame.cx)
    frame.push(rules.getattr_(frame.cx, module, instr.arg))


@handles("CONVERT_VALUE")
def convert_value(frame: Frame, instr: Instr) -> None:
    frame.push(rules.convert(frame.cx, frame.pop(), instr.arg))


@handles("FORMAT_SIMPLE")
def format_simple(frame: Frame, instr: Instr) -> None:
    frame.push(rules.format_value(frame.cx, frame.pop(), ConstantValue("")))


@handles("FORMAT_WITH_SPEC")
def format_with_spec(frame: Frame, instr: Instr) -> None:
    spec = frame.pop()
    frame.push(rules.format_value(frame.cx, frame.pop(), spec))


@handles("FORMAT_VALUE")
def format_value(frame: Frame, instr: Instr) -> None:
    conversion, has_spec = instr.arg
    spec = frame.pop() if has_spec else ConstantValue("")
    value = frame.pop()
    if conversion:
        value = rules.convert(frame.cx, value, conversion)
    frame.push(rules.format_value(frame.cx, value, spec))


@handles("BUILD_STRING")
def build_string(frame: Frame, instr: Instr) -> None:
    parts = [value.realize(frame.cx).constant() for value in frame.pop_raw_n(instr.arg)]
    frame.push(ConstantValue("".join(parts)))
