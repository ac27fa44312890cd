"""`compiler.optimize` of a module: still that module."""

from __future__ import annotations

import copy
import gc
import inspect
import io
import pickle
import weakref

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

import compiler
from tests.compiler.running import records_of


class Net(nn.Module):
    """A net."""

    def __init__(self, width=4):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("count", torch.zeros(()))
        self.scale = 2.0

    def forward(self, x, *, shift=0.0):
        return self.drop(self.linear(x)) * self.scale + shift

    def helper(self):
        return self.scale


X = torch.randn(3, 4)


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net().eval()


def test_a_module_stays_a_module(net):
    """V9, P5."""
    twin = compiler.optimize(net, fullgraph=True)
    assert isinstance(twin, Net)
    assert list(twin.state_dict()) == list(net.state_dict())
    assert [name for name, _ in twin.named_modules()] == [name for name, _ in net.named_modules()]
    assert twin.linear is net.linear
    assert (twin.scale, twin.helper()) == (2.0, 2.0)
    assert repr(twin) == repr(net)
    assert twin.__doc__ == "A net."
    run = records_of(twin, X, shift=1.0)
    assert run.whole
    assert torch.equal(run.result, net(X, shift=1.0))


def test_forward_is_compiled_too(net):
    twin = compiler.optimize(net, fullgraph=True)
    assert inspect.signature(twin.forward) == inspect.signature(net.forward)
    assert records_of(twin.forward, X).whole


def test_state_is_shared(net):
    twin = compiler.optimize(net)
    twin(X)
    twin.scale = 3.0
    assert net.scale == 3.0
    assert torch.equal(twin(X), net(X))
    with torch.no_grad():
        net.linear.weight.add_(1)
    assert torch.equal(twin(X), net(X))
    twin.load_state_dict(Net().state_dict())
    assert torch.equal(twin(X), net(X))


def test_train_and_eval(net):
    twin = compiler.optimize(net)
    assert twin.train() is twin
    assert net.drop.training
    torch.manual_seed(3)
    expected = net(X)
    torch.manual_seed(3)
    assert torch.equal(twin(X), expected)
    assert twin.eval() is twin
    assert torch.equal(twin(X), net(X))


def test_to_another_dtype(net):
    twin = compiler.optimize(net)
    twin(X)
    assert twin.to(torch.float64) is twin
    result = twin(X.double())
    assert result.dtype == torch.float64
    assert torch.equal(result, net(X.double()))


def test_gradients_reach_the_parameters(net):
    twin = compiler.optimize(net, fullgraph=True)
    twin(X).sum().backward()
    ours = net.linear.weight.grad
    net.zero_grad()
    net(X).sum().backward()
    assert torch.equal(ours, net.linear.weight.grad)


def test_hooks_run(net):
    seen = []
    twin = compiler.optimize(net)
    twin(X)
    handle = twin.register_forward_hook(lambda module, args, result: seen.append(module) or result + 1)
    assert torch.equal(twin(X), net(X))
    assert seen == [net, net]
    handle.remove()
    twin(X)
    assert len(seen) == 2


def test_hooks_of_submodules_run(net):
    twin = compiler.optimize(net)
    before = twin(X)
    handle = net.linear.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    assert torch.equal(twin(X), net(X))
    handle.remove()
    assert torch.equal(twin(X), before)


def test_pickle(net):
    twin = compiler.optimize(net, fullgraph=True)
    again = pickle.loads(pickle.dumps(twin))
    assert isinstance(again, Net)
    run = records_of(again, X)
    assert run.whole
    assert torch.equal(run.result, net(X))


def test_torch_save(net):
    file = io.BytesIO()
    torch.save(compiler.optimize(net), file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(X), net(X))


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
def test_copies_are_compiled_and_independent(net, copier):
    twin = compiler.optimize(net, fullgraph=True)
    twin(X)
    other = copier(twin)
    assert isinstance(other, Net)
    other.scale = 5.0
    assert net.scale == 2.0
    assert (other.linear is net.linear) == (copier is copy.copy)
    run = records_of(other, X)
    assert run.whole
    assert torch.equal(run.result, net(X) / 2 * 5)


def test_a_module_that_holds_a_compiled_one_can_be_copied(net):
    outer = nn.Sequential(compiler.optimize(net), nn.ReLU())
    other = copy.deepcopy(outer)
    assert other[0].linear is not net.linear
    assert torch.equal(other(X), outer(X))
    assert records_of(other, X).records == []


def test_optimize_again_starts_from_the_original(net):
    twin = compiler.optimize(compiler.optimize(net), fullgraph=True)
    assert records_of(twin, X).whole


def test_a_compiled_submodule_is_traced_into(net):
    outer = nn.Sequential(compiler.optimize(net), nn.ReLU())
    run = records_of(compiler.optimize(outer, fullgraph=True), X)
    assert run.whole
    assert torch.equal(run.result, outer(X))
    assert list(outer.state_dict()) == [f"0.{name}" for name in net.state_dict()]


def test_a_module_and_its_compiled_self_are_one_inside_a_graph(net):
    twin = compiler.optimize(net)

    def fn(x):
        twin.scale = 7.0
        return net(x) + twin(x)

    compiled = compiler.optimize(fn, fullgraph=True)
    assert torch.equal(compiled(X), fn(X))
    assert net.scale == 7.0


def test_self_is_the_original(net):
    class Proud(nn.Module):
        def forward(self, x):
            self.me = self
            return x + 1

    module = Proud()
    compiler.optimize(module)(X)
    assert module.me is module


def test_class_hooks_do_not_run_again():
    made = []

    class Base(nn.Module):
        def __init_subclass__(cls, *, tag, **rest):
            made.append((cls.__name__, tag))

    class Child(Base, tag=1):
        def __new__(cls, width):
            return super().__new__(cls)

        def __init__(self, width):
            super().__init__()

        def forward(self, x):
            return x + 1

    twin = compiler.optimize(Child(3))
    assert torch.equal(twin(X), X + 1)
    assert made == [("Child", 1)]


def test_a_method_of_a_module(net):
    class Two(Net):
        def other(self, x):
            return self.linear(x) - 1

    module = Two()
    run = records_of(compiler.optimize(module.other, fullgraph=True), X)
    assert run.whole
    assert torch.equal(run.result, module.linear(X) - 1)


def test_a_compiled_module_dies(net):
    twin = compiler.optimize(net)
    twin(X)
    dead = weakref.ref(twin)
    del twin
    gc.collect()
    assert dead() is None
    assert net.forward.__func__.__code__ is Net.forward.__code__


class Twice(nn.Module):
    def forward(self, weight):
        return weight * 2


@pytest.mark.parametrize("which", ["twin", "original"])
@pytest.mark.parametrize("called_before", [False, True])
def test_a_parametrization_of_one_is_seen_by_the_other(which, called_before):
    torch.manual_seed(0)
    original = nn.Linear(4, 4)
    twin = compiler.optimize(original)
    expected = (original(X) - original.bias) * 2 + original.bias
    if called_before:
        twin(X)
    changed = twin if which == "twin" else original
    parametrize.register_parametrization(changed, "weight", Twice())
    for module in (original, twin, original, twin):
        assert torch.allclose(module(X), expected)
        assert torch.allclose(module.forward(X), expected)
        assert isinstance(module, nn.Linear)
        assert parametrize.is_parametrized(module)
    assert torch.equal(twin.weight, original.weight)
    assert str(twin) == str(original)
    parametrize.remove_parametrizations(changed, "weight", leave_parametrized=False)
    assert type(original) is nn.Linear
    assert torch.equal(twin(X), original(X))
    assert torch.allclose(twin(X) - twin.bias, (expected - twin.bias) / 2, atol=1e-6)


def test_a_changed_class_is_seen_where_the_twin_is_inlined():
    original = nn.Linear(4, 4)
    twin = compiler.optimize(original)

    def fn(module, x):
        return module(x) + module.weight.sum() + twin(x)

    compiled = compiler.optimize(fn)
    assert torch.allclose(compiled(twin, X), fn(original, X))
    parametrize.register_parametrization(original, "weight", Twice())
    assert torch.allclose(compiled(twin, X), fn(original, X))
    original.__class__ = Zero
    assert torch.equal(twin.forward(X), X * 0)
    assert torch.equal(twin(X), X * 0)
    assert torch.allclose(compiled(twin, X), fn(original, X))


class Zero(nn.Linear):
    def forward(self, x):
        return x * 0

    @property
    def weight(self):
        return torch.ones(3)


def test_a_lazy_module_becomes_what_it_is():
    original = nn.LazyLinear(3)
    twin = compiler.optimize(original)
    assert str(twin) == str(original)
    result = twin(X)
    assert type(original) is nn.Linear
    assert str(twin) == "Linear(in_features=4, out_features=3, bias=True)"
    assert isinstance(twin, nn.Linear)
    assert torch.equal(result, original(X))
    assert torch.equal(twin(X), original(X))
    assert twin.__class__ is nn.Linear


def test_a_new_forward_of_the_class_is_called():
    class Mine(nn.Linear):
        pass

    twin = compiler.optimize(Mine(4, 4))
    twin.forward(X)
    assert twin.forward is twin.forward
    Mine.forward = lambda self, x: x * 0
    assert torch.equal(twin(X), X * 0)
    assert torch.equal(twin.forward(X), X * 0)
    assert records_of(twin.forward, X + 1).reasons == []


def test_other_tools_take_the_original(net):
    twin = compiler.optimize(net)
    traced = torch.fx.symbolic_trace(compiler.optimize(nn.Sequential(nn.Linear(4, 4), nn.ReLU())))
    assert [node.op for node in traced.graph.nodes] == ["placeholder", "call_module", "call_module", "output"]
    linear = nn.Linear(4, 4)
    assert torch.equal(torch.jit.script(compiler.optimize(linear))(X), linear(X))
    assert torch.equal(torch.jit.trace(twin, X)(X), net(X))
    exported = torch.fx.symbolic_trace(twin)
    assert torch.equal(exported(X), net(X))
