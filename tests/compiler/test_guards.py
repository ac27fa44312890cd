"""Facts that compiled code relies on: each fails when it should, and says what was found instead."""

from __future__ import annotations

import abc
import enum
import functools
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
import torch

import compiler
from tests.compiler.running import records_of

X = torch.arange(4.0)


class Changing:
    """A compiled function whose recompiles are watched."""

    def __init__(self, fn: Callable[..., Any], **options: Any) -> None:
        self.fn = fn
        self.compiled = compiler.optimize(fn, fullgraph=True, **options)

    def same(self, *args: Any) -> None:
        """Served by code that is there."""
        run = records_of(self.compiled, *args)
        assert run.records == []
        assert_equal(run.result, self.fn(*args))

    def anew(self, *args: Any) -> str:
        """Compiled; the reasons why no earlier code fitted."""
        run = records_of(self.compiled, *args)
        assert run.whole
        assert_equal(run.result, self.fn(*args))
        return "\n".join(run.records[0].recompile)


def assert_equal(ours: Any, expected: Any) -> None:
    assert torch.equal(ours, expected)
    assert ours.dtype == expected.dtype


# ---- tensors ----


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (torch.arange(5.0), "x: size of dim 0: expected 4, got 5"),
        (torch.arange(4), "x: dtype: expected torch.float32, got torch.int64"),
        (torch.zeros(2, 2), "x: number of dims: expected 1, got 2"),
        (torch.zeros(8)[::2], "x: stride of dim 0: expected 1, got 2"),
        (torch.zeros(4, requires_grad=True), "x: requires_grad: expected False, got True"),
        (torch.nn.Parameter(torch.zeros(4)), "x: type: expected Tensor, got Parameter"),
    ],
)
def test_tensor_properties(other, reason):
    """D2: a failing guard and its reason are reported."""
    fn = Changing(lambda x: x * 2 + 1)
    fn.anew(X)
    fn.same(X + 1)
    assert fn.anew(other) == reason
    fn.same(other)
    fn.same(X)


def test_a_tensor_becomes_something_else():
    fn = Changing(lambda x: torch.ones(4) * x)
    fn.anew(X)
    assert fn.anew(3.0) == "x: type: expected Tensor, got float"


def test_one_tensor_twice():
    def fn(a, b):
        a.add_(1)
        return a + b

    compiled = compiler.optimize(fn, fullgraph=True)
    for same_object in (False, True, False, True):
        ours, eager = X.clone(), X.clone()
        result = compiled(ours, ours if same_object else X.clone())
        assert_equal(result, fn(eager, eager if same_object else X.clone()))


# ---- plain values ----


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (2, 3, "expected k == 2, got 3"),
        (2, 2.0, "expected k == 2, got 2.0"),
        (1, True, "expected k == 1, got True"),
        (0.0, -0.0, "expected k == 0.0, got -0.0"),
        (None, 1, "expected k is None, got 1"),
        (1, None, "expected k is not None"),
    ],
)
def test_constants(first, second, reason):
    fn = Changing(lambda x, k: x - 1 if k is None else x / (k + 1))
    fn.anew(X, first)
    fn.same(X, first)
    assert fn.anew(X, second) == reason
    fn.same(X, first)


def test_nan_is_itself():
    fn = Changing(lambda x, k: torch.nan_to_num(x * k))
    nan = float("nan")
    fn.anew(X, nan)
    fn.same(X, nan)


def test_strings_and_dtypes():
    fn = Changing(lambda x, how, dtype: (x * len(how)).to(dtype))
    fn.anew(X, "ab", torch.float32)
    assert fn.anew(X, "abc", torch.float32) == "expected how == 'ab', got 'abc'"
    assert "expected dtype is torch.float32, got torch.float64" in fn.anew(X, "ab", torch.float64)


def test_unused_arguments_are_not_guarded():
    """V16: no guard for what is never used."""
    fn = Changing(lambda x, unused: x + 1)
    fn.anew(X, 1)
    fn.same(X, "anything")
    fn.same(X, [X])


# ---- containers ----


def test_list_length():
    fn = Changing(lambda items: sum(items))
    fn.anew([X, X + 1])
    fn.same([X + 1, X])
    assert fn.anew([X, X + 1, X + 2]) == "expected len(items) == 2, got 3"


def test_list_items():
    fn = Changing(lambda x, items: x * items[1])
    fn.anew(X, [1, 2])
    fn.same(X, [9, 2])
    assert fn.anew(X, [1, 3]) == "expected items[1] == 2, got 3"


def test_list_or_tuple():
    fn = Changing(lambda items: items[0] * 2)
    fn.anew([X])
    assert fn.anew((X,)) == "expected type(items) is builtins.list, got builtins.tuple"


def test_dict_keys():
    """V5: keys and their order."""

    def total(d):
        result = 0
        for name, value in d.items():
            result = result * 2 + value
        return result

    fn = Changing(total)
    fn.anew({"a": X, "b": X + 1})
    fn.same({"a": X + 1, "b": X})
    assert fn.anew({"a": X}) == "expected list(d) == ['a', 'b'], got ['a']"
    fn.anew({"b": X, "a": X + 1})


def test_dict_values():
    fn = Changing(lambda x, d: x * d["k"])
    fn.anew(X, {"k": 1})
    assert fn.anew(X, {"k": 2}) == "expected d['k'] == 1, got 2"


def test_nested_containers():
    fn = Changing(lambda x, d: x * d["a"][0][1])
    fn.anew(X, {"a": [(1, 2)]})
    fn.same(X, {"a": [(5, 2)]})
    assert fn.anew(X, {"a": [(1, 3)]}) == "expected d['a'][0][1] == 2, got 3"


# ---- objects ----


class Box:
    factor = 2

    def __init__(self, **attrs):
        vars(self).update(attrs)

    def scale(self, x):
        return x * self.factor


def test_attributes():
    fn = Changing(lambda x, box: x * box.k)
    fn.anew(X, Box(k=1))
    fn.same(X, Box(k=1, other=3))
    assert fn.anew(X, Box(k=2)) == "expected box.k == 1, got 2"


def test_attributes_that_appear():
    fn = Changing(lambda x, box: x * box.factor)
    fn.anew(X, Box())
    assert "'factor' is 5" in fn.anew(X, Box(factor=5))


def test_class_attributes(monkeypatch):
    box = Box()
    fn = Changing(lambda x: box.scale(x))
    fn.anew(X)
    monkeypatch.setattr(Box, "factor", 3)
    assert fn.anew(X) == f"class attributes of {Box.__qualname__} changed: 'factor' is 3"
    monkeypatch.undo()
    fn.same(X)


def test_a_monkeypatched_method(monkeypatch):
    box = Box()
    fn = Changing(lambda x: box.scale(x))
    fn.anew(X)
    monkeypatch.setattr(Box, "scale", lambda self, x: x - 7)
    assert "scale" in fn.anew(X)


def test_an_instance_method_is_shadowed():
    box = Box()
    fn = Changing(lambda x: box.scale(x))
    fn.anew(X)
    box.scale = lambda x: x + 100
    assert "'scale' is <function" in fn.anew(X)


def test_another_class():
    class Other(Box):
        def scale(self, x):
            return x + 1

    fn = Changing(lambda x, box: box.scale(x))
    fn.anew(X, Box())
    reason = fn.anew(X, Other())
    assert reason.startswith(f"expected type(box) is {__name__}.Box, got ")


def test_properties_are_read_again():
    class Thing:
        def __init__(self, k):
            self.hidden = k

        @property
        def k(self):
            return self.hidden + 1

    fn = Changing(lambda x, thing: x * thing.k)
    fn.anew(X, Thing(1))
    fn.same(X, Thing(1))
    assert fn.anew(X, Thing(2)) == "expected thing.hidden == 1, got 2"


def test_module_attributes_and_training():
    """V9: attributes of a module change."""
    module = torch.nn.Linear(4, 4)
    module.scale = 2
    fn = Changing(lambda x: module(x) * module.scale if module.training else module(x))
    fn.anew(X)
    module.scale = 3
    assert "scale == 2, got 3" in fn.anew(X)
    module.eval()
    assert "training" in fn.anew(X)


def test_a_parameter_is_replaced():
    module = torch.nn.Linear(4, 4, bias=False)
    fn = Changing(lambda x: module(x))
    fn.anew(X)
    module.weight = torch.nn.Parameter(torch.ones(4, 4))
    fn.same(X)
    module.weight = torch.nn.Parameter(torch.ones(2, 4))
    assert "size of dim 0: expected 4, got 2" in fn.anew(X)


# ---- names ----

GLOBAL = 2


def global_helper(x):
    return x + 1


def test_globals(monkeypatch):
    fn = Changing(lambda x: x * GLOBAL)
    fn.anew(X)
    monkeypatch.setattr(sys.modules[__name__], "GLOBAL", 3)
    assert fn.anew(X) == "expected globals()['GLOBAL'] == 2, got 3"


def test_functions_in_globals(monkeypatch):
    fn = Changing(lambda x: global_helper(x))
    fn.anew(X)
    monkeypatch.setattr(sys.modules[__name__], "global_helper", lambda x: x - 1)
    assert "global_helper" in fn.anew(X)


def test_a_global_that_hides_a_builtin(monkeypatch):
    fn = Changing(lambda x: x * len([1, 2]))
    fn.anew(X)
    monkeypatch.setattr(sys.modules[__name__], "len", lambda items: 10, raising=False)
    assert "len" in fn.anew(X)


def test_attributes_of_python_modules(monkeypatch):
    module = types.ModuleType("settings")
    module.k = 2
    monkeypatch.setitem(globals(), "settings", module)
    fn = Changing(lambda x: x * settings.k)  # noqa: F821
    fn.anew(X)
    module.k = 3
    assert "k" in fn.anew(X)


def test_closures():
    k = 2

    def fn(x):
        return x * k

    changing = Changing(fn)
    changing.anew(X)
    k = 3
    assert changing.anew(X) == "expected closure['k'].cell_contents == 2, got 3"


def test_closures_of_callees():
    k = 2

    def inner(x):
        return x * k

    changing = Changing(lambda x: inner(x))
    changing.anew(X)
    k = 3
    assert "== 2, got 3" in changing.anew(X)


def test_default_arguments():
    def inner(x, k=2, *, j=1):
        return x * k + j

    changing = Changing(lambda x: inner(x))
    changing.anew(X)
    inner.__defaults__ = (3,)
    assert "== 2, got 3" in changing.anew(X)
    inner.__kwdefaults__ = {"j": 5}
    assert "== 1, got 5" in changing.anew(X)


def test_function_identity():
    fn = Changing(lambda x, inner: inner(x))
    double, triple = (lambda x: x * 2), (lambda x: x * 3)
    fn.anew(X, double)
    fn.same(X, double)
    assert "inner.__code__ is" in fn.anew(X, triple)


def test_builtin_functions():
    fn = Changing(lambda x, op: op(x))
    fn.anew(X, torch.sin)
    assert "op is <built-in method sin" in fn.anew(X, torch.cos)


def test_partials():
    def scale(x, k):
        return x * k

    fn = Changing(lambda x, f: f(x))
    fn.anew(X, functools.partial(scale, k=2))
    fn.same(X, functools.partial(scale, k=2))
    assert fn.anew(X, functools.partial(scale, k=3)) == "expected f.keywords['k'] == 2, got 3"


# ---- modes ----


def test_grad_mode():
    fn = Changing(lambda x: x * 2)
    fn.anew(X)
    with torch.no_grad():
        assert "is_grad_enabled() is False, was True" in fn.anew(X)
        fn.same(X)
    fn.same(X)


def test_default_dtype():
    fn = Changing(lambda x: x * torch.ones(4))
    fn.anew(X)
    torch.set_default_dtype(torch.float64)
    try:
        assert "get_default_dtype() is torch.float64" in fn.anew(X)
    finally:
        torch.set_default_dtype(torch.float32)


# ---- the bound ----


def test_recompiles_are_bounded_and_the_bound_is_reported():
    compiled = compiler.optimize(lambda x, k: x * k)
    with compiler.config.patch(recompile_limit=3):
        outcomes = [records_of(compiled, X, k).outcomes for k in range(6)]
        assert outcomes == [["compiled"]] * 3 + [["skipped"], [], []]
        for k in range(6):
            assert torch.equal(compiled(X, k), X * k)
    (record,) = [record for record in records_of_limit(compiled) if record.reason]
    assert record.reason.kind == "recompile limit"
    assert len(record.recompile) == 3


def records_of_limit(compiled):
    compiler.reset()
    with compiler.config.patch(recompile_limit=3), compiler.events.collect() as records:
        for k in range(5):
            compiled(X, k)
    return records


def test_the_bound_and_full_graphs():
    compiled = compiler.optimize(lambda x, k: x * k, fullgraph=True, recompile_limit=1)
    compiled(X, 1)
    with pytest.raises(compiler.Unsupported, match="recompile limit: 1 compiled entries") as caught:
        compiled(X, 2)
    message = str(caught.value)
    assert "as recompile_limit of compiler.optimize allows; fullgraph=True allows no eager run" in message
    assert "did not fit: " in message
    assert "k == 1" in message.partition("did not fit: ")[2]
    assert torch.equal(compiled(X, 1), X)


def test_every_rejected_entry_gives_its_reason():
    fn = Changing(lambda x, k: x * k)
    for k in range(3):
        fn.anew(X, k)
    assert fn.anew(X, 3).splitlines() == [f"expected k == {k}, got 3" for k in range(3)]


# ---- what explains them ----


def test_guards_are_phrased():
    run = records_of(compiler.optimize(lambda x, k: x * k), X.requires_grad_(False), 2)
    guards = run.records[0].details["guards"]
    assert "k == 2" in guards
    assert "tensor properties of x: Tensor [4] torch.float32 on cpu" in guards


# ---- facts that change behind the back of a value ----


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({1: 1}, {True: 1}),
        ({0.0: 1}, {-0.0: 1}),
        ({(1, 2): 1}, {(True, 2): 1}),
        (frozenset({(1,)}), frozenset({(True,)})),
        (frozenset({0.0}), frozenset({-0.0})),
    ],
)
def test_keys_that_are_equal_and_not_the_same(first, second):
    compiled = compiler.optimize(lambda x, keys: (x + 1, list(keys)))
    assert repr(compiled(X, first)[1]) == repr(list(first))
    assert repr(compiled(X, second)[1]) == repr(list(second))


def test_the_cache_of_a_function_is_cleared():
    box = [4]
    cached = functools.lru_cache(lambda: float(box[0]))
    watched = Changing(lambda x: x + cached())
    watched.anew(X)
    watched.same(X)
    box[0] = 9
    cached.cache_clear()
    watched.anew(X)


def uses_abs(x):
    return x * abs(-3)


def test_a_builtin_is_replaced_under_an_inlined_function(monkeypatch):
    watched = Changing(lambda x: uses_abs(x))
    watched.anew(X)
    monkeypatch.setattr("builtins.abs", lambda number: 7)
    watched.anew(X)


class Upper:
    def move(self, x):
        return x + 1


class Middle(Upper):
    pass


class Lower(Middle):
    def move(self, x):
        return super().move(x)


class Beside(Upper):
    def move(self, x):
        return x + 100


def test_super_finds_another_method(monkeypatch):
    lower = Lower()
    watched = Changing(lambda x: lower.move(x) * len(type(lower).__name__))
    watched.anew(X)
    watched.same(X)
    with monkeypatch.context() as patch:
        patch.setattr(Middle, "move", lambda self, x: x + 3, raising=False)
        watched.anew(X)
    Lower.__bases__ = (Beside,)
    watched.anew(X)
    Lower.__bases__ = (Middle,)
    Lower.__name__ = "Renamed"
    watched.anew(X)
    Lower.__name__ = "Lower"


class Colour(enum.Enum):
    RED = 1

    @property
    def weight(self):
        return WEIGHT[0]


WEIGHT = [3]


def test_a_property_of_an_enum_member_is_traced():
    watched = Changing(lambda x: x + Colour.RED.weight)
    watched.anew(X)
    watched.same(X)
    WEIGHT[0] = 8
    watched.anew(X)


def test_an_attribute_of_an_enum_member():
    Colour.RED.extra = 1
    watched = Changing(lambda x: x + Colour.RED.extra + Colour.RED.value)
    watched.anew(X)
    watched.same(X)
    Colour.RED.extra = 8
    watched.anew(X)


def test_the_code_of_a_function_known_by_identity():
    def add(x):
        return x + 1

    compiled = compiler.optimize(lambda x: uses_abs(x))
    code = uses_abs.__code__
    assert torch.equal(compiled(X), X * 3)
    uses_abs.__code__ = add.__code__
    try:
        assert torch.equal(compiled(X), X + 1)
    finally:
        uses_abs.__code__ = code


class Abstract(abc.ABC):
    pass


def test_a_class_is_registered_with_an_abstract_one():
    class Late:
        pass

    late = Late()
    watched = Changing(lambda x: x + isinstance(late, Abstract))
    watched.anew(X)
    watched.same(X)
    Abstract.register(Late)
    watched.anew(X)
