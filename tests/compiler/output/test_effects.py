"""C19: side effects replayed once, in order, with aliases kept."""

from __future__ import annotations

import collections

import pytest
import torch

import compiler
from tests.compiler.running import check

X = torch.arange(4.0)


class Box:
    def __init__(self, **attrs):
        vars(self).update(attrs)


def test_lists():
    """C19: list mutations."""

    def fn(x, items):
        items.append(x + 1)
        items.insert(0, "first")
        items.extend([1, 2])
        items.pop(1)
        items.reverse()
        items += [x]
        return len(items), x * 2

    assert check(fn, X, [5, 6], fullgraph=True).whole


def test_dicts():
    def fn(x, table):
        table["new"] = x + 1
        table.update(a=2)
        table.setdefault("b", []).append(x)
        table.pop("gone")
        return table.get("none"), x * len(table)

    assert check(fn, X, {"gone": 1, "a": 1}, fullgraph=True).whole


def test_order_of_dict_entries():
    def fn(x, table):
        value = table.pop("a")
        table["a"] = value
        return x + 1

    assert check(fn, X, {"a": 1, "b": 2}, fullgraph=True).whole


@pytest.mark.parametrize("kind", [collections.OrderedDict, collections.defaultdict])
def test_relatives_of_dict(kind):
    def fn(x, table):
        table["k"] = x
        return x + len(table)

    check(fn, X, kind())


def test_sets_and_deques():
    def fn(x, some, queue):
        some.add(5)
        some.discard(1)
        queue.append(x)
        return x + len(some)

    check(fn, X, {1, 2}, collections.deque([1], maxlen=2))


def test_attributes():
    def fn(x, box):
        box.count += 1
        box.last = x * box.count
        box.items.append(box.last)
        del box.gone
        return box.last

    assert check(fn, X, Box(count=0, items=[], gone=1), fullgraph=True).whole


def test_aliases():
    """C19: one object under two names stays one."""

    def fn(x, box):
        shared = [x + 1]
        box.a = shared
        box.b = shared
        box.a.append(x)
        return shared

    box = Box()
    result = compiler.optimize(fn, fullgraph=True)(X, box)
    assert box.a is box.b is result
    assert len(result) == 2


def test_the_same_list_twice():
    def fn(x, a, b):
        a.append(1)
        b.append(2)
        return x * len(a)

    compiled = compiler.optimize(fn, fullgraph=True)
    for same_object in (False, True, False):
        first = []
        second = first if same_object else []
        assert torch.equal(compiled(X, first, second), X * (2 if same_object else 1))
        assert first == ([1, 2] if same_object else [1])


def test_swapped_contents():
    def fn(x, a, b):
        a[:], b[:] = b[:], a[:]
        a[0], b[0] = b[0], a[0]
        return x + a[0]

    assert check(fn, X, [1, 2], [3, 4], fullgraph=True).whole


def test_effects_happen_once_around_a_break():
    def fn(x, items):
        items.append(x + 1)
        compiler.graph_break()
        items.append(x + 2)
        compiler.graph_break()
        return len(items)

    check(fn, X, [])


def test_effects_happen_before_output(capsys):
    def fn(x, items):
        items.append(1)
        print(len(items))
        items.append(2)
        print(len(items))
        return x + 1

    compiler.optimize(fn)(X, [])
    assert capsys.readouterr().out == "1\n2\n"


def test_cells():
    log = []

    def fn(x):
        count = 0

        def bump():
            nonlocal count
            count += 1
            log.append(count)
            return x * count

        return bump() + bump(), count

    compiled = compiler.optimize(fn, fullgraph=True)
    assert torch.equal(compiled(X)[0], X * 3)
    assert log == [1, 2]


def test_cells_of_outer_functions():
    count = 0

    def fn(x):
        nonlocal count
        count += 1
        return x * count

    compiled = compiler.optimize(fn, fullgraph=True)
    assert [compiled(X)[1].item() for _ in range(3)] == [1, 2, 3]
    assert count == 3


def test_tensors_changed_in_place():
    """D4: mutation of tensors stays in the graph."""

    def fn(x, y):
        x.add_(1)
        view = y[1:]
        view.mul_(2)
        y[0] = x[0]
        return x + y

    assert check(fn, X.clone(), X + 1, fullgraph=True).whole


def test_views_and_their_bases():
    def fn(x):
        row = x[0]
        row += 1
        x.t_()
        return row, x * 2

    check(fn, torch.arange(6.0).reshape(2, 3))


def test_module_state():
    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0
            self.register_buffer("total", torch.zeros(4))
            self.history = []

        def forward(self, x):
            self.calls += 1
            self.total = self.total + x
            self.total += 1
            self.history.append(self.calls)
            return x * self.calls

    eager, ours = Counting(), Counting()
    compiled = compiler.optimize(ours)
    for _ in range(3):
        assert torch.equal(compiled(X), eager(X))
    assert ours.calls == 3
    assert ours.history == [1, 2, 3]
    assert torch.equal(ours.total, eager.total)
    assert list(ours.state_dict()) == ["total"]


def test_user_setattr_is_traced():
    class Watched:
        def __init__(self):
            object.__setattr__(self, "log", [])

        def __setattr__(self, name, value):
            self.log.append(name)
            object.__setattr__(self, name, value)

    def fn(x, w):
        w.a = x + 1
        w.b = 2
        return w.a * w.b

    check(fn, X, Watched())


def test_written_values_are_read_back():
    def fn(x, box, table, items):
        box.k = 5
        table["k"] = box.k + 1
        items[0] = table["k"] + 1
        return x * items[0] + box.k + table["k"]

    assert check(fn, X, Box(k=1), {"k": 0}, [0], fullgraph=True).whole


def test_effects_of_an_inlined_call_survive_its_exception():
    def inner(items):
        items.append(1)
        raise KeyError

    def fn(x, items):
        try:
            inner(items)
        except KeyError:
            items.append(2)
        return x + len(items)

    assert check(fn, X, [], fullgraph=True).whole


def test_random_numbers_are_eagers_own():
    """The same numbers in the same order, and the same state afterwards."""

    def fn(x):
        a = torch.rand(4)
        b = torch.nn.functional.dropout(x, 0.5)
        unused = torch.randn(3)
        return a + b + torch.randint(0, 5, (4,))

    compiled = compiler.optimize(fn, fullgraph=True)
    compiled(X)
    torch.manual_seed(1)
    expected, state = fn(X), torch.get_rng_state()
    torch.manual_seed(1)
    assert torch.equal(compiled(X), expected)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_captured_name_that_is_deleted_again():
    """The frame's own cell was never filled, so it cannot be emptied either."""

    def fn(x):
        factor = x.shape[0]
        scaled = lambda t: t * factor  # noqa: E731, F821
        y = scaled(x)
        del factor
        print("gone")
        try:
            return scaled(y)
        except NameError as error:
            return y, str(error)

    check(fn, X)
