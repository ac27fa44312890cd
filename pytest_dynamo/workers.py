"""Tests run in worker processes of pytest-xdist: each worker hands its measures to the controller."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import pytest

from pytest_dynamo.measure import Measure

KEY = "dynamo_measures"


def is_worker(config: pytest.Config) -> bool:
    """Whether this process only runs tests for another one."""
    return hasattr(config, "workerinput")


def send(config: Any, measures: Sequence[Measure]) -> None:
    """In a worker, as its session ends: hand over all it measured."""
    config.workeroutput[KEY] = pickle.dumps(list(measures))


def receive(node: Any) -> list[Measure]:
    """In the controller: what a worker measured; nothing where it crashed."""
    sent = getattr(node, "workeroutput", {}).get(KEY)
    return pickle.loads(sent) if sent else []
