"""The recorder: sole writer of the FX graph.

Every operator runs once on meta-device examples, which gives its result's shape, strides,
dtype and requires_grad; a node is written only when a tensor comes out (or goes in and is
changed). Measured: 1–20 µs for most operators, against 75–240 µs on fake tensors; the
commonest of those whose meta kernels are slow have rules in `compiler.graph.shape_rules`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.fx

import compiler.marks as marks
from compiler.breaks import GraphBreak
from compiler.graph import autocast, layouts, shape_rules
from compiler.graph.arguments import META, Arguments, Overridden, map_parts, result_device
from compiler.graph.changes import Changes
from compiler.graph.modes import Mode, Modes
from compiler.graph.modules import graph_module
from compiler.graph.purity import FACTORIES, answers_from_metadata, draws_random_numbers, has_effect
from compiler.graph.refusals import refusal
from compiler.graph.stand_ins import needs_memory, run_on_stand_ins
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import ListValue, TupleValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_PLAIN = (bool, int, float, complex, str, type(None), torch.dtype, torch.device, torch.Size, torch.layout)


class Recorder:
    """One FX graph being written.

    Attributes:
        inputs: Tensors that the graph takes, each with the real tensor of this call.
        ops: Number of operators recorded.
        changes: What they change of the inputs.
        drawn_on: Devices whose random numbers they draw.
        holder: Has the graph's own parts as attributes.
        modes: What the program has switched.
    """

    def __init__(self, cx: Capture) -> None:
        self.cx = cx
        self.graph = torch.fx.Graph()
        self.holder = torch.nn.Module()
        self.modes = Modes()
        self.inputs: list[tuple[TensorValue, torch.Tensor]] = []
        self.ops = 0
        self.changes = Changes()
        self.drawn_on: set[torch.device] = set()
        self._first_op: torch.fx.Node | None = None
        self._real: dict[TensorValue, torch.Tensor] = {}
        self._names: set[str] = set()

    # -- inputs --------------------------------------------------------------------------

    def input(self, obj: torch.Tensor, value: TensorValue) -> None:
        """`value` stands for the real tensor `obj`; it becomes an input when an operator uses it."""
        self._real[value] = obj

    def real(self, value: TensorValue) -> torch.Tensor | None:
        """The real tensor of this call behind a tensor with a source."""
        return self._real.get(value)

    def node_of(self, value: TensorValue) -> torch.fx.Node:
        """The node of a tensor; the first use of a tensor with a source makes it an input."""
        if value.node is None:
            name = self._unused(_identifier(str(value.source)))
            if self._first_op is None:
                value.node = self.graph.placeholder(name)
            else:
                with self.graph.inserting_before(self._first_op):
                    value.node = self.graph.placeholder(name)
            value.node.meta["example_value"] = value.example
            self.inputs.append((value, self._real[value]))
        return value.node

    def _unused(self, name: str) -> str:
        """`name`, or with a number behind it where another input has it: they become parameters."""
        candidates = (f"{name}_{count}" if count else name for count in range(len(self._names) + 1))
        unused = next(candidate for candidate in candidates if candidate not in self._names)
        self._names.add(unused)
        return unused

    # -- operators -----------------------------------------------------------------------

    def call(self, target: Callable[..., Any] | str, args: Iterable[Value], kwargs: dict[str, Value]) -> Value:
        """Record a call of a function, or of a Tensor method when `target` is a string.

        Raises:
            GraphBreak: an argument cannot be held by a graph, or the operator refuses.
        """
        arguments = Arguments(self)
        args = list(args)
        try:
            node_args = tuple([arguments.convert(arg.realize(self.cx)) for arg in args])
            node_kwargs = {name: arguments.convert(arg.realize(self.cx)) for name, arg in kwargs.items()}
        except Overridden:
            return self.cx.rules.call_override(self.cx, target, args, kwargs)
        return self._record(target, node_args, node_kwargs, arguments)

    def _record(
        self, target: Callable[..., Any] | str, args: tuple[Any, ...], kwargs: dict[str, Any], arguments: Arguments
    ) -> Value:
        device = result_device(target, args, kwargs, arguments)
        layouts.refuse_question(_bare_name(target), arguments.tensors)
        before = [(value, layouts.facts(value.example)) for value in arguments.tensors if value.maybe_alias]
        result = self._example(target, args, kwargs, arguments)
        layouts.refuse_changed_facts(_bare_name(target), before)
        arguments.unsure = layouts.is_unsure(_bare_name(target), arguments.tensors, arguments.by_rule)
        if has_effect(target, kwargs):
            arguments.refuse_overlap(target, result)
        if isinstance(result, _PLAIN) and not (result is None and has_effect(target, kwargs)):
            if result is None:
                raise GraphBreak("unsupported call", f"{_name(target)} returns nothing")
            _check_plain(target)
            return self.cx.rules.from_const(self.cx, result)
        kind = "call_method" if isinstance(target, str) else "call_function"
        node = self.graph.create_node(kind, _printable(_unambiguous(target, args)), *arguments.nodes(args, kwargs))
        self._entered(node)
        self.changes.follow(node, device, self.inputs, whole=self.cx.options.fullgraph)
        if draws_random_numbers(target):
            self.drawn_on.add(device)
        return self._result(node, result, device, arguments)

    def _example(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any], arguments: Arguments) -> Any:
        if arguments.tensors and autocast.active():
            return self._example_in_autocast(target, args, kwargs)
        args, kwargs = arguments.examples(args, kwargs)
        if not arguments.tensors:
            if target not in FACTORIES:
                raise GraphBreak("unsupported call", f"{_name(target)} without a tensor argument")
            kwargs["device"] = META
        elif kwargs.get("device") is not None:
            kwargs["device"] = META
        try:
            result = shape_rules.infer(target, args, kwargs)
            if result is not NotImplemented:
                arguments.by_rule = True
                return result
            if needs_memory(target, (value.device for value in arguments.tensors)):
                return run_on_stand_ins(target, args, kwargs)
            return _run(target, args, kwargs)
        except Exception as error:
            raise refusal(target, _name(target), error) from error

    def _example_in_autocast(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        examples = autocast.Examples()

        def claim(value: TensorValue) -> torch.Tensor:
            return examples.claim(value.example, value.device)

        args, kwargs = map_parts(args, claim, TensorValue), map_parts(kwargs, claim, TensorValue)
        try:
            return examples.run(lambda: _run(target, args, kwargs))
        except GraphBreak:
            raise
        except Exception as error:
            raise refusal(target, _name(target), error) from error

    def _entered(self, node: torch.fx.Node) -> None:
        if self._first_op is None:
            self._first_op = node
        self.ops += 1
        stack = self.cx.location()
        node.meta["user_stack"] = stack
        node.stack_trace = "\n".join(f'  File "{at.file}", line {at.line}, in {at.function}' for at in stack)

    def _result(self, node: torch.fx.Node, result: Any, device: torch.device, arguments: Arguments) -> Value:
        cx = self.cx
        if isinstance(result, torch.Tensor):
            for value in arguments.tensors:
                if value.example is result:
                    if value.layout_unsure and layouts.depends_on_layout(_bare_name(node.target), node.kwargs):
                        return self._maybe_same(node, value)
                    return value
            if result.device != META:
                raise GraphBreak(
                    "unsupported call", f"{_name(node.target)} gives a tensor that is not on the meta device"
                )
            if type(result) not in (torch.Tensor, torch.nn.Parameter):
                raise GraphBreak("unsupported value", f"a tensor of class {type(result).__name__}")
            node.meta["example_value"] = result
            value = TensorValue(node, result, device, type(result))
            value.layout_unsure = arguments.unsure
            return cx.new(value)
        if isinstance(result, tuple | list):
            items = [self._element(node, index, item, device, arguments) for index, item in enumerate(result)]
            if isinstance(result, list):
                return cx.new(ListValue(items))
            return cx.new(TupleValue(items, type(result)))
        if result is None:
            return ConstantValue(None)
        raise GraphBreak("unsupported call", f"{_name(node.target)} gives a {type(result).__name__}")

    def _maybe_same(self, node: torch.fx.Node, value: TensorValue) -> TensorValue:
        """What an operator gives that may be `value` itself, or a copy of it."""
        alias = TensorValue(node, value.example.view_as(value.example), value.device)
        node.meta["example_value"] = alias.example
        alias.maybe_alias = value.maybe_alias = True
        return self.cx.new(alias)

    def _element(self, node: torch.fx.Node, index: int, item: Any, device: torch.device, arguments: Arguments) -> Value:
        if isinstance(item, _PLAIN):
            if item is not None:
                _check_plain(node.target)
            return ConstantValue(item)
        part = self.graph.call_function(operator.getitem, (node, index))
        return self._result(part, item, device, arguments)

    def argument(self, value: Value) -> Any:
        """What stands for a value in the arguments of a node."""
        argument = Arguments(self).convert(value.realize(self.cx))
        return map_parts(argument, self.node_of, TensorValue)

    # -- parts that are taken out again, see `compiler.graph.regions` -------------------------

    @property
    def last_node(self) -> torch.fx.Node | None:
        return next(iter(reversed(self.graph.nodes)), None)

    def remove(self, nodes: list[torch.fx.Node], ops: int) -> None:
        """Take back what has been recorded last; `ops` operators remain."""
        for node in reversed(nodes):
            if node is self._first_op:
                self._first_op = None
            self.graph.erase_node(node)
        self.ops = ops

    def insert(self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.fx.Node:
        """Record a call without running it on examples."""
        node = self.graph.call_function(_printable(call), args, kwargs)
        self._entered(node)
        return node

    def part(self, module: torch.nn.Module, name: str) -> torch.fx.Node:
        """A node for a module that becomes a part of the graph's own."""
        number = sum(1 for _ in self.holder.children())
        self.holder.add_module(f"{name}_{number}", module)
        node = self.graph.get_attr(f"{name}_{number}")
        if self._first_op is None:
            self._first_op = node
        return node

    # -- modes -----------------------------------------------------------------------------

    def switch(self, mode: Mode, value: Any) -> None:
        """The captured program switches one of torch's modes; examples follow at once."""
        self.modes.switched.add(mode)
        mode.set(value)
        self.call_plainly(mode.setter, (*mode.about, value))

    def call_plainly(self, func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Write a call that has no tensor in it, and no result."""
        node = self.graph.call_function(func, args)
        if self._first_op is None:
            self._first_op = node

    # -- the finished graph --------------------------------------------------------------

    def finish(self, outputs: list[TensorValue], switched: Sequence[tuple[Mode, Any]] = ()) -> None:
        """Close the graph with `outputs` (a tuple), and with the modes that the program has switched as they were."""
        for mode, _ in switched:
            self.graph.call_function(mode.setter, (*mode.about, self.modes.entry[mode]))
        self.graph.output(tuple(self.node_of(value) for value in outputs))
        self._drop_unused_parts()

    def module(self) -> torch.fx.GraphModule:
        """The finished graph as a module; this writes and compiles its Python code."""
        return graph_module(self.holder, self.graph, "CapturedGraph")

    def _drop_unused_parts(self) -> None:
        """Drop what takes a result apart and is not used. The program's own operators all stay: one that nobody reads
        may still raise, and a backend drops what it likes."""
        for node in reversed(self.graph.nodes):
            ours = node.op not in ("placeholder", "output") and "user_stack" not in node.meta
            if ours and not node.users and not has_effect(node.target, node.kwargs):
                self.graph.erase_node(node)


def _run(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call an operator on examples."""
    if target in marks.ALLOWED:
        with torch.random.fork_rng(devices=()):
            return target(*args, **kwargs)
    if isinstance(target, str):
        return getattr(args[0], target)(*args[1:], **kwargs)
    return target(*args, **kwargs)


def _check_plain(target: Any) -> None:
    """A plain result of the example run holds for the tensors themselves only where the table says so.

    Raises:
        GraphBreak: it may depend on contents, memory or identity.
    """
    if not answers_from_metadata(target):
        kind = "unsupported method" if isinstance(target, str) else "unsupported call"
        raise GraphBreak(kind, f"{_name(target)}, whose result is no tensor")


def _name(target: Any) -> str:
    return f"Tensor.{target}" if isinstance(target, str) else getattr(target, "__name__", repr(target))


def _bare_name(target: Any) -> str:
    return target if isinstance(target, str) else getattr(target, "__name__", "")


def _unambiguous(target: Any, args: tuple[Any, ...]) -> Any:
    """FX writes a power of -1 as ``-1 ** x``, which Python reads as ``-(1 ** x)``: that becomes a call."""
    return torch.pow if target is operator.pow and not isinstance(args[0], TensorValue) else target


@functools.lru_cache(maxsize=4096)
def _printable(target: Any) -> Any:
    """What stands for an operator in a graph, whose Python code names functions of torch by their names.

    Some of those names belong to Python functions around the one that was called (``torch.broadcast_tensors``): such
    a function goes in behind one of ours, which is written as an object.
    """
    if isinstance(target, str) or _named_in_torch(target):
        return target

    def call(*args: Any, **kwargs: Any) -> Any:
        return target(*args, **kwargs)

    call.__name__ = call.__qualname__ = _name(target)
    return call


def _named_in_torch(target: Any) -> bool:
    """Whether the name that FX would write leads to the function; other packages' functions are written as objects."""
    try:
        first, *rest = torch.fx.node._get_qualified_name(target).split(".")
        return first != "torch" or functools.reduce(getattr, rest, torch) == target
    except (AttributeError, RuntimeError):
        return False


def _identifier(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text).strip("_") or "input"
