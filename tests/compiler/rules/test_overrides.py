"""Objects whose class defines ``__torch_function__``."""

from __future__ import annotations

import pytest
import torch

import compiler
from tests.compiler.agreement import agree


class Scaled:
    """A tensor times a number, added up lazily."""

    def __init__(self, tensor, scale):
        self.tensor, self.scale = tensor, scale

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func in REFUSED:
            return NotImplemented
        plain = [cls.plain(arg) for arg in args]
        named = {name: cls.plain(arg) for name, arg in (kwargs or {}).items()}
        return func.__name__, [kind.__name__ for kind in types], func(*plain, **named)

    @classmethod
    def plain(cls, arg):
        if isinstance(arg, list):
            return [cls.plain(item) for item in arg]
        return arg.tensor * arg.scale if isinstance(arg, Scaled) else arg


class Other(Scaled):
    pass


class Multiplied(Scaled):
    def __mul__(self, other):
        return "mul", other

    __rmul__ = __mul__


REFUSED = {torch.sigmoid}


class FromTheInstance:
    def __torch_function__(self, func, types, args=(), kwargs=None):
        return "instance", func.__name__


def _pair():
    return torch.arange(4.0).reshape(2, 2), 3.0


def test_functions_and_methods_are_handed_over():
    def main(x, scale):
        lazy = Scaled(x, scale)
        return torch.matmul(lazy, x), x.add(lazy, alpha=2), torch.sum(lazy, dim=0), torch.matmul(x, other=lazy)

    records = agree(main, lambda: _pair())
    assert {record.outcome for record in records} == {"compiled"}


def test_operators_are_handed_over():
    def main(x, scale):
        lazy = Scaled(x, scale)
        return x @ lazy, lazy @ x, x - lazy, lazy - x, x == lazy, x < lazy

    records = agree(main, lambda: _pair())
    assert any(record.graph_ops for record in records)


def test_an_object_is_asked_before_torch_where_python_asks_it():
    def main(x, scale):
        lazy = Multiplied(x, scale)
        return lazy * x, x * lazy, lazy == x

    agree(main, lambda: _pair())


def test_a_list_of_objects():
    def main(x, scale):
        return torch.stack([Scaled(x, scale), x]), x + 1

    agree(main, lambda: _pair())


def test_classes_that_derive_from_one_another():
    def main(x, scale):
        return torch.add(Scaled(x, scale), Other(x, scale)), torch.add(Other(x, scale), Other(x, 2.0))

    agree(main, lambda: _pair())


@pytest.mark.filterwarnings("ignore:Defining your")
def test_refusals_and_methods_of_instances():
    def main(x, scale):
        try:
            torch.sigmoid(Scaled(x, scale))
        except TypeError as error:
            return str(error), torch.add(FromTheInstance(), x)

    agree(main, lambda: _pair())


def test_an_object_from_outside_and_functions_written_in_python():
    made = Scaled(torch.ones(2, 2), 2.0)

    def main(x):
        return torch.nn.functional.linear(x, made), torch.nn.functional.softmax(made, dim=0), torch.is_tensor(made)

    agree(main, lambda: (torch.ones(2, 2),))


def test_where_handing_over_is_switched_off():
    def main(x, lazy):
        return torch.add(lazy, x)

    lazy, x = Scaled(torch.ones(2), 2.0), torch.ones(2)
    compiled = compiler.optimize(main)
    assert compiled(x, lazy)[0] == "add"
    with torch._C.DisableTorchFunctionSubclass(), pytest.raises(TypeError) as expected:
        main(x, lazy)
    with torch._C.DisableTorchFunctionSubclass(), pytest.raises(TypeError) as found:
        compiled(x, lazy)
    assert str(found.value) == str(expected.value)


def test_another_hook_later():
    def main(x, lazy):
        return torch.add(lazy, x)

    class Changing(Scaled):
        pass

    lazy, x = Changing(torch.ones(2), 2.0), torch.ones(2)
    compiled = compiler.optimize(main)
    assert compiled(x, lazy)[0] == "add"
    Changing.__torch_function__ = classmethod(lambda cls, func, types, args=(), kwargs=None: "changed")
    assert compiled(x, lazy) == "changed"
