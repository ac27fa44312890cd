"""Loss functions, criteria and their reductions."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def classification() -> Made:
    def losses(logits: torch.Tensor, target: torch.Tensor) -> Any:
        return (
            F.cross_entropy(logits, target),
            F.cross_entropy(logits, target, label_smoothing=0.1, reduction="sum"),
            F.nll_loss(F.log_softmax(logits, 1), target, reduction="none"),
            F.multi_margin_loss(logits, target),
        )

    return losses, [call(torch.randn(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 1]))]


@program()
def regression() -> Made:
    def losses(a: torch.Tensor, b: torch.Tensor) -> Any:
        return F.mse_loss(a, b), F.l1_loss(a, b), F.smooth_l1_loss(a, b), F.huber_loss(a, b, delta=0.5)

    return losses, [call(torch.randn(4, 3, requires_grad=True), torch.randn(4, 3))]


@program()
def criteria() -> Made:
    class Criterion(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bce, self.kl = (
                nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0])),
                nn.KLDivLoss(reduction="batchmean"),
            )
            self.triplet, self.rank = nn.TripletMarginLoss(), nn.MarginRankingLoss(margin=0.1)

        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            total = self.bce(a, (b > 0).float()) + self.kl(a.log_softmax(1), b.softmax(1))
            return total + self.triplet(a, b, a + b) + self.rank(a, b, torch.sign(b))

    return Criterion(), [call(torch.randn(4, 3, requires_grad=True), torch.randn(4, 3))]


@program()
def contrastive() -> Made:
    def info_nce(a: torch.Tensor, b: torch.Tensor, temperature: float = 0.5) -> torch.Tensor:
        a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
        logits = a @ b.T / temperature
        labels = torch.arange(len(a), device=a.device)
        return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.t(), labels)) / 2

    return info_nce, [
        call(torch.randn(4, 3, requires_grad=True), torch.randn(4, 3)),
        call(torch.randn(4, 3), torch.randn(4, 3), temperature=0.1),
    ]


@program()
def focal() -> Made:
    class Focal(nn.Module):
        def __init__(self, gamma: float = 2.0, reduction: str = "mean") -> None:
            super().__init__()
            self.gamma, self.reduction = gamma, reduction

        def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            ce = F.cross_entropy(logits, target, reduction="none")
            loss = (1 - torch.exp(-ce)) ** self.gamma * ce
            if self.reduction == "mean":
                return loss.mean()
            elif self.reduction == "sum":
                return loss.sum()
            raise ValueError(f"unknown reduction {self.reduction}")

    return Focal(), [call(torch.randn(4, 3, requires_grad=True), torch.tensor([0, 1, 2, 1]))]


@program(graphs=0, breaks=("operator refused",))
def wrong_shapes_raise() -> Made:
    return nn.CrossEntropyLoss(), [call(torch.randn(4, 3), torch.tensor([0, 1]))]


@program()
def ctc() -> Made:
    def loss(x: torch.Tensor, y: torch.Tensor, n: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
        return F.ctc_loss(x.log_softmax(2), y, n, m)

    return loss, [
        call(
            torch.randn(6, 2, 4, requires_grad=True),
            torch.randint(1, 4, (2, 3)),
            torch.tensor([6, 6]),
            torch.tensor([3, 2]),
        )
    ]


@program()
def vae() -> Made:
    class VAE(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encode, self.decode = nn.Linear(6, 4), nn.Linear(2, 6)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            mu, logvar = self.encode(x).chunk(2, -1)
            z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
            kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
            return F.binary_cross_entropy_with_logits(self.decode(z), x.sigmoid(), reduction="sum") + kl, z

    return VAE(), [call(torch.randn(3, 6))]
