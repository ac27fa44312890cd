"""Dataclasses, named tuples and other records as arguments and results."""

from __future__ import annotations

import copy
import dataclasses
from collections import OrderedDict, namedtuple
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@dataclasses.dataclass
class Output:
    loss: torch.Tensor | None = None
    logits: Any = None
    extras: list[Any] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.size = 0 if self.logits is None else len(self.logits)


@dataclasses.dataclass(frozen=True)
class Settings:
    scale: float = 2.0
    name: str = "s"


@dataclasses.dataclass(slots=True, order=True)
class Item:
    rank: int
    value: Any = dataclasses.field(compare=False, default=None)


class Pair(NamedTuple):
    a: Any
    b: Any = 1

    def total(self) -> Any:
        return self.a + self.b


Point = namedtuple("Point", ["x", "y"])


@program()
def dataclass_output() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> Output:
            out = Output(logits=self.net(x))
            out.extras.append(out.size)
            out.loss = out.logits.mean()
            return out

    return Net(), [call(torch.randn(4, 3))]


@program()
def dataclass_input() -> Made:
    def work(batch: Output, settings: Settings) -> Any:
        batch.loss = batch.logits * settings.scale
        return batch.loss.sum(), settings == Settings(), batch.extras

    return work, [call(Output(logits=torch.randn(3)), Settings()), call(Output(logits=torch.randn(3)), Settings(3.0))]


@program()
def dataclass_functions() -> Made:
    def work(x: torch.Tensor, settings: Settings) -> Any:
        changed = dataclasses.replace(settings, scale=5.0)
        names = [field.name for field in dataclasses.fields(settings)]
        return x * changed.scale, changed, names, dataclasses.is_dataclass(settings), dataclasses.asdict(settings)

    return work, [call(torch.randn(3), Settings())]


@program()
def slots_and_order() -> Made:
    def work(x: torch.Tensor) -> Any:
        items = sorted([Item(3, x), Item(1, x + 1)], key=lambda item: item.rank)
        return items, items[0].value, Item(1) < Item(2)

    return work, [call(torch.randn(3))]


@program()
def named_tuples() -> Made:
    def work(x: torch.Tensor, pair: Pair) -> Any:
        point = Point(x, y=pair.a)
        moved = point._replace(y=x * 2)
        a, b = pair
        return (
            point,
            moved.y,
            pair.total() + a * b,
            Pair(x),
            point._asdict(),
            Point._fields,
            point == moved if False else 0,
        )

    return work, [call(torch.randn(3), Pair(torch.ones(3), 2))]


@program()
def namespaces() -> Made:
    def work(x: torch.Tensor, config: SimpleNamespace) -> Any:
        return x * config.scale + config.inner.shift, getattr(config, "none", None), hasattr(config, "scale")

    return work, [call(torch.randn(3), SimpleNamespace(scale=2, inner=SimpleNamespace(shift=1.0)))]


@program()
def namespace_made() -> Made:
    def work(x: torch.Tensor) -> Any:
        out = SimpleNamespace(y=x * 2, n=1)
        out.z = out.y + out.n
        return out

    return work, [call(torch.randn(3))]


@program()
def copies() -> Made:
    def work(batch: dict[str, Any], record: Output) -> Any:
        shallow = copy.copy(batch)
        shallow["x"] = batch["x"] + 1
        twin = copy.copy(record)
        twin.loss = batch["x"].sum()
        return shallow, twin, copy.deepcopy([1, {"a": (2, 3)}]), list(batch)

    return work, [call({"x": torch.randn(2), "n": 1}, Output())]


@dataclasses.dataclass
class ModelOutput(OrderedDict):
    """A dataclass that is a dict, as transformers returns them."""

    loss: Any = None
    logits: Any = None
    hidden: Any = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not None:
                self[field.name] = value

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return dict(self.items())[key]
        return self.to_tuple()[key]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.keys() and value is not None:
            super().__setitem__(name, value)
        super().__setattr__(name, value)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        super().__setattr__(key, value)

    def to_tuple(self) -> tuple[Any, ...]:
        return tuple(self[key] for key in self.keys())


@program()
def model_output() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(3, 2)

        def body(self, x: torch.Tensor) -> ModelOutput:
            return ModelOutput(logits=self.net(x), hidden=(x,))

        def forward(self, x: torch.Tensor, as_tuple: bool = False) -> Any:
            out = self.body(x)
            out.loss = out[0].sum()
            out["logits"] = out.logits * 2
            return out.to_tuple() if as_tuple else out

    return Net(), [call(torch.randn(4, 3)), call(torch.randn(4, 3), as_tuple=True)]


@program()
def model_output_given() -> Made:
    def work(out: ModelOutput) -> Any:
        return (
            out.logits * 2,
            out[0] + 1,
            out["logits"],
            len(out),
            [key for key in out],
            "loss" in out,
            isinstance(out, dict),
        )

    return work, [call(ModelOutput(logits=torch.randn(3)))]
