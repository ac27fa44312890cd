"""Generators that are dropped before their end."""

from __future__ import annotations

import contextlib
import gc

import torch

import compiler
from tests.compiler.running import check, records_of


def numbers(log):
    try:
        yield 1
        yield 2
    finally:
        log.append("closed")


def test_a_pending_finally_runs():
    def main(x, log):
        first = next(numbers(log))
        return x + first

    log: list[str] = []
    run = records_of(compiler.optimize(main), torch.ones(2), log)
    assert "object lifetime" in [kind for kind, _ in run.reasons]
    gc.collect()
    assert log == ["closed"]


def test_a_finished_one_stays_in_the_graph():
    @contextlib.contextmanager
    def noted(log):
        try:
            yield 2
        finally:
            log.append("left")

    def main(x, log):
        with noted(log) as two:
            return x * two + sum(numbers(log))

    assert check(main, torch.ones(2), []).whole
