"""Attention and transformers."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def encoder_layer() -> Made:
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), [call(torch.randn(2, 3, 8))]


@program()
def encoder() -> Made:
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0), 2, enable_nested_tensor=False)
    return model.eval(), [
        call(torch.randn(3, 2, 8)),
        call(torch.randn(3, 2, 8), src_key_padding_mask=torch.zeros(2, 3).bool()),
    ]


@program(graphs=2, breaks=("data-dependent jump", "data-dependent jump"))
def decoder() -> Made:
    model = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, norm_first=True), 1)
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    return model, [call(torch.randn(4, 2, 8), torch.randn(3, 2, 8), tgt_mask=mask)]


@program()
def whole_transformer() -> Made:
    model = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    return model.eval(), [call(torch.randn(2, 3, 8), torch.randn(2, 4, 8))]


@program()
def multihead_attention() -> Made:
    q, k = torch.randn(3, 2, 8), torch.randn(4, 2, 8)
    return nn.MultiheadAttention(8, 2), [call(q, k, k), call(q, q, q, need_weights=False)]


@program()
def causal_self_attention() -> Made:
    class Attention(nn.Module):
        mask: torch.Tensor

        def __init__(self, dim: int, heads: int, size: int) -> None:
            super().__init__()
            self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
            self.heads, self.dim = heads, dim
            self.register_buffer("mask", torch.tril(torch.ones(size, size)).view(1, 1, size, size))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            b, t, c = x.size()
            q, k, v = self.qkv(x).split(self.dim, dim=2)
            q, k, v = (z.view(b, t, self.heads, c // self.heads).transpose(1, 2) for z in (q, k, v))
            scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
            y = F.softmax(scores, dim=-1) @ v
            return self.proj(y.transpose(1, 2).contiguous().view(b, t, c))

    return Attention(8, 2, 6), [call(torch.randn(2, 5, 8)), call(torch.randn(2, 6, 8))]


@program()
def fused_attention() -> Made:
    def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True) -> torch.Tensor:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, dropout_p=0.0)

    qkv = [torch.randn(1, 2, 4, 8, requires_grad=True) for _ in range(3)]
    return attend, [call(*qkv), call(*qkv, causal=False)]


@program()
def rotary() -> Made:
    def rotate(x: torch.Tensor) -> torch.Tensor:
        half = x.shape[-1] // 2
        angles = torch.outer(torch.arange(x.shape[-2]), 1.0 / (100 ** (torch.arange(0, half) / half)))
        cos, sin = torch.cat((angles, angles), -1).cos(), torch.cat((angles, angles), -1).sin()
        x1, x2 = x[..., :half], x[..., half:]
        return x * cos + torch.cat((-x2, x1), dim=-1) * sin

    return rotate, [call(torch.randn(2, 5, 8)), call(torch.randn(2, 7, 8))]


@program(settles=False)
def key_value_cache() -> Made:
    class Cached(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(4, 12)
            self.cache: dict[str, torch.Tensor] = {}

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            q, k, v = self.qkv(x).chunk(3, dim=-1)
            if "k" in self.cache:
                k, v = torch.cat([self.cache["k"], k], 1), torch.cat([self.cache["v"], v], 1)
            self.cache["k"], self.cache["v"] = k.detach(), v.detach()
            return torch.softmax(q @ k.transpose(1, 2), -1) @ v

    return Cached(), [call(torch.randn(1, 2, 4)), call(torch.randn(1, 1, 4))]
