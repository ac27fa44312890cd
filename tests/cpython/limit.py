"""A pytest plugin: a test that takes too long under the compiler fails, and the next one begins."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

SECONDS = "CPYTHON_TEST_SECONDS"
"""Names the limit in the environment."""


class TooLong(BaseException):
    """Raised in the midst of a test; no ``except Exception`` of the test's catches it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Around the call of every test, eager and compiled."""
    seconds = int(os.environ.get(SECONDS, "60"))

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLong(f"more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        return (yield)
    except TooLong as error:
        pytest.fail(str(error), pytrace=False)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
