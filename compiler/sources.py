"""Access paths: where a value of the captured frame comes from.

A `Source` owns both expressions of its value: how a guard reaches it (`step`: an accessor of
`compiler._C.GuardTree` below its base) and how the rewritten code loads it (`emit`). Sources
are interned below their base, so two equal paths are one object and identity is equality.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from compiler.bytecode.emit import Emitter


STACK_NAME = "___stack"
"""How parameters of resume functions begin that hold what lay on the stack."""


class Source:
    """One step of an access path below `base` (``None``: below the frame)."""

    accessor: ClassVar[str]
    __slots__ = ("_children", "argument", "base")

    def __init__(self, base: Source | None, argument: Any = None) -> None:
        self.base = base
        self.argument = argument
        self._children: dict[Hashable, Source] = {}

    def child(self, kind: type[Source], argument: Any = None) -> Source:
        """The interned source one step further down."""
        key = (kind, type(argument), argument if argument.__hash__ is not None else id(argument))
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = kind(self, argument)
        return found

    def attr(self, name: str) -> Source:
        return self.child(AttrSource, name)

    def instance_attr(self, name: str) -> Source:
        return self.child(InstanceDictSource).child(InstanceAttrSource, name)

    def item(self, index: int) -> Source:
        return self.child(ItemSource, index)

    def key(self, key: Any) -> Source:
        return self.child(KeySource, key)

    def type(self) -> Source:
        return self.child(TypeSource)

    def guard_argument(self) -> Any:
        return self.argument

    def emit(self, e: Emitter) -> None:
        """Emit code that pushes the value."""
        raise NotImplementedError

    def _emit_base(self, e: Emitter) -> None:
        assert self.base is not None
        self.base.emit(e)

    def __str__(self) -> str:
        raise NotImplementedError

    __repr__ = __str__


class LocalSource(Source):
    """An argument slot of the frame; argument = (slot index, name)."""

    accessor = "local"
    __slots__ = ()

    def guard_argument(self) -> int:
        return self.argument[0]

    def emit(self, e: Emitter) -> None:
        e.load_local(self.argument[1])

    def __str__(self) -> str:
        name: str = self.argument[1]
        return name.replace(STACK_NAME, "<intermediate value ") + ">" if name.startswith(STACK_NAME) else name


class GlobalSource(Source):
    """A global (or builtin) name of the frame."""

    accessor = "global"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        e.load_global(self.argument)

    def __str__(self) -> str:
        return f"globals()[{self.argument!r}]"


class FreeSource(Source):
    """A cell of the frame's closure; argument = (index, name). The value is the cell itself."""

    accessor = "free"
    __slots__ = ()

    def guard_argument(self) -> int:
        return self.argument[0]

    def emit(self, e: Emitter) -> None:
        e.load_closure(self.argument[1])

    def __str__(self) -> str:
        return f"closure[{self.argument[1]!r}]"


class ConstantSource(Source):
    """An object known by identity, such as the globals of another module; argument = (label, object)."""

    accessor = "constant"
    __slots__ = ()

    def guard_argument(self) -> Any:
        return self.argument[1]

    def emit(self, e: Emitter) -> None:
        e.load_const(self.argument[1])

    def __str__(self) -> str:
        return self.argument[0]


class CellSource(Source):
    """What a cell holds."""

    accessor = "cell"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        if isinstance(self.base, FreeSource):
            e.load_deref(self.base.argument[1])
        else:
            self._emit_base(e)
            e.load_attr("cell_contents")

    def __str__(self) -> str:
        return f"{self.base}.cell_contents"


class AttrSource(Source):
    """An attribute read with the full protocol of ``getattr``."""

    accessor = "attr"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        self._emit_base(e)
        e.load_attr(self.argument)

    def __str__(self) -> str:
        return f"{self.base}.{self.argument}"


class CodeSource(AttrSource):
    """The code of a Python function, read without running any."""

    accessor = "func_attr"
    __slots__ = ()


class InstanceDictSource(Source):
    """The ``__dict__`` of an object."""

    accessor = "dict"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        self._emit_base(e)
        e.load_attr("__dict__")

    def __str__(self) -> str:
        return f"{self.base}.__dict__"


class RawInstanceDictSource(InstanceDictSource):
    """The ``__dict__`` of an object whose class has a ``__getattribute__`` of its own, past that."""

    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        e.call_constant(object.__getattribute__, lambda: self._emit_base(e), lambda: e.load_const("__dict__"))


class InstanceAttrSource(Source):
    """An entry of an object's ``__dict__`` that no data descriptor of its class hides."""

    accessor = "key"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        assert self.base is not None
        self.base._emit_base(e)
        e.load_attr(self.argument)

    def __str__(self) -> str:
        assert self.base is not None
        return f"{self.base.base}.{self.argument}"


class KeySource(Source):
    """The value under a key of a dict."""

    accessor = "key"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        self._emit_base(e)
        e.load_const(self.argument)
        e.load_item()

    def __str__(self) -> str:
        return f"{self.base}[{self.argument!r}]"


class RawKeySource(KeySource):
    """The value under a key of an object of a dict's subclass; argument = (builtin base, key)."""

    __slots__ = ()

    def guard_argument(self) -> Any:
        return self.argument[1]

    def emit(self, e: Emitter) -> None:
        base, key = self.argument
        e.call_constant(base.__getitem__, lambda: self._emit_base(e), lambda: e.load_const(key))

    def __str__(self) -> str:
        return f"{self.base}[{self.argument[1]!r}]"


class ItemSource(Source):
    """An element of a list or tuple."""

    accessor = "item"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        self._emit_base(e)
        e.load_const(self.argument)
        e.load_item()

    def __str__(self) -> str:
        return f"{self.base}[{self.argument}]"


class RawItemSource(ItemSource):
    """An element of an object of a list's or tuple's subclass; argument = (builtin base, index)."""

    __slots__ = ()

    def guard_argument(self) -> Any:
        return self.argument[1]

    def emit(self, e: Emitter) -> None:
        base, index = self.argument
        e.call_constant(base.__getitem__, lambda: self._emit_base(e), lambda: e.load_const(index))

    def __str__(self) -> str:
        return f"{self.base}[{self.argument[1]}]"


class TypeSource(Source):
    """The class of an object."""

    accessor = "type"
    __slots__ = ()

    def emit(self, e: Emitter) -> None:
        e.call_constant(type, lambda: self._emit_base(e))

    def __str__(self) -> str:
        return f"type({self.base})"


class CallSource(Source):
    """What a callable without arguments gives: a weak reference, or a question about torch's state."""

    accessor = "call"
    __slots__ = ()

    def guard_argument(self) -> Any:
        return _call

    def emit(self, e: Emitter) -> None:
        assert self.base is not None
        e.begin_call(lambda: self._emit_base(e))
        e.end_call(0)

    def __str__(self) -> str:
        return f"{self.base}()"


def _call(function: Any) -> Any:
    return function()


class DequeItemSource(Source):
    """An item of a deque; argument = position."""

    accessor = "call"
    __slots__ = ()

    def guard_argument(self) -> Any:
        position = self.argument
        return lambda items: items[position]

    def emit(self, e: Emitter) -> None:
        self._emit_base(e)
        e.load_const(self.argument)
        e.load_item()

    def __str__(self) -> str:
        return f"{self.base}[{self.argument}]"


class DictItemsSource(Source):
    """A dict seen as the pair list ``list(d.items())``; argument = position. Used for keys that are not constants."""

    accessor = "call"
    __slots__ = ()

    def guard_argument(self) -> Any:
        position = self.argument
        return lambda d: list(d)[position]

    def emit(self, e: Emitter) -> None:
        e.call_constant(list, lambda: self._emit_base(e))
        e.load_const(self.argument)
        e.load_item()

    def __str__(self) -> str:
        return f"list({self.base})[{self.argument}]"


class FrameSources:
    """The interned sources that hang directly on one frame."""

    def __init__(self) -> None:
        self._roots: dict[Hashable, Source] = {}

    def _root(self, kind: type[Source], argument: Any, key: Hashable) -> Source:
        found = self._roots.get((kind, key))
        if found is None:
            found = self._roots[kind, key] = kind(None, argument)
        return found

    def local(self, slot: int, name: str) -> Source:
        return self._root(LocalSource, (slot, name), slot)

    def global_(self, name: str) -> Source:
        return self._root(GlobalSource, name, name)

    def free(self, index: int, name: str) -> Source:
        return self._root(FreeSource, (index, name), index)

    def constant(self, label: str, obj: object) -> Source:
        return self._root(ConstantSource, (label, obj), id(obj))
