"""Each family of rules over layouts, dtypes and options; whatever is answered must be right."""

from __future__ import annotations

import itertools
import operator
import random

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from compiler.graph.shape_rules import unary
from tests.compiler.graph.shape_cases import DTYPES, call, compare, layouts, make, with_grad

pytestmark = pytest.mark.filterwarnings("ignore")

FEW = (0, 2, 3, 4, 5, 12, 15, 18, 21, 25)


def some(dtype: torch.dtype) -> list[Tensor]:
    every = list(layouts(dtype))
    return [every[index] for index in FEW]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_unary_operators_and_activations(dtype: torch.dtype) -> None:
    for tensor in layouts(dtype):
        for _, _, names in unary.UNARY:
            for name in names.split():
                compare(call(name, with_grad(tensor, True)))
                if hasattr(Tensor, name + "_"):
                    compare(call(name + "_", with_grad(tensor.clone(), "mid")))
        for name, parameters in unary.ACTIVATIONS.items():
            compare(call(getattr(F, name), tensor))
            if "inplace" in parameters:
                compare(call(getattr(F, name), tensor.clone(), inplace=True))


@pytest.mark.parametrize(
    "name",
    "add sub mul div floor_divide remainder fmod pow maximum eq lt logical_and atan2 hypot bitwise_and "
    "bitwise_left_shift __rsub__ __rpow__ __rtruediv__ __rmod__ add_ sub_ mul_ div_ pow_ bitwise_or_".split(),
)
def test_binary_operators_over_dtypes_and_layouts(name: str) -> None:
    for left, right in itertools.product(DTYPES, DTYPES):
        for a, b in itertools.product(some(left)[:6], some(right)[:6]):
            compare(call(name, a.clone() if name.endswith("_") else a, b))
    for dtype in DTYPES:
        for tensor, number in itertools.product(layouts(dtype), (2, 0.5, True, -1)):
            compare(call(name, tensor, number))
            if hasattr(torch, name):
                compare(call(getattr(torch, name), number, tensor))


@pytest.mark.parametrize(
    "target",
    [
        operator.add,
        operator.sub,
        operator.truediv,
        operator.pow,
        operator.mod,
        operator.eq,
        operator.and_,
        operator.iadd,
    ],
)
def test_operators_of_python_take_a_number_on_either_side(target: object) -> None:
    for dtype in DTYPES:
        for tensor, number in itertools.product(layouts(dtype), (2, 0.5, True, -1)):
            compare(call(target, tensor.clone(), number))
            compare(call(target, number, tensor))


REDUCTIONS = "sum mean prod amax any all argmax count_nonzero var std logsumexp cumsum softmax norm sort flip".split()


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str) -> None:
    for dtype in (torch.float32, torch.bfloat16, torch.int64, torch.uint8, torch.bool):
        for tensor in layouts(dtype):
            tensor = with_grad(tensor, dtype is torch.float32)
            compare(call(name, tensor))
            for dim in (0, -1, 1, 2, (0, 1), (-1,), [0], (), None):
                compare(call(name, tensor, dim))
                compare(call(name, tensor, dim, True))
                compare(call(name, tensor, dim=dim, keepdim=True))
            compare(call(name, tensor, 0, dtype=torch.float64))
            compare(call(name, tensor, 0, dtype=torch.int64))


def test_masks_clamps_and_creation_from_another() -> None:
    for dtype in DTYPES:
        for tensor in layouts(dtype):
            for value in (0, 0.5, True, -1, 300, float("-inf")):
                compare(call("masked_fill", tensor, torch.ones(2, 3, dtype=torch.bool), value))
                compare(call("masked_fill_", tensor.clone(), tensor.bool(), value))
            for low, high in ((0, None), (None, 1), (0.0, 1), (True, None), (tensor, None), (0, tensor)):
                compare(call("clamp", tensor, low, high))
                compare(call("clamp_", tensor.clone(), low, high))
            for function in (torch.zeros_like, torch.empty_like, torch.randn_like):
                compare(call(function, tensor))
                compare(call(function, tensor, dtype=torch.float64))
            for p, training in itertools.product((0, 0.5, 1.0), (True, False)):
                compare(call(F.dropout, tensor, p, training))


def test_matrix_products() -> None:
    shapes = [(3,), (2, 3), (3, 2), (3, 3), (4, 2, 3), (4, 3, 2), (1, 3, 2), (2, 1, 2, 3), (2, 4, 3, 2), (0, 3), (1, 3)]
    found = [make(*shape) for shape in shapes]
    found += [one.mT.contiguous().mT for one in found if one.dim() > 1] + [make(2, 3).expand(4, 2, 3)]
    for left, right in itertools.product(found, found):
        for grad in (False, True):
            for name in ("matmul", "mm", "bmm", "mv", "dot", "outer"):
                compare(call(name, with_grad(left, grad), right))
            for added in (make(2), make(2, 2), make(4, 2, 2), make()):
                compare(call(torch.addmm, added, with_grad(left, grad), right))
                compare(call(torch.baddbmm, added, with_grad(left, grad), right))


def test_normalisation_and_losses() -> None:
    for tensor in layouts():
        shape, grad = tuple(tensor.shape), with_grad(tensor, True)
        for count in (1, 2):
            own = shape[-count:]
            for function in (F.layer_norm, F.rms_norm):
                compare(call(function, grad, own))
                compare(call(function, grad, own, make(*own)))
        if len(shape) > 1:
            channels = make(shape[1])
            for training in (True, False):
                compare(call(F.batch_norm, grad, channels.clone(), channels.clone(), training=training))
                compare(call(F.batch_norm, grad, None, None, channels, channels, training))
            for groups in (1, 2, 3):
                compare(call(F.group_norm, grad, groups, channels, channels))
        for reduction in ("mean", "sum", "none", "batchmean"):
            for loss in (F.mse_loss, F.huber_loss, F.binary_cross_entropy, F.kl_div):
                compare(call(loss, grad, tensor, reduction=reduction))
            at = 1 if len(shape) > 1 else 0
            classes = torch.zeros(shape[:at] + shape[at + 1 :], dtype=torch.int64)
            for loss in (F.cross_entropy, F.nll_loss):
                compare(call(loss, grad, classes, reduction=reduction))
                compare(call(loss, grad, tensor, reduction=reduction))


def test_convolution_and_pooling() -> None:
    pick = random.Random(0).choice
    for _ in range(400):
        rank = pick((1, 2, 2, 3))
        shape = (pick((1, 2)), pick((1, 2, 4)), *(pick((1, 3, 5, 8)) for _ in range(rank)))
        images = with_grad(torch.ones(shape), pick((False, True)))
        groups, filters = pick((1, 1, 2)), pick((1, 2, 4))
        weight = make(filters, max(shape[1] // groups, 1), *(pick((1, 2, 3)) for _ in range(rank)))
        if rank == 2 and pick((False, False, True)):
            weight = weight.to(memory_format=torch.channels_last)
        options = (pick((1, 2, (2,) * rank)), pick((0, 1, "same", "valid")), pick((1, 2)), groups)
        compare(call(getattr(F, f"conv{rank}d"), images, weight, pick((None, make(filters))), *options))
        if rank == 2:
            pooling = (pick((1, 2, 3, (2, 1))), pick((None, 1, 2, (1, 2))), pick((0, 1, (1, 0))))
            compare(call(F.max_pool2d, images, *pooling, pick((1, 2)), pick((True, False))))
            compare(call(F.avg_pool2d, images, *pooling, pick((True, False))))
            compare(call(F.adaptive_avg_pool2d, images, pick((1, 2, (2, 1), (None, 1)))))
            size, factor = pick(((4, None), ((2, 3), None), (None, 2), (None, 0.5), (None, (2, 1.7))))
            compare(call(F.interpolate, images, size, factor, pick(("nearest", "bilinear", "bicubic"))))


def test_attention() -> None:
    pick = random.Random(0).choice
    for _ in range(400):
        batch, heads, queries, keys, width = pick((1, 2)), pick((1, 4)), pick((1, 3)), pick((1, 3, 5)), pick((1, 4, 8))

        def one(length: int, *, sizes: tuple[int, int, int] = (batch, heads, width)) -> Tensor:
            fused = make(sizes[0], length, 3, *sizes[1:])[:, :, 1].transpose(1, 2)
            apart = make(sizes[0], length, *sizes[1:]).transpose(1, 2)
            return with_grad(pick((fused, apart, apart.contiguous())), pick((False, True)))

        mask = pick((None, make(queries, keys, dtype=torch.bool), make(batch, 1, queries, keys, grad=True)))
        options = pick(({}, {"scale": 0.5}, {"is_causal": True}, {"dropout_p": 0.3}))
        compare(call(F.scaled_dot_product_attention, one(queries), one(keys), one(keys), mask, **options))


def test_joining_sorting_and_indexing() -> None:
    rows, grid = torch.zeros(2, dtype=torch.int64), torch.zeros(2, 3, dtype=torch.int64)
    for dtype in (torch.float32, torch.int64, torch.bool):
        for tensor in layouts(dtype):
            tensor = with_grad(tensor, True)
            for dim in (0, 1, -1):
                compare(call(torch.cat, [tensor, tensor.double()], dim))
                compare(call(torch.stack, (tensor, tensor), dim))
                compare(call("roll", tensor, 1, dim))
                compare(call("topk", tensor, 1, dim))
                compare(call("tril", tensor, dim))
            if tensor.dim():
                for options in ({}, {"dim1": -2, "dim2": -1}, {"offset": -1}, {"offset": 2, "dim1": 0, "dim2": -1}):
                    compare(call("diag_embed", tensor, **options))
                compare(call("diag_embed", tensor, 0, 1, 0))
            for repeats in ((2, 2), (1, 2, 3, 1), (2,)):
                compare(call("repeat", tensor, *repeats))
            for index in (rows, grid, torch.tensor(0), grid.t(), rows.bool()):
                compare(call(operator.getitem, tensor, index))
                compare(call("gather", tensor, 0, index))
                compare(call("scatter_add", tensor, 0, index, tensor))
                compare(call(F.embedding, index, tensor))


def test_creation_from_sizes() -> None:
    sizes = [(3,), (0,), ((2, 3),), ([2, 0],), (2, 3), (torch.Size((2,)),), (-1,), ((),)]
    for size, dtype in itertools.product(sizes, (None, torch.int64, torch.float64, torch.bool)):
        for function in (torch.zeros, torch.ones, torch.empty, torch.randn):
            compare(call(function, *size, dtype=dtype))
        compare(call(torch.full, size[0], 1, dtype=dtype))
    bounds = [(3,), (0,), (1, 7, 2), (7, 1, -2), (0, 1, 0.1), (2.5,), (True,), (0, 3, 0), (3, 0), (0.0, 0.95, 0.05)]
    for bound, dtype in itertools.product(bounds, (None, torch.int64, torch.float32, torch.bool)):
        compare(call(torch.arange, *bound, dtype=dtype))
    for named in ({"end": 4}, {"start": 1, "end": 4, "step": 2}, {"start": 3}):
        compare(call(torch.arange, **named))
