"""Records: one for each attempt at a frame."""

from __future__ import annotations

import dataclasses
import threading

import pytest
import torch

import compiler
from compiler import events
from compiler.breaks import KINDS, GraphBreak
from compiler.events import Location, Reason

X = torch.arange(4.0)


def test_every_outcome_is_one_record():
    """C21, D7."""

    def broken(x):
        x = x + 1
        compiler.graph_break()
        return x * 2

    def nothing(x):
        return x

    with events.collect() as records:
        for fn in (broken, nothing):
            compiled = compiler.optimize(fn)
            compiled(X)
            compiled(X)
    assert [record.outcome for record in records] == ["broken", "compiled", "skipped"]
    first, rest, last = records
    assert (first.graph_ops, rest.graph_ops, last.graph_ops) == (1, 1, 0)
    assert first.frame.line == broken.__code__.co_firstlineno
    assert rest.frame.line > first.frame.line
    assert all(record.capture_ns > 0 for record in records)
    assert last.reason.kind == "no operators"


def test_a_reason_names_place_cause_and_hints():
    def fn(x):
        if x.sum() > 0:
            return x
        return -x

    with events.collect() as records:
        compiler.optimize(fn)(X)
    reason = records[0].reason
    assert reason.kind == "data-dependent jump"
    assert reason.location.source_line == "if x.sum() > 0:"
    text = reason.describe()
    line = fn.__code__.co_firstlineno + 1
    head, place = text.splitlines()[:2]
    assert head.startswith("data-dependent jump: ")
    assert head.endswith(f" (line {line}: if x.sum() > 0:)")
    assert place == f"  {__file__}:{line} in {fn.__qualname__}"
    assert "  hint: Use torch.where" in text


def test_the_way_to_a_nested_break_is_told():
    def inner(x):
        compiler.graph_break("deep")
        return x

    def fn(x):
        return inner(x + 1)

    with events.collect() as records:
        compiler.optimize(fn)(X)
    assert "reached through:" in records[0].reason.describe()


def test_every_kind_has_an_explanation_and_hints():
    for name, kind in KINDS.items():
        assert kind.explanation.endswith("."), name
        assert kind.hints, name
    with pytest.raises(KeyError):
        GraphBreak("no such kind", "")


def test_details_are_kept_only_when_wanted():
    with events.collect() as plain:
        compiler.optimize(lambda x: x + 1)(X)
    with events.collect(details=True) as detailed:
        compiler.optimize(lambda x: x + 2)(X)
    assert "graph_module" not in plain[0].details
    assert {"graph_module", "guards", "code", "original"} <= set(detailed[0].details)
    assert not events.wants_details()


def test_unsubscribing():
    seen = []
    stop = events.subscribe(seen.append)
    compiler.optimize(lambda x: x + 1)(X)
    stop()
    stop()
    compiler.optimize(lambda x: x + 2)(X)
    assert len(seen) == 1
    assert not events.wants_details()


def test_unsubscribing_twice_counts_once():
    stop = events.subscribe(lambda record: None, details=True)
    with events.collect(details=True):
        stop()
        stop()
        assert events.wants_details()
    assert not events.wants_details()


def test_a_listener_that_raises_does_not_reach_the_program(caplog):
    def bad(record):
        raise ValueError("listener")

    seen = []
    stops = [events.subscribe(bad), events.subscribe(seen.append)]
    try:
        assert torch.equal(compiler.optimize(lambda x: x + 1)(X), X + 1)
    finally:
        for stop in stops:
            stop()
    assert [record.outcome for record in seen] == ["compiled"]
    assert "a listener of compiler.events raised" in caplog.text


def test_records_of_all_threads_are_collected():
    def work():
        compiler.optimize(lambda x: x + 1)(X)

    with events.collect() as records:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [record.outcome for record in records] == ["compiled"] * 4


def test_records_are_frozen():
    reason = Reason("a", "b", "c", (), (Location("f", 1, "g"),))
    with pytest.raises(dataclasses.FrozenInstanceError):
        reason.kind = "x"
    assert str(reason.location) == "f:1"
    assert reason.location.source_line == ""


def test_a_violated_full_graph_carries_its_record():
    """C23: full-graph errors carry the same record, published before."""

    def fn(x):
        return x * x.sum().item()

    with events.collect() as records, pytest.raises(compiler.Unsupported) as caught:
        compiler.optimize(fn, fullgraph=True)(X)
    assert caught.value.record is records[0]
    assert records[0].outcome == "broken"
    assert str(caught.value) == records[0].reason.describe()
    assert "return x * x.sum().item()" in str(caught.value)
