"""Modules after every change that a program can make to them: the shortcuts of the walk notice it."""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import compiler
from compiler import _C

DEPTH = 4
ENOUGH_CALLS = 8
"""For whatever the walk notes on its first visits."""


class Layer(nn.Module):
    offset = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((2, 2), 0.5))
        self.bias = nn.Parameter(torch.full((2,), 0.25))
        self.register_buffer("scale", torch.ones(2))
        self.factor = 2

    def forward(self, x):
        y = nn.functional.linear(x, self.weight, self.bias) * self.scale * self.factor + self.offset
        return y + 1 if self.training else y


def fresh_class() -> type[Layer]:
    """A class that a test may patch."""
    return types.new_class("Layer", (Layer,), {}, lambda namespace: namespace.update(forward=Layer.forward))


def register_forward_hook(layer: Any) -> None:
    layer.register_forward_hook(lambda module, args, result: result * 3)


def register_forward_pre_hook(layer: Any) -> None:
    layer.register_forward_pre_hook(lambda module, args: args[0] * 3)


def hook_in_place_of_hooks(layer: Any) -> None:
    layer._forward_hooks = {0: lambda module, args, result: result * 3}


def replace_parameter(layer: Any) -> None:
    layer.weight = nn.Parameter(torch.ones(2, 2))


def parameter_becomes_none(layer: Any) -> None:
    layer.bias = None


def parameters_swapped(layer: Any) -> None:
    layer._parameters = {"weight": layer.weight, "bias": nn.Parameter(torch.ones(2))}


def buffer_replaced(layer: Any) -> None:
    layer.register_buffer("scale", torch.full((2,), 7.0))


def buffer_of_another_type(layer: Any) -> None:
    layer.scale = torch.full((2,), 7.0, dtype=torch.float64)


def data_of_another_shape(layer: Any) -> None:
    layer.scale.data = torch.full((1, 2), 5.0)


def data_of_another_dtype(layer: Any) -> None:
    layer.scale.data = torch.full((2,), 5.0, dtype=torch.float64)


def data_of_another_layout(layer: Any) -> None:
    layer.weight.data = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).t()


def evaluated(layer: Any) -> None:
    layer.eval()


def attribute_set(layer: Any) -> None:
    layer.factor = 5


def attribute_set_in_dict(layer: Any) -> None:
    vars(layer)["factor"] = 5


def dict_swapped(layer: Any) -> None:
    layer.__dict__ = {**vars(layer), "factor": 5}


def dict_updated(layer: Any) -> None:
    vars(layer).update(factor=5)


def class_attribute_hidden(layer: Any) -> None:
    layer.offset = 9.0


def class_attribute_patched(layer: Any) -> None:
    type(layer).offset = 9.0


def class_changed(layer: Any) -> None:
    class Other(type(layer)):  # type: ignore[misc]
        def forward(self, x):
            return x - 1

    layer.__class__ = Other


def forward_on_the_instance(layer: Any) -> None:
    layer.forward = lambda x: x - 1


def forward_patched(layer: Any) -> None:
    type(layer).forward = lambda self, x: x - 1


def forward_recoded(layer: Any) -> None:
    def forward(self, x):
        return x - 1

    plain = types.FunctionType(Layer.forward.__code__, Layer.forward.__globals__)
    type(layer).forward = plain
    plain.__code__ = forward.__code__


CHANGES: list[Callable[[Any], None]] = [
    register_forward_hook,
    register_forward_pre_hook,
    hook_in_place_of_hooks,
    replace_parameter,
    parameter_becomes_none,
    parameters_swapped,
    buffer_replaced,
    buffer_of_another_type,
    data_of_another_shape,
    data_of_another_dtype,
    data_of_another_layout,
    evaluated,
    attribute_set,
    attribute_set_in_dict,
    dict_swapped,
    dict_updated,
    class_attribute_hidden,
    class_attribute_patched,
    class_changed,
    forward_on_the_instance,
    forward_patched,
    forward_recoded,
]


def outcome(fn: Callable[..., Any], *args: Any) -> Any:
    try:
        result = fn(*args)
    except Exception as error:  # an ill-fitting change raises in eager too
        return type(error), str(error)
    return result.detach().tolist(), result.dtype, result.shape, result.requires_grad


def call(model, x):
    return model(x)


def warm(compiled: Callable[..., Any], model: nn.Module, x: torch.Tensor) -> Callable[[], int]:
    """Calls until all is noted; then what the guards of the code that served the calls answer: -1 when they hold."""
    for _ in range(ENOUGH_CALLS):
        assert outcome(compiled, model, x) == outcome(call, model, x)
    tree = _C.code_cache(call.__code__).entries[-1].guards
    assert tree is not None
    return lambda: tree.check((model, x), call.__globals__, vars(builtins), ())


@pytest.mark.parametrize("position", range(DEPTH))
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_layer_is_changed(change, position):
    layer_class = fresh_class()
    model = nn.Sequential(*[layer_class() for _ in range(DEPTH)])
    compiled, x = compiler.optimize(call), torch.ones(1, 2)
    assert warm(compiled, model, x)() == -1
    before = outcome(call, model, x)
    change(model[position])
    after = outcome(call, model, x)
    assert after != before, "this change should show"
    for _ in range(ENOUGH_CALLS):
        assert outcome(compiled, model, x) == after


@pytest.mark.parametrize("name", ["weight", "bias", "scale"])
@pytest.mark.parametrize("position", range(DEPTH))
def test_gradients_are_asked_for(position, name):
    model = nn.Sequential(*[fresh_class()() for _ in range(DEPTH)]).requires_grad_(False)
    compiled, x = compiler.optimize(call), torch.ones(1, 2)
    guards = warm(compiled, model, x)
    assert not compiled(model, x).requires_grad
    tensor = getattr(model[position], name)
    for wanted in (True, False, True):
        tensor.requires_grad_(wanted)
        assert (guards() == -1) is not wanted
        assert compiled(model, x).requires_grad is wanted
    with torch.no_grad():
        assert not compiled(model, x).requires_grad


def test_parameters_alike_share_their_facts_and_are_told_apart():
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(DEPTH)])
    guards = warm(compiler.optimize(call), model, torch.ones(1, 2))
    assert guards() == -1
    failed = set()
    for parameter in model.parameters():
        kept = parameter.data
        for change, back in (
            (lambda p: setattr(p, "data", p.data.double()), lambda p: setattr(p, "data", kept)),
            (lambda p: p.requires_grad_(False), lambda p: p.requires_grad_(True)),
        ):
            change(parameter)
            failed.add(guards())
            back(parameter)
            assert guards() == -1
    assert -1 not in failed
    assert len(failed) == 2 * DEPTH, "each has a guard of its own"
