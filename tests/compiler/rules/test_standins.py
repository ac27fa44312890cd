"""Iterators of itertools and callables of operator: as traced, and as what they are outside of the capture."""

from __future__ import annotations

import itertools
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import compiler
from compiler.rules import bodies
from tests.compiler.plain import agree_plain

ITEMS = st.lists(st.integers(0, 3), max_size=6)
SIZES = st.integers(0, 4)


def taken(iterator, most=50):
    return list(itertools.islice(iterator, most))


@given(st.lists(ITEMS, max_size=3), SIZES, ITEMS)
def test_bodies_do_what_the_real_ones_do(lists, size, items):
    """Each body, run as plain Python, against the class that it stands for."""
    pool, odd = tuple(items), lambda item: item % 2
    pairs = [
        (bodies.chain(*lists), itertools.chain(*lists)),
        (bodies.chain_from_iterable(iter(lists)), itertools.chain.from_iterable(lists)),
        (bodies.product(*map(tuple, lists)), itertools.product(*lists)),
        (bodies.combinations(pool, size), itertools.combinations(pool, size)),
        (bodies.combinations_with_replacement(pool, size), itertools.combinations_with_replacement(pool, size)),
        (bodies.permutations(pool, size), itertools.permutations(pool, size)),
        (bodies.cycle(iter(items)), itertools.cycle(items)),
        (bodies.accumulate(iter(items), None, None), itertools.accumulate(items)),
        (bodies.accumulate(iter(items), operator.sub, 5), itertools.accumulate(items, operator.sub, initial=5)),
        (bodies.zip_longest([*map(iter, lists)], 9), itertools.zip_longest(*lists, fillvalue=9)),
        (bodies.takewhile(odd, iter(items)), itertools.takewhile(odd, items)),
        (bodies.dropwhile(odd, iter(items)), itertools.dropwhile(odd, items)),
        (bodies.filterfalse(odd, iter(items)), itertools.filterfalse(odd, items)),
        (bodies.pairwise(iter(items)), itertools.pairwise(items)),
        (bodies.compress(iter(items), iter(pool[::-1])), itertools.compress(items, pool[::-1])),
        (bodies.repeat(size, size), itertools.repeat(size, size)),
        (bodies.count(size, 2), itertools.count(size, 2)),
        (bodies.starmap(max, iter([(1, 2)])), itertools.starmap(max, [(1, 2)])),
    ]
    for ours, theirs in pairs:
        assert taken(ours) == taken(theirs)


@given(ITEMS, SIZES, st.none() | SIZES, st.integers(1, 3))
def test_islice_takes_as_many_items_as_the_real_one(items, start, stop, step):
    left, right = iter(items), iter(items)
    assert list(bodies.islice(left, start, stop, step)) == list(itertools.islice(right, start, stop, step))
    assert list(left) == list(right)


@given(ITEMS, st.lists(st.booleans(), max_size=6))
def test_groupby_goes_on_from_wherever_its_groups_stand(items, used):
    def run(groups):
        seen = []
        for (key, group), use in itertools.zip_longest(groups, used):
            seen.append((key, list(group)[:2] if use else next(group, None), list(group)))
            if len(seen) == len(items):
                break
        return seen

    if len(used) <= len([*itertools.groupby(items)]):
        assert run(bodies.groupby(iter(items), None)) == run(itertools.groupby(items))


def test_unused_ones_leave_the_frame_as_what_they_are():
    def main():
        items = [1, 2, 3]
        return [
            itertools.chain(items, (4,)),
            itertools.chain.from_iterable([items]),
            itertools.product(items, repeat=2),
            itertools.islice(items, 2),
            itertools.cycle(items),
            itertools.count(3),
            itertools.repeat("a", 3),
            itertools.accumulate(items, initial=2),
            itertools.zip_longest(items, [1], fillvalue=0),
            itertools.groupby(items),
            itertools.combinations(items, 2),
            itertools.permutations(items),
            itertools.takewhile(bool, items),
        ]

    with compiler.config.patch(capture_all_frames=True, strict=True):
        found = compiler.optimize(main, fullgraph=True)()
    assert [type(one) for one in found] == [type(one) for one in main()]
    assert repr(found[5:7]) == "[count(3), repeat('a', 3)]"
    assert [taken(one) for one in found][:9] == [taken(one) for one in main()][:9]


def test_those_half_used_go_on_after_a_break():
    def main():
        items = [1, 2, 3, 4]
        chained, grouped = itertools.chain(items, "ab"), itertools.groupby([1, 1, 2, 2, 2, 3])
        first = [next(chained), next(grouped)[0]]
        compiler.graph_break()
        return first, list(chained), [(key, list(group)) for key, group in grouped], type(chained)

    agree_plain(main)


def test_infinite_ones_are_used_as_far_as_needed():
    def main():
        by_three = itertools.groupby(itertools.count(), lambda number: number // 3)
        groups = [(key, list(group)) for key, group in itertools.islice(by_three, 2)]
        return groups, next(iter(itertools.zip_longest(itertools.count(1), [1]))), list(zip(itertools.count(), "ab"))

    agree_plain(main, whole=True)


def test_iter_with_a_sentinel():
    def main():
        items = [1, 2, 3, 0, 4]
        return list(iter(lambda: items.pop(0), 0)), items, type(iter(int, 1))

    agree_plain(main, whole=True)


def test_wrong_arguments_raise_what_the_real_ones_raise():
    def main():
        errors = []
        for make in (
            lambda: itertools.islice([], -1),
            lambda: itertools.islice([]),
            lambda: itertools.chain.from_iterable(1),
            lambda: itertools.zip_longest([], 3),
            lambda: itertools.combinations([1], -1),
            lambda: itertools.repeat(),
            lambda: itertools.count("a"),
            lambda: operator.attrgetter(1),
            lambda: operator.itemgetter(),
        ):
            try:
                make()
            except (TypeError, ValueError) as error:
                errors.append(str(error))
        return errors

    agree_plain(main)


@pytest.mark.parametrize(
    "make",
    [
        lambda: operator.itemgetter(1),
        lambda: operator.itemgetter(0, 1),
        lambda: operator.attrgetter("real"),
        lambda: operator.methodcaller("index", 2),
    ],
)
def test_callables_of_operator(make):
    def main():
        made = make()
        compiler.graph_break()
        return repr(made), type(made)

    agree_plain(main)
    agree_plain(lambda: (operator.itemgetter(1)([1, 2]), operator.methodcaller("index", 2)([1, 2])), whole=True)
