"""Layers of torch.nn."""

from __future__ import annotations

import torch
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def mlp() -> Made:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.GELU(), nn.Tanh(), nn.Linear(8, 2))
    return model, [call(torch.randn(3, 4)), call(torch.randn(5, 4)), call(torch.randn(3, 4, requires_grad=True))]


@program()
def convolutions() -> Made:
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.SiLU(), nn.MaxPool2d(2), nn.Conv2d(6, 6, 3, groups=3),
        nn.GroupNorm(2, 6), nn.LeakyReLU(0.1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5), nn.Softmax(-1),
    )  # fmt: skip
    return model, [call(torch.randn(2, 3, 12, 12)), call(torch.randn(2, 3, 16, 16))]


@program(graphs=3, breaks=("data-dependent value", "data-dependent value", "live iterator"), settles=False)
def batch_norm_trains() -> Made:
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6, momentum=0.3), nn.BatchNorm1d(6, momentum=None))
    return model, [call(torch.randn(5, 4)), call(torch.randn(7, 4))]


@program()
def batch_norm_evaluates() -> Made:
    return nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4)).eval(), [call(torch.randn(5, 2, 8))]


@program()
def dropout_trains() -> Made:
    return nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Dropout1d(0.2)), [call(torch.randn(3, 4))]


@program()
def transposed_convolutions() -> Made:
    model = nn.Sequential(
        nn.ConvTranspose2d(3, 4, 3, stride=2), nn.InstanceNorm2d(4, affine=True), nn.PixelShuffle(2),
        nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.AvgPool2d(2),
    )  # fmt: skip
    return model, [call(torch.randn(2, 3, 4, 4))]


@program()
def embeddings() -> Made:
    class Embed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(10, 4, padding_idx=0)
            self.places = nn.Embedding(6, 4)
            self.bag = nn.EmbeddingBag(10, 4, mode="mean")
            self.norm = nn.LayerNorm(4)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            at = torch.arange(ids.size(1), device=ids.device).unsqueeze(0).expand_as(ids)
            return self.norm(self.words(ids) + self.places(at)).mean(1) + self.bag(ids)

    return Embed(), [call(torch.randint(0, 10, (2, 5))), call(torch.randint(0, 10, (3, 6)))]


@program()
def activations() -> Made:
    kinds = [
        nn.ELU(), nn.SELU(), nn.CELU(), nn.Hardswish(), nn.Hardsigmoid(), nn.Softplus(), nn.Softsign(), nn.Mish(),
        nn.LogSigmoid(), nn.PReLU(), nn.Threshold(0.1, 2.0), nn.Tanhshrink(), nn.GLU(), nn.Identity(),
    ]  # fmt: skip
    return nn.Sequential(nn.Linear(4, 8), *kinds), [call(torch.randn(3, 4))]


@program()
def residual_network() -> Made:
    class Block(nn.Module):
        expansion = 2

        def __init__(self, channels: int, stride: int = 1) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, channels * self.expansion, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(channels * self.expansion)
            self.relu = nn.ReLU(inplace=True)
            self.down = nn.Conv2d(channels, channels * self.expansion, 1, stride) if stride != 1 else None

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            identity = x if self.down is None else self.down(x)
            out = self.relu(self.bn1(self.conv1(x)))
            if out.shape == identity.shape:
                out += identity
            return self.relu(out)

    return nn.Sequential(Block(2), Block(4, stride=2)), [call(torch.randn(2, 2, 8, 8))]


@program()
def bilinear_and_distances() -> Made:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Bilinear(3, 4, 5)
            self.cosine = nn.CosineSimilarity(dim=1)
            self.distance = nn.PairwiseDistance()

        def forward(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return self.mix(a, b), self.cosine(a, b[:, :3]), self.distance(a, b[:, 1:])

    return Pair(), [call(torch.randn(2, 3), torch.randn(2, 4))]


@program()
def in_place_activations() -> Made:
    return nn.Sequential(nn.ReLU(inplace=True), nn.Hardtanh(inplace=True)), [call(torch.randn(3, 4))]


@program()
def rms_norm() -> Made:
    class Norm(nn.Module):
        def __init__(self, dim: int, eps: float = 1e-6) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(dim))
            self.eps = eps

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            kind = x.dtype
            x = x.to(torch.float32)
            x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)
            return self.weight * x.to(kind)

    model = nn.Sequential(Norm(4), nn.RMSNorm(4))
    return model, [call(torch.randn(2, 4)), call(torch.randn(2, 4, dtype=torch.double))]


@program()
def folded() -> Made:
    model = nn.Sequential(nn.Unfold(2), nn.Fold(4, 2), nn.ZeroPad2d(1), nn.Flatten(), nn.Unflatten(1, (4, 9)))
    return model, [call(torch.randn(2, 1, 4, 4))]


@program()
def half_precision() -> Made:
    return nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)).to(torch.bfloat16), [call(torch.randn(2, 4).bfloat16())]


@program()
def parametrized() -> Made:
    model = nn.utils.parametrizations.weight_norm(nn.Linear(3, 4))
    return model, [call(torch.randn(2, 3))]


@program()
def spectral_norm_trains() -> Made:
    return nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4)), [call(torch.randn(2, 3))]
