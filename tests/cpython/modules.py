"""What is run: modules of the standard library's package `test`, and tests that cannot pass, with the reason."""

from __future__ import annotations

import fnmatch

MODULES = """
    test_list test_dict test_set test_tuple test_generators test_exceptions test_contextlib test_functools
    test_itertools test_collections test_class test_descr test_super test_scope test_with test_patma
""".split()

_LIFETIME = "an object lives longer: the rest of a frame is a function of its own, whose caller holds its arguments"
_LAYOUT = "asks for the size or layout of objects in memory, which depends on the way they were made"
_TIME = "takes too long: a loop of many rounds, each with constants of its own, is captured anew every time"
_DEPTH = "counts on how deep the stack may get; compiling takes some of it"

REASONS: dict[str, str] = {
    "test_patma::TestTracing::*": "counts the lines that a trace function hears of; captured frames run as other code",
    "*::*weakref*": _LIFETIME,
    "*::test_container_iterator": _LIFETIME,
    "*::*error_cleanup": _LIFETIME,
    "test_dict::DictTest::test_oob_indexing_dictiter_iternextitem": _LIFETIME,
    "test_descr::*::test_cycle_through_dict": _LIFETIME,
    "test_descr::*::test_remove_subclass": _LIFETIME,
    "test_generators::FinalizationTest::*": _LIFETIME,
    "test_scope::*::testCellLeak": _LIFETIME,
    "test_exceptions::*::test_recursion_*": _DEPTH,
    "test_descr::SharedKeyTests::*": _LAYOUT,
    "test_descr::*::test_slots": _LAYOUT,
    "test_dict::*::test_splittable_popitem": _LAYOUT,
    "test_dict::*::test_copy_fuzz": _TIME,
    "test_dict::*::test_popitem": _TIME,
    "test_*::*::test_track_*": _TIME,
    "test_itertools::*": _TIME,
    "test_contextlib::*::test_excessive_nesting": _TIME,
    "test_descr::*::test_special_method_lookup": "list() of an object is traced without asking for its length first",
    "test_descr::*::test_vicious_descriptor_nonsense": "a key of an object's __dict__ deletes the class's attribute "
    "when it is compared",
}
"""Pattern of ``module::class::test`` → why the test does not pass under the compiler."""


def reason(module: str, test: str) -> str:
    """Why a test is expected to fail; empty where nothing is known."""
    name = f"{module}::{test.lstrip(':')}"
    return next((why for pattern, why in REASONS.items() if fnmatch.fnmatchcase(name, pattern)), "")
