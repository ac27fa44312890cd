"""What this package raises."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch

import compiler

X = torch.arange(3.0)


def broken(x):
    compiler.graph_break("here")
    return x + 1


def refuse(graph_module, example_inputs):
    raise ValueError("not today")


def raised_by(call):
    try:
        call()
    except compiler.CompilerError as error:
        return error
    raise AssertionError("nothing was raised")


def internal():
    with compiler.config.patch(strict=True):
        raise compiler.InternalError("fn (file:1): no")


ERRORS = {
    compiler.Unsupported: lambda: compiler.optimize(broken, fullgraph=True)(X),
    compiler.BackendError: lambda: compiler.optimize(lambda x: x + 1, backend=refuse)(X),
    compiler.UnknownBackend: lambda: compiler.optimize(broken, backend="egaer"),
    compiler.InternalError: internal,
}


@pytest.mark.parametrize("cls", ERRORS)
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_can_be_sent_to_another_process(cls, again):
    error = raised_by(ERRORS[cls])
    error.add_note("seen")
    other = again(error)
    assert type(other) is type(error) is cls
    assert str(other) == str(error)
    assert other.__notes__ == ["seen"]
    if hasattr(error, "reason"):
        assert other.reason == error.reason


def test_the_details_of_a_record_stay_at_home():
    with compiler.events.collect(details=True):
        error = raised_by(ERRORS[compiler.Unsupported])
    other = pickle.loads(pickle.dumps(error))
    assert other.record.details == {}
    assert other.record.frame == error.record.frame


def fail(_):
    return compiler.optimize(broken, fullgraph=True)(X)


def test_a_pool_survives_them():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(compiler.Unsupported, match="user request: here") as caught:
            pool.submit(fail, 0).result(timeout=60)
        assert caught.value.reason.kind == "user request"
        assert pool.submit(abs, -1).result(timeout=60) == 1


def test_the_reason_stands_beside_the_record():
    error = raised_by(ERRORS[compiler.Unsupported])
    assert error.reason is error.record.reason
    assert error.reason.kind == "user request"


def test_a_message_says_things_once():
    error = raised_by(ERRORS[compiler.BackendError])
    assert str(error).count("raised ValueError: not today") == 1


class Mine(Exception):
    pass


def raising(x, limit):
    y = x + 1
    if x.shape[0] > limit:
        raise Mine(limit)
    return checked(y, limit)


def checked(x, limit):
    if limit == 7:
        raise Mine("seven")
    return x * 2


def test_a_full_graph_raises_what_the_program_raises():
    compiled = compiler.optimize(raising, fullgraph=True)
    for _ in range(2):
        with compiler.events.collect() as records:
            with pytest.raises(Mine) as caught:
                compiled(X, 2)
            with pytest.raises(Mine, match="seven"):
                compiled(X, 7)
        assert caught.value.args == (2,)
        assert caught.traceback[-1].name == "raising"
        assert {record.outcome for record in records} == {"skipped"}
        assert {record.reason.kind for record in records} == {"exception leaves frame"}
        assert torch.equal(compiled(X, 3), (X + 1) * 2)
    with pytest.raises(compiler.Unsupported):
        compiler.optimize(broken, fullgraph=True)(X)
