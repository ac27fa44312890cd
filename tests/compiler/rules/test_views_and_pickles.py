"""Lengths of dict views from outside, torch's named results from outside, and pickles of plain constants."""

from __future__ import annotations

import collections
import pickle

import torch

import compiler
from tests.compiler.agreement import agree


def test_the_length_of_a_view_from_outside():
    table = collections.OrderedDict(a=1, b=2)
    views = table.keys(), {1: 2}.values(), {}.items()

    def main(x):
        return x + len(views[0]), len(views[1]), len(views[2])

    records = agree(main, lambda: (torch.ones(2),))
    assert [record.outcome for record in records] == ["compiled"]
    compiled = compiler.optimize(main)
    assert compiled(torch.ones(1))[0].item() == 3.0
    table["c"] = 3
    assert compiled(torch.ones(1))[0].item() == 4.0


def test_the_length_of_a_view_whose_dict_changes():
    def main(x, table, view):
        before = len(view)
        table["more"] = x
        return before, len(view)

    def inputs():
        table = {"a": 1}
        return torch.ones(2), table, table.keys()

    agree(main, inputs)


def test_named_results_from_outside():
    def main(result):
        values, indices = result
        return values + 1, indices, result.values * 2, result[0] - 1, result

    records = agree(main, lambda: (torch.tensor([[1.0, 3.0]]).max(dim=1),))
    assert [record.outcome for record in records] == ["compiled"]


def test_pickles_of_constants():
    def main(x, keywords):
        return pickle.dumps(keywords), pickle.dumps({}), pickle.dumps(3), x + 1

    records = agree(main, lambda: (torch.ones(2), {"upper": True, "name": "some", "power": 2.5}))
    assert [record.outcome for record in records] == ["compiled"]


def test_pickles_that_depend_on_identity():
    letters = ["a", "b"]
    text = "".join(letters)

    def main(x, first, second):
        return pickle.dumps({"first": first, "second": second}), pickle.dumps([first]), x + 1

    agree(main, lambda: (torch.ones(2), text, text))
    agree(main, lambda: (torch.ones(2), text, "".join(letters)))
