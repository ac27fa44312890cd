"""Functions of torch: recorded in the graph, answered during capture, or refused."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional

import compiler.marks as marks
from compiler.breaks import GraphBreak
from compiler.rules import torch_construction
from compiler.rules.basics import fold, is_none
from compiler.rules.torch_questions import QUESTIONS
from compiler.rules.torch_tensors import call_tensor_method
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, ListValue, SequenceValue, TupleValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

Rule = Callable[["Capture", list[Value], dict[str, Value]], Value]

_REFUSED = (
    "torch.autograd", "torch.func", "torch._functorch", "torch.utils.checkpoint", "torch.distributed", "torch.cuda",
    "torch.jit", "torch.fx", "torch.onnx", "torch.serialization", "torch.random", "torch.profiler", "torch.export",
    "torch._dynamo", "torch._inductor", "torch.multiprocessing", "torch.hub", "torch.ao", "torch.package",
    "torch._subclasses", "torch._logging", "torch._tensor_str", "torch.testing", "torch.library", "torch._library",
)  # fmt: skip
"""Modules of torch whose functions are neither recorded nor traced into."""

_TRACED = ("torch.nn.modules", "torch.nn.utils", "torch.nn.init", "torch.autograd.grad_mode", "torch.utils._contextlib",
           "torch.optim", "torch.distributions", "torch.utils._pytree", "torch.amp", "torch._jit_internal")  # fmt: skip
"""Modules of torch that are ordinary Python around tensors: traced into like user code."""

_NAMESPACES = (torch, torch._C._VariableFunctions, torch._C._nn, torch.nn.functional, torch.functional, torch.linalg,
               torch.fft, torch.special)  # fmt: skip


def disposition(func: Any) -> str:
    """What to do with a function of torch: "graph", "trace", "refuse", or "" when it is not torch's."""
    module = getattr(func, "__module__", None) or ""
    if func in _KNOWN or func in marks.ALLOWED:
        return "graph"
    if not (module == "torch" or module.startswith("torch.")):
        return ""
    if _within(module, _TRACED):
        return "trace"
    if _within(module, _REFUSED):
        return "refuse"
    if isinstance(func, types.FunctionType):
        return "graph" if module in _GRAPH_MODULES else "trace"
    return "graph"


def _within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


_GRAPH_MODULES = frozenset({"torch", "torch.functional", "torch.nn.functional", "torch.linalg", "torch.fft",
                            "torch.special", "torch._tensor", "torch._lowrank", "torch.overrides"})  # fmt: skip
_KNOWN = frozenset(
    obj
    for namespace in _NAMESPACES
    for name in dir(namespace)
    if not name.startswith("__") and isinstance(obj := getattr(namespace, name), types.BuiltinFunctionType)
)


def call_torch(cx: Capture, func: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A call of a function whose `disposition` is "graph"."""
    rule = RULES.get(func)
    if rule is not None:
        return rule(cx, args, kwargs)
    if "out" in kwargs and not _all_tensors(cx, kwargs["out"]):
        raise GraphBreak("unsupported call", f"{func.__name__} with out= of this type")
    return cx.graph.call(func, args, kwargs)


def has_tensor(cx: Capture, values: list[Value]) -> bool:
    """Whether a tensor is among the values, also inside lists, tuples and dicts."""
    for value in values:
        value = value.realize(cx)
        if isinstance(value, TensorValue):
            return True
        if isinstance(value, SequenceValue) and has_tensor(cx, value.items):
            return True
        if isinstance(value, DictValue) and has_tensor(cx, [item for _, item in value.entries.values()]):
            return True
    return False


def _all_tensors(cx: Capture, value: Value) -> bool:
    """Whether it is a tensor, a tuple or list of tensors, or None."""
    value = value.realize(cx)
    if isinstance(value, TupleValue | ListValue):
        return all(_is_tensor(cx, item) for item in value.items)
    return isinstance(value, TensorValue) or is_none(cx, value)


def _is_tensor(cx: Capture, value: Value) -> bool:
    return isinstance(value.realize(cx), TensorValue)


def _native(func: Callable[..., Any]) -> Rule:
    """Random numbers are drawn and seeded in the order of the program, of which a graph holds a part only."""

    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        raise GraphBreak("outside world", f"torch.{func.__name__}")

    return rule


_SEEDING = (torch.manual_seed, torch.seed, torch.initial_seed, torch.get_rng_state, torch.set_rng_state)


def _assert(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if not args[0].realize(cx).truth(cx):
        cx.raise_(AssertionError, *[arg.realize(cx).constant() for arg in args[1:]])
    return ConstantValue(None)


def _check(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What all of ``torch._check`` and its kin end in: the kind of error, the condition and the message."""
    condition = args[1].realize(cx)
    if not (condition.is_constant() and condition.constant() is True):
        raise GraphBreak("operator refused", "torch._check of a condition that does not hold, or is not known")
    return ConstantValue(None)


def _has_torch_function(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Only plain tensors are followed, so no argument overrides functions, unless an object is one of ours."""
    for arg in args:
        value = arg.realize(cx)
        items = value.items if isinstance(value, SequenceValue) else [value]
        if any(hasattr(item.realize(cx).pytype(), "__torch_function__") and not _is_tensor(cx, item) for item in items):
            raise GraphBreak("unsupported call", "a function with an argument that overrides torch functions")
    return ConstantValue(False)


def _annotate(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What torch.jit is told of a type does nothing in Python."""
    return args[1]


def _method(name: str) -> Rule:
    """A function that is a method of its first argument."""

    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        owner = args[0].realize(cx) if args else kwargs.get("input", ConstantValue(None)).realize(cx)
        if not isinstance(owner, TensorValue):
            raise GraphBreak("operator refused", f"torch.{name} of {owner.describe()}")
        return call_tensor_method(cx, owner, name, [], {})

    return rule


def _result_type(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    if has_tensor(cx, [*args, *kwargs.values()]):
        return cx.graph.call(torch.result_type, args, kwargs)
    return fold(cx, torch.result_type, args, kwargs)


def _recorded(func: Any) -> Rule:
    """A Python function of torch that is an operator of its own in the graph."""
    return lambda cx, args, kwargs: cx.graph.call(func, args, kwargs)


def _tensor(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A list that holds tensors is stacked; reading numbers out of them is what eager does."""
    data = args[0].realize(cx) if args else None
    if isinstance(data, SequenceValue) and has_tensor(cx, data.items):
        return torch_construction.stacked(cx, data, args[1:], kwargs)
    return cx.graph.call(torch.tensor, args, kwargs)


RULES: dict[Any, Rule] = {
    **QUESTIONS,
    torch.is_tensor: lambda cx, args, kwargs: ConstantValue(_is_tensor(cx, args[0])),
    torch.is_inference: _method("is_inference"),
    torch.get_device: _method("get_device"),
    torch.result_type: _result_type,
    torch.tensor: _tensor,
    torch.unravel_index: _recorded(torch.unravel_index),
    torch._assert: _assert,
    torch._check_with: _check,
    torch.jit.annotate: _annotate,
    **{func: _native(func) for func in _SEEDING},
    torch.overrides.has_torch_function: _has_torch_function,
    torch.overrides.has_torch_function_unary: _has_torch_function,
    torch.overrides.has_torch_function_variadic: _has_torch_function,
}
