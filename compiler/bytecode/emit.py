"""Writing code: one method per piece, each right on every supported CPython.

An `Emitter` only collects `bytecode` instructions; `compiler.bytecode.assemble` turns them into a code
object. Where versions differ (NULL's place in a call, cells as locals, the shape of MAKE_FUNCTION), the
difference lives here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CellType, CodeType
from typing import Any

import bytecode.instr as bc
from bytecode.instr import InstrLocation

from compiler.bytecode.tables import NULL_FIRST, OPERATORS, VERSION

Item = bc.Instr | bc.Label | bc.TryBegin | bc.TryEnd
Loader = Callable[[], None]


class Const:
    """A constant as `bytecode` sees it: opaque, so that constants are one only if they are one object.

    `bytecode` merges constants that marshal alike; equal tuples, lists and arrays would become one.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class ConstPool:
    """Hands out one `Const` per object, by identity; never compares or hashes the object."""

    def __init__(self) -> None:
        self._by_id: dict[int, Const] = {}

    def of(self, value: Any) -> Const:
        """The `Const` of this very object; it keeps the object, and so its id, alive."""
        return self._by_id.setdefault(id(value), Const(value))


class SlotInstr(bc.Instr):
    """An opcode of locals on a slot that holds a cell, which `bytecode` refuses before 3.13.

    It goes through `bytecode` as an opcode of cells; the assembler puts `real` back.
    """

    __slots__ = ("real",)

    def __init__(self, real: str, cell: bc.CellVar | bc.FreeVar, location: InstrLocation) -> None:
        super().__init__("LOAD_DEREF", cell, location=location)
        self.real = real


@dataclass(frozen=True, slots=True)
class Scope:
    """Which names of the code being written are cells, and whose.

    `displaced` cells are aside on the stack, and put back before anybody reads them.
    """

    cellvars: tuple[str, ...] = ()
    freevars: tuple[str, ...] = ()
    displaced: frozenset[str] = frozenset()

    def cell(self, name: str) -> bc.CellVar | bc.FreeVar:
        """`name` as an argument of an opcode of cells."""
        return bc.CellVar(name) if name in self.cellvars else bc.FreeVar(name)


LOAD_CLOSURE = "LOAD_CLOSURE" if VERSION < (3, 13) else "LOAD_FAST"
_LOAD_FAST_CHECK = "LOAD_FAST" if VERSION < (3, 12) else "LOAD_FAST_CHECK"
_LOAD_ATTR_BIT = VERSION >= (3, 12)
_POP_JUMP = "POP_JUMP_FORWARD_IF_" if VERSION < (3, 12) else "POP_JUMP_IF_"
_HAS_CLOSURE = 0x08
_COMPARE = {"<": 0, "<=": 1, "==": 2, "!=": 3, ">": 4, ">=": 5}
_OPERATOR = {text: number for number, text in enumerate(OPERATORS)}


class Emitter:
    """Collects the instructions of one stretch of code.

    Attributes:
        items: What was emitted, in order.
        scope: The cells that `load_deref` and its kin may name.
    """

    def __init__(self, scope: Scope | None = None, line: int | None = None, pool: ConstPool | None = None) -> None:
        self.items: list[Item] = []
        self.scope = scope or Scope()
        self._pool = pool or ConstPool()
        self._location = InstrLocation(line, line, None, None)

    def emit(self, name: str, arg: Any = bc.UNSET) -> None:
        """One native instruction, its argument as `bytecode` wants it; the way out for what has no method."""
        self.items.append(bc.Instr(name, arg, location=self._location))

    # Loads and stores

    def load_const(self, value: Any) -> None:
        """Push this very object, whatever it is: it is neither hashed nor compared."""
        self.emit("LOAD_CONST", self._pool.of(value))

    def load_fast(self, name: str, *, check: bool = False) -> None:
        """Push a local; one that may be unbound needs `check`, or 3.12+ crashes instead of raising."""
        self.emit(_LOAD_FAST_CHECK if check else "LOAD_FAST", name)

    def load_local(self, name: str) -> None:
        """Push a local variable of the original, wherever it lives."""
        if name in self.scope.cellvars or name in self.scope.freevars:
            self.load_deref(name)
        else:
            self.load_fast(name)

    def store_local(self, name: str) -> None:
        """Pop into a local variable of the original, wherever it lives."""
        if name in self.scope.cellvars or name in self.scope.freevars:
            self.store_deref(name)
        else:
            self.store_fast(name)

    def store_fast(self, name: str) -> None:
        self.emit("STORE_FAST", name)

    def delete_fast(self, name: str) -> None:
        self.emit("DELETE_FAST", name)

    def load_closure(self, name: str) -> None:
        """Push the cell itself; of a displaced one, a stand-in that nobody will look into."""
        if name in self.scope.displaced:
            self.load_const(CellType())
            return
        self.emit(LOAD_CLOSURE, self.scope.cell(name))

    def load_deref(self, name: str) -> None:
        self.emit("LOAD_DEREF", self.scope.cell(name))

    def store_deref(self, name: str) -> None:
        self.emit("STORE_DEREF", self.scope.cell(name))

    def delete_deref(self, name: str) -> None:
        self.emit("DELETE_DEREF", self.scope.cell(name))

    def load_global(self, name: str) -> None:
        self.emit("LOAD_GLOBAL", (False, name))

    def store_global(self, name: str) -> None:
        self.emit("STORE_GLOBAL", name)

    def delete_global(self, name: str) -> None:
        self.emit("DELETE_GLOBAL", name)

    def load_attr(self, name: str) -> None:
        self.emit("LOAD_ATTR", (False, name) if _LOAD_ATTR_BIT else name)

    def store_attr(self, name: str) -> None:
        """``object.name = value`` for a stack of value, object."""
        self.emit("STORE_ATTR", name)

    def delete_attr(self, name: str) -> None:
        self.emit("DELETE_ATTR", name)

    def load_item(self) -> None:
        """``container[key]`` for a stack of container, key."""
        self.emit("BINARY_SUBSCR")

    def store_item(self) -> None:
        """``container[key] = value`` for a stack of value, container, key."""
        self.emit("STORE_SUBSCR")

    def delete_item(self) -> None:
        """``del container[key]`` for a stack of container, key."""
        self.emit("DELETE_SUBSCR")

    def import_name(self, name: str) -> None:
        """For a stack of level, fromlist."""
        self.emit("IMPORT_NAME", name)

    # Containers and operators

    def build_tuple(self, n: int) -> None:
        self.emit("BUILD_TUPLE", n)

    def build_list(self, n: int) -> None:
        self.emit("BUILD_LIST", n)

    def build_set(self, n: int) -> None:
        self.emit("BUILD_SET", n)

    def build_map(self, n: int) -> None:
        self.emit("BUILD_MAP", n)

    def build_string(self, n: int) -> None:
        self.emit("BUILD_STRING", n)

    def build_slice(self, n: int) -> None:
        self.emit("BUILD_SLICE", n)

    def list_extend(self, i: int) -> None:
        """Pop an iterable into the list that is then `i` below the top (1: the top)."""
        self.emit("LIST_EXTEND", i)

    def list_append(self, i: int) -> None:
        self.emit("LIST_APPEND", i)

    def dict_update(self, i: int) -> None:
        self.emit("DICT_UPDATE", i)

    def set_update(self, i: int) -> None:
        self.emit("SET_UPDATE", i)

    def map_add(self, i: int) -> None:
        self.emit("MAP_ADD", i)

    def list_to_tuple(self) -> None:
        if VERSION < (3, 12):
            self.emit("LIST_TO_TUPLE")
        else:
            self.emit("CALL_INTRINSIC_1", bc.Intrinsic1Op.INTRINSIC_LIST_TO_TUPLE)

    def unpack_sequence(self, n: int) -> None:
        self.emit("UNPACK_SEQUENCE", n)

    def binary_op(self, operator: str) -> None:
        """An operator by its text, in-place ones included: ``"+"``, ``"@"``, ``"//="``."""
        self.emit("BINARY_OP", bc.BinaryOp(_OPERATOR[operator]))

    def compare_op(self, operator: str) -> None:
        self.emit("COMPARE_OP", bc.Compare(_COMPARE[operator]))

    def is_op(self, *, invert: bool = False) -> None:
        self.emit("IS_OP", int(invert))

    def get_iter(self) -> None:
        self.emit("GET_ITER")

    # Calls

    def push_null(self) -> None:
        self.emit("PUSH_NULL")

    def begin_call(self, load_callable: Loader) -> None:
        """Push the callable, and NULL where this version wants it; the arguments come next."""
        if NULL_FIRST:
            self.push_null()
        load_callable()
        if not NULL_FIRST:
            self.push_null()

    def end_call(self, argc: int, kw_names: Sequence[str] = ()) -> None:
        """Call with `argc` arguments, of which the last ones go by `kw_names`."""
        if VERSION >= (3, 13) and kw_names:
            self.load_const(tuple(kw_names))
            self.emit("CALL_KW", argc)
            return
        if kw_names:
            self.emit("KW_NAMES", self._pool.of(tuple(kw_names)))
        if VERSION < (3, 12):
            self.emit("PRECALL", argc)
        self.emit("CALL", argc)

    def call_function(self, load_callable: Loader, load_args: Loader, argc: int, kw_names: Sequence[str] = ()) -> None:
        """A whole call: `load_args` pushes `argc` arguments."""
        self.begin_call(load_callable)
        load_args()
        self.end_call(argc, kw_names)

    def call_constant(self, func: Any, *load_args: Loader) -> None:
        """Call an object with arguments that the loaders push."""
        self.begin_call(lambda: self.load_const(func))
        for load in load_args:
            load()
        self.end_call(len(load_args))

    def call_function_ex(self, *, has_kwargs: bool = False) -> None:
        """Call with a tuple, and a dict if `has_kwargs`, after `begin_call`."""
        self.emit("CALL_FUNCTION_EX", int(has_kwargs))

    def begin_method(self, name: str) -> None:
        """Replace the object on top by its method, ready for arguments; close with `end_call`."""
        if _LOAD_ATTR_BIT:
            self.emit("LOAD_ATTR", (True, name))
        else:
            self.emit("LOAD_METHOD", name)

    def call_method(self, name: str, *load_args: Loader) -> None:
        """Call a method of the object on top with arguments that the loaders push."""
        self.begin_method(name)
        for load in load_args:
            load()
        self.end_call(len(load_args))

    def make_function(self, code: CodeType, closure_names: Sequence[str] = (), name: str | None = None) -> None:
        """Push a function of `code`, closed over cells of the frame that this code runs in.

        `closure_names` are in the order of ``code.co_freevars``.
        """
        if name is not None and name != code.co_name:
            code = code.replace(co_name=name, co_qualname=name)
        for cell in closure_names:
            self.load_closure(cell)
        if closure_names:
            self.build_tuple(len(closure_names))
        self.load_const(code)
        self._function(_HAS_CLOSURE if closure_names else 0)

    def _function(self, flags: int) -> None:
        if VERSION < (3, 13):
            self.emit("MAKE_FUNCTION", flags)
            return
        self.emit("MAKE_FUNCTION")
        if flags:
            self.emit("SET_FUNCTION_ATTRIBUTE", flags)

    # Stack

    def pop_top(self) -> None:
        self.emit("POP_TOP")

    def swap(self, n: int) -> None:
        """Exchange the top with the `n`-th item (1: the top itself)."""
        if n > 1:
            self.emit("SWAP", n)

    def copy(self, n: int) -> None:
        """Push the `n`-th item again (1: the top)."""
        self.emit("COPY", n)

    # Control

    def new_label(self) -> bc.Label:
        """A label to jump to; `place` it later."""
        return bc.Label()

    def place(self, label: bc.Label) -> None:
        self.items.append(label)

    def label(self) -> bc.Label:
        """A label placed here."""
        label = bc.Label()
        self.place(label)
        return label

    def jump(self, label: bc.Label) -> None:
        """Jump forward."""
        self.emit("JUMP_FORWARD", label)

    def pop_jump_if_false(self, label: bc.Label) -> None:
        """Jump forward if the top, which is popped, is false."""
        self._pop_jump("FALSE", label)

    def pop_jump_if_true(self, label: bc.Label) -> None:
        """Jump forward if the top, which is popped, is true."""
        self._pop_jump("TRUE", label)

    def pop_jump_if_none(self, label: bc.Label) -> None:
        self.emit(_POP_JUMP + "NONE", label)

    def pop_jump_if_not_none(self, label: bc.Label) -> None:
        self.emit(_POP_JUMP + "NOT_NONE", label)

    def _pop_jump(self, test: str, label: bc.Label) -> None:
        if VERSION >= (3, 13):  # these jumps take exact bools
            self.emit("TO_BOOL")
        self.emit(_POP_JUMP + test, label)

    def return_value(self) -> None:
        self.emit("RETURN_VALUE")

    def raise_(self, n: int = 1) -> None:
        """``raise`` (0), ``raise exc`` (1) or ``raise exc from cause`` (2)."""
        self.emit("RAISE_VARARGS", n)

    # Exceptions

    def push_exc_info(self) -> None:
        """Make the exception on top the current one; the former one goes below it."""
        self.emit("PUSH_EXC_INFO")

    def pop_except(self) -> None:
        """Pop what `push_exc_info` put below and make it current again."""
        self.emit("POP_EXCEPT")

    def reraise(self, n: int = 0) -> None:
        self.emit("RERAISE", n)

    def before_with(self) -> None:
        """Enter the context manager on top: pushes its bound ``__exit__`` and the result of ``__enter__``."""
        self.emit("BEFORE_WITH")
