"""One plain call of every operator family; a rule must answer each of them."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F

from tests.compiler.graph.shape_cases import Call, call, make

MULTIPLE_SPELLINGS = [
    ("add", torch.add, operator.add, "add", "__add__", "__radd__", torch.Tensor.add),
    ("mul", torch.mul, operator.mul, "mul", "__rmul__"),
    ("sub", torch.sub, operator.sub, "sub", "__rsub__"),
    ("div", torch.div, operator.truediv, "div", "__truediv__", "__rtruediv__"),
    ("floordiv", torch.floor_divide, operator.floordiv, "__rfloordiv__"),
    ("mod", torch.remainder, operator.mod, torch.fmod, "__rmod__"),
    ("pow", torch.pow, operator.pow, "pow", "__rpow__"),
    ("compare", torch.eq, operator.eq, "eq", "__eq__", torch.ne, torch.lt, operator.le, "gt", operator.ge),
    ("in place", "add_", operator.iadd, "mul_", operator.isub, "div_", operator.itruediv, "pow_", "clamp_min_"),
]


def everyday(grad: bool | str = False) -> Iterator[Call]:
    """Calls whose floating operands carry `grad`."""
    yield from _arithmetic(grad)
    yield from _reductions(grad)
    yield from _layers(grad)
    yield from _shapes(grad)
    yield from _creation()


def _arithmetic(grad: bool | str) -> Iterator[Call]:
    def x() -> torch.Tensor:
        return make(4, 8, grad=grad)

    row, whole, mask = make(8), make(4, 8, dtype=torch.int64), make(4, 8, dtype=torch.bool)
    for name, *spellings in MULTIPLE_SPELLINGS:
        in_place = name == "in place"
        for target in spellings:
            yield call(target, make(4, 8, grad="mid" if grad else False) if in_place else x(), 2)
            if not str(target).startswith("__r"):
                yield call(target, make(4, 8, grad="mid" if grad else False) if in_place else x(), row)
    for name in ("relu", "sigmoid", "tanh", "exp", "log", "sin", "cos", "sqrt", "rsqrt", "abs", "neg", "erf", "floor"):
        yield call(name, x())
        yield call(getattr(torch, name), x())
        if name != "relu":
            yield call(f"{name}_", make(4, 8, grad="mid" if grad else False))
    for function in (
        F.relu,
        F.gelu,
        F.silu,
        F.leaky_relu,
        F.elu,
        F.softplus,
        F.hardswish,
        F.hardtanh,
        F.mish,
        F.dropout,
    ):
        yield call(function, x())
    yield call(F.relu, make(4, 8, grad="mid" if grad else False), inplace=True)
    yield call(F.gelu, x(), approximate="tanh")
    yield call(F.dropout, x(), 0.5, False)
    for target in (torch.maximum, torch.minimum, torch.atan2, torch.logical_and, torch.max):
        yield call(target, x(), row)
    for other in (operator.and_, operator.or_, "bitwise_xor"):
        yield call(other, whole, whole)
    yield call(operator.invert, mask)
    yield call("logical_not", whole)
    for clamp in (call("clamp", x(), 0, 1), call("clamp", x(), min=0.0), call(torch.clamp_min, x(), 0)):
        yield clamp
    yield call(torch.where, mask, x(), 0.0)
    yield call(torch.where, mask, x(), row)
    yield call("masked_fill", x(), mask, float("-inf"))
    yield call("lerp", x(), row, 0.5)
    yield call("addcmul", x(), row, row, value=0.1)


def _reductions(grad: bool | str) -> Iterator[Call]:
    x = make(4, 8, grad=grad)
    for name in ("sum", "mean", "amax", "any", "all", "argmax", "var", "std", "norm", "count_nonzero"):
        yield call(name, x)
        yield call(name, x, dim=-1)
        yield call(getattr(torch, name), x, dim=0)
    yield call("sum", x, (0, 1), keepdim=True)
    yield call("sum", make(3, dtype=torch.bool))
    yield call("prod", x, 1)
    for name in ("softmax", "log_softmax", "cumsum", "logsumexp"):
        yield call(name, x, -1)
    yield call(F.softmax, x, dim=-1, dtype=torch.float64)
    yield call(torch.var_mean, x, -1, correction=0)
    yield call(torch.linalg.vector_norm, x, dim=-1, keepdim=True)


def _layers(grad: bool | str) -> Iterator[Call]:
    x, images, scale = make(2, 4, 8, grad=grad), make(2, 4, 8, 8, grad=grad), make(8)
    numbers = make(2, 4, dtype=torch.int64)
    yield call(F.linear, x, make(3, 8), make(3))
    yield call(F.linear, x, make(3, 8))
    yield call(operator.matmul, x, make(8, 3))
    yield call("matmul", images, images.detach().transpose(-1, -2))
    yield call(torch.bmm, x, make(2, 8, 3))
    yield call(torch.addmm, make(3), make(2, 8, grad=grad), make(8, 3))
    yield call(F.layer_norm, x, (8,), scale, scale)
    yield call(F.rms_norm, x, (8,), scale)
    yield call(F.group_norm, images, 2, make(4), make(4))
    for training in (True, False):
        yield call(F.batch_norm, images, make(4), make(4), make(4), make(4), training)
    yield call(F.embedding, numbers, make(9, 8, grad=grad), padding_idx=0)
    heads = make(2, 7, 4, 8, grad=grad).transpose(1, 2)
    yield call(F.scaled_dot_product_attention, heads, heads, heads, is_causal=True)
    yield call(F.scaled_dot_product_attention, images, images, images, make(8, 8, dtype=torch.bool))
    yield call(F.conv1d, x, make(6, 4, 3), make(6), padding=1)
    yield call(F.conv2d, images, make(6, 4, 3, 3), make(6), stride=2, padding=1)
    for function in (F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d):
        yield call(function, images, 2)
    yield call(F.interpolate, images, scale_factor=2, mode="bilinear", align_corners=False)
    yield call(F.normalize, x, dim=-1)
    yield call(F.glu, x)
    for function in (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.binary_cross_entropy_with_logits):
        yield call(function, x, x.detach())
    yield call(F.cross_entropy, make(4, 8, grad=grad), make(4, dtype=torch.int64))


def _shapes(grad: bool | str) -> Iterator[Call]:
    x, rows = make(4, 8, grad=grad), torch.zeros(2, dtype=torch.int64)
    yield call(torch.cat, [x, x], dim=-1)
    yield call(torch.stack, (x, x), 1)
    for name in ("tril", "triu", "sort", "argsort"):
        yield call(name, x)
    for name, value in (("flip", (0,)), ("roll", 1), ("topk", 2)):
        yield call(name, x, value)
    yield call("repeat", x, 2, 1)
    yield call("diag_embed", x)
    yield call(operator.getitem, x, rows)
    yield call("gather", x, 1, torch.zeros(4, 2, dtype=torch.int64))
    yield call(torch.zeros_like, x)
    yield call(torch.full_like, x, 2, dtype=torch.int64)


def _creation() -> Iterator[Call]:
    sizes: tuple[Any, ...] = ((2, 3), ((2, 3),))
    for function in (torch.zeros, torch.ones, torch.empty, torch.randn):
        for size in sizes:
            yield call(function, *size)
    yield call(torch.full, (2, 3), True)
    yield call(torch.arange, 5)
    yield call(torch.arange, 0, 1, 0.25)
    yield call(torch.eye, 3)
