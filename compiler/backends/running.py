"""A compiled graph at run time: what happens when it raises, or returns what it should not.

A graph runs before any effect of its frame is written, and what it has changed of its inputs is put back. So when
it raises, the frame can run once more from its start in eager: exception, traceback and effects are then the program's
own. Where the backend's code raises and the graph's own operators do not, the backend is at fault, and its code is not
called again.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from types import CodeType
from typing import Any

import torch
import torch.fx

import compiler.marks as marks
from compiler import _C, breaks, events, skips
from compiler.backends.outputs import Output, misfit
from compiler.backends.undo import NOTHING, Keeper, Undo
from compiler.errors import BackendError, InternalError
from compiler.events import FrameRecord, Location, Reason
from compiler.graph.changes import storage_of
from compiler.graph.modes import Mode, restore, saved_tensor_hooks
from compiler.graph.purity import changes_arguments, checks_before_writing, refused, written_arguments
from compiler.options import config

_OUT_OF_MEMORY = (MemoryError, torch.OutOfMemoryError)
"""These say nothing about who is at fault, and may not come again."""


@dataclasses.dataclass
class CompiledGraph:
    """What a backend made of a graph.

    Attributes:
        run: The backend's callable.
        outputs: What it must return.
        modes: torch's modes when the graph begins.
        frame: The function it was captured from.
        strict: Whether the backend's errors are raised where the graph's own operators could do its work.
        changed: Indices of the inputs that the graph changes and that can be put back.
        at_risk: Those of them that it changes before an operator that may raise.
        drawn_on: Devices whose random numbers it draws.
    """

    run: Callable[..., Any]
    module: torch.fx.GraphModule
    outputs: tuple[Output, ...]
    backend_name: str
    modes: dict[Mode, Any]
    frame: Location
    strict: bool = False
    changed: frozenset[int] = frozenset()
    at_risk: frozenset[int] = frozenset()
    drawn_on: frozenset[torch.device] = frozenset()

    def __post_init__(self) -> None:
        self._told: set[tuple[str, Location]] = set()

    def callable(self) -> _C.GraphCall:
        """What the rewritten code calls.

        The first run is looked at: what raises for dtypes or shapes does so then, and so does a result betray itself.
        After that nothing costs anything while all goes well, but for random numbers and inputs at risk.
        """
        return _C.GraphCall(self.run, len(self.outputs), self._keeper(self.changed), self._raised, self._returned)

    def _settle(self, call: _C.GraphCall, run: Callable[..., Any] | None) -> None:
        call.settle(run, self._keeper(self.at_risk) if run is not None else None)

    def _keeper(self, inputs: frozenset[int]) -> Keeper | None:
        watch = any(node.target in marks.ALLOWED for node in self._nodes())
        generators = self._generators() if self.drawn_on else ()
        return Keeper(sorted(inputs), generators, self.drawn_on, watch=watch) or None

    def _generators(self) -> list[torch.Generator]:
        """The generators that the graph's operators are given."""
        found: dict[torch.Generator, None] = {}

        def note(arg: Any) -> Any:
            if isinstance(arg, torch.Generator):
                found[arg] = None
            return arg

        for node in self._nodes():
            torch.fx.node.map_aggregate((node.args, node.kwargs), note)
        return list(found)

    def _nodes(self) -> list[torch.fx.Node]:
        return [node for node in self.module.graph.nodes if node.op in ("call_function", "call_method")]

    @property
    def _is_the_graphs_own(self) -> bool:
        """Whether what runs is the captured graph's code, so that no backend can be at fault."""
        return self.run is self.module or self.run == self.module.forward

    # -- it raised -----------------------------------------------------------------------

    def _raised(self, call: _C.GraphCall, error: BaseException, inputs: tuple[Any, ...], undo: Undo | None) -> Any:
        """Put the graph's traces away. Answers with outputs in place of the exception, or whether the frame can run
        from its start in eager."""
        restore(self.modes)
        if not isinstance(error, Exception):
            return False
        undo = undo or NOTHING
        node = self._failed_node(error)
        if saved_tensor_hooks() is not None:  # they have seen tensors, and would see them again
            self._add_note(node, error)
            return False
        if self._has_changed_something(node, error, undo):
            return self._lost(call, node, error)
        undo.put_back()
        if self._is_the_graphs_own or isinstance(error, _OUT_OF_MEMORY) or call.__wrapped__ is not self.run:
            self._tell(node, error)
            return True
        return self._try_operators(call, error, inputs, undo)

    def _try_operators(self, call: _C.GraphCall, error: Exception, inputs: tuple[Any, ...], undo: Undo) -> Any:
        """Whose fault is it? The graph's own operators do what the backend's code was to do."""
        try:
            outputs = self.module.forward(*inputs)
        except Exception as own:
            restore(self.modes)
            node = self._failed_node(own)
            if self._has_changed_something(node, own, undo):
                self._add_note(node, own)
                raise
            undo.put_back()
            self._tell(node, own)
            return True
        fault = self._fault(error)
        if self.strict or config.strict:
            undo.put_back()
            raise fault from error
        self._settle(call, self.module.forward)
        return outputs

    def _lost(self, call: _C.GraphCall, node: torch.fx.Node | None, error: Exception) -> bool:
        """What the graph has changed cannot be put back, so nothing can be tried again."""
        if node is not None or self._is_the_graphs_own or isinstance(error, _OUT_OF_MEMORY):
            self._add_note(node, error)
            return False
        fault = self._fault(error)
        if not (self.strict or config.strict):
            self._settle(call, self.module.forward)
        raise fault from error

    def _fault(self, error: Exception) -> BackendError:
        return self._blamed(f"compiled a graph that raised {type(error).__name__}: {error}", error)

    def _blamed(self, what: str, cause: Exception | None = None) -> BackendError:
        """The error, recorded, whether it is raised or not; its text has the graph."""
        fault = backend_error(self.backend_name, what, self.module, self.frame)
        fault.__cause__ = cause
        events.publish(FrameRecord("fell_back", self.frame, fault.reason, details={"error": fault}))
        return fault

    def _tell(self, node: torch.fx.Node | None, error: Exception) -> None:
        """Record that the frame begins anew: once for a line and a class of exception, however often they meet."""
        reason = self._reason(node, "graph raised", f"{type(error).__name__}: {error}")
        key = (type(error).__name__, reason.location)
        if key not in self._told:
            self._told.add(key)
            events.publish(FrameRecord("skipped", self.frame, reason))

    def _add_note(self, node: torch.fx.Node | None, error: Exception) -> None:
        where = self._reason(node, "graph raised", "").location
        error.add_note(f"raised in the graph compiled for {self.frame.function}, at {where}: {where.source_line}")

    def _reason(self, node: torch.fx.Node | None, kind: str, context: str) -> Reason:
        return _reason(kind, context, (node.meta.get("user_stack") if node is not None else None) or (self.frame,))

    def _failed_node(self, error: Exception) -> torch.fx.Node | None:
        """The operator that raised, where the graph's own code was running."""
        code: CodeType = type(self.module).forward.__code__
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_frame.f_code is not code:
            traceback = traceback.tb_next
        lines = self.module.code.splitlines()
        if traceback is None or not 0 < traceback.tb_lineno <= len(lines):
            return None
        found = _NAME_OF_LINE.match(lines[traceback.tb_lineno - 1])
        return next((node for node in self._nodes() if found is not None and node.name == found["name"]), None)

    def _has_changed_something(self, failed: torch.fx.Node | None, error: Exception, undo: Undo) -> bool:
        """Whether an operator up to the one that failed may have changed an input that cannot be put back."""
        inputs = [node for node in self.module.graph.nodes if node.op == "placeholder"]
        kept = {storage_of(inputs[index]) for index in undo.inputs}
        given = {storage_of(node) for node in inputs} - kept
        for node in self._nodes():
            if failed is not None and node is failed and (checks_before_writing(failed.target) or refused(error)):
                return False
            if node.target in marks.ALLOWED:
                if undo is NOTHING or undo.sees_a_change():
                    return True
            elif changes_arguments(node.target, node.kwargs):
                arguments = {storage_of(argument) for argument in written_arguments(node)}
                if (None in arguments and len(undo.inputs) < len(inputs)) or not given.isdisjoint(arguments):
                    return True
            if node is failed:
                return False
        return False

    # -- it returned ---------------------------------------------------------------------

    def _returned(self, call: _C.GraphCall, result: Any, inputs: tuple[Any, ...], undo: Undo | None) -> Any:
        """The first result, or one of a wrong number of outputs."""
        found = misfit(result, self.outputs)
        if found is None:
            self._settle(call, call.__wrapped__)
            return result
        what = f"compiled a graph that returned {found}"
        if not self._is_the_graphs_own:
            raise self._blamed(what)
        return self._mistaken(call, what, undo or NOTHING)

    def _mistaken(self, call: _C.GraphCall, what: str, undo: Undo) -> Any:
        """The graph's own operators return something else than was learnt when they were recorded, and what the frame
        made of that is wrong: it runs in eager, now and later."""
        error = InternalError(f"{self.frame.function} ({self.frame}) {what}")
        if config.strict:
            raise error
        reason = self._reason(None, "internal error", what)
        events.publish(FrameRecord("fell_back", self.frame, reason, details={"error": error}))
        self._settle(call, None)
        if self._has_changed_something(None, error, undo):
            raise error
        undo.put_back()
        return True


_NAME_OF_LINE = re.compile(r"\s*(?:\S+ \S+= [^;]*;\s*|\w+\[.*?\] = [^;]*;\s*)?(?P<name>\w+)(?: : [^=]*)? = ")
"""``sum_1 = x.sum()``, but also ``x += 1;  iadd = x`` and ``x[0] = y;  setitem = x``."""


def backend_error(name: str, what: str, module: torch.fx.GraphModule, frame: Location) -> BackendError:
    """The error, which names the backend, the user's line and the graph; `what` says what the backend did."""
    stacks = (node.meta["user_stack"] for node in module.graph.nodes if "user_stack" in node.meta)
    reason = _reason("backend error", f"backend {name!r} {what}", next(stacks, (frame,)))
    error = BackendError(
        f"{reason.context}\n{reason.describe()}\nfor the graph of {frame.function} ({frame}):\n{module.graph}"
    )
    error.reason = reason
    return error


def _reason(kind: str, context: str, stack: tuple[Location, ...]) -> Reason:
    stack, inside = skips.with_users_line(stack)
    return breaks.reason_for(kind, context, *stack, inside=inside)
