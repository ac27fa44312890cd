"""V1 to V8: any Python object becomes a value, and comes back as itself."""

from __future__ import annotations

import collections
import enum
import functools
import math
import re
import types
import weakref
from typing import NamedTuple

import pytest
import torch

import compiler
from tests.compiler.running import check

X = torch.arange(4.0)


class Color(enum.Enum):
    RED = 1
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Pair(NamedTuple):
    a: object
    b: int = 2

    def total(self):
        return self.a + self.b


class Slotted:
    __slots__ = ("k", "x")

    def __init__(self, x, k):
        self.x, self.k = x, k


class Plain:
    shared = [1, 2]  # noqa: RUF012

    def __init__(self):
        self.k = 3


class Meta(type):
    def __getitem__(cls, k):
        return k


class WithMeta(metaclass=Meta):
    k = 2


OBJECTS = {
    "none": None, "true": True, "int": 7, "big": 2**80, "float": 1.5, "inf": math.inf, "complex": 1 + 2j, "str": "text",
    "bytes": b"raw", "ellipsis": ..., "range": range(1, 9, 2), "slice": slice(1, None, 2), "tuple": (1, ("a", 2.0)),
    "list": [1, [2, X]], "dict": {"a": 1, 2: [3]}, "tuple keys": {(1, 2): 3, None: 4, True: 5}, "set": {1, "b"},
    "frozenset": frozenset({1, 2}), "ordered": collections.OrderedDict(a=1), "deque": collections.deque([1, 2], 3),
    "counter": collections.Counter("aab"), "named": Pair(1), "size": torch.Size([1, 2]), "enum": Color.RED,
    "int enum": Level.HIGH, "class": Plain, "metaclass": WithMeta, "function": math.sin, "lambda": lambda k: k,
    "module": math, "dtype": torch.int32, "device": torch.device("cpu"), "layout": torch.strided, "tensor": X,
    "parameter": torch.nn.Parameter(X), "object": Plain(), "slots": Slotted(1, 2), "partial": functools.partial(max, 1),
    "namespace": types.SimpleNamespace(a=1), "pattern": re.compile("a+"), "exception": ValueError("v"),
    "bound": Plain().__init__, "generator": torch.Generator(), "linear": torch.nn.Linear(2, 2), "type": int,
    "alias": list[int], "union": int | None, "proxy": types.MappingProxyType({"a": 1}), "iterator": iter([1, 2]),
    "sparse": torch.eye(2).to_sparse(), "meta tensor": torch.empty(2, device="meta"), "bytearray": bytearray(b"a"),
    "memory format": torch.channels_last, "property": property(lambda self: 1), "object()": object(),
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_any_object_is_handed_through(name):
    """V1: unlooked at, in containers, as results."""
    obj = OBJECTS[name]

    def fn(x, obj):
        held = [obj, {"k": obj}]
        return x + 1, obj, held, (obj,)

    compiled = compiler.optimize(fn, fullgraph=True)
    for _ in range(2):
        total, same, held, pair = compiled(X, obj)
        assert torch.equal(total, X + 1)
        assert same is held[0] is held[1]["k"] is pair[0] is obj


@pytest.mark.parametrize("name", OBJECTS)
def test_any_object_can_be_looked_at(name):
    """V1: its type, identity, truth and text."""
    obj = OBJECTS[name]

    def fn(x, obj):
        y = x + 1
        return y, type(obj), obj is None, isinstance(obj, (int, list)), callable(obj), hasattr(obj, "k")

    compiled = compiler.optimize(fn)
    for _ in range(2):
        ours, expected = compiled(X, obj), fn(X, obj)
        assert torch.equal(ours[0], expected[0])
        assert ours[1:] == expected[1:]


@pytest.mark.parametrize("name", ["int", "float", "str", "tuple", "range", "enum", "int enum", "named", "size"])
def test_equality_and_text(name):
    def fn(x, obj):
        return x + 1, obj == obj, str(obj), bool(obj)

    check(fn, X, OBJECTS[name])


def test_enums():
    """V8."""

    def fn(x, color, level):
        if color is Color.RED and level > Level.LOW:
            return x * level, color.name, color.value, level + 1, Color("b"), Level(1), [c.name for c in Color]
        return x

    assert check(fn, X, Color.RED, Level.HIGH, fullgraph=True).whole


def test_named_tuples():
    """V5."""

    def fn(x, pair):
        made = Pair(x, b=5)
        a, b = pair
        return made, made.a + pair.b, made.total(), made._replace(b=1), a + b

    assert check(fn, X, Pair(1, 2), fullgraph=True).whole


def test_slots():
    """V7."""

    def fn(x, s):
        s.k += 1
        made = Slotted(x, 2)
        return s.x * s.k, made.x + made.k

    compiled = compiler.optimize(fn, fullgraph=True)
    s = Slotted(X, 2)
    first, second = compiled(X, s)
    assert torch.equal(first, X * 3)
    assert torch.equal(second, X + 2)
    assert s.k == 3


def test_class_attributes_are_shared():
    def fn(x, obj):
        obj.shared.append(3)
        return x * len(Plain.shared)

    before = list(Plain.shared)
    try:
        assert torch.equal(compiler.optimize(fn)(X, Plain()), X * 3)
        assert Plain.shared == [1, 2, 3]
    finally:
        Plain.shared[:] = before


def test_dict_views_and_methods():
    """V5: dict views are live."""

    def fn(x, table):
        keys, values = table.keys(), table.values()
        table["new"] = x
        return (
            list(keys),
            len(values),
            "new" in keys,
            sorted(str(k) for k in keys),
            [k for k, v in table.items() if k != "a"],
        )

    check(fn, X, {"a": 1, "b": 2})


def test_weak_references():
    """V11."""
    target = Plain()
    ref = weakref.ref(target)

    def fn(x, ref):
        found = ref()
        return x * found.k

    compiled = compiler.optimize(fn)
    assert torch.equal(compiled(X, ref), X * 3)


def test_tensor_facts():
    """V2."""

    def fn(x):
        return (x * 2, x.shape, x.dtype, x.device, x.ndim, x.requires_grad, x.is_leaf, x.numel(), x.size(0), x.dim(), len(x),
                x.stride(), x.is_contiguous(), x.element_size(), x.is_floating_point(), isinstance(x, torch.Tensor))  # fmt: skip

    assert check(fn, torch.zeros(2, 3), fullgraph=True).whole


def test_parameters_are_parameters():
    parameter = torch.nn.Parameter(X)

    def fn(p):
        return p * 2, isinstance(p, torch.nn.Parameter), type(p).__name__

    compiled = compiler.optimize(fn, fullgraph=True)
    result = compiled(parameter)
    assert result[1:] == (True, "Parameter")
    assert result[0].requires_grad


def test_tensor_subclasses_are_left_to_eager():
    """V2: tensor subclasses."""

    class Sub(torch.Tensor):
        pass

    x = X.as_subclass(Sub)

    def fn(x):
        return x * 2 + 1

    compiled = compiler.optimize(fn)
    for _ in range(2):
        result = compiled(x)
        assert type(result) is Sub
        assert torch.equal(result.as_subclass(torch.Tensor), X * 2 + 1)


def test_numbers_out_of_tensors():
    def fn(x):
        return x[1].item() + 1, int(x[2]), float(x.sum()), x.tolist(), bool(x[1])

    check(fn, X)
