"""Guard trees: every accessor, every kind of check, and the caches that must notice each change."""

from __future__ import annotations

import collections
import gc
import itertools
import math
import random
import sys
import types
import weakref
from typing import Any

import pytest
import torch

from compiler import _C, tensor_layout
from compiler.tensor_facts import Description

ABSENT = _C.ABSENT
MODULE_VALUE = [1]


def check(
    spec: list[Any], *values: Any, closure: tuple[Any, ...] | None = None, scope: dict[str, Any] | None = None
) -> int:
    import builtins

    return _C.GuardTree(spec).check(values, globals() if scope is None else scope, vars(builtins), closure)


def holds(kind: str, payload: Any, value: Any) -> bool:
    answer = check([(-1, "local", 0, 0, [(1, kind, payload)])], value)
    assert answer in (-1, 1)
    return answer == -1


def reach(accessor: str, argument: Any, value: Any) -> Any:
    """What the accessor gives from ``value``; ABSENT when it fails."""
    found: list[Any] = []
    take = [(2, "predicate", lambda got: found.append(got) or True)]
    answer = check([(-1, "local", 0, 0, []), (0, accessor, argument, 1, take)], value)
    assert answer == (-1 if found else 1)
    return found[0] if found else ABSENT


# ---- accessors ----


def test_accessors_of_the_frame():
    cell = types.CellType(5)
    spec = [
        (-1, "local", 1, 0, [(1, "equal", "second")]),
        (-1, "global", "MODULE_VALUE", 2, [(3, "is", MODULE_VALUE)]),
        (-1, "global", "len", 4, [(5, "is", len)]),
        (-1, "free", 0, 6, [(7, "is", cell)]),
        (4 - 1, "cell", None, 8, [(9, "equal", 5)]),
        (-1, "constant", MODULE_VALUE, 10, [(11, "length", 1)]),
    ]
    assert check(spec, "first", "second", closure=(cell,)) == -1
    assert check(spec, "first", closure=(cell,)) == 0
    assert check(spec, "first", "second", closure=(cell,), scope={}) == 2
    assert check(spec, "first", "second", closure=None) == 6
    cell.cell_contents = 6
    assert check(spec, "first", "second", closure=(cell,)) == 9
    del cell.cell_contents
    assert check(spec, "first", "second", closure=(cell,)) == 8


class Instance:
    shared = "class attribute"

    def __init__(self) -> None:
        self.x = 1

    @property
    def computed(self) -> int:
        return self.x * 10

    @property
    def failing(self) -> int:
        raise ValueError


def test_accessors_of_values():
    instance = Instance()
    assert reach("attr", "computed", instance) == 10
    assert reach("attr", "failing", instance) is ABSENT
    assert reach("attr", "missing", instance) is ABSENT
    assert reach("dict", None, instance) is instance.__dict__
    assert reach("dict", None, 3) is ABSENT
    assert reach("dict", None, math) is vars(math)
    assert reach("key", "a", {"a": 1}) == 1
    assert reach("key", ("a", 1), {("a", 1): 2}) == 2
    assert reach("key", "b", collections.OrderedDict(b=3)) == 3
    assert reach("key", "b", collections.defaultdict(int)) is ABSENT
    assert reach("key", "b", types.MappingProxyType({"b": 1})) is ABSENT
    assert [reach("item", 1, value) for value in ([1, 2], (1, 2), torch.Size((1, 2)))] == [2, 2, 2]
    assert reach("item", 2, [1, 2]) is ABSENT
    assert reach("item", -1, [1, 2]) is ABSENT
    assert reach("item", 0, "ab") is ABSENT
    assert reach("type", None, instance) is Instance
    assert reach("call", len, [1, 2]) == 2
    assert reach("call", len, 3) is ABSENT

    def function(a, b=2, *, c=3):
        return instance

    for name in ("__code__", "__defaults__", "__kwdefaults__", "__closure__", "__globals__"):
        assert reach("func_attr", name, function) is getattr(function, name)
    assert reach("func_attr", "__defaults__", lambda: 0) is None
    assert reach("func_attr", "__code__", len) is ABSENT


def test_a_dict_of_inline_values_is_current():
    instance = Instance()
    tree = _C.GuardTree([(-1, "local", 0, 0, []), (0, "dict", None, 1, []), (1, "key", "x", 2, [(3, "equal", 1)])])

    def ask() -> int:
        return tree.check((instance,), {}, {}, None)

    assert ask() == -1
    for value, answer in ((2, 3), (1, -1), ("1", 3), (1, -1)):
        instance.x = value
        assert ask() == answer
    del instance.x
    assert ask() == 2
    instance.__dict__ = {"x": 1}
    assert ask() == -1


class Plain:
    pass


def three_items() -> Plain:
    instance = Plain()
    instance.a, instance.b, instance.c = 1, 2, 3
    del instance.a
    instance.a = 5
    return instance


def test_a_dict_that_leaves_inline_values_stays_as_it_is():
    """In 3.13 the dicts of most objects have no versions: those that guards meet often get a table of their own."""
    instance, twin = three_items(), three_items()
    attributes = vars(instance)
    forward, backward = iter(attributes.items()), reversed(attributes.items())
    first, last = next(forward), next(backward)
    tree = _C.GuardTree([(-1, "local", 0, 0, []), (0, "dict", None, 1, [(2, "items", {"b": 2, "gone": ABSENT})])])

    def ask() -> int:
        return tree.check((instance,), {}, {}, None)

    assert [ask() for _ in range(20)] == [-1] * 20
    assert vars(instance) is attributes
    assert list(attributes.items()) == list(vars(twin).items())
    assert [first, *forward] == [*reversed([last, *backward])] == list(attributes.items())
    for _ in range(20):  # long enough for the interpreter to specialise these
        instance.b = 3
        assert (instance.b, attributes["b"], ask()) == (3, 3, 2)
        instance.b = 2
        assert ask() == -1
        instance.gone = 0
        assert ask() == 2
        del instance.gone
        assert ask() == -1
    fresh = Plain()
    assert tree.check((fresh,), {}, {}, None) == 2
    for _ in range(20):  # one after the other, perhaps at the same place
        fresh = three_items()
        assert tree.check((fresh,), {}, {}, None) == -1


# ---- checks ----


def test_type_and_identity():
    class Sub(int):
        pass

    one = [1]
    assert holds("type", int, 3)
    assert not holds("type", int, True)
    assert not holds("type", int, Sub(3))
    assert holds("is", one, one)
    assert not holds("is", one, [1])
    assert holds("is_not", one, [1])
    assert not holds("is_not", one, one)


def test_weak_identity():
    instance = Instance()
    tree = _C.GuardTree([(-1, "local", 0, 0, [(1, "is_weak", instance)])])
    assert tree.check((instance,), {}, {}, None) == -1
    reference = weakref.ref(instance)
    del instance
    gc.collect()
    assert reference() is None
    assert tree.check((Instance(),), {}, {}, None) == 1
    assert tree.check((None,), {}, {}, None) == 1


NAN, OTHER_NAN = float("nan"), float("nan")


@pytest.mark.parametrize(
    ("expected", "equal", "different"),
    [
        (1, [1], [2, True, 1.0]),
        (10**30, [10**30], [10**30 + 1, 1e30]),
        (True, [True], [1, False]),
        ("añ", ["".join(list("añ"))], ["an", b"a"]),
        (b"ab", [bytes([97, 98])], [b"ac", "ab"]),
        (None, [None], [0, False]),
        (0.0, [0.0], [-0.0, 0, False]),
        (NAN, [OTHER_NAN], [0.0, None]),
        (complex(0.0, -0.0), [complex(0.0, -0.0)], [complex(0.0, 0.0), complex(-0.0, -0.0)]),
        ((1, ("a", NAN)), [(1, ("a", OTHER_NAN))], [(1, ("a", 1.0)), (True, ("a", NAN)), (1,), [1, ("a", NAN)]]),
        (..., [...], [None]),
        (int, [int], [float]),
    ],
)
def test_equal(expected, equal, different):
    assert all(holds("equal", expected, value) for value in equal)
    assert not any(holds("equal", expected, value) for value in different)


def test_equal_takes_constants_only():
    for bad in ([], {}, object(), (1, [])):
        with pytest.raises(TypeError):
            _C.GuardTree([(-1, "local", 0, 0, [(1, "equal", bad)])])


def test_length_and_truth():
    for value in ([1, 2], (1, 2), {1: 1, 2: 2}, {1, 2}, frozenset((1, 2)), collections.OrderedDict(a=1, b=2)):
        assert holds("length", 2, value)
        assert not holds("length", 1, value)
    assert not holds("length", 2, "ab")
    assert not holds("length", 1, 3)
    for value in (0, 1, "", "a", [], [1], None, 0.0, {}, {1}):
        assert holds("truth", bool(value), value)
        assert not holds("truth", not value, value)
    assert not holds("truth", True, Instance())


def test_dict_checks():
    class Sub(dict):
        pass

    assert holds("keys", ("a", 1), {"a": 0, 1: 0})
    assert holds("keys", ("a",), Sub(a=0))
    assert not holds("keys", ("a", 1), {1: 0, "a": 0})
    assert not holds("keys", ("a",), {"a": 0, "b": 0})
    assert not holds("keys", ("a",), ["a"])
    assert holds("keys", ((1, 2),), {(1, 2): 0})
    ordered = collections.OrderedDict(a=0, b=0)
    assert holds("keys", ("a", "b"), ordered)
    ordered.move_to_end("a")
    assert holds("keys", ("b", "a"), ordered)
    assert not holds("keys", ("a", "b"), ordered)
    assert holds("has_key", "a", {"a": 0})
    assert not holds("has_key", "b", {"a": 0})
    assert holds("lacks_key", "b", {"a": 0})
    assert not holds("lacks_key", "a", {"a": 0})
    assert not holds("lacks_key", "a", 3)


def test_keys_that_compare_by_code():
    class Key:
        def __init__(self, name):
            self.name = name

        def __hash__(self):
            return hash(self.name)

        def __eq__(self, other):
            return self.name == getattr(other, "name", other)

    assert holds("keys", (Key("a"),), {Key("a"): 0})
    assert not holds("keys", (Key("a"),), {Key("b"): 0})
    assert reach("key", Key("a"), {"a": 5}) == 5
    assert holds("has_key", Key("a"), {Key("a"): 5})


def test_predicate():
    assert holds("predicate", lambda value: value > 1, 2)
    assert not holds("predicate", lambda value: value > 1, 1)
    assert not holds("predicate", lambda value: 1 / 0, 1)

    class NoTruth:
        def __bool__(self):
            raise ValueError

    assert not holds("predicate", lambda value: NoTruth(), 1)


def test_predicates_run_without_a_context():
    seen = []
    context = _C.Context(lambda request: seen.append(request.code.co_name))

    def fn(x):
        return x

    def by(x):
        return "hit"

    def predicate(value):
        seen.append(_C.get_context())
        return True

    tree = _C.GuardTree([(-1, "local", 0, 0, [(1, "predicate", predicate)])])
    _C.code_cache(fn.__code__).add(_C.Entry(context, tree, by.__code__, keep_hook=True))
    assert _C.Optimized(fn, context)(x=1) == "hit"
    assert seen == [None]


def test_state():
    tree = _C.GuardTree(
        [
            (
                -1,
                "local",
                0,
                0,
                [(5, "state", ((torch.is_grad_enabled, True), (torch.get_num_threads, torch.get_num_threads())))],
            )
        ]
    )
    assert tree.check((1,), {}, {}, None) == -1
    with torch.no_grad():
        assert tree.check((1,), {}, {}, None) == 5
    assert tree.check((1,), {}, {}, None) == -1
    assert holds("state", ((lambda: 1 / 0, True),), 1) is False
    assert holds("state", ((lambda: 1, True),), 1) is False
    assert holds("state", ((lambda: torch.float32, torch.float32),), 1)


def test_same_as_and_distinct():
    spec = [
        (-1, "local", 0, 0, [(10, "same_as", 1)]),
        (-1, "local", 1, 0, []),
        (-1, "local", 2, 0, [(11, "distinct", [0, 2])]),
    ]
    tree, a, b = _C.GuardTree(spec), [1], [1]
    for values, answer in (((a, a, b), -1), ((a, b, b), 10), ((a, a, a), 11), ((b, b, a), -1), ((a, a, b), -1)):
        assert tree.check(values, {}, {}, None) == answer


def test_distinct_of_many():
    count = 300
    spec = [(-1, "local", i, 0, [] if i else [(1, "distinct", list(range(count)))]) for i in range(count)]
    tree, values = _C.GuardTree(spec), [[i] for i in range(count)]
    generator = random.Random(0)
    for _ in range(200):
        assert tree.check(tuple(values), {}, {}, None) == -1
        left, right = generator.sample(range(count), 2)
        twice = list(values)
        twice[left] = twice[right]
        assert tree.check(tuple(twice), {}, {}, None) == 1
        generator.shuffle(values)


@pytest.mark.parametrize("kinds", list(itertools.product(["type", "is", "tensor", "length", "equal"], repeat=3)))
def test_checks_are_made_in_their_order(kinds):
    """The first check of a node may be kept apart from the others."""
    good: dict[str, Any] = {
        "type": torch.Tensor,
        "tensor": _C.TensorFacts(torch.zeros(2)),
        "length": 3,
        "equal": 5,
        "is": None,
    }
    value = torch.zeros(2)
    fails = {"length", "equal", "is"}
    checks = [(10 + i, kind, good[kind]) for i, kind in enumerate(kinds)]
    spec = [(-1, "local", 0, 0, checks), (-1, "local", 1, 1, [(2, "is", value), (3, "length", 2)])]
    expected = next((10 + i for i, kind in enumerate(kinds) if kind in fails), -1)
    tree = _C.GuardTree(spec)
    for _ in range(3):  # the second time, the node that failed is tried first
        assert tree.check((value, value), {}, {}, None) == (expected if expected != -1 else 3)
    if expected == -1:
        assert tree.check((value, [1, 2]), {}, {}, None) == 2
        told = next((10 + i for i, kind in enumerate(kinds) if kind == "tensor"), 3)
        assert check(spec, torch.zeros(3), value) == told


# ---- caches notice every change ----


def dict_mutations() -> list[Any]:
    def store(d, value):
        d["x"] = value

    return [
        store,
        lambda d, value: d.update(x=value),
        lambda d, value: (d.pop("x", None), d.__setitem__("x", value)),
        lambda d, value: (d.clear(), d.update(y=1, x=value)),
        lambda d, value: d.__ior__({"x": value}),
        lambda d, value: (d.popitem(), d.setdefault("x", value), d.__setitem__("x", value)),
        lambda d, value: (d.pop("x", None), [d.__setitem__(str(i), i) for i in range(100)], d.__setitem__("x", value)),
    ]


@pytest.mark.parametrize("mutate", dict_mutations())
def test_items_and_keys_notice_dict_changes(mutate):
    good, bad = object(), object()
    value = {"x": good, "y": 1}
    items = _C.GuardTree([(-1, "local", 0, 0, [(1, "items", {"x": good, "gone": ABSENT})])])
    key = _C.GuardTree([(-1, "local", 0, 0, []), (0, "key", "x", 2, [(3, "is", good)])])
    for new in (bad, good, bad, good):
        for _ in range(3):
            mutate(value, new)
            assert items.check((value,), {}, {}, None) == (-1 if new is good else 1)
            assert key.check((value,), {}, {}, None) == (-1 if new is good else 3)
    value["gone"] = 0
    assert items.check((value,), {}, {}, None) == 1
    del value["gone"], value["x"]
    assert (items.check((value,), {}, {}, None), key.check((value,), {}, {}, None)) == (1, 2)


@pytest.mark.parametrize("slots", [1, 40])
@pytest.mark.parametrize("materialise", ["before", "by the guard", "often"])
def test_attributes_stored_by_specialised_code(slots, materialise):
    class Holder:
        pass

    good, bad = object(), object()

    def store(holder, value):
        for _ in range(20):  # long enough for the interpreter to specialise the store
            holder.x = value

    for _ in range(20):
        holder = Holder()
        if materialise == "before":
            holder.__dict__
        for i in range(slots):
            setattr(holder, f"a{i}", i)
        items = _C.GuardTree(
            [(-1, "local", 0, 0, []), (0, "dict", None, 1, [(2, "items", {"x": good, "gone": ABSENT})])]
        )
        key = _C.GuardTree([(-1, "local", 0, 0, []), (0, "dict", None, 1, []), (1, "key", "x", 2, [(3, "is", good)])])
        for new in (good, bad, good, bad, bad, good):
            store(holder, new)
            if materialise == "often":
                vars(holder)
            expected = (-1, -1) if new is good else (2, 3)
            for _ in range(2):
                assert (items.check((holder,), {}, {}, None), key.check((holder,), {}, {}, None)) == expected
        holder.gone = 1
        assert items.check((holder,), {}, {}, None) == 2
        del holder.gone
        assert items.check((holder,), {}, {}, None) == -1
        del holder.x
        assert (items.check((holder,), {}, {}, None), key.check((holder,), {}, {}, None)) == (2, 2)


def test_globals_notice_changes_and_builtins_shadowing():
    scope: dict[str, Any] = {"value": 1}
    builtin_scope: dict[str, Any] = {"other": 2}
    tree = _C.GuardTree([(-1, "global", "value", 0, [(1, "equal", 1)]), (-1, "global", "other", 2, [(3, "equal", 2)])])

    def ask() -> int:
        return tree.check((), scope, builtin_scope, None)

    assert ask() == ask() == -1
    exec("value = 5", scope)
    assert ask() == 1
    exec("value = 1", scope)
    assert ask() == -1
    scope["other"] = 3
    assert ask() == 3
    del scope["other"]
    assert ask() == -1
    builtin_scope["other"] = 4
    assert ask() == 3
    del builtin_scope["other"]
    assert ask() == 2


def test_class_attrs_notice_changes():
    class Base:
        def forward(self):
            pass

    class Middle(Base):
        pass

    class Leaf(Middle):
        pass

    class Sibling(Leaf):
        pass

    forward = Base.forward
    tree = _C.GuardTree([(-1, "local", 0, 0, [(1, "class_attrs", (Leaf, {"forward": forward, "hook": ABSENT}))])])
    leaf = Leaf()

    def ask() -> int:
        return tree.check((leaf,), {}, {}, None)

    for change, undo in (
        (lambda: setattr(Middle, "forward", len), lambda: delattr(Middle, "forward")),
        (lambda: setattr(Leaf, "hook", None), lambda: delattr(Leaf, "hook")),
        (lambda: setattr(Base, "forward", len), lambda: setattr(Base, "forward", forward)),
        (
            lambda: setattr(Leaf, "__bases__", (Sibling.__bases__[0].__bases__[0].__bases__[0],)),
            lambda: setattr(Leaf, "__bases__", (Middle,)),
        ),
    ):
        assert ask() == ask() == -1
        change()
        changed = ask()
        undo()
        assert changed == (1 if Leaf.__bases__ == (Middle,) and changed == 1 else -1)
    Leaf.unrelated = 1
    assert ask() == -1
    leaf.__class__ = Sibling
    assert ask() == 1


# ---- the walk ----


def test_a_child_is_reached_only_after_its_parents_checks():
    reached = []

    def note(value):
        reached.append(value)
        return True

    spec = [
        (-1, "local", 0, 0, [(1, "type", list)]),
        (0, "call", len, 2, [(3, "predicate", note)]),
        (-1, "local", 1, 4, [(5, "equal", 1)]),
    ]
    tree = _C.GuardTree(spec)
    assert tree.check((3, 1), {}, {}, None) == 1
    assert tree.check(([1], 2), {}, {}, None) == 5
    reached.clear()
    assert tree.check((3, 2), {}, {}, None) in (1, 5)
    assert tree.check(([1], 2), {}, {}, None) == 5
    assert reached == []
    assert tree.check(([1], 1), {}, {}, None) == -1
    assert reached == [1]


def test_failing_in_turns():
    spec = [(-1, "local", i, i, [(10 + i, "equal", 0)]) for i in range(6)]
    spec += [(5, "type", None, 30, [(31, "is", int)])]
    tree = _C.GuardTree(spec)
    generator = random.Random(1)
    for _ in range(2000):
        values = tuple(generator.choice((0, 0, 0, 1)) for _ in range(6))
        answer = tree.check(values, {}, {}, None)
        assert answer == -1 if not any(values) else values[answer - 10] == 1


def test_values_stay_alive_while_code_runs():
    holder = {"a": [object()]}

    def destroy(value):
        holder.clear()
        gc.collect()
        return True

    spec = [
        (-1, "local", 0, 0, []),
        (0, "key", "a", 1, []),
        (
            1,
            "item",
            0,
            2,
            [(3, "predicate", destroy), (4, "type", object), (5, "predicate", lambda value: type(value) is object)],
        ),
        (1, "item", 0, 6, [(7, "same_as", 2)]),
    ]
    assert _C.GuardTree(spec).check((holder,), {}, {}, None) == -1


def test_a_tree_that_comes_back_to_itself():
    depth = 0

    def again(value):
        nonlocal depth
        depth += 1
        return depth > 5 or tree.check((value,), {}, {}, None) == -1

    tree = _C.GuardTree([(-1, "local", 0, 0, [(1, "predicate", again)])] * 1 + [(0, "type", None, 2, [(3, "is", int)])])
    assert tree.check((1,), {}, {}, None) == -1
    assert depth == 6


def test_trees_are_collected():
    class Token:
        pass

    token = Token()
    token.tree = _C.GuardTree([(-1, "constant", token, 0, [(1, "is", token), (2, "items", {"a": token})])])
    entry_context = _C.Context(lambda request: None)
    token.entry = _C.Entry(entry_context, token.tree, None, keep_hook=True)
    reference = weakref.ref(token)
    del token
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize(
    "spec",
    [
        3,
        [3],
        [(-1, "local", 0, 0)],
        [(-1, "nowhere", 0, 0, [])],
        [(0, "attr", "a", 0, [])],
        [(-1, "attr", "a", 0, [])],
        [(-1, "local", 0, 0, []), (0, "local", 0, 0, [])],
        [(-1, "local", "a", 0, [])],
        [(-1, "global", 3, 0, [])],
        [(-1, "local", 0, 0, 3)],
        [(-1, "local", 0, 0, [3])],
        [(-1, "local", 0, 0, [(1, "wrong", None)])],
        [(-1, "local", 0, 0, [(1, "type", 3)])],
        [(-1, "local", 0, 0, [(1, "same_as", 1)])],
        [(-1, "local", 0, 0, [(1, "distinct", [0, 9])])],
        [(-1, "local", 0, 0, [(1, "state", 3)])],
        [(-1, "local", 0, 0, [(1, "state", (3,))])],
        [(-1, "local", 0, 0, [(1, "class_attrs", 3)])],
        [(-1, "local", 0, 0, [(1, "items", 3)])],
        [(-1, "local", 0, 0, [(1, "items", {"a": 1}), (1, "keys", 3)])],
        [(-1, "local", 0, 0, [(1, "has_key", [])])],
        [(-1, "local", 0, 0, [(1, "tensor", 3)])],
        [(-1, "local", 0, 0, [(1, "is_weak", 3)])],
        [(-1, "local", 0, 0, []), (0, "func_attr", "__name__", 0, [])],
        [(-1, "local", 0, 0, []), (0, "key", [], 0, [])],
    ],
)
def test_bad_specs_are_refused(spec):
    with pytest.raises((TypeError, ValueError)):
        _C.GuardTree(spec)


def test_scratch_memory_does_not_leak():
    values = tuple(object() for _ in range(5))
    spec = [(-1, "local", i, 0, [(1, "predicate", lambda value: True)]) for i in range(5)]
    tree = _C.GuardTree(spec)
    tree.check(values, {}, {}, None)
    before = [sys.getrefcount(value) for value in values]
    for _ in range(1000):
        tree.check(values, {}, {}, None)
    assert [sys.getrefcount(value) for value in values] == before


# ---- tensors ----


def test_the_layout_of_tensors_is_found():
    assert tensor_layout.measure() is not None
    assert _C.TensorFacts(torch.zeros(2, 3)).quick


def tensor_zoo() -> list[torch.Tensor]:
    base = torch.zeros(4, 6, dtype=torch.complex64)
    zoo = [
        torch.zeros(4, 6),
        torch.ones(30)[6:].view(4, 6),
        torch.zeros(6, 4).t(),
        torch.zeros(4, 12)[:, ::2],
        torch.zeros(4, 1).expand(4, 6),
        torch.zeros(24),
        torch.zeros(()),
        torch.zeros(1),
        torch.zeros(0),
        torch.zeros(4, 6, requires_grad=True),
        torch.zeros(4, 6, requires_grad=True) * 2,
        torch.nn.Parameter(torch.zeros(4, 6)),
        torch.nn.Parameter(torch.zeros(4, 6), requires_grad=False),
        torch.zeros(4, 6, device="meta"),
        torch.zeros(4, 6).to_sparse(),
        torch.zeros(2, 3, 4, 5),
        torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last),
        torch.zeros(1, 2, 1, 2, 1, 2),
        torch.zeros(1, 2, 1, 2, 1, 2, 1).transpose(1, 3),
        torch._efficientzerotensor((4, 6)),
        base,
        base.conj(),
        base.imag,
        base.conj().imag,
    ]
    zoo += [
        torch.zeros(4, 6, dtype=dtype)
        for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool)
    ]
    with torch.inference_mode():
        zoo.append(torch.zeros(4, 6))
    if torch.cuda.is_available():
        zoo.append(torch.zeros(4, 6, device="cuda"))
    return zoo


def truth(tensor: torch.Tensor) -> tuple[Any, ...]:
    stride = tensor.stride() if tensor.layout == torch.strided else None
    bits = (tensor.is_conj(), tensor.is_neg(), tensor._is_zerotensor(), tensor.is_inference())
    return (
        type(tensor),
        tensor.dtype,
        tensor.device,
        tensor.layout,
        tuple(tensor.shape),
        stride,
        tensor.requires_grad,
        *bits,
    )


def test_tensor_facts_of_every_pair():
    zoo = tensor_zoo()
    for left, right in itertools.product(zoo, zoo):
        facts = _C.TensorFacts(left)
        same = truth(left) == truth(right)
        for _ in range(2):
            assert holds("tensor", facts, right) is same
            assert facts.check(right) is same
        assert (facts.describe(right) == "") is same


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.requires_grad_(),
        lambda t: t.t_(),
        lambda t: t.resize_(6, 4),
        lambda t: t.resize_(4, 7),
        lambda t: t.unsqueeze_(0),
        lambda t: t.as_strided_((4, 6), (1, 4)),
        lambda t: setattr(t, "data", torch.zeros(4, 6, dtype=torch.float64)),
        lambda t: setattr(t, "data", torch.zeros(6, 4).t()),
        lambda t: setattr(t, "data", torch.zeros(6)),
        lambda t: t.set_(torch.zeros(3)),
    ],
)
def test_tensors_changed_in_place(change):
    tensor = torch.zeros(4, 6)
    facts = _C.TensorFacts(tensor)
    assert facts.check(tensor)
    change(tensor)
    assert not facts.check(tensor)
    assert facts.describe(tensor)
    again = _C.TensorFacts(tensor)
    assert again.check(tensor)
    assert not again.check(torch.zeros(4, 6))


def test_gradients_are_told_from_memory():
    layout = tensor_layout.measure()
    assert layout is not None
    assert layout.grad_meta, "an AutogradMeta laid out otherwise: slower, and not wrong"
    leaf = torch.zeros(2, requires_grad=True)
    passed, once = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    (passed * 2).sum().backward()
    once.requires_grad_(False)
    tensors = [leaf, passed, once, torch.zeros(2), leaf.detach(), leaf * 2, torch.zeros(2).add_(leaf), leaf.view(2)]
    tensors += [
        (leaf * 2).detach_(),
        torch.zeros(4)[:2],
        once.view(2),
        leaf.data,
        torch.zeros(2).requires_grad_().mul(2),
    ]
    for example, value in itertools.product(tensors, repeat=2):
        assert _C.TensorFacts(example).check(value) is (example.requires_grad == value.requires_grad)
    facts = _C.TensorFacts(leaf)
    for wanted in (False, True, False, True):
        leaf.requires_grad_(wanted)
        assert facts.check(leaf) is wanted


def test_what_tensor_facts_do_not_mind():
    tensor = torch.zeros(4, 6)
    facts = _C.TensorFacts(tensor)
    tensor.add_(1)
    tensor.note = 3
    keep = tensor.view(24)
    assert facts.check(tensor)
    assert facts.check(torch.ones(60)[12:36].view(4, 6))
    del keep
    leaf = torch.zeros(4, 6, requires_grad=True)
    facts = _C.TensorFacts(leaf)
    (leaf * 2).sum().backward()
    assert facts.check(leaf)
    assert facts.check(leaf * 2)
    assert not _C.TensorFacts(leaf, check_leaf=True).check(leaf * 2)
    assert _C.TensorFacts(leaf * 2, check_leaf=True).check(leaf * 3)


def test_subclasses_of_tensor():
    class Mine(torch.Tensor):
        pass

    mine = torch.zeros(2, 3).as_subclass(Mine)
    facts = _C.TensorFacts(mine)
    assert not facts.quick
    assert facts.check(mine)
    assert facts.check(torch.zeros(2, 3).as_subclass(Mine))
    assert not facts.check(torch.zeros(2, 3))
    assert not facts.check(torch.zeros(2, 4).as_subclass(Mine))
    assert facts.describe(torch.zeros(2, 3)).startswith("type: expected")


def test_dynamic_dims():
    facts = _C.TensorFacts(torch.zeros(4, 5, 6), dynamic_dims=(0,))
    assert facts.check(torch.zeros(9, 5, 6))
    assert not facts.check(torch.zeros(9, 5, 7))
    assert facts.check(torch.zeros(9, 10, 6)[:, ::2]) is False
    facts = _C.TensorFacts(torch.zeros(4, 5, 6), dynamic_dims=(-1, 1))
    assert facts.check(torch.zeros(4, 7, 8))
    assert facts.check(torch.zeros(4, 1, 8))
    assert not facts.check(torch.zeros(4, 8, 7).transpose(1, 2))
    assert not facts.check(torch.zeros(4, 7, 8).double())
    channels_last = torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last)
    facts = _C.TensorFacts(channels_last, dynamic_dims=(2, 3))
    assert facts.check(torch.zeros(2, 3, 7, 8).to(memory_format=torch.channels_last))
    assert not facts.check(torch.zeros(2, 3, 7, 8))
    with pytest.raises(ValueError):
        _C.TensorFacts(torch.zeros(2), dynamic_dims=(1,))


def test_dynamic_dims_agree_with_the_reference():
    generator = random.Random(2)
    for _ in range(400):
        shape = [generator.randint(0, 3) for _ in range(generator.randint(1, 6))]
        order = generator.sample(range(len(shape)), len(shape))
        dims = tuple(generator.sample(range(len(shape)), generator.randint(0, len(shape))))
        example = torch.empty(shape).permute(order)
        facts, description = _C.TensorFacts(example, dynamic_dims=dims), Description.of(example, dims, False)
        for _ in range(5):
            other = [size if generator.random() < 0.6 else generator.randint(0, 3) for size in shape]
            value = torch.empty(other).permute(order if generator.random() < 0.8 else sorted(order))
            assert facts.check(value) is (description.difference(value) is None)
            assert facts.check(value) is (description.difference(value) is None)


def test_describe():
    facts = _C.TensorFacts(torch.zeros(4, 6))
    assert facts.describe(torch.zeros(5, 6)) == "size of dim 0: expected 4, got 5"
    assert facts.describe(torch.zeros(6, 4).t()) == "stride of dim 0: expected 6, got 1"
    assert facts.describe(torch.zeros(4)) == "number of dims: expected 2, got 1"
    assert facts.describe(torch.zeros(4, 6).double()) == "dtype: expected torch.float32, got torch.float64"
    assert facts.describe(torch.zeros(4, 6, requires_grad=True)) == "requires_grad: expected False, got True"
    assert facts.describe(3) == "type: expected Tensor, got int"
    with pytest.raises(TypeError):
        _C.TensorFacts(3)


def test_empty_notices_what_enters_the_inner_dicts():
    owner = {"hooks": {}, "more": collections.OrderedDict()}
    tree = _C.GuardTree([(-1, "local", 0, 0, [(1, "empty", ("hooks", "more"))])])
    assert [tree.check((owner,), {}, {}, None) for _ in range(3)] == [-1, -1, -1]
    owner["more"]["x"] = 1
    assert tree.check((owner,), {}, {}, None) == 1
    del owner["more"]["x"]
    assert tree.check((owner,), {}, {}, None) == -1
    owner["hooks"] = {"y": 2}
    assert tree.check((owner,), {}, {}, None) == 1
    owner["hooks"] = {}
    assert tree.check((owner,), {}, {}, None) == -1
    for missing in ({"hooks": {}}, {"hooks": {}, "more": 3}, 5):
        assert tree.check((missing,), {}, {}, None) == 1
    with pytest.raises(TypeError, match="empty takes a tuple"):
        _C.GuardTree([(-1, "local", 0, 0, [(1, "empty", "hooks")])])


def test_inputs_are_nodes():
    with pytest.raises(ValueError, match="node that does not exist"):
        _C.GuardTree([(-1, "local", 0, 0, [])], [1])
