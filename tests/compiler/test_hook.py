"""The frame hook: which frames it takes, what runs in their place, and that nothing leaks or crashes around it."""

from __future__ import annotations

import asyncio
import gc
import os
import pdb
import resource
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from functools import partial, update_wrapper
from types import CodeType, FunctionType
from typing import Any

import pytest

from compiler import _C


class Recorder(_C.Context):
    """Answers misses with what ``answers`` holds for the code, and remembers them."""

    def __init__(self) -> None:
        super().__init__(self.miss)
        self.answers: dict[CodeType, Callable[[_C.Request], _C.Entry | None]] = {}
        self.names: list[str] = []

    def miss(self, request: _C.Request) -> _C.Entry | None:
        self.names.append(request.code.co_name)
        answer = self.answers.get(request.code)
        return answer(request) if answer is not None else None

    def replace(self, fn: Any, by: Any, *, guards: list[Any] | None = None, keep_hook: bool = True) -> _C.Entry:
        tree = None if guards is None else _C.GuardTree(guards)
        entry = _C.Entry(self, tree, by.__code__, keep_hook=keep_hook)
        _C.code_cache(fn.__code__).add(entry)
        return entry


@pytest.fixture
def context():
    yield Recorder()
    assert _C.get_context() is None


def resident_kib() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


# ---- contexts ----


def test_context_of_a_thread(context):
    assert _C.set_context(context) is None
    assert _C.get_context() is context
    assert _C.set_context(None) is context
    with pytest.raises(TypeError):
        _C.set_context(3)


def test_nothing_happens_without_a_context(context):
    def fn(x):
        return x

    context.replace(fn, lambda x: -x)
    assert fn(1) == 1
    assert context.names == []


def test_a_miss_that_answers_none_runs_the_original(context):
    def inner(x):
        return x + 1

    def fn(x):
        return inner(x) * 2

    assert _C.Optimized(fn, context)(3) == 8
    assert context.names == ["fn", "inner"]


def test_a_request_owns_what_it_says(context):
    free = object()
    kept = []

    def fn(a, b=2, /, c=3, *rest, d=4, **more):
        local = free
        return local

    context.answers[fn.__code__] = kept.append
    assert _C.Optimized(fn, context)(1, 7, 8, 9, e=5) is free
    (request,) = kept
    gc.collect()
    assert request.locals == (1, 7, 8, 4, (9,), {"e": 5})
    assert request.code is fn.__code__
    assert request.func is fn
    assert request.globals is globals()
    assert request.builtins is fn.__builtins__
    assert request.closure == fn.__closure__
    assert request.closure[0].cell_contents is free
    assert request.cache is _C.code_cache(fn.__code__)
    assert request.failures == []


def test_an_answered_entry_runs_without_its_guards(context):
    def fn(x):
        return x

    def by(x):
        return "replaced", x

    never = _C.GuardTree([(-1, "local", 0, 0, [(1, "equal", "never")])])
    context.answers[fn.__code__] = lambda request: _C.Entry(context, never, by.__code__, keep_hook=False)
    assert _C.Optimized(fn, context)(1) == ("replaced", 1)


def test_failures_name_the_guard(context):
    def fn(x, y):
        return x

    first = context.replace(
        fn, fn, guards=[(-1, "local", 0, 10, [(11, "type", str)]), (-1, "local", 1, 12, [(13, "type", str)])]
    )
    second = context.replace(fn, fn, guards=[(-1, "local", 1, 20, [(21, "type", int)])])
    other = Recorder()
    other.replace(fn, fn)
    seen = []
    context.answers[fn.__code__] = lambda request: seen.append(request.failures)
    _C.Optimized(fn, context)("a", 2.0)
    assert seen == [[(first, 13), (second, 21)]]


def test_entries_belong_to_their_context(context):
    def fn(x):
        return x

    other = Recorder()
    context.replace(fn, lambda x: "mine")
    other.replace(fn, lambda x: "other's")
    assert _C.Optimized(fn, context)(0) == "mine"
    assert _C.Optimized(fn, other)(0) == "other's"


# ---- replacements ----


def test_arguments_become_positional(context):
    def fn(a, b=2, *rest, c=3, **more):
        return None

    def by(a, b, c, rest, more):
        return a, b, c, rest, more

    entry = context.replace(fn, by)
    optimized = _C.Optimized(fn, context)
    assert optimized(1) == (1, 2, 3, (), {})
    assert optimized(1, 5, 6, c=7, d=8) == (1, 5, 7, (6,), {"d": 8})
    assert entry.hits == 2


def test_closures_follow_the_function(context):
    def make(value):
        def fn(x):
            return x + value

        return fn

    def shape(value):
        def by(x):
            return x * value

        return by

    first, second = make(10), make(20)
    context.replace(first, shape(0))
    assert [_C.Optimized(f, context)(3) for f in (first, second, first)] == [30, 60, 30]


def test_arguments_that_are_cells(context):
    def fn(x):
        return lambda: x

    def by(x):
        return lambda: x + 1

    context.replace(fn, by)
    assert _C.Optimized(fn, context)(x=3)() == 4
    assert _C.Optimized(fn, context)(3)() == 4


def test_a_replacement_that_does_not_fit_is_an_error(context):
    def fn(x):
        return x

    context.replace(fn, lambda: None)
    for call in (lambda o: o(1), lambda o: o(x=1)):
        with pytest.raises(SystemError, match="takes 0 slots"):
            call(_C.Optimized(fn, context))


@pytest.mark.parametrize("keep_hook", [True, False])
def test_keep_hook_decides_whether_callees_are_seen(context, keep_hook):
    def callee(x):
        return _C.get_context()

    def fn(x):
        return None

    context.replace(fn, lambda x: x(1), keep_hook=keep_hook)
    assert _C.Optimized(fn, context)(callee) is (context if keep_hook else None)
    assert _C.Optimized(fn, context)(x=callee) is (context if keep_hook else None)
    assert context.names == (["callee"] * 2 if keep_hook else [])


@pytest.mark.parametrize("keep_hook", [True, False])
def test_an_entry_without_code_runs_the_original(context, keep_hook):
    def callee():
        return _C.get_context()

    def fn(x):
        return x()

    entry = _C.Entry(context, None, None, keep_hook=keep_hook)
    _C.code_cache(fn.__code__).add(entry)
    assert _C.Optimized(fn, context)(callee) is (context if keep_hook else None)
    assert entry.hits == 1


@pytest.mark.parametrize(("skip", "seen"), [(0, ["fn", "callee"]), (1, ["callee"]), (2, [])])
def test_skip(context, skip, seen):
    def callee(x):
        return x

    def fn(x):
        return callee(x)

    cache = _C.code_cache(fn.__code__)
    cache.skip = skip
    assert cache.skip == skip
    assert _C.Optimized(fn, context)(5) == 5
    assert context.names == seen
    with pytest.raises(ValueError):
        cache.skip = 3


def test_nested_and_recursive_frames(context):
    def fact(n):
        return 1 if n == 0 else n * fact(n - 1)

    def by(n):
        return 1 if n == 0 else n * globals()["FACT"](n - 1)

    by.__globals__["FACT"] = fact
    entry = context.replace(
        fact,
        FunctionType(by.__code__.replace(co_freevars=fact.__code__.co_freevars), globals(), closure=fact.__closure__),
    )
    assert _C.Optimized(fact, context)(20) == 2432902008176640000
    assert entry.hits == 21


def test_a_replacement_that_is_the_original_code(context):
    def fn(x):
        return x + 1

    context.replace(fn, fn)
    assert [_C.Optimized(fn, context)(x=i) for i in range(3)] == [1, 2, 3]


def test_functions_without_a_stack_or_locals(context):
    def nothing():
        pass

    def unused(x):
        pass

    context.replace(unused, lambda x: [x])
    assert _C.Optimized(nothing, context)() is None
    assert _C.Optimized(unused, context)(x=3) == [3]


def test_entries_may_change_while_guards_run(context):
    def fn(x):
        return "original"

    cache = _C.code_cache(fn.__code__)

    def clear(value):
        cache.clear()
        gc.collect()
        return False

    for _ in range(3):
        context.replace(fn, fn, guards=[(-1, "local", 0, 0, [(1, "predicate", clear)])])
    assert _C.Optimized(fn, context)(0) == "original"
    assert cache.entries == []


def test_the_cache_is_a_list_of_entries(context):
    def fn():
        pass

    cache = _C.code_cache(fn.__code__)
    assert _C.code_cache(fn.__code__) is cache
    one, two = (_C.Entry(context, None, None, keep_hook=True, original=i) for i in range(2))
    cache.add(one)
    cache.add(two)
    assert cache.entries == [one, two]
    assert cache.entries is not cache.entries
    cache.remove(one)
    assert cache.entries == [two]
    assert two.original == 1
    with pytest.raises(ValueError):
        cache.remove(one)
    two.note = "attributes of the compiler's own"
    with pytest.raises(TypeError):
        cache.add(3)
    with pytest.raises(TypeError):
        _C.code_cache(fn)


def test_entry_refuses_what_cannot_be_called_with_slots(context):
    def star(*args):
        pass

    def generator():
        yield

    for bad in (star, generator):
        with pytest.raises(ValueError):
            _C.Entry(context, None, bad.__code__, keep_hook=True)
    with pytest.raises(TypeError, match="keep_hook"):
        _C.Entry(context, None, None)


# ---- frames that are left alone ----


def test_generators_and_coroutines(context):
    def numbers(n):
        received = yield n
        yield received

    async def one():
        return 1

    async def two():
        await asyncio.sleep(0)
        return await one() + 1

    async def many():
        for i in range(3):
            yield i

    async def everything():
        return [await two(), [i async for i in many()]]

    def fn():
        generator = numbers(5)
        values = [next(generator), generator.send(7)]
        with pytest.raises(KeyError):
            generator.throw(KeyError("thrown"))
        return values, asyncio.run(everything())

    assert _C.Optimized(fn, context)() == ([5, 7], [2, [0, 1, 2]])
    assert not {"numbers", "one", "two", "many", "everything"} & set(context.names)
    assert "fn" in context.names


def test_class_bodies_and_modules(context):
    def fn():
        class Body:
            value = 3

        space: dict[str, Any] = {}
        exec("result = [i for i in range(3)]", space)
        return Body.value, space["result"]

    assert _C.Optimized(fn, context)() == (3, [0, 1, 2])
    assert not {"Body", "<module>"} & set(context.names)


# ---- exceptions ----


def raising(x):
    raise KeyError(x)


@pytest.mark.parametrize("keep_hook", [True, False])
@pytest.mark.parametrize("direct", [True, False])
def test_traceback_of_a_replacement(context, keep_hook, direct):
    def fn(x):
        return x

    def by(x):
        raising(x)

    context.replace(fn, FunctionType(by.__code__, globals()), keep_hook=keep_hook)
    optimized = _C.Optimized(fn, context)
    with pytest.raises(KeyError) as caught:
        optimized(1) if direct else optimized(x=1)
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][1:] == ["by", "raising"]
    assert _C.get_context() is None


def test_exceptions_of_on_miss_reach_the_caller_as_they_are():
    error = ValueError("mine")

    def miss(request):
        raise error

    def inner(x):
        return x

    def fn(x):
        try:
            return inner(x)
        except ValueError as caught:
            return caught

    context = _C.Context(miss)
    with pytest.raises(ValueError) as caught:
        _C.Optimized(fn, context)(1)
    assert caught.value is error
    _C.code_cache(fn.__code__).skip = 1
    assert _C.Optimized(fn, context)(1) is error
    assert _C.get_context() is None


def test_on_miss_must_answer_with_an_entry():
    with pytest.raises(TypeError, match="Entry or None"):
        _C.Optimized(lambda x: x, _C.Context(lambda request: 3))(0)


def test_on_miss_runs_without_a_context():
    seen = []

    def helper():
        seen.append(_C.get_context())

    def miss(request):
        helper()

    _C.Optimized(lambda x: x, _C.Context(miss))(1)
    assert seen == [None]


def test_on_miss_may_leave_a_context_behind(context):
    other = Recorder()
    inner_context = _C.Context(lambda request: (_C.set_context(other), None)[1])
    _C.Optimized(lambda x: x, inner_context)(1)
    assert _C.get_context() is None


def test_recursion_error(context):
    def forever(n):
        return forever(n + 1)

    def by(n):
        return globals()["FOREVER"](n + 1)

    globals()["FOREVER"] = forever
    plain = _C.Optimized(forever, context)
    with pytest.raises(RecursionError):
        plain(0)
    replaced = FunctionType(by.__code__, globals())

    def stub(n):
        return None

    globals()["FOREVER"] = stub
    context.replace(stub, replaced)
    for call in (lambda: _C.Optimized(stub, context)(0), lambda: _C.Optimized(stub, context)(n=0)):
        with pytest.raises(RecursionError):
            call()
    assert _C.get_context() is None
    assert plain.__wrapped__ is forever


def test_many_raising_calls_leak_nothing(context):
    class Token:
        pass

    def fn(x):
        return x

    def by(x):
        raise ValueError(x)

    context.replace(fn, by)
    optimized = _C.Optimized(fn, context)
    token = Token()

    def run(count):
        for _ in range(count):
            for call in (optimized, partial(optimized)):
                try:
                    call(x=token)
                except ValueError:
                    pass

    run(1000)
    before, references = resident_kib(), sys.getrefcount(token)
    run(50_000)
    assert sys.getrefcount(token) == references
    assert resident_kib() - before < 4096


# ---- the callables ----


def test_optimized_looks_like_its_function(context):
    def fn(self, x: int) -> int:
        """Doc."""
        return x

    optimized = update_wrapper(_C.Optimized(fn, context), fn)
    assert optimized.__name__ == "fn"
    assert optimized.__doc__ == "Doc."
    assert optimized.__wrapped__ is fn
    assert optimized.__module__ == __name__
    assert optimized.__qualname__ == fn.__qualname__
    assert optimized.context is context
    assert weakref.ref(optimized)() is optimized
    with pytest.raises(AttributeError):
        optimized.__wrapped__ = len

    class Holder:
        method = optimized

    assert Holder().method(4) == 4
    assert Holder.method is optimized
    assert Holder().method.__func__ is optimized
    for bad in ((3, context), (fn, 3)):
        with pytest.raises(TypeError):
            _C.Optimized(*bad)


def test_optimized_can_be_subclassed(context):
    class Mine(_C.Optimized):
        def __call__(self, *args):
            return "mine", super().__call__(*args)

    assert Mine(lambda x: x + 1, context)(1) == ("mine", 2)


def test_disabled(context):
    @_C.Disabled
    def inner(x):
        return _C.get_context(), x

    def fn(x):
        return inner(x), _C.get_context()

    assert _C.Optimized(fn, context)(1) == ((None, 1), context)
    assert context.names == ["fn"]
    assert inner(2) == (None, 2)


def test_wrappers_are_collected(context):
    def make():
        def fn():
            return optimized

        optimized = _C.Optimized(fn, context)
        optimized.me = optimized
        return weakref.ref(optimized)

    reference = make()
    gc.collect()
    assert reference() is None


def test_nested_optimized_calls_switch_and_restore(context):
    other = Recorder()
    inner = _C.Optimized(lambda: _C.get_context(), other)

    def fn():
        return _C.get_context(), inner(), _C.get_context()

    assert _C.Optimized(fn, context)() == (context, other, context)


# ---- dying code ----


def test_the_cache_dies_with_its_code(context):
    class Token:
        pass

    space: dict[str, Any] = {}
    exec("def fn(x): return x", space)
    entry = _C.Entry(context, None, space["fn"].__code__.replace(co_name="by"), keep_hook=True)
    entry.token = Token()
    reference, entry_reference = weakref.ref(entry.token), weakref.ref(entry)
    _C.code_cache(space["fn"].__code__).add(entry)
    _C.Optimized(space["fn"], context)(1)
    del entry, space["fn"]
    gc.collect()
    assert reference() is None
    assert entry_reference() is None


def test_a_call_keeps_nothing_of_its_frame(context):
    class Token:
        pass

    def make():
        token = Token()

        def fn(x):
            return token

        return fn, weakref.ref(token)

    fn, reference = make()
    context.replace(fn, fn)
    _C.Optimized(fn, context)(1)
    code = fn.__code__
    del fn
    gc.collect()
    assert reference() is None
    assert _C.code_cache(code).entries[0].hits == 1


def test_code_that_dies_while_it_runs(context):
    def make():
        def fn(x):
            return x

        context.replace(fn, lambda holder: (holder.clear(), gc.collect(), "replaced")[2])
        return [_C.Optimized(fn, context)]

    for call in (lambda optimized, holder: optimized(holder), lambda optimized, holder: optimized(x=holder)):
        holder = make()
        assert call(holder[0], holder) == "replaced"


def test_an_entry_removed_by_its_own_replacement(context):
    def fn(cache):
        return "original"

    def by(cache):
        cache.clear()
        import gc

        gc.collect()
        return "replaced"

    context.replace(fn, by)
    assert _C.Optimized(fn, context)(_C.code_cache(fn.__code__)) == "replaced"
    assert _C.Optimized(fn, context)(_C.code_cache(fn.__code__)) == "original"


def test_a_frame_that_outlives_the_replacement(context):
    def fn(x):
        return None

    def by(x):
        import sys

        return sys._getframe()

    context.replace(fn, by)
    frames = [_C.Optimized(fn, context)(i) for i in range(3)]
    assert [frame.f_locals["x"] for frame in frames] == [0, 1, 2]
    assert all(frame.f_globals is globals() for frame in frames)


# ---- other evaluators, tracers, threads, processes ----


def dynamo_frame_names(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Runs ``call`` under torch's own evaluator, which only looks at frames."""
    eval_frame = pytest.importorskip("torch._C._dynamo.eval_frame")
    names: list[str] = []

    def look(frame, *rest):
        names.append(frame.f_code.co_name)
        from torch._C._dynamo.eval_frame import _FrameAction, _FrameExecStrategy
        from torch._dynamo.types import ConvertFrameReturn

        return ConvertFrameReturn(frame_exec_strategy=_FrameExecStrategy(_FrameAction.DEFAULT, _FrameAction.DEFAULT))

    previous = eval_frame.set_eval_frame(look)
    try:
        return call(), names
    finally:
        eval_frame.set_eval_frame(previous)


def test_another_evaluator_below_ours(context):
    import torch._dynamo  # noqa: F401

    def leaf(x):
        return x + 1

    def fn(x):
        return leaf(x)

    optimized = _C.Optimized(fn, context)
    result, names = dynamo_frame_names(lambda: optimized(1))
    assert result == 2
    assert {"fn", "leaf"} <= set(context.names)
    assert {"fn", "leaf"} <= set(names)
    context.names.clear()
    assert optimized(1) == 2
    assert context.names == ["fn", "leaf"]


def test_another_evaluator_on_top_of_ours(context):
    import torch._dynamo  # noqa: F401

    def leaf(x):
        return x + 1

    def under_both(x):
        return leaf(x)

    def fn(x):
        return dynamo_frame_names(lambda: under_both(x))

    for _ in range(3):
        result, names = _C.Optimized(fn, context)(1)
        assert result == 2
        assert {"under_both", "leaf"} <= set(names)
        assert {"under_both", "leaf"} <= set(context.names)
        context.names.clear()


def test_evaluators_that_leave_in_the_wrong_order(context):
    import torch._dynamo  # noqa: F401
    from torch._C._dynamo.eval_frame import set_eval_frame

    def leaf(x):
        return x + 1

    optimized = _C.Optimized(leaf, context)
    for _ in range(3):
        _C.set_context(context)
        previous = set_eval_frame(False)
        _C.set_context(None)
        assert optimized(x=1) == 2
        assert leaf(1) == 2
        set_eval_frame(previous)
        assert optimized(x=1) == 2
        assert leaf(1) == 2
    assert context.names == ["leaf"] * 6


def test_torch_compile_inside_and_outside(context):
    import torch

    def inner(x):
        return x * 2

    compiled = torch.compile(inner, backend="eager")

    def fn(x):
        return compiled(x) + 1

    x = torch.ones(3)
    assert torch.equal(_C.Optimized(fn, context)(x), x * 2 + 1)
    ours = _C.Disabled(_C.Optimized(inner, context))
    assert torch.equal(torch.compile(lambda x: torch._dynamo.disable(ours)(x) + 1, backend="eager")(x), x * 2 + 1)


@pytest.mark.parametrize("install", [sys.settrace, sys.setprofile])
@pytest.mark.parametrize("keep_hook", [True, False])
def test_tracing(context, install, keep_hook):
    events = []

    def tracer(frame, event, arg):
        events.append((frame.f_code.co_name, event))
        return tracer

    def fn(x):
        return x

    def by(x):
        if x < 0:
            raise ValueError
        return x + 1

    context.replace(fn, by, keep_hook=keep_hook)
    optimized = _C.Optimized(fn, context)
    previous = sys.gettrace() if install is sys.settrace else sys.getprofile()
    install(tracer)
    try:
        values = [optimized(1), optimized(x=2)]
        for call in (lambda: optimized(-1), lambda: optimized(x=-1)):
            try:
                call()
            except ValueError:
                values.append("raised")
    finally:
        install(previous)
    assert values == [2, 3, "raised", "raised"]
    assert events.count(("by", "call")) == 4
    assert events.count(("by", "return")) == 4


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_monitoring(context):
    monitoring = sys.monitoring
    tool, events = 4, []
    kinds = [
        monitoring.events.PY_START,
        monitoring.events.PY_RETURN,
        monitoring.events.PY_UNWIND,
        monitoring.events.PY_THROW,
    ]

    def fn(x):
        return x

    def by(x):
        if x < 0:
            raise ValueError
        return x + 1

    context.replace(fn, by)
    optimized = _C.Optimized(fn, context)
    monitoring.use_tool_id(tool, "test")
    try:
        for kind in kinds:
            monitoring.register_callback(tool, kind, lambda code, *rest, kind=kind: events.append((code.co_name, kind)))
        monitoring.set_events(tool, sum(kinds))
        assert optimized(x=1) == 2
        with pytest.raises(ValueError):
            optimized(x=-1)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
    assert events.count(("by", kinds[0])) == 2
    assert events.count(("by", kinds[1])) == 1
    assert events.count(("by", kinds[2])) == 1


def test_pdb_steps_through(context):
    import io

    def fn(x):
        return x

    def by(x):
        y = x + 1
        return y

    context.replace(fn, by)
    output = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("s\ns\nn\nn\nn\nc\n"), stdout=output, nosigint=True, readrc=False)
    previous = sys.gettrace()
    try:
        assert debugger.runcall(_C.Optimized(fn, context), x=1) == 2
    finally:
        sys.settrace(previous)
    assert "y = x + 1" in output.getvalue()


def test_threads_have_their_own_context():
    contexts = [Recorder() for _ in range(8)]
    errors = []

    def fn(x):
        return x

    def worker(index):
        mine, optimized = contexts[index], _C.Optimized(fn, contexts[index])
        try:
            for i in range(10_000):
                if optimized(i) != (index, i) or optimized(x=i) != (index, i) or _C.get_context() is not None:
                    errors.append((index, i))
        except BaseException as error:
            errors.append(error)
        if mine.names:
            errors.append(mine.names)

    for index, context in enumerate(contexts):
        by: dict[str, Any] = {}
        exec(f"def by(x): return {index}, x", by)
        context.replace(fn, by["by"])
    previous = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=worker, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(previous)
    assert errors == []
    assert sum(entry.hits for entry in _C.code_cache(fn.__code__).entries) == 160_000


def test_a_thread_that_ends_lets_go_of_its_context():
    context = Recorder()
    reference = weakref.ref(context)
    thread = threading.Thread(target=_C.set_context, args=(context,))
    thread.start()
    thread.join()
    del context, thread
    gc.collect()
    assert reference() is None


def test_fork(context):
    def fn(x):
        return x

    context.replace(fn, lambda x: x + 1)
    started, done = threading.Event(), threading.Event()

    def hold():
        _C.set_context(context)
        started.set()
        done.wait()
        _C.set_context(None)

    thread = threading.Thread(target=hold)
    thread.start()
    started.wait()
    pid = os.fork()
    if pid == 0:
        good = (
            _C.get_context() is None
            and fn(1) == 1
            and _C.Optimized(fn, context)(1) == 2
            and _C.Optimized(fn, context)(x=1) == 2
        )
        os._exit(0 if good else 1)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_shutdown_inside_a_compiled_call():
    import subprocess

    program = (
        "import sys\n"
        "from compiler import _C\n"
        "class Late:\n"
        "    def __del__(self): optimized(1)\n"
        "context = _C.Context(lambda request: None)\n"
        "optimized = _C.Optimized(lambda x: x, context)\n"
        "context.late = Late()\n"
        "_C.set_context(context)\n"
        "sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", program], capture_output=True, text=True)
    assert done.returncode == 7, done.stderr


# ---- tail calls ----


def test_tail_calls_stay_flat():
    def step(n, total):
        return total if n == 0 else _C.TailCall(step, (n - 1, total + n))

    _C.run_continuation(step, 1000, 0)
    before = resident_kib()
    assert _C.run_continuation(step, 1_000_000, 0) == 500_000_500_000
    assert resident_kib() - before < 4096


def test_tail_calls_free_their_arguments():
    class Token:
        pass

    def first():
        token = Token()
        return _C.TailCall(second, (token, weakref.ref(token)))

    def second(token, reference):
        del token
        return _C.TailCall(third, (reference,))

    def third(reference):
        return reference()

    assert _C.run_continuation(first) is None


def test_tail_call_errors():
    def fail():
        raise KeyError

    with pytest.raises(KeyError):
        _C.run_continuation(lambda: _C.TailCall(fail, ()))
    for bad in ((), (1, 2), (fail,), (fail, ()) * 2):
        with pytest.raises(TypeError):
            _C.TailCall(*bad)
    with pytest.raises(TypeError):
        _C.run_continuation()


# ---- flat memory ----


def test_a_million_calls_stay_flat(context):
    def leaf(x):
        return x

    def fn(x):
        return leaf(x)

    context.replace(leaf, lambda x: x, guards=[(-1, "local", 0, 0, [(1, "type", int)])])
    _C.code_cache(fn.__code__).skip = 1
    optimized = _C.Optimized(fn, context)

    def run(count):
        for i in range(count):
            optimized(i)

    run(1000)
    before = resident_kib()
    run(1_000_000)
    assert resident_kib() - before < 4096


def test_guards_bring_inputs_along(context):
    def fn(box):
        return box

    def by(box, inputs):
        return box, inputs

    nodes = [(-1, "local", 0, 0, []), (0, "key", "a", 1, [(2, "type", list)]), (0, "key", "b", 3, [])]
    entry = _C.Entry(context, _C.GuardTree(nodes, [2, 1]), by.__code__, keep_hook=False)
    context.answers[fn.__code__] = lambda request: entry
    call = _C.Optimized(fn, context)
    box = {"a": [], "b": object()}
    assert call(box) == (box, (box["b"], box["a"]))  # new: its guards were not checked before
    _C.code_cache(fn.__code__).add(entry)
    other = {"a": [1], "b": 2}
    assert call(other) == (other, (2, [1]))
    assert call(box=other) == (other, (2, [1]))
    before = sys.getrefcount(box["b"])
    for _ in range(50):
        call(box)
    after = sys.getrefcount(box["b"])
    assert after == before
