"""Fixtures that run small suites under the plugin, with a stand-in for the compiler."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import hypothesis  # noqa: F401 (loaded here, because inner sessions forget the modules that they load)
import numpy  # noqa: F401
import pytest
import torch._dynamo  # noqa: F401 (torch itself loads it late, at a first torch.manual_seed for instance)

import pytest_dynamo.session  # noqa: F401

sys.path.insert(0, str(Path(__file__).parent))
import dynamo_standin

INSTALLED = any(entry.value == "pytest_dynamo.plugin" for entry in importlib.metadata.entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "pytest_dynamo.plugin")
"""How an inner pytest finds the plugin: by itself where the distribution is installed."""


@pytest.fixture
def dynamo_arguments():
    """What an inner pytest needs to find the plugin."""
    return PLUGIN


@pytest.fixture
def standin(monkeypatch):
    """The stand-in, installed for the test."""
    dynamo_standin.install(lambda owner, name, value: monkeypatch.setattr(owner, name, value, raising=False))
    return dynamo_standin


@pytest.fixture
def dynamo(pytester, standin):
    """Write a test file and run it in this process: ``dynamo(source, *arguments)``."""

    def run(source, *arguments, on=True):
        if source is not None:
            pytester.makepyfile(source)
        switch = ("--dynamo",) if on else ()
        return pytester.runpytest_inprocess(*PLUGIN, *switch, *arguments, no_reraise_ctrlc=True)

    return run


@pytest.fixture
def dynamo_process(pytester, monkeypatch):
    """Run the suite in a process of its own: ``dynamo_process(*arguments)``."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", ":".join([str(here), str(here.parents[1])]))

    def run(*arguments):
        return pytester.runpytest_subprocess(*PLUGIN, *arguments)

    return run
