"""The entry point: command line and markers. Neither torch nor the compiler is imported without ``--dynamo``."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from pytest_dynamo import markers, options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the command line."""
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; with ``--dynamo``, load everything else."""
    markers.register(config)
    given = options.read_options(config)
    if given.enabled:
        from pytest_dynamo.session import DynamoSession

        config.pluginmanager.register(DynamoSession(config, given), "dynamo-session")


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem() -> Generator[None, Any, Any]:
    """Refuse markers that are used wrongly, also without ``--dynamo``: who writes a test hears of it at once."""
    made = yield
    for item in made if isinstance(made, list) else [made]:
        if isinstance(item, pytest.Item):
            markers.check(item)
    return made
