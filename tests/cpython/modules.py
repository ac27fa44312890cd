"""What is run: modules of the standard library's package `test`, and tests that cannot pass, with the reason."""

from __future__ import annotations

import fnmatch

MODULES = """
    test_list test_dict test_set test_tuple test_generators test_exceptions test_contextlib test_functools
    test_itertools test_collections test_class test_descr test_super test_scope test_with test_patma
""".split()

REASONS: dict[str, str] = {
    "test_patma::TestTracing::*": "counts the lines that a trace function hears of; captured frames run as other code",
}
"""Pattern of ``module::class::test`` → why the test does not pass under the compiler."""


def reason(module: str, test: str) -> str:
    """Why a test is expected to fail; empty where nothing is known."""
    name = f"{module}::{test.lstrip(':')}"
    return next((why for pattern, why in REASONS.items() if fnmatch.fnmatchcase(name, pattern)), "")
