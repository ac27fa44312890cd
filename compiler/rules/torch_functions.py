"""Functions of torch: recorded in the graph, answered during capture, or refused."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional

import compiler.marks as marks
from compiler.breaks import GraphBreak
from compiler.rules.basics import fold, is_none
from compiler.sources import CallSource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, SequenceValue
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
    if "out" in kwargs and is_none(cx, kwargs["out"]):
        kwargs = {name: value for name, value in kwargs.items() if name != "out"}
    if "out" in kwargs and not _is_tensor(cx, kwargs["out"]):
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


def _is_tensor(cx: Capture, value: Value) -> bool:
    return isinstance(value.realize(cx), TensorValue)


def _constant(answer: Any) -> Rule:
    return lambda cx, args, kwargs: ConstantValue(answer)


def _state(func: Callable[[], Any]) -> Rule:
    """A question about torch's global state that the state guard covers."""
    return lambda cx, args, kwargs: ConstantValue(func())


def _asked(func: Callable[[], Any]) -> Rule:
    """A question about torch's state that is guarded where it is asked."""

    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        return cx.wrap(func(), cx.sources.constant(func.__name__, func).child(CallSource))

    return rule


def _fold(func: Callable[..., Any]) -> Rule:
    return lambda cx, args, kwargs: fold(cx, func, args, kwargs)


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


def _has_torch_function(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Only plain tensors are followed, so no argument overrides functions, unless an object is one of ours."""
    for arg in args:
        value = arg.realize(cx)
        items = value.items if isinstance(value, SequenceValue) else [value]
        if any(hasattr(item.realize(cx).pytype(), "__torch_function__") and not _is_tensor(cx, item) for item in items):
            raise GraphBreak("unsupported call", "a function with an argument that overrides torch functions")
    return ConstantValue(False)


RULES: dict[Any, Rule] = {
    torch.is_tensor: lambda cx, args, kwargs: ConstantValue(_is_tensor(cx, args[0])),
    torch.is_inference_mode_enabled: _state(torch.is_inference_mode_enabled),
    torch.compiler.is_compiling: _constant(True),
    torch.compiler.is_dynamo_compiling: _constant(True),
    torch.compiler.is_exporting: _constant(False),
    torch._utils.is_compiling: _constant(True),
    torch.jit.is_scripting: _constant(False),
    torch.jit.is_tracing: _constant(False),
    torch._jit_internal.is_scripting: _constant(False),
    torch._C._get_tracing_state: _constant(None),
    torch._C._is_tracing: _constant(False),
    torch._C._log_api_usage_once: _constant(None),
    torch._C._get_deterministic_algorithms: _asked(torch._C._get_deterministic_algorithms),
    torch._C._get_deterministic_algorithms_warn_only: _asked(torch._C._get_deterministic_algorithms_warn_only),
    torch._assert: _assert,
    **{func: _native(func) for func in _SEEDING},
    torch.broadcast_shapes: _fold(torch.broadcast_shapes),
    torch.promote_types: _fold(torch.promote_types),
    torch.can_cast: _fold(torch.can_cast),
    torch._C._are_functorch_transforms_active: _constant(False),
    torch._C._is_torch_function_mode_enabled: _constant(False),
    torch._C._is_autocast_available: _fold(torch._C._is_autocast_available),
    torch._C._get_privateuse1_backend_name: _fold(torch._C._get_privateuse1_backend_name),
    torch.overrides.has_torch_function: _has_torch_function,
    torch.overrides.has_torch_function_unary: _has_torch_function,
    torch.overrides.has_torch_function_variadic: _has_torch_function,
}
