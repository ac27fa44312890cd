"""Functions with a backward of their own: torch.autograd.Function and torch.utils.checkpoint.

Where no gradient will be asked for they are their forward, traced into. Otherwise they stay one node, which torch runs:
the forward is interpreted in a `Region`, to learn what comes out, and that it changes nothing besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.utils.checkpoint

from compiler.breaks import GraphBreak
from compiler.graph.gradients import differentiable
from compiler.graph.regions import Region
from compiler.rules.builtins import builtin
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import ListValue, TupleValue
from compiler.values.functions import ClassValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


class TracedContext:
    """What stands for ``ctx`` while a forward is traced; has the attributes that torch's own gets by its methods."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.non_differentiable: tuple[Any, ...] = ()
        self.dirty_tensors: tuple[Any, ...] = ()
        self.to_save: tuple[Any, ...] = ()
        self.saved_for_forward: tuple[Any, ...] = ()
        self.materialize_grads = True

    def save_for_backward(self, *tensors: Any) -> None:
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        self.materialize_grads = value


def run_forward(forward: Any, context: Any, *inputs: Any) -> Any:
    """``forward(ctx, ...)``; traced."""
    with torch.no_grad():
        return forward(context, *inputs)


def run_forward_and_setup(forward: Any, setup: Any, context: Any, *inputs: Any) -> Any:
    """The form in which ``setup_context`` fills ``ctx``; traced."""
    with torch.no_grad():
        output = forward(*inputs)
        setup(context, inputs, output)
        return output


@builtin(torch.autograd.Function.apply.__func__)
def _apply(cx: Capture, cls: Value, *inputs: Value) -> Value:
    if not isinstance(cls, ClassValue):
        raise GraphBreak("autograd function", f"apply of {cls.describe()}")
    cause = GraphBreak("autograd function", f"{cls.obj.__qualname__}.apply")
    if not all(_is_plain(cx, value) for value in inputs):
        raise cause
    requires = [isinstance(value, TensorValue) and value.example.requires_grad for value in inputs]
    if not (torch.is_grad_enabled() and any(requires)):
        return _inline(cx, cls, _context(cx, requires), inputs, cause)
    with Region(cx, cause) as region:
        context = _context(cx, requires)
        result = _forward(cx, cls, context, inputs)
        region.refuse_changes()
        results = [item.realize(cx) for item in result.items] if isinstance(result, TupleValue) else [result]
        if any(isinstance(item, TupleValue | ListValue) for item in results):  # torch looks for tensors no deeper
            raise cause
        outputs = region.tensors(result)
        if _attribute(cx, context, "dirty_tensors"):
            raise cause
        constants = set(map(id, _attribute(cx, context, "non_differentiable")))
        random = region.draws_random_numbers
        region.take_out()
        node = cx.graph.insert(_applied(cls.obj, random), tuple(map(cx.graph.argument, inputs)), {})
        for value in outputs:
            if id(value) not in constants and (value.example.is_floating_point() or value.example.is_complex()):
                value.example = differentiable(value.example)
        region.gives(node, results, packed=isinstance(result, TupleValue))
    return result


def _context(cx: Capture, requires: list[bool]) -> Value:
    needs = TupleValue([ConstantValue(each) for each in requires])
    return cx.call(cx.wrap_constant(TracedContext), [needs], {})


def _is_plain(cx: Capture, value: Value) -> bool:
    return isinstance(value, TensorValue) or value.is_constant()


def _forward(cx: Capture, cls: ClassValue, context: Value, inputs: tuple[Value, ...]) -> Value:
    forward = cls.getattr(cx, "forward")
    if cls.obj.setup_context is torch.autograd.Function.setup_context:
        return cx.call(cx.wrap_constant(run_forward), [forward, context, *inputs], {}).realize(cx)
    setup = cls.getattr(cx, "setup_context")
    return cx.call(cx.wrap_constant(run_forward_and_setup), [forward, setup, context, *inputs], {}).realize(cx)


def _inline(cx: Capture, cls: ClassValue, context: Value, inputs: tuple[Value, ...], cause: GraphBreak) -> Value:
    """The forward alone; an output that is an input, or was changed in place, is left to torch."""
    result = _forward(cx, cls, context, inputs)
    items = result.items if isinstance(result, TupleValue) else [result]
    outputs = [item.realize(cx) for item in items]
    if any(value is given for value in outputs for given in inputs if isinstance(value, TensorValue)):
        raise cause
    if any(isinstance(value, TensorValue) and value.example.requires_grad for value in outputs):
        raise cause
    return result


def _attribute(cx: Capture, context: Value, name: str) -> list[Value]:
    return [value.realize(cx) for value in cx.unpack(context.getattr(cx, name))]


def _applied(cls: type[torch.autograd.Function], random: bool) -> Any:
    """What the graph calls."""

    def apply(*inputs: Any) -> Any:
        return cls.apply(*inputs)

    apply.__name__ = apply.__qualname__ = cls.__name__
    apply.draws_random_numbers = random  # type: ignore[attr-defined]
    return apply


@builtin(torch.utils.checkpoint.checkpoint)
def _checkpoint(
    cx: Capture, function: Value, *args: Value, use_reentrant: Value | None = None, **kwargs: Value
) -> Value:
    cause = GraphBreak("torch tool", "torch.utils.checkpoint.checkpoint")
    if use_reentrant is None or use_reentrant.realize(cx).constant() is not False:
        raise GraphBreak("torch tool", "torch.utils.checkpoint.checkpoint with use_reentrant other than False")
    options = {name: kwargs.pop(name).realize(cx) for name in _CHECKPOINT_OPTIONS if name in kwargs}
    if not all(value.is_constant() for value in options.values()) or "context_fn" in kwargs or "debug" in kwargs:
        raise cause
    if not torch.is_grad_enabled():
        return cx.call(function, list(args), kwargs)
    with Region(cx, cause) as region:
        result = cx.call(function, list(args), kwargs).realize(cx)
        region.refuse_changes()
        outputs = region.tensors(result)
        module, given = region.as_module(outputs)
        random = region.draws_random_numbers
        plain = {name: value.constant() for name, value in options.items()} | {"use_reentrant": False}
        region.take_out()
        node = cx.graph.insert(_checkpointed(random), (cx.graph.part(module, "checkpointed"), *given), plain)
        region.gives(node, outputs, packed=True)
    return result


_CHECKPOINT_OPTIONS = ("preserve_rng_state", "determinism_check", "early_stop")


def _checkpointed(random: bool) -> Any:
    def checkpoint(module: torch.nn.Module, *inputs: Any, **options: Any) -> Any:
        return torch.utils.checkpoint.checkpoint(module, *inputs, **options)

    checkpoint.draws_random_numbers = random  # type: ignore[attr-defined]
    return checkpoint
