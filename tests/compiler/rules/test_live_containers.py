"""Containers that change while somebody looks at them."""

from __future__ import annotations

import collections

import pytest
import torch

from tests.compiler.running import check

X = torch.ones(2)


def sorted_by_length_seen(x, items):
    seen = []

    def key(item):
        seen.append(len(items))
        return -item

    items.sort(key=key)
    return x + 1, seen


def sorted_while_growing(x, items):
    def key(item):
        items.append(item)
        return -item

    try:
        items.sort(key=key)
    except ValueError as error:
        return x + 1, str(error)


def sorted_with_an_error(x, items):
    def key(item):
        return {3: 1}[item]

    try:
        items.sort(key=key)
    except KeyError as error:
        return x + 1, str(error)


def sorted_by_what_does_not_compare(x, items):
    items.append("a")
    items.append(0)
    try:
        items.sort()
    except TypeError as error:
        return x + 1, str(error), list(items)


def extended_by_a_generator(x, items):
    items.extend(len(items) for _ in range(3))
    items += (items[-1] + 1 for _ in range(2))
    items.extend(items)
    return x + 1


def reversed_and_changed(x, items):
    backwards = reversed(items)
    seen = [next(backwards)]
    items[0] = "z"
    items.append(4)
    seen += backwards
    backwards = reversed(items)
    items.clear()
    seen.append(next(backwards, "end"))
    items.extend([1, 2, 3])
    return x + 1, [*seen, next(backwards, "end")]


def reversed_over_a_break(x, items):
    backwards = reversed(items)
    next(backwards)
    ended = reversed(items)
    list(ended)
    print(end="")
    items.append(5)
    return x + 1, list(backwards), list(ended)


@pytest.mark.parametrize(
    "program",
    [
        sorted_by_length_seen,
        sorted_while_growing,
        sorted_with_an_error,
        sorted_by_what_does_not_compare,
        extended_by_a_generator,
        reversed_and_changed,
        reversed_over_a_break,
    ],
)
def test_lists(program):
    check(program, X, [3, 1, 2])


def values_replaced(x, table):
    seen = []
    for key, value in table.items():
        seen.append((key, value))
        table["c"] = 10
    for value in table.values():
        seen.append(value)
        table["c"] = x
    return seen


def keys_replaced(x, table):
    seen = []
    for key in table:
        seen.append(key)
        del table[key]
        table[key + "x"] = x
        if len(seen) > 5:
            break
    return seen


def keys_replaced_between_breaks(x, table):
    keys = iter(table)
    seen = [next(keys)]
    print(end="")
    del table["a"]
    table["z"] = 3
    seen.append(next(keys))
    print(end="")
    table.pop("z")
    table["q"] = x
    table["b"] = 5
    return seen + list(keys)


@pytest.mark.parametrize("program", [values_replaced, keys_replaced, keys_replaced_between_breaks])
def test_dicts(program):
    check(program, X, {"a": 1, "b": 2, "c": 3})


def test_deques():
    def main(x, queue):
        seen = []
        for item in queue:
            seen.append(item)
            queue[1] = 9
        items = iter(queue)
        next(items)
        print(end="")
        seen += items
        try:
            for item in queue:
                seen.append(item)
                queue.append(item)
        except RuntimeError as error:
            seen.append(str(error))
        return x + 1, seen

    check(main, X, collections.deque([1, 2, 3]))


def test_a_dict_of_many_keys():
    def main(x, table):
        for value in table.values():
            x = x + value
        return x

    assert check(main, X, {str(number): number for number in range(400)}, fullgraph=True).whole
