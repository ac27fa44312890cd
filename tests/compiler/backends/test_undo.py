"""What is noted before a graph runs, and put back."""

from __future__ import annotations

import types

import pytest
import torch

import compiler
from compiler.backends.undo import Keeper

CPU = torch.device("cpu")


def test_nothing_to_keep():
    assert not Keeper((), (), (), watch=False)


def test_contents_and_version():
    x = torch.arange(6.0)
    undo = Keeper([1], (), (), watch=False)(torch.ones(1), x)
    x[2:].mul_(5)
    undo.put_back()
    assert torch.equal(x, torch.arange(6.0))
    assert x._version == 0
    assert undo.inputs == {1}


def test_a_parameter():
    x = torch.nn.Parameter(torch.ones(2))
    undo = Keeper([0], (), (), watch=False)(x)
    with torch.no_grad():
        x.zero_()
    undo.put_back()
    assert x.tolist() == [1, 1]
    assert x.requires_grad
    assert x.is_leaf


def test_generators():
    own = torch.Generator()
    undo = Keeper((), [own], [CPU], watch=False)()
    drawn = torch.rand(2), torch.rand(2, generator=own)
    undo.put_back()
    assert torch.equal(drawn[0], torch.rand(2))
    assert torch.equal(drawn[1], torch.rand(2, generator=own))


@pytest.mark.parametrize(("index", "restored"), [(None, {0, 1}), (1, {1})])
def test_generators_of_other_devices(monkeypatch, index, restored):
    generators = [torch.Generator(), torch.Generator()]
    monkeypatch.setattr(torch, "get_device_module", lambda device: types.SimpleNamespace(default_generators=generators))
    before = [generator.get_state() for generator in generators]
    undo = Keeper((), (), [torch.device("cuda", index) if index is not None else torch.device("cuda")], watch=False)()
    for generator in generators:
        torch.rand(1, generator=generator)
    undo.put_back()
    same = {at for at, state in enumerate(before) if torch.equal(state, generators[at].get_state())}
    assert same == restored


def test_a_device_that_nothing_has_used_yet(monkeypatch):
    monkeypatch.setattr(torch, "get_device_module", lambda device: types.SimpleNamespace(default_generators=()))
    Keeper((), (), [torch.device("cuda")], watch=False)().put_back()


def test_no_memory_for_a_copy(monkeypatch):
    def clone(self):
        raise torch.OutOfMemoryError("no room")

    x = torch.ones(2)
    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "clone", clone)
        undo = Keeper([0], (), (), watch=False)(x)
    assert undo.inputs == frozenset()


def test_changes_are_seen():
    x = torch.ones(2)
    undo = Keeper((), (), (), watch=True)(x)
    assert not undo.sees_a_change()
    x.view(1, 2).add_(1)
    assert undo.sees_a_change()


@pytest.mark.parametrize("change", [True, False])
def test_an_allowed_function_that_raises(change):
    """The frame begins anew unless the function had changed what it was given."""

    @compiler.allow_in_graph
    def allowed(x):
        if not x.is_meta and x.sum() > 5:
            if change:
                x.add_(1)
            raise ValueError("too much")
        return x * 2

    def fn(x):
        try:
            return allowed(x)
        except ValueError:
            return "caught"

    compiled = compiler.optimize(fn)
    compiled(torch.ones(3))
    x = torch.ones(3) * 2
    if change:
        with pytest.raises(ValueError, match="too much") as caught:
            compiled(x)
        assert "return allowed(x)" in caught.value.__notes__[0]
        assert x.tolist() == [3, 3, 3]
    else:
        assert compiled(x) == "caught"
