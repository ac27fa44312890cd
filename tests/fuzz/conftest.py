"""The option that says how many programs the slow run tries."""

from __future__ import annotations

import pytest

EXAMPLES = 5000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-examples", type=int, default=EXAMPLES, help="programs tried by the slow fuzz test")


@pytest.fixture(scope="session")
def fuzz_examples(pytestconfig: pytest.Config) -> int:
    count: int = pytestconfig.getoption("--fuzz-examples", default=EXAMPLES)
    return count
