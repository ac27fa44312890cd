"""Training: losses, backward passes, optimizers, and what stays eager."""

from __future__ import annotations


import torch
import torch.nn.functional as F
from torch import nn

from tests.compiler.programs.harness import ANY, Made, call, program


def _model() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 2))


@program(graphs=ANY, settles=False)
def whole_step() -> Made:
    class Trainer:
        __slots__ = ("__dict__", "optimizer")  # the state of optimizers, keyed by tensors, is not compared

        def __init__(self) -> None:
            self.model = _model()
            self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)

        def __call__(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            return loss.detach()

    return Trainer(), [call(torch.randn(5, 4), torch.tensor([0, 1, 0, 1, 1]))]


@program(settles=False)
def eager_steps_after_compiled_forward() -> Made:
    class Stepping(nn.Module):
        """The optimizer steps in the pre-call of the next round; the forward pass is what is compiled."""

        def __init__(self) -> None:
            super().__init__()
            self.net = _model()
            self.steps = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.steps += 1
            return self.net(x).logsumexp(-1)

    return Stepping(), [call(torch.randn(5, 4)), call(torch.randn(6, 4))]


@program()
def frozen_layers() -> Made:
    model = _model()
    for parameter in model[0].parameters():
        parameter.requires_grad_(False)
    return model, [call(torch.randn(5, 4))]


@program()
def detached_target() -> Made:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.online, self.target = nn.Linear(4, 2), nn.Linear(4, 2)
            self.target.load_state_dict(self.online.state_dict())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                goal = self.target(x)
            return F.mse_loss(self.online(x), goal) + (self.online(x).detach() * goal).sum()

    return Pair(), [call(torch.randn(5, 4))]


@program()
def moving_average() -> Made:
    class Ema(nn.Module):
        mean: torch.Tensor
        steps: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.zeros(4))
            self.register_buffer("steps", torch.tensor(0))
            self.register_buffer("last", None)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.training:
                with torch.no_grad():
                    self.mean.mul_(0.9).add_(x.mean(0), alpha=0.1)
                    self.steps += 1
            return x - self.mean

    return Ema(), [call(torch.randn(5, 4))]


@program()
def buffer_replaced() -> Made:
    class Running(nn.Module):
        total: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.total = self.total + x.detach().sum(0)
            return x * self.total

    return Running(), [call(torch.randn(5, 4))]


@program(graphs=2, breaks=("training step",), settles=False)
def gradient_penalty() -> Made:
    class Critic(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x.requires_grad_()
            score = self.net(x)
            (grad,) = torch.autograd.grad(score.sum(), x, create_graph=True)
            return score.mean() + (grad.norm(2, dim=1) - 1).pow(2).mean()

    return Critic(), [call(torch.randn(3, 4))]


@program()
def tied_weights() -> Made:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(7, 4)
            self.out = nn.Linear(4, 7, bias=False)
            self.out.weight = self.embed.weight

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.out(self.embed(ids).mean(1))

    return Tied(), [call(torch.randint(0, 7, (2, 3)))]


@program(graphs=1, breaks=("training step", "unsupported call"))
def gradient_clipping() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        w = x.detach().clone().requires_grad_()
        (w * w).sum().backward()
        nn.utils.clip_grad_norm_([w], 1.0)
        return w.grad

    return work, [call(torch.randn(3))]


@program()
def accumulated_losses() -> Made:
    class Multi(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(4, 3)
            self.weights = {"a": 1.0, "b": 0.5}

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
            out = self.net(x)
            losses = {"a": F.cross_entropy(out, y), "b": out.pow(2).mean()}
            losses["total"] = sum(self.weights[name] * value for name, value in losses.items())
            return losses

    return Multi(), [call(torch.randn(2, 4), torch.tensor([0, 2]))]


@program()
def reads_grad() -> Made:
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.full((3,), 2.0)

    def work(x: torch.Tensor) -> torch.Tensor:
        if weight.grad is not None:
            return x * weight.grad
        return x

    return work, [call(torch.randn(3))]
