"""nn.Module as a Python object: attributes, properties, inheritance, sharing, state."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def inheritance() -> Made:
    class Base(nn.Module):
        scale: ClassVar[float] = 2.0

        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.finish(self.net(x)) * self.scale

        def finish(self, x: torch.Tensor) -> torch.Tensor:
            return x

    class Child(Base):
        scale = 3.0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) + 1

        def finish(self, x: torch.Tensor) -> torch.Tensor:
            return super().finish(x).relu() - len(list(self.parameters()))

    return Child(), [call(torch.randn(2, 3))]


@program()
def properties_and_methods() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.randn(3, 3))
            self._width = 3

        @property
        def width(self) -> int:
            return self._width

        @property
        def device(self) -> torch.device:
            return next(self.parameters()).device

        @staticmethod
        def act(x: torch.Tensor) -> torch.Tensor:
            return x.sigmoid()

        @classmethod
        def name(cls) -> str:
            return cls.__name__

        def forward(self, x: torch.Tensor) -> Any:
            return self.act(x.to(self.device) @ self.w) * self.width, self.name(), self.__class__.__name__

    return Net(), [call(torch.randn(2, 3))]


@program()
def attributes_written() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(3, 3)
            self.calls = torch.zeros(())
            self.last: Any = None

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.net(x)
            self.last = y.detach()
            self.shape = y.shape
            self.calls = self.calls + 1
            return y

    return Net(), [call(torch.randn(2, 3))]


@program()
def counter_of_calls() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.flags = {"used": False}

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.flags["used"] = True
            return x * 2

    return Net(), [call(torch.randn(2, 3))]


@program()
def shared_modules() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            shared = nn.Linear(3, 3)
            self.a = shared
            self.b = nn.Sequential(shared, nn.ReLU(), shared)

        def forward(self, x: torch.Tensor) -> Any:
            return self.b(self.a(x)), self.a is self.b[0]

    return Net(), [call(torch.randn(2, 3))]


@program()
def walks_over_modules() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 3), nn.ReLU())

        def forward(self, x: torch.Tensor) -> Any:
            penalty = sum(p.pow(2).sum() for p in self.parameters())
            names = [name for name, p in self.named_parameters() if p.dim() > 1]
            count = sum(isinstance(m, nn.Linear) for m in self.modules())
            for child in self.children():
                x = child(x)
            return x * penalty, names, count

    return Net(), [call(torch.randn(2, 3))]


@program()
def callable_stored_as_attribute() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = torch.nn.functional.gelu
            self.norm = lambda x: x / (x.norm() + 1e-6)
            self.ops = {"neg": torch.neg, "exp": torch.exp}
            bias = torch.ones(3)

            def shift(x: torch.Tensor) -> torch.Tensor:
                return x + bias

            self.shift = shift

        def forward(self, x: torch.Tensor, op: str = "neg") -> torch.Tensor:
            return self.shift(self.norm(self.act(self.ops[op](x))))

    x = torch.randn(2, 3)
    return Net(), [call(x), call(x, op="exp")]


@program()
def several_inputs_and_options() -> Made:
    class Net(nn.Module):
        def __init__(self, *, hidden: int = 4, bias: bool = True, **extra: Any) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, hidden, bias=bias), nn.Linear(2, hidden, bias=bias)
            self.extra = extra

        def forward(self, a: torch.Tensor, b: torch.Tensor | None = None, *, reduce: str = "sum", **kw: Any) -> Any:
            out = self.a(a)
            if b is not None:
                out = out + self.b(b)
            return getattr(out, reduce)(dim=kw.get("dim", -1)), self.extra.get("tag")

    a, b = torch.randn(2, 3), torch.randn(2, 2)
    return Net(tag="t"), [call(a), call(a, b), call(a, b, reduce="mean", dim=0)]


@program()
def getattr_fallback() -> Made:
    class Wrapper(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.inner, name)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x) + self.weight.sum() + self.in_features

    return Wrapper(nn.Linear(3, 3)), [call(torch.randn(2, 3))]


@program()
def module_in_plain_object() -> Made:
    class Pipeline:
        def __init__(self) -> None:
            self.stages = [nn.Linear(3, 3), torch.relu, nn.Linear(3, 1)]
            self.count = 0

        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            for stage in self.stages:
                x = stage(x)
            return x

    return Pipeline(), [call(torch.randn(2, 3))]


@program()
def method_of_a_module() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(3, 3)

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x).tanh()

    return Net().encode, [call(torch.randn(2, 3))]


@program()
def non_persistent_buffers() -> Made:
    class Net(nn.Module):
        table: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.arange(6.0).view(2, 3), persistent=False)
            self.register_buffer("missing", None)
            self.register_parameter("bias", None)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.bias is not None:
                x = x + self.bias
            return x * self.table if self.missing is None else x

    return Net(), [call(torch.randn(2, 3))]


@program()
def lookup_by_name() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for index in range(3):
                setattr(self, f"layer{index}", nn.Linear(3, 3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for index in range(3):
                x = getattr(self, f"layer{index}")(x)
            return self.get_submodule("layer0")(x) if hasattr(self, "layer2") else x

    return Net(), [call(torch.randn(2, 3))]


@program()
def state_dict_read() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> Any:
            return self.net(x), [name for name in self.net._parameters], self.net.weight.shape, vars(self)["training"]

    return Net(), [call(torch.randn(2, 3))]
