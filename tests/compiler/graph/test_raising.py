"""Which operators may raise for what their arguments contain."""

from __future__ import annotations

import operator

import pytest
import torch
import torch.nn.functional as F

from compiler.graph import raising
from compiler.graph.raising import may_raise, operator_name

FLOATS, INTEGERS, MASK = (
    torch.zeros(3, 3, device="meta"),
    torch.zeros(3, device="meta").long(),
    torch.zeros(3, device="meta").bool(),
)
CPU = torch.device("cpu")


def node(target, *args, **kwargs):
    graph = torch.fx.Graph()

    def lift(arg):
        if not isinstance(arg, torch.Tensor):
            return arg
        placeholder = graph.placeholder("x")
        placeholder.meta["example_value"] = arg
        return placeholder

    args = tuple(tuple(map(lift, arg)) if isinstance(arg, tuple) else lift(arg) for arg in args)
    kind = "call_method" if isinstance(target, str) else "call_function"
    return graph.create_node(kind, target, args, {name: lift(arg) for name, arg in kwargs.items()})


@pytest.mark.parametrize(
    ("target", "args"),
    [
        (torch.add, (FLOATS, 1)), ("add_", (FLOATS, 1)), (operator.iadd, (FLOATS, 1)), (operator.and_, (MASK, MASK)),
        (F.relu, (FLOATS,)), ("__radd__", (FLOATS, 1)), (torch.ops.aten.add.Tensor, (FLOATS, FLOATS)),
        (operator.floordiv, (FLOATS, FLOATS)), (operator.floordiv, (INTEGERS, 2)), (torch.div, (INTEGERS, INTEGERS)),
        (operator.getitem, (FLOATS, 0)), (operator.getitem, (FLOATS, (slice(None), 1))), ("normal_", (FLOATS, 0, 1)),
        (operator.setitem, (FLOATS, MASK, 0.0)), (operator.setitem, (FLOATS, 1, FLOATS)),
        (operator.setitem, (FLOATS, MASK, INTEGERS)), (torch._foreach_add, ((FLOATS,), 1)),
    ],
)  # fmt: skip
def test_these_cannot(target, args):
    assert not may_raise(node(target, *args), CPU)


@pytest.mark.parametrize(
    ("target", "args"),
    [
        (F.embedding, (INTEGERS, FLOATS)), ("index_add_", (FLOATS, 0, INTEGERS, FLOATS)), (torch.linalg.inv, (FLOATS,)),
        (operator.floordiv, (INTEGERS, INTEGERS)), ("__rfloordiv__", (INTEGERS, 2)),
        (operator.getitem, (FLOATS, INTEGERS)),
        (operator.getitem, (FLOATS, (slice(None), INTEGERS))), (operator.setitem, (FLOATS, MASK, FLOATS)),
        ("bernoulli_", (FLOATS, FLOATS)), (torch.normal, (FLOATS, FLOATS)), (torch.bernoulli, (FLOATS,)),
    ],
)  # fmt: skip
def test_these_may(target, args):
    assert may_raise(node(target, *args), CPU)


def test_integers_divided_with_rounding():
    assert may_raise(node(torch.div, INTEGERS, INTEGERS, rounding_mode="floor"), CPU)
    assert may_raise(node(torch.floor_divide, INTEGERS, other=INTEGERS), CPU)


def test_kernels_of_a_gpu_do_not_raise_for_indices():
    assert not may_raise(node(F.embedding, INTEGERS, FLOATS), torch.device("cuda"))
    assert may_raise(node(torch.linalg.inv, FLOATS), torch.device("cuda"))


def test_operators_of_others_may_raise_whatever_their_name():
    library = torch.library.Library("dynamo_test_raising", "DEF")
    library.define("relu(Tensor x) -> Tensor")
    assert may_raise(node(torch.ops.dynamo_test_raising.relu, FLOATS), CPU)
    assert may_raise(node(torch.ops.dynamo_test_raising.relu.default, FLOATS), CPU)


def test_names_in_the_tables_exist():
    spaces = [torch, torch.Tensor, F, operator, torch.ops.aten]
    reversed_names = {"rtruediv", "rand", "ror", "rxor", "radd", "rmul", "rdiv", "rmatmul", "rpow"}
    for name in raising._CANNOT | raising._INDEXES | raising._DIVIDES:
        assert name in reversed_names or any(
            hasattr(space, spelt) for space in spaces for spelt in (name, f"{name}_", f"_{name}", f"__{name}__")
        ), name


def test_names():
    assert operator_name("__iadd__") == operator_name("add_") == operator_name(torch.ops.aten.add_.Tensor) == "add"
    assert operator_name(operator.and_) == "and"
