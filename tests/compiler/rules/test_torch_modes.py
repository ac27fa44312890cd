"""C10: torch's own context managers: gradient modes, autocast, the default dtype."""

from __future__ import annotations

import pytest
import torch

import compiler
from tests.compiler.running import check, records_of, same

X = torch.linspace(-1, 1, 12).reshape(3, 4)
LINEAR = torch.nn.Linear(4, 4)


def in_autocast(x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = LINEAR(x)
        z = torch.softmax(y, -1)
    return y, z, y.float() @ x.T


def autocast_switched_off(x):
    with torch.autocast("cpu"):
        y = LINEAR(x)
        with torch.autocast("cpu", enabled=False):
            z = LINEAR(x)
        return y, z, LINEAR(y)


@torch.autocast("cpu", dtype=torch.float16)
def decorated(x):
    return LINEAR(x), torch.get_autocast_dtype("cpu")


def in_no_grad(x):
    with torch.no_grad(), torch.autocast("cpu"):
        y = LINEAR(x)
    return y, y.requires_grad, torch.is_autocast_enabled("cpu")


def with_another_default_dtype(x):
    torch.set_default_dtype(torch.float64)
    y = torch.ones(3)
    torch.set_default_dtype(torch.float32)
    return y, torch.ones(3), torch.get_default_dtype()


PROGRAMS = [in_autocast, autocast_switched_off, decorated, in_no_grad, with_another_default_dtype]


@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize("fn", PROGRAMS, ids=lambda fn: fn.__name__)
def test_switches_are_written_into_the_graph(fn, enabled):
    with torch.autocast("cpu", enabled=enabled, dtype=torch.bfloat16):
        assert check(fn, X, fullgraph=True).whole


def test_gradients_flow_through_autocast():
    def step(call):
        LINEAR.zero_grad()
        y, z, _ = call(X)
        (y.float().sum() + z.float().square().sum()).backward()
        return LINEAR.weight.grad.clone(), y.dtype, y.requires_grad

    assert same(step(in_autocast), step(compiler.optimize(in_autocast, fullgraph=True)))


def test_a_break_inside_autocast_goes_on_in_it(capsys):
    def fn(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = LINEAR(x)
            print("inside")
            z = LINEAR(y)
        return z, LINEAR(x)

    run = check(fn, X)
    assert run.outcomes == ["broken", "compiled"]


def test_a_compiled_frame_belongs_to_its_autocast_dtype():
    compiled = compiler.optimize(lambda x: LINEAR(x))
    for dtype in (torch.bfloat16, torch.float16, torch.bfloat16):
        with torch.autocast("cpu", dtype=dtype):
            assert compiled(X).dtype == dtype
    assert compiled(X).dtype == torch.float32
    assert [record.outcome for record in records_of(compiled, X).records] == []


def test_modes_are_put_back_when_the_graph_raises():
    def fn(x, index):
        with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
            y = LINEAR(x)
            return y[index]

    compiled = compiler.optimize(fn)
    compiled(X, torch.tensor([0]))
    with pytest.raises(IndexError):
        compiled(X, torch.tensor([7]))
    assert torch.is_grad_enabled()
    assert not torch.is_autocast_enabled("cpu")
    assert torch.autocast_increment_nesting() == 1
    assert torch.autocast_decrement_nesting() == 0


def test_in_place_operators_in_autocast():
    def fn(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = x * 2
            y += LINEAR(x)
            y.mul_(3)
        return y

    with torch.no_grad():
        assert check(fn, X, fullgraph=True).whole


def test_a_graph_that_raises_leaves_modes_alone_that_it_does_not_switch():
    compiled = compiler.optimize(lambda x, index: x[index])
    compiled(X, torch.tensor([0]))
    with torch.autocast("cpu", enabled=False, dtype=torch.float16, cache_enabled=False):
        with pytest.raises(IndexError):
            compiled(X, torch.tensor([7]))
        assert not torch.is_autocast_cache_enabled()
        assert torch.get_autocast_dtype("cpu") == torch.float16
    assert torch.autocast_increment_nesting() == 1
    assert torch.autocast_decrement_nesting() == 0
