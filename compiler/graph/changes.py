"""Inputs that a graph changes: what has to be put back should it raise, so that its frame can begin anew in eager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.fx

import compiler.marks as marks
from compiler.breaks import GraphBreak
from compiler.graph.purity import changes_arguments, checks_before_writing, written_arguments
from compiler.graph.raising import may_raise, operator_name

if TYPE_CHECKING:
    from compiler.values.tensor import TensorValue

COPIED_BYTES = 1 << 20
"""A graph break is cheaper than to copy more than that on every call."""

_MOVES = frozenset("set resize resize_as swap rename".split())
"""In-place operators that give a tensor another memory, or what copying it back would not undo."""


class Changes:
    """What the graph recorded so far has changed of its inputs.

    Attributes:
        changed: Inputs that were written to.
        lasting: Those of them that no copy puts back: their shape changed, or autograd's record of them.
        at_risk: Those written to before an operator that may raise: a copy is taken on every call.
    """

    def __init__(self) -> None:
        self.changed: dict[TensorValue, torch.Tensor] = {}
        self.lasting: set[TensorValue] = set()
        self.at_risk: set[TensorValue] = set()

    def follow(
        self,
        node: torch.fx.Node,
        device: torch.device,
        inputs: list[tuple[TensorValue, torch.Tensor]],
        *,
        whole: bool,
    ) -> None:
        """An operator was recorded, after its run on the examples.

        Args:
            whole: The graph must not break, whatever a copy costs.

        Raises:
            GraphBreak: it may raise, and what it or operators before it have changed had better not be undone.
        """
        written = _written(node, inputs)
        if not (written or self.changed):
            return
        before = self.changed
        if written:
            self.changed = {**before, **dict(written)}
            self.lasting.update(value for value, real in written if _is_lasting(node, value, real))
        exposed = before if checks_before_writing(node.target) else self.changed
        if exposed and may_raise(node, device):
            self.at_risk.update(exposed)
            self._weigh(node, whole)

    def _weigh(self, node: torch.fx.Node, whole: bool) -> None:
        size = sum(self.changed[value].untyped_storage().nbytes() for value in self.at_risk)
        if self.lasting & self.at_risk or (size > COPIED_BYTES and not whole):
            raise GraphBreak("may raise after a change", operator_name(node.target))


def _written(
    node: torch.fx.Node, inputs: list[tuple[TensorValue, torch.Tensor]]
) -> list[tuple[TensorValue, torch.Tensor]]:
    """Inputs that the operator may have written to, by the memory of their examples.

    A function that users have allowed in the graph hardly does; should it raise, its arguments are looked at.
    """
    if node.target in marks.ALLOWED or not changes_arguments(node.target, node.kwargs):
        return []
    storages = {storage_of(argument) for argument in written_arguments(node)}
    if None in storages:
        return inputs
    return [(value, real) for value, real in inputs if value.example.untyped_storage()._cdata in storages]


def storage_of(node: torch.fx.Node) -> int | None:
    """The memory of a node's tensor, the same for all its views; ``None`` where that is not known."""
    example = node.meta.get("example_value")
    return example.untyped_storage()._cdata if isinstance(example, torch.Tensor) else None


def _is_lasting(node: torch.fx.Node, value: TensorValue, real: torch.Tensor) -> bool:
    example = value.example
    return (
        operator_name(node.target) in _MOVES
        or (example.requires_grad and torch.is_grad_enabled())
        or example.shape != real.shape
        or example.stride() != real.stride()
        or example.requires_grad != real.requires_grad
        or example.is_leaf != real.is_leaf
    )
