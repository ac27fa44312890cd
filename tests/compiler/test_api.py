"""`compiler.optimize` and its kin, as users call them."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import inspect
import pickle
import weakref

import pytest
import torch

import compiler
from tests.compiler.running import check, records_of


def double(x):
    """Twice."""
    return x * 2


@compiler.optimize
def decorated(x):
    return x * 3


@compiler.disable
def disabled(x):
    return x * 5


class Scaler:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x):
        return x * self.scale

    def method(self, x, plus=0):
        return x * self.scale + plus

    @compiler.optimize
    def compiled_method(self, x):
        return x * self.scale

    @staticmethod
    @compiler.optimize
    def compiled_static(x):
        return x * 7

    @classmethod
    @compiler.optimize
    def compiled_class(cls, x):
        return x * len(cls.__name__)


X = torch.arange(4.0)


# ---- ways to call it ----


def test_direct():
    """P5: compiler.optimize(fn) in user code."""
    assert check(double, X, fullgraph=True).whole


def test_decorator_without_arguments():
    run = records_of(decorated, X)
    assert run.whole
    assert torch.equal(run.result, X * 3)


def test_decorator_with_arguments():
    @compiler.optimize(fullgraph=True, dynamic=False, backend="eager")
    def fn(x):
        return x + 1

    assert records_of(fn, X).whole


def test_switching_from_torch_compile_is_one_word():
    parameters = inspect.signature(compiler.optimize).parameters
    for name, parameter in inspect.signature(torch.compile).parameters.items():
        if name == "shapes_spec":
            continue
        assert parameters[name].kind == parameter.kind
        if name != "backend":
            assert parameters[name].default == parameter.default


def test_name_and_documentation_are_kept():
    fn = compiler.optimize(double)
    assert (fn.__name__, fn.__doc__, fn.__module__) == ("double", "Twice.", __name__)
    assert inspect.signature(fn) == inspect.signature(double)
    assert fn.__wrapped__ is double


def test_keywords_defaults_and_stars():
    def fn(x, *rest, scale=2, **more):
        return x * scale + sum(rest) + sum(more.values())

    compiled = compiler.optimize(fn, fullgraph=True)
    for args, kwargs in [((X,), {}), ((X, 1, 2), {"scale": 3}), ((X,), {"a": 1, "b": 2})]:
        assert torch.equal(compiled(*args, **kwargs), fn(*args, **kwargs))


def test_bound_method():
    scaler = Scaler(3)
    compiled = compiler.optimize(scaler.method, fullgraph=True)
    assert records_of(compiled, X, plus=1).whole
    assert torch.equal(compiled(X, plus=1), scaler.method(X, plus=1))
    scaler.scale = 4
    assert torch.equal(compiled(X), X * 4)


def test_decorated_methods():
    scaler = Scaler(3)
    for fn, factor in [(scaler.compiled_method, 3), (Scaler.compiled_static, 7), (Scaler.compiled_class, 6)]:
        run = records_of(fn, X)
        assert run.whole
        assert torch.equal(run.result, X * factor)


def test_partial():
    run = records_of(compiler.optimize(functools.partial(Scaler(2).method, plus=1), fullgraph=True), X)
    assert run.whole
    assert torch.equal(run.result, X * 2 + 1)


def test_callable_object():
    run = records_of(compiler.optimize(Scaler(6), fullgraph=True), X)
    assert run.whole
    assert torch.equal(run.result, X * 6)


def test_optimize_twice_is_once():
    fn = compiler.optimize(compiler.optimize(double), fullgraph=True)
    assert fn.__wrapped__ is double
    assert records_of(fn, X).whole


def test_disable_argument_gives_the_function_back():
    assert compiler.optimize(double, disable=True) is double
    assert compiler.optimize(disable=True)(double) is double


def test_pickle_and_copy():
    assert pickle.loads(pickle.dumps(decorated)) is decorated
    assert copy.deepcopy(decorated) is decorated
    assert pickle.loads(pickle.dumps(disabled)) is disabled
    again = pickle.loads(pickle.dumps(compiler.optimize(double, fullgraph=True)))
    assert again.__wrapped__ is double
    assert again.context.options.fullgraph
    assert records_of(again, X).whole


def test_recompile_limit_of_one_call():
    fn = compiler.optimize(lambda x, k: x * k, recompile_limit=2)
    runs = [records_of(fn, X, k) for k in range(4)]
    assert [run.outcomes for run in runs] == [["compiled"], ["compiled"], ["skipped"], []]


def test_modes_and_options_reach_the_backend():
    seen = {}

    def backend(module, inputs, *, mode=None, options=None):
        seen.update(mode=mode, options=options)
        return module.forward

    compiler.optimize(double, backend=backend, mode="max-autotune")(X)
    assert seen == {"mode": "max-autotune", "options": None}
    compiler.optimize(double, backend=backend, options={"a": 1})(X)
    assert seen == {"mode": None, "options": {"a": 1}}


# ---- refusals ----


@pytest.mark.parametrize("bad", [3, "text", None, [double]])
def test_something_that_is_not_callable_is_named(bad):
    if bad is None:
        with pytest.raises(TypeError, match="NoneType"):
            compiler.optimize()(None)
        return
    with pytest.raises(TypeError, match=type(bad).__name__) as caught:
        compiler.optimize(bad)
    assert repr(bad) in str(caught.value)


def test_a_class_is_refused():
    with pytest.raises(TypeError, match="class Scaler; optimize its instances"):
        compiler.optimize(Scaler)


def test_unknown_options_are_refused_with_what_exists():
    with pytest.raises(TypeError, match="no option 'bakend'; there are: backend, "):
        compiler.optimize(double, bakend="eager")


@pytest.mark.parametrize(
    "options",
    [
        {"fullgraph": 1},
        {"dynamic": "yes"},
        {"backend": 3},
        {"mode": 1},
        {"options": "x"},
        {"disable": 0},
        {"name": 3},
        {"recompile_limit": "8"},
        {"isolate_recompiles": 1},
    ],
)
def test_options_of_a_wrong_type_are_refused(options):
    (name,) = options
    with pytest.raises(TypeError, match=name):
        compiler.optimize(double, **options)


def test_a_negative_limit_is_refused():
    with pytest.raises(ValueError, match="recompile_limit must not be negative: -1"):
        compiler.optimize(double, recompile_limit=-1)


def test_a_backend_that_takes_no_options_refuses_them():
    message = r"backend 'eager' takes no options: \{'options': \{'a': 1\}\}; backends that do: inductor"
    with pytest.raises(TypeError, match=message):
        compiler.optimize(double, options={"a": 1})
    with pytest.raises(TypeError, match="not both"):
        compiler.optimize(double, mode="default", options={})


@pytest.mark.parametrize(
    "mark", [compiler.disable, compiler.skip, compiler.allow_in_graph, compiler.assume_constant_result]
)
def test_marks_refuse_what_is_not_callable(mark):
    with pytest.raises(TypeError, match=rf"{mark.__name__} takes a callable, not int: 3"):
        mark(3)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"backend": "inductor", "mode": "fast"}, "'inductor' has no mode 'fast'; there are: "),
        (
            {"backend": "inductor", "options": {"max_autotun": True}},
            "'inductor' has no option 'max_autotun'; the closest are: max_autotune, ",
        ),
    ],
)
def test_modes_and_options_that_do_not_exist_are_refused_at_once(keywords, message):
    with pytest.raises(ValueError, match=message):
        compiler.optimize(double, **keywords)


def test_keywords_that_say_nothing_are_accepted_everywhere():
    """A program that calls torch.compile with defaults changes one word."""
    keywords = {"fullgraph": False, "dynamic": None, "mode": None, "options": {}, "disable": False}
    assert torch.equal(compiler.optimize(model=double, **keywords)(X), double(X))
    assert torch.equal(compiler.optimize(double, mode="default")(X), double(X))


def test_a_backend_whose_signature_cannot_be_told_is_given_the_keywords():
    assert compiler.optimize(double, backend=dict, mode="x") is not None


class Decorated:
    factor = 3

    @compiler.optimize
    @staticmethod
    def static(x):
        return x * 2

    @compiler.optimize(fullgraph=True)
    @classmethod
    def of_class(cls, x):
        return x * cls.factor

    @compiler.optimize
    @property
    def tripled(self):
        """Thrice."""
        return self.x * self.factor

    @compiler.optimize
    @tripled.setter
    def tripled(self, x):
        self.x = x / self.factor


def test_static_and_class_methods_and_properties_are_compiled():
    with compiler.events.collect() as records:
        instance = Decorated()
        instance.x = X
        assert torch.equal(instance.static(X), X * 2)
        assert torch.equal(Decorated.static(X), X * 2)
        assert torch.equal(instance.of_class(X), X * 3)
        assert torch.equal(instance.tripled, X * 3)
        instance.tripled = X
        assert torch.equal(instance.x, X / 3)
    assert [record.graph_ops for record in records] == [1, 1, 1, 1]
    assert Decorated.tripled.__doc__ == "Thrice."


@pytest.mark.parametrize("dim", ["a", 1.0, None, True, ["a"]])
def test_a_dimension_is_an_int(dim):
    with pytest.raises(TypeError, match="a dimension is an int"):
        compiler.mark_dynamic(X, dim)


# ---- nesting ----


def test_compiled_functions_are_traced_into():
    def fn(x):
        return decorated(x) + Scaler.compiled_static(x)

    run = check(fn, X, fullgraph=True)
    assert run.whole
    assert run.records[0].graph_ops == 3


def test_a_compiled_method_is_traced_into():
    def fn(x, scaler):
        return scaler.compiled_method(x) + scaler.compiled_class(x)

    assert check(fn, X, Scaler(3), fullgraph=True).whole


def test_a_compiled_function_passed_as_an_argument():
    def fn(x, inner):
        return inner(x) + 1

    compiled = compiler.optimize(fn, fullgraph=True)
    assert torch.equal(compiled(X, decorated), X * 3 + 1)
    assert torch.equal(compiled(X, compiler.optimize(double)), X * 2 + 1)


def test_optimize_inside_a_backend():
    """A backend may itself call compiled functions."""

    def backend(module, inputs):
        assert torch.equal(decorated(X), X * 3)
        return module.forward

    assert torch.equal(compiler.optimize(double, backend=backend)(X), X * 2)


def test_a_compiled_graph_may_call_compiled_functions():
    def backend(module, inputs):
        return lambda *args: (decorated(module(*args)[0]),)

    assert torch.equal(compiler.optimize(double, backend=backend)(X), X * 6)


def test_recursion():
    @compiler.optimize
    def fn(x, depth):
        return x if depth == 0 else fn(x + depth, depth - 1)

    run = records_of(fn, X, 5)
    assert torch.equal(run.result, X + 15)


def test_recursion_through_a_graph_break():
    @compiler.optimize
    def fn(x, depth):
        compiler.graph_break()
        return x if depth == 0 else fn(x + depth, depth - 1) * 2

    assert torch.equal(fn(X, 4), (((X + 10) * 2) * 2 * 2) * 2)


# ---- generators and coroutines ----


def test_generators_run_natively_while_what_they_call_compiles():
    """C8: a generator given to optimize runs natively; functions that it calls compile."""

    def helper(x):
        return x * 2

    @compiler.optimize
    def numbers(x):
        for step in range(3):
            yield helper(x + step)

    @compiler.optimize
    def consume(x):
        compiler.graph_break()
        return [item for item in numbers(x)]

    run = records_of(consume, X)
    assert [item.tolist() for item in run.result] == [((X + step) * 2).tolist() for step in range(3)]


def test_coroutines_run_natively():
    def helper(x):
        return x * 2

    @compiler.optimize
    async def work(x):
        await asyncio.sleep(0)
        return helper(x)

    assert torch.equal(asyncio.run(work(X)), X * 2)


# ---- life and death ----


def test_reset_compiles_anew():
    fn = compiler.optimize(double)
    fn(X)
    assert records_of(fn, X).records == []
    compiler.reset()
    assert records_of(fn, X).whole


def test_stats_count_hits():
    fn = compiler.optimize(double)
    fn(X)
    before = compiler.stats()["hits"]
    fn(X)
    fn(X)
    assert compiler.stats()["hits"] == before + 2


def test_an_optimized_function_and_what_it_compiled_die():
    def make():
        def fn(x):
            return x + 1

        return compiler.optimize(fn)

    fn = make()
    fn(X)
    dead = weakref.ref(fn.__wrapped__), weakref.ref(fn.context)
    del fn
    gc.collect()
    assert [ref() for ref in dead] == [None, None]


def test_the_entries_of_a_dead_context_are_freed():
    graphs = []

    def backend(module, inputs):
        graphs.append(weakref.ref(module))
        return module.forward

    first, second = (compiler.optimize(double, backend=backend) for _ in range(2))
    first(X)
    second(X)
    del first
    gc.collect()
    assert [ref() is None for ref in graphs] == [True, False]
    assert records_of(second, X).records == []


# ---- is_compiling ----


def test_is_compiling_is_true_while_traced():
    def fn(x):
        return x + 1 if compiler.is_compiling() else x

    def torchs(x):
        return x + 1 if torch.compiler.is_compiling() and torch.compiler.is_dynamo_compiling() else x

    for each in (fn, torchs):
        run = records_of(compiler.optimize(each, fullgraph=True), X)
        assert run.whole
        assert torch.equal(run.result, X + 1)
    assert not compiler.is_compiling()
    assert torch.equal(fn(X), X)


def scripted(x: torch.Tensor) -> torch.Tensor:
    return x.sin() + 1


async def later(x):
    return x + 1


def several(x):
    yield x + 1


async def several_later(x):
    yield x + 1


@pytest.mark.parametrize("wrap", [compiler.optimize, compiler.disable])
@pytest.mark.parametrize("fn", [scripted, later, several, several_later])
def test_what_kind_of_function_it_is_can_be_asked(wrap, fn):
    wrapped = wrap(fn)
    for ask in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
        assert ask(wrapped) == ask(fn)
    assert asyncio.iscoroutinefunction(wrapped) == asyncio.iscoroutinefunction(fn)
    assert inspect.signature(wrapped) == inspect.signature(fn)
    assert (wrapped.__defaults__, wrapped.__globals__) == (fn.__defaults__, fn.__globals__)


def test_what_has_no_code_says_so():
    assert not hasattr(compiler.optimize(torch.sin), "__code__")


def test_torch_jit_takes_the_function_itself():
    assert torch.equal(torch.jit.script(compiler.optimize(scripted))(X), scripted(X))
