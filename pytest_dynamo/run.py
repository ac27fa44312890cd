"""One run of one test item: pytest's phases, with the reports kept back."""

from __future__ import annotations

import contextlib
import copy
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import pytest
from _pytest.runner import call_and_report, show_test_item

from compiler.events import FrameRecord
from pytest_dynamo import seeds, target, verdict, warned

_SHOW_KEYWORDS = {"add_space": True} if "add_space" in inspect.signature(show_test_item).parameters else {}
"""What pytest's own ``--setup-show`` line is asked with; a keyword since pytest 9.2."""


class Run:
    """One run of one item; its reports are kept back until `log`.

    Attributes:
        repeats: Whether the item has run before.
        reports: The reports of the phases, in order.
        others: Reports that the call itself logs, as subtests do.
        records: What became of the frames of a compiled run.
        cached_calls: Calls of a compiled run that compiled code served.
    """

    def __init__(self, item: pytest.Function, *, repeats: bool) -> None:
        self.item = item
        self.repeats = repeats
        self.reports: list[pytest.TestReport] = []
        self.others: list[pytest.TestReport] = []
        self.records: list[FrameRecord] = []
        self.cached_calls = 0
        if not item._request:
            item._initrequest()

    @property
    def outcome(self) -> str:
        return verdict.outcome([*(report for report in self.others if report.failed), *self.reports])

    @property
    def call_ns(self) -> int | None:
        """Duration of the call phase in nanoseconds."""
        seconds = [report.duration for report in self.reports if report.when == "call"]
        return round(seconds[0] * 1e9) if seconds else None

    def phase(self, when: Literal["setup", "call", "teardown"], **keywords: Any) -> pytest.TestReport:
        """Run one of pytest's phases."""
        report = call_and_report(self.item, when, log=False, **keywords)
        self.reports.append(report)
        return report

    def setup(self) -> bool:
        """Run the setup phase; returns whether the call may follow."""
        passed = self.phase("setup").passed
        if passed and self.item.config.getoption("setupshow", False):
            show_test_item(self.item, **_SHOW_KEYWORDS)
        return passed

    def teardown(self, nextitem: pytest.Item | None) -> pytest.TestReport:
        """Run the teardown phase; the item's request is spent after it."""
        session = self.item.session
        report = self.phase("teardown", nextitem=None if session.shouldfail or session.shouldstop else nextitem)
        self.close()
        return report

    def teardown_before_repeat(self) -> pytest.TestReport:
        """Run the teardown phase as if the item's twin came next, so that wider scopes live on."""
        return self.teardown(copy.copy(self.item))

    def close(self) -> None:
        """Let go of the request and the fixtures, as pytest does after an item."""
        item: Any = self.item
        item._request = False
        item.funcargs = None


@contextlib.contextmanager
def run_of(item: pytest.Function, heard: warned.Heard, *, repeats: bool) -> Iterator[Run]:
    """A run that is closed at the end and repeats no warning, where pytest gathers warnings at all."""
    run = Run(item, repeats=repeats)
    gathers = item.config.pluginmanager.has_plugin("warnings")
    try:
        with warned.once(heard) if gathers else contextlib.nullcontext():
            yield run
    finally:
        run.close()


def checkpoint(item: pytest.Function) -> Callable[[], None]:
    """What puts the item and the random generators back to how they are now."""
    restore_seeds = seeds.save()
    properties = list(item.user_properties)

    def rewind() -> None:
        restore_seeds()
        item.user_properties[:] = properties
        item._report_sections.clear()
        target.renew(item)

    return rewind


def log(item: pytest.Item, reports: Iterable[pytest.TestReport]) -> None:
    """Tell pytest of reports."""
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)


def unwind(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tear down the wider scopes that end with an item whose own teardown is already reported."""
    session = item.session
    following = None if session.shouldfail or session.shouldstop else nextitem
    call = pytest.CallInfo.from_call(
        lambda: session._setupstate.teardown_exact(following),
        when="teardown",
        reraise=(pytest.exit.Exception, KeyboardInterrupt),
    )
    if call.excinfo is not None:
        log(item, [item.ihook.pytest_runtest_makereport(item=item, call=call)])
