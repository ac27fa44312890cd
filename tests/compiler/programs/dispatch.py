"""Dispatch on types and classes: isinstance, enums, descriptors, operators of user classes, abstract bases."""

from __future__ import annotations

import abc
import enum
import functools
import typing
from typing import Any

import torch

from tests.compiler.programs.harness import Made, call, program


class Mode(enum.Enum):
    SUM = "sum"
    MEAN = "mean"

    @property
    def short(self) -> str:
        return self.value[0]


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@program()
def enums() -> Made:
    def work(x: torch.Tensor, mode: Mode = Mode.SUM) -> Any:
        if mode is Mode.SUM:
            out = x.sum()
        elif mode == Mode.MEAN:
            out = x.mean()
        table = {Mode.SUM: 1, Mode.MEAN: 2}
        return (
            out * table[mode] * Level.HIGH,
            mode.name,
            mode.short,
            Mode("mean"),
            [m.value for m in Mode],
            Level.LOW < 2,
        )

    x = torch.randn(3)
    return work, [call(x), call(x, Mode.MEAN)]


@program(settles=False)
def isinstance_dispatch() -> Made:
    def double(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return value * 2
        if isinstance(value, (list, tuple)):
            return [double(v) for v in value]
        if isinstance(value, dict):
            return {k: double(v) for k, v in value.items()}
        if callable(value):
            return double(value())
        return value if isinstance(value, str | None) else value * 2

    return double, [call([torch.randn(2), {"a": (1, "s", None)}, 2.5, lambda: torch.ones(2)])]


class Positive:
    """A data descriptor."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = "_" + name

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        return self if obj is None else getattr(obj, self.name)

    def __set__(self, obj: Any, value: Any) -> None:
        setattr(obj, self.name, abs(value))


class Circle:
    radius = Positive()

    def __init__(self, radius: Any) -> None:
        self.radius = radius

    @functools.cached_property
    def area(self) -> Any:
        return 3 * self.radius**2


@program()
def descriptors() -> Made:
    def work(x: torch.Tensor) -> Any:
        circle = Circle(x)
        first = circle.area
        circle.radius = -2.0
        return first, circle.area is first, circle.radius, circle.area + x

    return work, [call(torch.randn(3))]


class Vector:
    __slots__ = ("items",)

    def __init__(self, *items: Any) -> None:
        self.items = items

    def __add__(self, other: Any) -> Vector:
        return Vector(*[a + b for a, b in zip(self.items, other.items)])

    def __rmul__(self, other: Any) -> Vector:
        return Vector(*[other * a for a in self.items])

    def __getitem__(self, index: int) -> Any:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Any:
        return iter(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector) and len(self) == len(other)

    def __hash__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return len(self) > 0

    def __contains__(self, item: Any) -> bool:
        return item == 3

    def __call__(self, x: Any) -> Any:
        return x + self.items[0]

    def __repr__(self) -> str:
        return f"Vector({len(self)})"

    def __neg__(self) -> Vector:
        return Vector(*[-a for a in self.items])


@program()
def operators_of_a_class() -> Made:
    def work(x: torch.Tensor, given: Vector) -> Any:
        v = Vector(x, x + 1) + 2 * given
        a, b = -v
        return a, b, v[0], len(v), v == given, bool(Vector()), 3 in v, v(x), repr(v), f"{v}", [*v], v != given

    return work, [call(torch.randn(3), Vector(1.0, torch.ones(3)))]


class Op(abc.ABC):
    registry: typing.ClassVar[dict[str, type]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Op.registry[cls.__name__.lower()] = cls

    @abc.abstractmethod
    def apply(self, x: torch.Tensor) -> torch.Tensor: ...

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.apply(x)


class Relu(Op):
    def apply(self, x: torch.Tensor) -> torch.Tensor:
        return x.relu()


class Shift(Op):
    def __init__(self, by: float = 1.0) -> None:
        self.by = by

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.by


@program()
def registry_of_classes() -> Made:
    def work(x: torch.Tensor, names: list[str]) -> Any:
        for name in names:
            x = Op.registry[name]()(x)
        return x, isinstance(Relu(), Op), issubclass(Shift, Op)

    return work, [call(torch.randn(3), ["relu", "shift"]), call(torch.randn(3), ["shift"])]


class Diamond:
    def run(self, x: Any) -> Any:
        return x


class Left(Diamond):
    def run(self, x: Any) -> Any:
        return super().run(x) + 1


class Right(Diamond):
    def run(self, x: Any) -> Any:
        return super().run(x) * 2


class Bottom(Left, Right):
    def run(self, x: Any) -> Any:
        return super().run(x) - 3


@program()
def multiple_inheritance() -> Made:
    def work(x: torch.Tensor) -> Any:
        bottom = Bottom()
        return bottom.run(x), Left.run(bottom, x), type(bottom) is Bottom, Bottom.__mro__[1].__name__

    return work, [call(torch.randn(3))]


class Lazy:
    def __init__(self, x: Any) -> None:
        self.__dict__["x"] = x

    def __getattr__(self, name: str) -> Any:
        if name.startswith("times"):
            return self.x * int(name[5:])
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value + 1


@program()
def attribute_protocols() -> Made:
    def work(x: torch.Tensor) -> Any:
        lazy = Lazy(x)
        lazy.y = x
        return (
            lazy.times3,
            lazy.y,
            hasattr(lazy, "nope"),
            getattr(lazy, "nope", 7),
            sorted(vars(lazy)),
            "y" in lazy.__dict__,
        )

    return work, [call(torch.randn(3))]


class Intercepting:
    def __init__(self) -> None:
        self.scale = 2.0
        self.names = {"size": "scale"}

    def __getattribute__(self, name: str) -> Any:
        if name != "names" and name in super().__getattribute__("names"):
            name = super().__getattribute__("names")[name]
        return super().__getattribute__(name)


@program()
def getattribute() -> Made:
    def work(x: torch.Tensor, config: Intercepting) -> Any:
        return x * config.size + config.scale, hasattr(config, "none"), getattr(config, "none", 1)

    return work, [call(torch.randn(3), Intercepting())]


@program()
def type_hints_at_run_time() -> Made:
    T = typing.TypeVar("T")

    class Box(typing.Generic[T]):
        def __init__(self, item: T) -> None:
            self.item = item

        def map(self, fn: Any) -> Box[T]:
            return Box(fn(self.item))

    def work(x: torch.Tensor) -> Any:
        return Box(x).map(lambda t: t + 1).item, Box(3).item, typing.cast(int, 4)

    return work, [call(torch.randn(3))]
