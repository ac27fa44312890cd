"""The two runs of a test: in eager, then again under the compiler, reported to pytest as one.

An eager run that does not pass is reported as it is and is the only one. Else the test runs again
with fresh function-scoped fixtures, a fresh instance of its class and the same random numbers; what
pytest hears of is the eager run, except for the phases that the compiled run fails.

Fixtures of a wider scope live through both runs: the eager run is torn down as if the item's twin
came next.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import pytest
from _pytest.runner import call_and_report, runtestprotocol, show_test_item

from compiler import events
from compiler.events import FrameRecord
from pytest_dynamo import markers, seeds, target, verdict, warned
from pytest_dynamo.measure import Measure
from pytest_dynamo.options import Options
from pytest_dynamo.status import WITHOUT_COMPILED_RUN, Status

_SHOW_KEYWORDS = {"add_space": True} if "add_space" in inspect.signature(show_test_item).parameters else {}
"""What pytest's own ``--setup-show`` line is asked with; a keyword since pytest 9.2."""


class Run:
    """One run of one item; its reports are kept back until `log`.

    Attributes:
        reports: The reports of the phases, in order.
        others: Reports that the call itself logs, as subtests do.
        records: What became of the frames of a compiled run.
        cached_calls: Calls of a compiled run that compiled code served.
    """

    def __init__(self, item: pytest.Function) -> None:
        self.item = item
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

    def close(self) -> None:
        """Let go of the request and the fixtures, as pytest does after an item."""
        item: Any = self.item
        item._request = False
        item.funcargs = None


class Runner:
    """Runs items one after the other.

    Args:
        options: The command line.
        compile_function: Turns a test function into its compiled form, given ``fullgraph``.
        count_hits: Calls that compiled code has served so far.
    """

    def __init__(
        self,
        options: Options,
        compile_function: Callable[..., Callable[..., Any]],
        count_hits: Callable[[], int],
    ) -> None:
        self._options = options
        self._compile = compile_function
        self._count_hits = count_hits
        self._calling: Run | None = None
        self._compiling = False

    def run(self, item: pytest.Item, nextitem: pytest.Item | None) -> Measure:
        """Run one item to its end, log its reports, and say how it went."""
        reason = target.refusal(item)
        if reason is not None:
            return self._once(item, nextitem, reason)
        assert isinstance(item, pytest.Function)
        return self._twice(item, nextitem)

    def hear(self, report: Any) -> None:
        """Take note of a report that a test's call logs by itself."""
        run = self._calling
        if run is None or report.nodeid != run.item.nodeid:
            return
        run.others.append(report)
        if self._compiling and report.failed:
            verdict.explain(report, self._headline("a subtest failed"), run.records)
        report.dynamo_repeated = self._compiling and not report.failed

    def _once(self, item: pytest.Item, nextitem: pytest.Item | None, reason: str) -> Measure:
        reports = runtestprotocol(item, nextitem=nextitem)
        eager = verdict.outcome(reports)
        status = WITHOUT_COMPILED_RUN.get(eager, Status.NOT_COMPILED)
        call_ns = next((round(report.duration * 1e9) for report in reports if report.when == "call"), None)
        return Measure(
            nodeid=item.nodeid,
            eager=eager,
            status=status,
            note=reason if status is Status.NOT_COMPILED else "",
            eager_ns=call_ns if eager == "passed" else None,
        )

    def _twice(self, item: pytest.Function, nextitem: pytest.Item | None) -> Measure:
        rewind = _checkpoint(item)
        heard: warned.Heard = set()
        with _run_of(item, heard) as eager:
            passed = self._eager_run(eager, nextitem)
        if not passed:
            return Measure(nodeid=item.nodeid, eager=eager.outcome, status=WITHOUT_COMPILED_RUN[eager.outcome])
        rewind()
        with _run_of(item, heard) as second:
            return self._compiled_run(eager, second, nextitem)

    def _eager_run(self, run: Run, nextitem: pytest.Item | None) -> bool:
        """Run in eager; returns whether it passed. If not, all is torn down and logged."""
        if run.setup():
            self._call(run)
        if run.outcome != "passed":
            _log(run.item, run.reports)
            _log(run.item, [run.teardown(nextitem)])
            return False
        if run.teardown(copy.copy(run.item)).passed:
            return True
        _log(run.item, run.reports)
        _unwind(run.item, nextitem)
        return False

    def _compiled_run(self, eager: Run, run: Run, nextitem: pytest.Item | None) -> Measure:
        if run.setup():
            self._compiled_call(run)
        failed = any(report.failed for report in (*run.others, *run.reports))
        phases = zip(eager.reports, run.reports, strict=False)  # eager has a teardown already, and always a call
        _log(run.item, [self._told(first, second, run) for first, second in phases])
        teardown = run.teardown(nextitem)
        _log(run.item, [self._told(teardown, teardown, run)])
        return Measure(
            nodeid=run.item.nodeid,
            eager="passed",
            status=_status(run, failed=failed or teardown.failed),
            records=tuple(dataclasses.replace(record, details={}) for record in run.records),
            cached_calls=run.cached_calls,
            eager_ns=eager.call_ns,
            compiled_ns=run.call_ns,
        )

    def _compiled_call(self, run: Run) -> None:
        promised = markers.wants_fullgraph(run.item)
        fullgraph = promised or self._options.fullgraph
        hits_before = self._count_hits()
        with (
            events.collect() as run.records,
            target.compiled(run.item, lambda function: self._compile(function, fullgraph=fullgraph)),
        ):
            self._call(run, compiling=True)
        run.cached_calls = self._count_hits() - hits_before
        report = run.reports[-1]
        if fullgraph and report.passed:
            broken = verdict.broken_promise(run.records, run.cached_calls, must_capture=promised)
            if broken:
                report.outcome, report.longrepr = "failed", broken

    def _call(self, run: Run, *, compiling: bool = False) -> None:
        self._calling, self._compiling = run, compiling
        try:
            run.phase("call")
        finally:
            self._calling, self._compiling = None, False

    def _told(self, eager: pytest.TestReport, compiled: pytest.TestReport, run: Run) -> pytest.TestReport:
        """The report of a phase that pytest hears of: the eager one, unless only the compiled run fails."""
        if not compiled.failed:
            return eager
        what = "failed" if compiled.when == "call" else f"its {compiled.when} failed in the run"
        verdict.explain(compiled, self._headline(what), run.records)
        return compiled

    def _headline(self, what: str) -> str:
        return f"passed in eager; {what} under the compiler (backend {self._options.backend!r})"


@contextlib.contextmanager
def _run_of(item: pytest.Function, heard: warned.Heard) -> Iterator[Run]:
    """A run that is closed at the end and repeats no warning, where pytest gathers warnings at all."""
    run = Run(item)
    gathers = item.config.pluginmanager.has_plugin("warnings")
    try:
        with warned.once(heard) if gathers else contextlib.nullcontext():
            yield run
    finally:
        run.close()


def _checkpoint(item: pytest.Function) -> Callable[[], None]:
    """What puts the item and the random generators back to how they are now."""
    restore_seeds = seeds.save()
    properties = list(item.user_properties)

    def rewind() -> None:
        restore_seeds()
        item.user_properties[:] = properties
        item._report_sections.clear()
        target.renew(item)

    return rewind


def _status(run: Run, *, failed: bool) -> Status:
    if failed:
        return Status.FAILED
    if any(report.skipped for report in run.reports):
        return Status.SKIPPED_COMPILED
    return verdict.captured_status(run.records, run.cached_calls)


def _log(item: pytest.Item, reports: Iterable[pytest.TestReport]) -> None:
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)


def _unwind(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tear down the wider scopes that end with an item whose own teardown is already reported."""
    session = item.session
    following = None if session.shouldfail or session.shouldstop else nextitem
    call = pytest.CallInfo.from_call(
        lambda: session._setupstate.teardown_exact(following),
        when="teardown",
        reraise=(pytest.exit.Exception, KeyboardInterrupt),
    )
    if call.excinfo is not None:
        _log(item, [item.ihook.pytest_runtest_makereport(item=item, call=call)])
