"""Hooks of modules and tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def forward_hooks() -> Made:
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU())

    def double(module: nn.Module, args: Any, output: torch.Tensor) -> torch.Tensor:
        return output * 2

    def shift(module: nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return (args[0] + 1,)

    model[0].register_forward_hook(double)
    model[1].register_forward_pre_hook(shift)
    return model, [call(torch.randn(2, 3))]


@program(graphs=2)
def hook_on_the_root() -> Made:
    model = nn.Linear(3, 3)
    model.register_forward_hook(lambda module, args, output: output + module.bias)
    return model, [call(torch.randn(2, 3))]


@program()
def hook_with_keywords() -> Made:
    class Scaled(nn.Module):
        def forward(self, x: torch.Tensor, *, scale: float = 1.0) -> torch.Tensor:
            return x * scale

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Scaled()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x, scale=2.0)

    model = Outer()

    def pre(module: nn.Module, args: Any, kwargs: dict[str, Any]) -> Any:
        return args, {"scale": kwargs["scale"] + 1}

    model.inner.register_forward_pre_hook(pre, with_kwargs=True)
    return model, [call(torch.randn(2, 3))]


@program(settles=False)
def hook_that_collects() -> Made:
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1))
    model.features = {}

    def keep(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: torch.Tensor) -> None:
            model.features[name] = output.detach()

        return hook

    for name, child in model.named_children():
        child.register_forward_hook(keep(name))
    return model, [call(torch.randn(2, 3))]


@program(graphs=3, breaks=("unsupported call",))
def backward_hooks() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
            self.seen = 0
            self.a.register_full_backward_hook(lambda module, grad_in, grad_out: None)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(self.a(x * 2).relu())

    return Net(), [call(torch.randn(2, 3))]


@program(graphs=2, breaks=("unsupported method",))
def tensor_hook() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        y.register_hook(lambda grad: grad * 3)
        return y.exp()

    return work, [call(torch.randn(2, 3, requires_grad=True))]
