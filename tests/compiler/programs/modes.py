"""Gradient modes, inference mode, autocast, default dtype, training and evaluation."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def no_grad_block() -> Made:
    def work(x: torch.Tensor) -> Any:
        with torch.no_grad():
            a = x * 2
            with torch.enable_grad():
                b = x * 3
        return a, b, x * 4, torch.is_grad_enabled()

    return work, [call(torch.randn(2, requires_grad=True))]


@program()
def no_grad_decorated() -> Made:
    @torch.no_grad()
    def inner(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    def work(x: torch.Tensor) -> torch.Tensor:
        return inner(x) * x

    return work, [call(torch.randn(2, requires_grad=True))]


@program()
def no_grad_on_the_root() -> Made:
    @torch.no_grad()
    def work(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    return work, [call(torch.randn(2, requires_grad=True))]


@program()
def set_grad_enabled() -> Made:
    def work(x: torch.Tensor, train: bool) -> torch.Tensor:
        with torch.set_grad_enabled(train):
            return x * 2

    x = torch.randn(2, requires_grad=True)
    return work, [call(x, True), call(x, False)]


@program()
def grad_mode_left_behind() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        before = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        y = x * 2
        torch.set_grad_enabled(before)
        return y * x

    return work, [call(torch.randn(2, requires_grad=True))]


@program(graphs=4, breaks=("unsupported call", "unsupported method", "data-dependent value"))
def inference_mode_block() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        y = x + 1
        with torch.inference_mode():
            z = y * 2
        return y + z.sum().item()

    return work, [call(torch.randn(2))]


@program()
def autocast_block() -> Made:
    def work(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        y = x + 1
        with torch.autocast("cpu", dtype=torch.bfloat16):
            z = y @ w
        return z.float() + y

    return work, [call(torch.randn(2, 2), torch.randn(2, 2))]


@program()
def default_dtype() -> Made:
    def work(x: torch.Tensor) -> torch.Tensor:
        y = x + 1
        torch.set_default_dtype(torch.float64)
        z = torch.ones(2)
        torch.set_default_dtype(torch.float32)
        return y + z

    return work, [call(torch.randn(2))]


@program()
def train_and_eval() -> Made:
    class Switch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.drop = nn.Dropout(0.5)

        def forward(self, x: torch.Tensor) -> Any:
            x = self.drop(x)
            return (x, "train") if self.training else x * 2

    return Switch(), [call(torch.randn(4))]


@program()
def exception_leaves_no_grad() -> Made:
    def work(x: torch.Tensor) -> Any:
        try:
            with torch.no_grad():
                y = x * 2
                raise ValueError("inside")
        except ValueError as error:
            return y, str(error), torch.is_grad_enabled(), x * 3
        return None

    return work, [call(torch.randn(2, requires_grad=True))]


@program(settles=False)
def context_manager_of_the_user() -> Made:
    log: list[str] = []

    @contextlib.contextmanager
    def section(name: str) -> Any:
        log.append("in " + name)
        try:
            yield len(log)
        finally:
            log.append("out " + name)

    def work(x: torch.Tensor) -> Any:
        log.clear()
        with section("a") as depth, section("b"):
            x = x * depth
        with contextlib.nullcontext(3) as three, contextlib.suppress(KeyError):
            x = x + three
            x = x + {}["missing"]
        return x, list(log)

    return work, [call(torch.randn(2))]


@program()
def exit_stack() -> Made:
    def work(x: torch.Tensor) -> Any:
        order: list[int] = []
        with contextlib.ExitStack() as stack:
            for index in range(3):
                stack.callback(order.append, index)
            x = x * 2
        return x, order

    return work, [call(torch.randn(2))]
