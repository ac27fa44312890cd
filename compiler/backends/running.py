"""A compiled graph at run time: what happens when it raises, or returns what it should not.

A graph runs before any effect of its frame is written. So when it raises and has changed no
tensor yet, the frame runs once more from its start in eager: exception, traceback and effects
are then the program's own. Otherwise the exception is passed on, with the user's line.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from types import CodeType
from typing import Any

import torch
import torch.fx

from compiler import _C, breaks, events, skips
from compiler.errors import BackendError
from compiler.events import FrameRecord, Location, Reason
from compiler.graph.modes import Mode, restore
from compiler.graph.purity import (
    changes_arguments,
    checks_before_writing,
    draws_random_numbers,
    refused,
    written_arguments,
)


@dataclasses.dataclass(frozen=True)
class CompiledGraph:
    """What a backend made of a graph.

    Attributes:
        run: The backend's callable.
        modes: torch's modes when the graph begins.
        frame: The function it was captured from.
    """

    run: Callable[..., Any]
    module: torch.fx.GraphModule
    outputs: int
    backend_name: str
    modes: dict[Mode, Any]
    frame: Location

    def callable(self) -> _C.GraphCall:
        """What the rewritten code calls; nothing here costs anything while all goes well, but for random numbers."""
        random = any(draws_random_numbers(node.target) for node in self._nodes())
        run = _putting_back_random_state(self.run, self._generators()) if random else self.run
        return _C.GraphCall(run, self.outputs, self._raised, self._returned)

    def _nodes(self) -> list[torch.fx.Node]:
        return [node for node in self.module.graph.nodes if node.op in ("call_function", "call_method")]

    def _generators(self) -> list[torch.Generator]:
        """The generators that the graph's operators are given, beside the default one."""
        found: dict[torch.Generator, None] = {torch.default_generator: None}

        def note(arg: Any) -> Any:
            if isinstance(arg, torch.Generator):
                found[arg] = None
            return arg

        for node in self._nodes():
            torch.fx.node.map_aggregate((node.args, node.kwargs), note)
        return list(found)

    def _raised(self, error: BaseException) -> bool:
        """The graph has raised: put its traces away; answers whether the frame can run from its start in eager."""
        restore(self.modes)
        if not isinstance(error, Exception):
            return False
        node = self._failed_node(error)
        again = not self._has_changed_something(node, error)
        stack = (node.meta.get("user_stack") if node is not None else None) or (self.frame,)
        reason = _reason("graph raised", f"{type(error).__name__}: {error}", stack)
        if again:
            events.publish(FrameRecord("skipped", self.frame, reason))
        else:
            where = reason.location
            error.add_note(f"raised in the graph compiled for {self.frame.function}, at {where}: {where.source_line}")
        return again

    def _failed_node(self, error: Exception) -> torch.fx.Node | None:
        """The operator that raised, where the backend runs the graph's own code."""
        code: CodeType = type(self.module).forward.__code__
        traceback = error.__traceback__
        while traceback is not None and traceback.tb_frame.f_code is not code:
            traceback = traceback.tb_next
        lines = self.module.code.splitlines()
        if traceback is None or not 0 < traceback.tb_lineno <= len(lines):
            return None
        found = _NAME_OF_LINE.match(lines[traceback.tb_lineno - 1])
        return next((node for node in self._nodes() if found is not None and node.name == found["name"]), None)

    def _has_changed_something(self, failed: torch.fx.Node | None, error: Exception) -> bool:
        """Whether an operator up to the one that failed may have changed a tensor that the graph was given."""
        inputs = [node for node in self.module.graph.nodes if node.op == "placeholder"]
        given = {_storage(node) for node in inputs}
        for node in self._nodes():
            if failed is not None and node is failed and (checks_before_writing(failed.target) or refused(error)):
                return False
            if changes_arguments(node.target, node.kwargs):
                arguments = {_storage(argument) for argument in written_arguments(node)}
                if None in arguments or not given.isdisjoint(arguments):
                    return True
            if node is failed:
                return False
        return False

    def _returned(self, result: Any) -> Any:
        """The graph has returned something that is not a tuple or list of its outputs."""
        found = f"{len(result)} values" if isinstance(result, tuple | list) else f"a {type(result).__name__}"
        wanted = f"a tuple or list of {self.outputs} " + ("tensor" if self.outputs == 1 else "tensors")
        what = f"compiled a graph that returned {found} instead of {wanted}"
        raise backend_error(self.backend_name, what, self.module, self.frame)


def _storage(node: torch.fx.Node) -> int | None:
    """The memory of a node's tensor, the same for all its views; ``None`` where that is not known."""
    example = node.meta.get("example_value")
    return example.untyped_storage()._cdata if isinstance(example, torch.Tensor) else None


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


def _putting_back_random_state(run: Callable[..., Any], generators: list[torch.Generator]) -> Callable[..., Any]:
    def call(*inputs: Any) -> Any:
        states = [generator.get_state() for generator in generators]
        try:
            return run(*inputs)
        except Exception:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)
            raise

    return call
