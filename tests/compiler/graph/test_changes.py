"""Graphs that change their inputs: when a copy is taken, and when the graph ends early."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

import compiler
from compiler.backends import running
from compiler.graph.changes import COPIED_BYTES
from tests.compiler.running import records_of

INDEX = torch.tensor([1, 2])
TABLE = torch.randn(5, 3)
LARGE = COPIED_BYTES // 4 + 1


@pytest.fixture
def copies(monkeypatch):
    """What `CompiledGraph` was told."""
    told = []
    plain = running.CompiledGraph.callable

    def callable_(self):
        told.append(self)
        return plain(self)

    monkeypatch.setattr(running.CompiledGraph, "callable", callable_)

    def of(fn, *args, **options):
        told.clear()
        run = records_of(compiler.optimize(fn, **options), *args)
        graph = told[0]
        names = [str(node.target) for node in graph.module.graph.nodes if node.op == "placeholder"]
        return [kind for kind, _ in run.reasons], *(
            {names[index] for index in which} for which in (graph.changed, graph.at_risk)
        )

    return of


def test_nothing_follows(copies):
    def fn(x):
        x.add_(1)
        return x * 2

    assert copies(fn, torch.zeros(3)) == ([], {"x"}, set())


def test_an_operator_that_may_raise_follows(copies):
    def fn(x, y, index):
        x.add_(1)
        z = F.embedding(index, TABLE)
        y.add_(1)
        return z

    assert copies(fn, torch.zeros(3), torch.zeros(3), INDEX) == ([], {"x", "y"}, {"x"})


def test_a_batch_norm_in_a_network_costs_nothing(copies):
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(inplace=True), torch.nn.Dropout(),
        torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(36, 5),
    )  # fmt: skip

    def fn(x):
        return net(x).softmax(-1).mean()

    reasons, changed, at_risk = copies(fn, torch.randn(2, 3, 8, 8))
    assert reasons == []
    assert len(changed) == 3
    assert at_risk == set()


def test_a_loss_that_looks_at_indices_costs_a_copy_of_running_statistics(copies):
    norm = torch.nn.BatchNorm1d(5)

    def fn(x, target):
        return F.cross_entropy(norm(x), target)

    reasons, changed, at_risk = copies(fn, torch.randn(2, 5), INDEX)
    assert reasons == []
    assert len(at_risk) == len(changed) == 3
    norm.eval()
    assert copies(fn, torch.randn(2, 5), INDEX) == ([], set(), set())


def test_a_large_tensor_is_not_copied(copies):
    def fn(x, index):
        x.add_(1)
        return F.embedding(index, TABLE)

    reasons, _, at_risk = copies(fn, torch.zeros(LARGE), INDEX)
    assert reasons[0] == "may raise after a change"
    assert at_risk == set()
    assert copies(fn, torch.zeros(LARGE), INDEX, fullgraph=True) == ([], {"x"}, {"x"})


def test_an_operator_that_raises_while_it_changes(copies):
    def fn(x, index):
        x[index] = 1
        return x * 2

    assert copies(fn, torch.zeros(3), INDEX) == ([], {"x"}, {"x"})


def test_integers_may_be_divided_by_zero_half_way(copies):
    def fn(x, y):
        x.remainder_(y)

    assert copies(fn, INDEX.clone(), INDEX) == ([], {"x"}, {"x"})
    assert copies(fn, torch.ones(2), torch.ones(2)) == ([], {"x"}, set())


def test_changed_shapes_cannot_be_put_back(copies):
    def fn(x, index):
        x.unsqueeze_(0)
        return F.embedding(index, TABLE)

    assert copies(fn, torch.zeros(3), INDEX)[0][0] == "may raise after a change"


def test_a_function_allowed_in_the_graph_changes_nothing_unless_it_raises(copies):
    @compiler.allow_in_graph
    def allowed(x):
        return x * 2

    assert copies(lambda x: allowed(x) + 1, torch.zeros(LARGE, requires_grad=True)) == ([], set(), set())
