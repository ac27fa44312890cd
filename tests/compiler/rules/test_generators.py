"""Generators that are dropped before their end."""

from __future__ import annotations

import contextlib

import torch

from tests.compiler.running import check


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

    run = check(main, torch.ones(2), [])
    assert "generator" in [kind for kind, _ in run.reasons]


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
