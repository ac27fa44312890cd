"""Questions to torch itself: its modes and settings, and facts about types."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.rules.basics import constant_of, fold_plain, from_const
from compiler.values.base import ConstantValue, Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

Rule = Callable[["Capture", list[Value], dict[str, Value]], Value]

_GUARDED = (
    "accelerator.is_available cuda.is_available cuda.device_count xpu.is_available xpu.device_count "
    "are_deterministic_algorithms_enabled get_default_device get_num_threads "
    "get_num_interop_threads is_anomaly_enabled is_anomaly_check_nan_enabled "
    "is_vulkan_available _C._accelerator_getAccelerator _C._get_cublas_allow_bf16_reduced_precision_reduction "
    "_C._get_cublas_allow_fp16_reduced_precision_reduction _C._get_cublas_allow_tf32 _C._get_cudnn_allow_tf32 "
    "_C._get_cudnn_benchmark _C._get_cudnn_deterministic _C._get_cudnn_enabled _C._get_cudnn_sdp_enabled "
    "_C._get_deterministic_algorithms _C._get_deterministic_algorithms_warn_only _C._get_flash_sdp_enabled "
    "_C._get_float32_matmul_precision _C._get_math_sdp_enabled _C._get_mem_efficient_sdp_enabled "
    "_C._get_mkldnn_enabled _C._get_warnAlways"
).split()
"""Settings of the process, in torch: what they are is guarded where they are asked for."""


def _constant(answer: Any) -> Rule:
    return lambda cx, args, kwargs: ConstantValue(answer)


def _state(func: Callable[[], Any]) -> Rule:
    """A question about torch's global state that the state guard covers."""
    return lambda cx, args, kwargs: ConstantValue(func())


def _asked(func: Callable[..., Any]) -> Rule:
    """A question about torch's state that is guarded where it is asked."""

    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        plain, named = _plain(cx, args, kwargs)
        try:
            answer = func(*plain, **named)
        except Exception as error:
            raise GraphBreak("operator refused", f"{func.__name__}: {error}") from error

        def same(_: Any) -> bool:
            return bool(func(*plain, **named) == answer)

        same.__doc__ = f"{func.__name__} is {answer!r}"
        cx.guards.add(cx.sources.constant(func.__name__, func), "predicate", same)
        return from_const(cx, answer)

    return rule


def _fold(func: Callable[..., Any]) -> Rule:
    def rule(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
        plain, named = _plain(cx, args, kwargs)
        return fold_plain(cx, func, plain, named)

    return rule


def _plain(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments themselves; those of tuples too."""
    return [constant_of(cx, arg) for arg in args], {name: constant_of(cx, arg) for name, arg in kwargs.items()}


def _guarded() -> dict[Any, Rule]:
    found: dict[Any, Rule] = {}
    for name in _GUARDED:
        func = functools.reduce(lambda owner, part: getattr(owner, part, None), name.split("."), torch)
        if func is not None:  # not every version of torch has every setting
            found[func] = _asked(func)
    return found


QUESTIONS: dict[Any, Rule] = {
    torch.is_inference_mode_enabled: _state(torch.is_inference_mode_enabled),
    torch.is_distributed: _constant(False),
    torch.compiler.is_compiling: _constant(True),
    torch.compiler.is_dynamo_compiling: _constant(True),
    torch.compiler.is_exporting: _constant(False),
    torch._utils.is_compiling: _constant(True),
    torch.jit.is_scripting: _constant(False),
    torch.jit.is_tracing: _constant(False),
    torch._jit_internal.is_scripting: _constant(False),
    torch._C._get_tracing_state: _constant(None),
    torch._C._is_tracing: _constant(False),
    torch._C._len_torch_function_stack: _constant(0),
    torch._C._log_api_usage_once: _constant(None),
    torch.broadcast_shapes: _fold(torch.broadcast_shapes),
    torch.promote_types: _fold(torch.promote_types),
    torch.can_cast: _fold(torch.can_cast),
    torch._C._are_functorch_transforms_active: _constant(False),
    torch._C._is_torch_function_mode_enabled: _constant(False),
    torch._C._is_autocast_available: _fold(torch._C._is_autocast_available),
    torch._C._get_privateuse1_backend_name: _fold(torch._C._get_privateuse1_backend_name),
    **_guarded(),
}
