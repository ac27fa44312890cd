"""Tensors as Python objects: views, in-place operators, indexing, conversions, attributes."""

from __future__ import annotations

from typing import Any

import torch

from tests.compiler.programs.harness import Made, call, program


@program()
def views_and_in_place() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x.clone()
        row = y[0]
        row += 1
        y[:, 1] = 0
        y[1:, ::2] *= 3
        y.view(-1)[5].fill_(9)
        z = y.t()
        z.add_(1)
        return y, row, z

    return work, [call(torch.randn(3, 4))]


@program()
def arguments_changed() -> Made:
    def work(x: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        x.mul_(2).clamp_(-1, 1)
        torch.add(x, 1, out=out)
        out[0] = x[1]
        return x

    return work, [call(torch.randn(3, 4), torch.zeros(3, 4))]


@program()
def indexing() -> Made:
    def work(x: torch.Tensor, index: torch.Tensor, mask: torch.Tensor) -> Any:
        return (
            x[0], x[-1, 1:], x[..., 0], x[:, None], x[index], x[:, index], x[index, index], x[[0, 2]],
            x.gather(1, index.view(1, -1)), x.masked_fill(mask, 0), torch.where(mask, x, -x), x[1:2, [0, 1]],
            x.index_select(0, index), x.scatter(0, index.view(1, -1), 1.0), x[True], x.take(index),
        )  # fmt: skip

    return work, [call(torch.randn(3, 4), torch.tensor([0, 2]), torch.rand(3, 4) > 0.5)]


@program(graphs=2, breaks=("data-dependent shape",))
def boolean_mask() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        return y[y > 0].sum() + 1

    return work, [call(torch.randn(5))]


@program()
def masked_assignment() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        y = x * 1
        y[y < 0] = 0
        return y

    return work, [call(torch.randn(5))]


@program()
def shapes() -> Made:
    def work(x: torch.Tensor) -> Any:
        b, *rest = x.shape
        size = x.size()
        flat = x.reshape(size[0], -1)
        joined = size[:1] + torch.Size([2, 6])
        n, m = flat.shape
        return (
            flat.view(*size), x.view(joined), x.expand(2, *size), b, rest, size.numel(), len(x), x.dim(), x.numel(),
            x.stride(), tuple(size), list(size), n * m, x.shape == size, size[-1], x.size(0), x.nelement(), x.ndim,
        )  # fmt: skip

    return work, [call(torch.randn(4, 3, 4)), call(torch.randn(2, 3, 4))]


@program()
def iterated() -> Made:
    def work(x: torch.Tensor) -> Any:
        rows = [row * index for index, row in enumerate(x)]
        a, b, c = x
        first, *others = x.unbind(1)
        return rows, a + b - c, first, others, [list(pair) for pair in zip(x, x.flip(0))], len(x), *reversed(x)

    return work, [call(torch.randn(3, 2))]


@program()
def conversions() -> Made:
    def work(x: torch.Tensor) -> Any:
        return (
            x.half(), x.double(), x.to(torch.int32), x.long(), x.bool(), x.to("cpu"), x.to(x.double()), x.type(torch.float64),
            x.type_as(x.int()), x.float() is x, x.to(device=x.device, dtype=torch.float16), x.cpu(), x.int().float(),
            x.dtype.is_floating_point, x.is_floating_point(), x.to(torch.float64, copy=True), x.char(), x.contiguous() is x,
        )  # fmt: skip

    return work, [call(torch.randn(3, 2))]


@program()
def factories() -> Made:
    def work(x: torch.Tensor) -> Any:
        kw = {"dtype": x.dtype, "device": x.device}
        return (
            torch.zeros(2, 3, **kw), torch.ones_like(x), torch.full((2,), 3.5), torch.arange(0, 1, 0.25), torch.eye(3),
            torch.linspace(0, 1, 5), torch.tensor([1, 2]), torch.tensor([[1.0, 2]], **kw), x.new_zeros(2), x.new_ones((1, 2)),
            x.new_full((2,), 7), x.new_tensor([1.0]), torch.empty(0), torch.tril(torch.ones(3, 3)), torch.zeros_like(x, dtype=torch.long),
            torch.as_tensor([1, 2]), torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij"), torch.scalar_tensor(2.0),
        )  # fmt: skip

    return work, [call(torch.randn(3, 2))]


@program()
def tensor_of_python_numbers() -> Made:
    def work(x: torch.Tensor, scale: float, ints: list[int]) -> Any:
        return x * torch.tensor(scale), torch.tensor(ints) + len(ints), torch.tensor(True), torch.tensor(x.shape)

    return work, [call(torch.randn(3, 2), 0.5, [1, 2]), call(torch.randn(3, 2), 1.5, [1, 2])]


@program()
def data_and_detach() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x * 2
        z = y.detach()
        w = x.data + 1
        return y, z.requires_grad, w.requires_grad, x.detach().clone().requires_grad, x.is_leaf, y.is_leaf, z + w

    return work, [call(torch.randn(3, requires_grad=True))]


@program()
def detach_in_place() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x * 2
        y.detach_()
        return y * 3, y.requires_grad

    return work, [call(torch.randn(3, requires_grad=True))]


@program()
def joined_and_split() -> Made:
    def work(x: torch.Tensor, y: torch.Tensor) -> Any:
        a, b = torch.split(torch.cat([x, y], dim=1), [1, 3], dim=1)
        return (
            a,
            b,
            torch.stack((x, y), -1),
            *x.chunk(2, 1),
            torch.hstack([x, y]),
            torch.einsum("ij,kj->ik", x, y),
            x.tile(2),
        )

    return work, [call(torch.randn(3, 2), torch.randn(3, 2))]


@program()
def reductions() -> Made:
    def work(x: torch.Tensor) -> Any:
        top = x.topk(2, dim=1)
        values, indices = x.max(dim=1)
        return (
            top.values, top.indices, values, indices, x.min(0).values, x.sort(descending=True), x.argmax(-1), x.var(unbiased=False),
            x.std(0), x.mean((0, 1)), x.sum(1, keepdim=True), x.norm(p=1), x.cumsum(0), x.median(), x.prod(), x.any(), x.all(0), x.logsumexp(0),
        )  # fmt: skip

    return work, [call(torch.randn(3, 4))]


@program()
def operators_with_numbers() -> Made:
    def work(x: torch.Tensor, n: int) -> Any:
        return (
            2 - x,
            1 / (x + 3),
            x**2,
            2**x,
            x // 2,
            x % 2,
            -x,
            +x,
            abs(x),
            ~(x > 0),
            (x > 0) & (x < 1),
            n @ x if False else x * n,
            x == 0,
            x != x,
        )

    return work, [call(torch.randn(3, 4), 2), call(torch.randn(3, 4), 3)]


@program(graphs=2, breaks=("data-dependent value",))
def item_read() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x.abs() + 1
        scale = y.max().item()
        return y / scale

    return work, [call(torch.randn(3, 4))]


@program(graphs=2, breaks=("data-dependent jump",))
def branch_on_data() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x * 2
        if y.sum() > 0:
            return y + 1
        return y - 1

    return work, [call(torch.ones(3, 4)), call(-torch.ones(3, 4))]


@program()
def complex_numbers() -> Made:
    def work(x: torch.Tensor) -> Any:
        z = torch.fft.rfft(x)
        return z.abs(), z.real, z.angle(), torch.view_as_real(z), torch.fft.irfft(z, n=x.shape[-1])

    return work, [call(torch.randn(3, 4))]


@program()
def aliases_returned() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x + 1
        return y, y, y[0], x, x.view(-1), {"y": y}

    return work, [call(torch.randn(3, 4))]


@program()
def requires_grad_inside() -> Made:
    def work(x: torch.Tensor) -> Any:
        y = x.clone().requires_grad_()
        return y, (y * 2).requires_grad

    return work, [call(torch.randn(3))]


@program(graphs=0, breaks=("operator refused",), settles=False)
def shape_error() -> Made:
    def work(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x @ y

    return work, [call(torch.randn(3, 4), torch.randn(3, 4))]


@program()
def attribute_on_tensor() -> Made:
    def work(x: torch.Tensor) -> Any:
        return x * getattr(x, "scale", 2), hasattr(x, "nothing")

    x = torch.randn(3)
    x.scale = 3
    return work, [call(x), call(torch.randn(3))]
