"""The entry point: command line and markers. Neither torch nor the compiler is imported without ``--dynamo``."""

from __future__ import annotations

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
