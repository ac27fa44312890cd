"""A part of a capture that is taken out of the graph again: functions that torch has to call itself, later or more
than once, are interpreted to see what they do, and recorded as one node.

The graph while ``g(x)`` is interpreted in a region, and after `Region.take_out`:

    sin = torch.sin(x)                  |   sin = torch.sin(x)
    mul = sin * 2        <- region      |   g = call(sin)
    add = mul + 1        <- region      |   out = g[0]
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import torch
import torch.fx

from compiler.graph.modules import graph_module
from compiler.graph.purity import changes_arguments, draws_random_numbers, written_arguments
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import ListValue, TupleValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.breaks import GraphBreak
    from compiler.interpreter.capture import Capture


class Region:
    """What is interpreted in a ``with`` block of this. A change of anything older than the region raises `cause`."""

    def __init__(self, cx: Capture, cause: GraphBreak) -> None:
        self.cx = cx
        self.cause = cause

    def __enter__(self) -> Self:
        self._mark = self.cx.graph.last_node
        self._ops = self.cx.graph.ops
        self._outer = self.cx.ledger.close(self.cause)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cx.ledger.reopen(self._outer)

    @property
    def nodes(self) -> list[torch.fx.Node]:
        """What has been recorded since the region began, without the graph's inputs."""
        after: list[torch.fx.Node] = []
        for node in reversed(self.cx.graph.graph.nodes):
            if node is self._mark:
                break
            if node.op != "placeholder":
                after.append(node)
        return after[::-1]

    @property
    def draws_random_numbers(self) -> bool:
        return any(draws_random_numbers(node.target) for node in self.nodes)

    def refuse_changes(self) -> None:
        """Operators of the region may not change a tensor that was there before.

        Raises:
            GraphBreak: one does.
        """
        own = set(self.nodes)
        for node in own:
            if changes_arguments(node.target, node.kwargs) and not own.issuperset(written_arguments(node)):
                raise self.cause

    def tensors(self, result: Value) -> list[TensorValue]:
        """The tensors of a result that consists of tensors, constants, and tuples and lists of those.

        Raises:
            GraphBreak: it is another; or a tensor in it is older than the region, or there twice, or shares memory
                with an older one.
        """
        found: list[TensorValue] = []
        self._collect(result.realize(self.cx), found)
        own = set(self.nodes)
        if not own.issuperset(value.node for value in found):
            raise self.cause
        old = {_memory(node) for node in self.cx.graph.graph.nodes if node not in own}
        memories = {_memory(value.node) for value in found}
        if len(memories) < len(found) or memories & old:
            raise self.cause
        return found

    def _collect(self, value: Value, found: list[TensorValue]) -> None:
        if isinstance(value, TensorValue):
            found.append(value)
        elif isinstance(value, TupleValue | ListValue):
            for item in value.items:
                self._collect(item.realize(self.cx), found)
        elif not isinstance(value, ConstantValue):
            raise self.cause

    def as_module(self, outputs: list[TensorValue]) -> tuple[torch.fx.GraphModule, list[torch.fx.Node]]:
        """The region as a graph module that returns a tuple, and the nodes of the graph that it has to be given."""
        nodes = self.nodes
        own = set(nodes)
        given = list(dict.fromkeys(arg for node in nodes for arg in node.all_input_nodes if arg not in own))
        graph = torch.fx.Graph()
        copies = {node: graph.placeholder(node.name) for node in given}
        for node in nodes:
            copies[node] = graph.node_copy(node, copies.__getitem__)
        graph.output(tuple(copies[value.node] for value in outputs))
        return graph_module(self.cx.graph.holder, graph, "Region"), given

    def take_out(self) -> None:
        """Remove the region's nodes from the graph; afterwards `gives` says where its tensors come from."""
        self.cx.graph.remove(self.nodes, self._ops)

    def gives(self, node: torch.fx.Node, results: Sequence[Value], *, packed: bool) -> None:
        """The tensors among `results`, which had been the region's, come out of `node`: from their places in a tuple if
        `packed`."""
        for index, value in enumerate(results):
            if isinstance(value, TensorValue):
                value.node = self.cx.graph.graph.call_function(operator.getitem, (node, index)) if packed else node
                value.node.meta["example_value"] = value.example


def _memory(node: torch.fx.Node) -> object:
    example = node.meta.get("example_value")
    return example.untyped_storage()._cdata if isinstance(example, torch.Tensor) else node
