"""What changes between calls: modes, parameters, attributes, hooks, weights, globals. Compiled code must notice."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tests.compiler.programs.harness import Made, call, program

SCALE = 2.0
TABLE: dict[str, Any] = {"scale": 1.0}


class Net(nn.Module):
    factor = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.first, self.drop, self.norm = nn.Linear(4, 4), nn.Dropout(0.5), nn.BatchNorm1d(4)
        self.blocks = nn.ModuleList([nn.Linear(4, 4)])
        self.scale = 1.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.drop(self.norm(self.first(x)))
        for block in self.blocks:
            x = block(x).relu()
        if hasattr(self, "extra"):
            x = x + self.extra
        return x * self.scale * self.factor


@program()
def train_then_eval_then_train() -> Made:
    x = call(torch.randn(3, 4))
    return Net(), [x, lambda net: net.eval(), x, lambda net: net.train(), x, lambda net: net.norm.eval(), x]


@program()
def parameters_frozen_and_thawed() -> Made:
    x = call(torch.randn(3, 4))
    freeze = lambda net: net.first.requires_grad_(False)  # noqa: E731
    return Net(), [x, freeze, x, lambda net: net.requires_grad_(False), x, lambda net: net.requires_grad_(True), x]


@program()
def attributes_added_and_removed() -> Made:
    x = call(torch.randn(3, 4))
    return Net(), [
        x, lambda net: setattr(net, "extra", torch.ones(4)), x, lambda net: setattr(net, "extra", 3), x,
        lambda net: delattr(net, "extra"), x, lambda net: setattr(net, "scale", 0.5), x,
    ]  # fmt: skip


@program()
def modules_added_and_replaced() -> Made:
    x = call(torch.randn(3, 4))
    return Net(), [
        x, lambda net: net.blocks.append(nn.Identity()), x, lambda net: setattr(net, "first", nn.Sequential(nn.Tanh())), x,
        lambda net: net.blocks.__setitem__(0, nn.Softmax(-1)), x, lambda net: net.register_buffer("extra", torch.ones(4)), x,
    ]  # fmt: skip


@program()
def hooks_added_and_removed() -> Made:
    x = call(torch.randn(3, 4))
    handles: list[Any] = []

    def add(net: Net) -> None:
        handles.append(net.blocks[0].register_forward_hook(lambda module, args, output: output + 1))

    return Net().eval(), [x, add, x, lambda net: handles.pop(0).remove(), x]


@program()
def weights_changed_in_place_and_replaced() -> Made:
    x = call(torch.randn(3, 4))

    def load(net: Net) -> None:
        net.load_state_dict({name: torch.full_like(value, 0.5) for name, value in net.state_dict().items()})

    def step(net: Net) -> None:
        torch.optim.SGD(net.parameters(), lr=0.1).step()

    def replace(net: Net) -> None:
        net.first.weight = nn.Parameter(torch.eye(4))

    def tie(net: Net) -> None:
        net.blocks[0].weight = net.first.weight

    return Net(), [x, load, x, step, x, replace, x, tie, x, lambda net: setattr(net.first, "bias", None), x]


@program()
def precision_changed() -> Made:
    x = torch.randn(3, 4)
    return Net().eval(), [call(x), lambda net: net.double(), call(x.double()), lambda net: net.float(), call(x)]


@program()
def methods_replaced() -> Made:
    x = call(torch.randn(3, 4))

    def patch(net: Net) -> None:
        net.first.forward = lambda value: value * 3

    def swap(net: Net) -> None:
        net.blocks[0].__class__ = type("Other", (nn.Linear,), {"forward": lambda self, value: value - self.bias})

    return Net().eval(), [x, patch, x, swap, x]


@program()
def optimizer_between_rounds() -> Made:
    x = call(torch.randn(5, 4))
    optimizers: dict[int, Any] = {}

    def step(net: Net) -> None:
        optimizer = optimizers.setdefault(id(net), torch.optim.AdamW(net.parameters(), lr=0.01))
        optimizer.step()
        optimizer.zero_grad()

    return Net(), [x, step, x, step, x, lambda net: net.zero_grad(set_to_none=False), x]


@program()
def closures_and_globals() -> Made:
    holder = {"scale": 1.0}
    shift = 1.0

    def work(x: torch.Tensor) -> torch.Tensor:
        return x * holder["scale"] * SCALE * TABLE["scale"] + shift

    def change_closure(fn: Any) -> None:
        nonlocal shift
        shift = 5.0
        holder["scale"] = 3.0

    def change_globals(fn: Any) -> None:
        global SCALE
        SCALE = SCALE + 1.0 if SCALE < 3.0 else 2.0
        TABLE["scale"] = 7.0

    x = call(torch.randn(3))
    return work, [x, change_closure, x]


@program()
def default_arguments_changed() -> Made:
    def work(x: torch.Tensor, by: float = 2.0, *, plus: float = 1.0) -> torch.Tensor:
        return helper(x) * by + plus

    def helper(x: torch.Tensor, power: int = 2) -> torch.Tensor:
        return x**power

    def change(fn: Any) -> None:
        helper.__defaults__ = (3,)

    def change_code(fn: Any) -> None:
        helper.__code__ = (lambda x, power=2: x - power).__code__

    x = call(torch.randn(3))
    return work, [x, change, x, change_code, x]


@program()
def shapes_types_and_layouts() -> Made:
    def work(x: torch.Tensor) -> Any:
        return x.reshape(-1) * 2, x.is_contiguous(), x.dtype

    x = torch.randn(2, 3)
    return work, [
        call(x), call(x.t()), call(x.double()), call(torch.randn(6)), call(x.clone().requires_grad_()), call(nn.Parameter(x.clone())),
        call(torch.randn(4, 6)[::2, ::2]),
    ]  # fmt: skip


@program()
def aliased_arguments() -> Made:
    def work(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        x.add_(1)
        return x * y

    def items(a: list[Any], b: list[Any]) -> Any:
        a.append(1)
        return len(b), torch.ones(1) * len(a)

    x = torch.randn(3)
    return work, [call(x, torch.randn(3)), call(x, x), call(x, x[:])]


@program(settles=False)
def aliased_lists() -> Made:
    def work(a: list[Any], b: list[Any], x: torch.Tensor) -> Any:
        a.append(x + 1)
        return len(b), x * len(a)

    one: list[Any] = []
    return work, [call(one, [], torch.randn(2)), call(one, one, torch.randn(2))]
