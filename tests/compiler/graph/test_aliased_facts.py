"""Facts that change in place, under two names of one object."""

from __future__ import annotations

import types

import pytest
import torch

import compiler


def agrees(fn, *calls):
    compiled = compiler.optimize(fn)
    for make in calls:
        assert repr(compiled(*make())) == repr(fn(*make()))


def twice():
    x = torch.ones(1, 3)
    return x, x


@pytest.mark.parametrize(
    "change", [lambda x: x.t_(), lambda x: x.squeeze_(0), lambda x: x.unsqueeze_(0), lambda x: x.requires_grad_()]
)
def test_metadata_changed_in_place(change):
    def fn(x, y):
        change(x)
        return y.shape, y.requires_grad, (y * 2).shape

    agrees(fn, lambda: (torch.ones(1, 3), torch.ones(1, 3)), twice)


def test_an_object_and_its_own_dict():
    def fn(x, box, names):
        box.x = 7
        return names.get("x", 3), x * 2

    def own():
        box = types.SimpleNamespace()
        return torch.ones(2), box, vars(box)

    agrees(fn, lambda: (torch.ones(2), types.SimpleNamespace(), {}), own)


COUNT = 1


def test_globals_as_a_dict_and_by_name():
    def fn(x):
        global COUNT
        names = globals()
        COUNT = 5
        first = names["COUNT"]
        names["COUNT"] = 6
        return x + 1, first, COUNT

    agrees(fn, lambda: (torch.ones(2),), lambda: (torch.ones(2),))


def test_a_modules_dict_and_its_attributes():
    module = types.ModuleType("some")

    def fn(x):
        names = vars(module)
        module.a = 5
        first = names["a"]
        names["a"] = 9
        return x + 1, first, module.a

    module.a = 1
    agrees(fn, lambda: (torch.ones(2),), lambda: (torch.ones(2),))
