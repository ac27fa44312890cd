"""`Capture`: everything one attempt at one frame knows, and the services values and rules ask for.

A capture owns the guards, the graph recorder, the ledger of effects and the identity map. It
is passed as the first argument (`cx`) to every value method and rule, so that those rooms
need not import the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import torch

from compiler import rules
from compiler.breaks import BreakEarlier, GraphBreak
from compiler.events import Location
from compiler.graph.effects import Ledger
from compiler.graph.recorder import Recorder
from compiler.guards import GuardSet
from compiler.interpreter import binding, generators
from compiler.interpreter.frame import Frame
from compiler.options import Options, config
from compiler.rules.untraced import refuse_untraced
from compiler.sources import CellSource, CodeSource, ConstantSource, FrameSources, Source
from compiler.values import wrap
from compiler.values.base import ConstantValue, LazyValue, Value
from compiler.values.containers import DictValue
from compiler.values.functions import CellValue, FunctionValue, NestedFunctionValue
from compiler.values.iterators import GeneratorValue, IteratorValue
from compiler.values.objects import ExceptionValue, ObjectValue, ObservedException
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    import types

    from compiler import _C

_V = TypeVar("_V", bound=Value)

CO_GENERATOR = 0x20
CO_COROUTINE = 0x80
CO_ASYNC_GENERATOR = 0x200


class Capture:
    """One attempt at capturing one frame.

    Attributes:
        guards, graph, ledger: What the attempt has collected so far.
        root: The frame being captured; inlined frames hang below it.
        step: Number of instructions that the root frame has begun.
        stop_at: Step before which the root frame stops, where an earlier attempt met a graph break.
        suspended: Generators that stopped inside of a try or with block.
        handled: The exception being handled (``sys.exception()`` of the captured program).
    """

    rules = rules

    def __init__(self, request: _C.Request, options: Options, stop_at: int | None = None) -> None:
        self.request = request
        self.options = options
        self.sources = FrameSources()
        self.guards = GuardSet()
        self.graph = Recorder(self)
        self.ledger = Ledger()
        self.stop_at = stop_at
        self.step = 0
        self.instructions = 0
        self.handled: Value = ConstantValue(None)
        self.frames: list[Frame] = []
        self.suspended: list[GeneratorValue] = []
        self._by_id: dict[int, tuple[object, Value]] = {}
        self.root = self._root_frame()

    # -- the root frame ------------------------------------------------------------------

    def _root_frame(self) -> Frame:
        request, code = self.request, self.request.code
        frame = Frame(self, code, request.globals, None)
        names = code.co_varnames[: len(request.locals)]
        for slot, (name, obj) in enumerate(zip(names, request.locals, strict=True)):
            value = LazyValue(self.sources.local(slot, name), obj)
            if name in code.co_cellvars:
                frame.cells[name] = CellValue(value, name)
            else:
                frame.locals[name] = value
        for name in code.co_cellvars:
            frame.cells.setdefault(name, CellValue(None, name))
        for index, name in enumerate(code.co_freevars):
            source = self.sources.free(index, name)
            assert request.closure is not None
            frame.cells[name] = self.wrap_cell(request.closure[index], source, name)
        return frame

    def release(self) -> None:
        """Let go of everything: parts of a capture refer to each other, and must not keep the arguments alive."""
        vars(self.graph).clear()
        vars(self).clear()

    # -- values --------------------------------------------------------------------------

    def lazy(self, obj: object, source: Source) -> Value:
        """`obj` as a value that adds no guard until it is looked at."""
        return LazyValue(source, obj)

    def wrap(self, obj: object, source: Source) -> Value:
        """`obj`, reached through `source`, as a value; adds the guards of a first look."""
        known = self._by_id.get(id(obj))
        if known is not None:
            value = known[1]
            if value.source is not None and value.source is not source and not isinstance(source, ConstantSource):
                if isinstance(value.source, ConstantSource):
                    self.guards.add(source, "is", obj)
                else:
                    self.guards.add(source, "same_as", value.source)
            return value
        value = wrap.wrap(self, obj, source)
        if wrap.has_identity(value):
            self._by_id[id(obj)] = (obj, value)
        return value

    def known(self, obj: object) -> Value | None:
        """The value of an object that has been looked at already."""
        found = self._by_id.get(id(obj))
        return found[1] if found else None

    def object_of(self, value: Value) -> object | None:
        """The object that a value stands for, of one that has been looked at and exists outside of the frame."""
        return next((obj for obj, known in self._by_id.values() if known is value), None)

    def wrap_constant(self, obj: object, label: str | None = None) -> Value:
        """An object that cannot change identity from call to call (its identity is guarded, or it is our own)."""
        return self.wrap(
            obj, self.sources.constant(label or getattr(obj, "__qualname__", None) or repr(type(obj)), obj)
        )

    def wrap_cell(self, cell: types.CellType, source: Source, name: str | None = None) -> CellValue:
        known = self._by_id.get(id(cell))
        if known is not None:
            value = known[1]
            assert isinstance(value, CellValue)
            if value.source is not source and value.source is not None:
                self.guards.add(source, "same_as", value.source)
            return value
        try:
            contents: Value | None = self.lazy(cell.cell_contents, source.child(CellSource))
        except ValueError:
            contents = None
            self.guards.add(source, "predicate", _cell_is_empty)
        value = CellValue(contents, name, source)
        self._by_id[id(cell)] = (cell, value)
        return value

    def new(self, value: _V) -> _V:
        """Marks where a value was made, for `not_rebuildable`."""
        value.born = self.step
        self.ledger.made(value)
        return value

    def not_rebuildable(self, value: Value, what: str) -> NoReturn:
        raise BreakEarlier(value.born, GraphBreak("not rebuildable", what))

    # -- calls ---------------------------------------------------------------------------

    def call(self, func: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return func.realize(self).call(self, args, kwargs)

    def call_method(self, owner: Value, name: str, *args: Value) -> Value:
        return self.call(owner.realize(self).getattr(self, name), list(args), {})

    def call_function(
        self, func: FunctionValue | NestedFunctionValue, args: list[Value], kwargs: dict[str, Value]
    ) -> Value:
        """Trace into a Python function."""
        code = binding.code_of(func)
        if isinstance(func, FunctionValue):
            refuse_untraced(func)
            if isinstance(func.source, ConstantSource):  # known by identity, which says nothing about its code
                self.guards.add(func.source.child(CodeSource, "__code__"), "is", code)
        if len(self.frames) >= config.max_inline_depth:
            raise GraphBreak("inline depth", func.describe())
        locals_ = binding.bind(self, func, args, kwargs)
        frame = self._callee(func, code, locals_)
        if code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR):
            raise GraphBreak("unsupported call", f"coroutine function {code.co_name}")
        if code.co_flags & CO_GENERATOR:
            return self.new(GeneratorValue(frame, (func, list(args), dict(kwargs))))
        kind, value = self.run(frame)
        assert kind == "return"
        return value

    def _callee(
        self, func: FunctionValue | NestedFunctionValue, code: types.CodeType, locals_: dict[str, Value]
    ) -> Frame:
        frame = Frame(self, code, binding.globals_of(func), func)
        for name, value in locals_.items():
            if name in code.co_cellvars:
                frame.cells[name] = self.new(CellValue(value))
            else:
                frame.locals[name] = value
        for name in code.co_cellvars:
            if name not in frame.cells:
                frame.cells[name] = self.new(CellValue())
        for name, cell in zip(code.co_freevars, binding.closure_of(self, func), strict=True):
            frame.cells[name] = cell
        return frame

    def run(self, frame: Frame) -> tuple[str, Value]:
        self.frames.append(frame)
        try:
            return frame.run()
        except GraphBreak as cause:
            cause.stack = cause.stack or self.location()
            raise
        finally:
            self.frames.pop()

    def run_root(self) -> tuple[str, Value]:
        """Interpret the root frame to its end; see `Frame.run` for the ways it may stop."""
        return self.run(self.root)

    def refuse_handlers(self, cause: GraphBreak) -> None:
        """A break while the frame handles an exception moves to where it was raised: raised natively, the
        exception has its traceback and is handled natively.

        Raises:
            BreakEarlier: an exception is being handled.
        """
        if isinstance(self.handled, ExceptionValue):
            assert self.handled.raised is not None
            raise BreakEarlier(self.handled.raised, cause)

    def finish_guards(self) -> None:
        """Objects that changed must not be one object under two names next time, unless they are now."""
        changed = {value.pytype() for value in self.ledger.touched if value.source is not None}
        for cls in changed:
            group = [value for _, value in self._by_id.values() if value.mutable and value.pytype() is cls]
            sources = [value.source for value in group if value.source is not None]
            self.guards.distinct([source for source in sources if not isinstance(source, ConstantSource)])
        self._guard_changed_metadata()

    def _guard_changed_metadata(self) -> None:
        """Tensors whose shape or gradient an operator changed in place: under another name, the facts differ too."""
        if not any(_differs(value.example, real) for value, real in self.graph.inputs):
            return
        sources = [value.source for _, value in self._by_id.values() if isinstance(value, TensorValue)]
        self.guards.distinct([at for at in sources if at is not None and not isinstance(at, ConstantSource)])

    def guard_namespaces_of_objects(self) -> None:
        """An object that changed and a dict must not be an object and its own ``__dict__``, nor the other way round.

        Raises:
            GraphBreak: they are in this call.
        """
        known = [(obj, value) for obj, value in self._by_id.values() if value.source is not None]
        dicts = [(obj, value) for obj, value in known if type(obj) is dict and isinstance(value, DictValue)]
        touched = self.ledger.touched
        dict_changed = any(value in touched for _, value in dicts)
        for obj, value in known:
            if not isinstance(value, ObjectValue) or not (dict_changed or value in touched):
                continue
            own = getattr(obj, "__dict__", None)
            if type(own) is not dict or value.source is None or isinstance(value.source, ConstantSource):
                continue
            at = value.source.attr("__dict__")
            sources = [other.source for _, other in dicts if other.source is not None and other.source is not at]
            others = [other for other in sources if not isinstance(other, ConstantSource)]
            if any(own is other for other, part in dicts if part.source is not at):
                raise GraphBreak("unsupported value", "an object that changes beside its own __dict__")
            if others:
                self.guards.distinct([*others, at])

    # -- iteration -----------------------------------------------------------------------

    def iterate(self, value: Value) -> Value:
        """``iter(value)``."""
        return rules.iterate(self, value.realize(self))

    def advance(self, iterator: Value) -> Value | None:
        """The next value, or ``None`` when exhausted."""
        iterator = iterator.realize(self)
        if isinstance(iterator, IteratorValue):
            return iterator.advance(self)
        return rules.advance(self, iterator)

    def unpack(self, value: Value) -> list[Value]:
        """All elements of an iterable, in order."""
        value = value.realize(self)
        direct = rules.elements(self, value)
        if direct is not None:
            return direct
        iterator = self.iterate(value)
        items: list[Value] = []
        while (item := self.advance(iterator)) is not None:
            items.append(item)
            self.count()
        return items

    def resume_generator(self, generator: GeneratorValue, sent: Value | None) -> Value | None:
        """Run a generator to its next ``yield``; ``None`` when it returns."""
        return generators.resume(self, generator, sent)

    def throw_into(self, generator: GeneratorValue, exc: ExceptionValue) -> Value | None:
        """Raise an exception where a generator stands; its next value, or ``None`` when it returns."""
        return generators.throw(self, generator, exc)

    def close_generator(self, generator: GeneratorValue) -> Value:
        """``generator.close()``."""
        return generators.close(self, generator)

    # -- control -------------------------------------------------------------------------

    def count(self) -> None:
        self.instructions += 1
        if self.instructions > config.max_trace_instructions:
            raise GraphBreak("trace limit", f"{self.instructions} instructions")

    def raise_(self, cls: type[BaseException], *args: Any) -> NoReturn:
        """Raise an exception inside the captured program."""
        self.throw(ExceptionValue(cls, [ConstantValue(arg) for arg in args]))

    def throw(self, value: ExceptionValue) -> NoReturn:
        if value.raised is None:
            value.raised = self.step
        if value.context is None and isinstance(self.handled, ExceptionValue) and self.handled is not value:
            value.context = self.handled
        raise ObservedException(value)

    def location(self) -> tuple[Location, ...]:
        """The user's lines being executed, outermost first."""
        frames = self.frames or [self.root]
        return tuple(frame.location() for frame in frames)


def _differs(example: torch.Tensor, real: torch.Tensor) -> bool:
    """Whether operators have changed what guards of a tensor say."""
    return (
        example.shape != real.shape
        or example.stride() != real.stride()
        or example.requires_grad != real.requires_grad
        or example.is_leaf != real.is_leaf
    )


def _cell_is_empty(cell: types.CellType) -> bool:
    """an empty cell"""
    try:
        cell.cell_contents  # noqa: B018 - the read itself is the question
    except ValueError:
        return True
    return False
