"""Compiled functions called from several threads at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

import compiler

THREADS = 8
CALLS = 10_000
INPUTS = [torch.arange(float(size + 1)) for size in range(4)]


@pytest.fixture
def impatient():
    """Threads change places often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(autouse=True)
def one_torch_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def together(work: Callable[[int], None], threads: int = THREADS) -> None:
    """Run `work(number)` on all threads, which start at once; the first error is raised."""
    barrier = threading.Barrier(threads)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    if errors:
        raise errors[0]


def scale(x, k):
    return x * k + len(x)


def broken(x, k):
    y = x * k
    compiler.graph_break()
    return y + len(x)


def loop(x, k):
    for step in range(3):
        compiler.graph_break()
        x = x + step * k
    return x


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def step(self, x, k):
        self.count += 1
        return x * k + self.count


@pytest.mark.parametrize(("fn", "calls"), [(scale, CALLS), (broken, CALLS), (loop, CALLS // 5)])
def test_functions_that_recompile(impatient, fn: Any, calls: int):
    """Eight threads, ten thousand calls each, of a function that recompiles for every size and number."""
    compiled = compiler.optimize(fn, recompile_limit=24 if fn is loop else None)
    cases = [(x, k, fn(x, k)) for x in INPUTS for k in (2, 3)]

    def work(number: int) -> None:
        for call in range(calls):
            x, k, expected = cases[(call + number) % len(cases)]
            assert torch.equal(compiled(x, k), expected)

    with compiler.events.collect() as records:
        together(work)
    assert {record.outcome for record in records} <= {"compiled", "broken", "skipped"}
    assert not [record for record in records if record.reason and record.reason.kind == "recompile limit"]


def test_at_the_recompile_limit(impatient):
    compiled = compiler.optimize(scale, recompile_limit=2)
    cases = [(x, k, scale(x, k)) for x in INPUTS for k in range(5)]

    def work(number: int) -> None:
        for call in range(200):
            x, k, expected = cases[(call + number) % len(cases)]
            assert torch.equal(compiled(x, k), expected)

    together(work)


def test_effects_are_each_threads_own(impatient):
    compiled = compiler.optimize(Counter.step)

    def work(number: int) -> None:
        counter = Counter()
        for call in range(300):
            expected = INPUTS[2] * number + call % 7 + 1
            counter.count = call % 7
            assert torch.equal(compiled(counter, INPUTS[2], number), expected)

    together(work)


def test_each_thread_compiles_for_itself(impatient):
    def work(number: int) -> None:
        for _ in range(20):
            compiled = compiler.optimize(scale)
            for x in INPUTS:
                assert torch.equal(compiled(x, number), scale(x, number))

    together(work)


def test_reset_while_others_call(impatient):
    compiled = compiler.optimize(broken, recompile_limit=64)
    expected = broken(INPUTS[1], 2)

    def work(number: int) -> None:
        for _ in range(100):
            if number == 0:
                compiler.reset()
            assert torch.equal(compiled(INPUTS[1], 2), expected)

    together(work)


def test_contexts_are_each_threads_own():
    """While one thread compiles, another runs plain Python, unhooked."""
    inside, outside = threading.Event(), threading.Event()

    def backend(module, inputs):
        inside.set()
        assert outside.wait(10)
        return module.forward

    def work(number: int) -> None:
        if number == 0:
            compiler.optimize(scale, backend=backend)(INPUTS[0], 1)
        else:
            assert inside.wait(10)
            with compiler.events.collect() as records:
                scale(INPUTS[0], 1)
            assert records == []
            outside.set()

    together(work, 2)


def test_grad_mode_is_each_threads_own(impatient):
    compiled = compiler.optimize(lambda x: x * 2)
    x = torch.ones(2, requires_grad=True)

    def work(number: int) -> None:
        for _ in range(200):
            with torch.set_grad_enabled(number % 2 == 0):
                assert compiled(x).requires_grad == (number % 2 == 0)

    together(work)


def test_an_exception_in_one_thread_is_that_threads_own(impatient):
    def fn(x, k):
        compiler.graph_break()
        if k == 0:
            raise LookupError("zero")
        return x * k

    compiled = compiler.optimize(fn)

    def work(number: int) -> None:
        for _ in range(200):
            if number == 0:
                with pytest.raises(LookupError):
                    compiled(INPUTS[1], 0)
            else:
                assert torch.equal(compiled(INPUTS[1], number), INPUTS[1] * number)

    together(work, 4)
