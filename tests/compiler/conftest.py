"""Every test starts without compiled code, and meets our own errors as errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import compiler


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    compiler.reset()
    with compiler.config.patch(strict=True):
        yield
