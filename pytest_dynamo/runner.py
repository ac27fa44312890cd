"""The two runs of a test: in eager, then again under the compiler, reported to pytest as one.

An eager run that does not pass is reported as it is and is the only one. Else the test runs again
with fresh function-scoped fixtures, a fresh instance of its class and the same random numbers; what
pytest hears of is the eager run, except for the phases that the compiled run fails.

A test may also fail because it cannot run twice: it changes a fixture of a wider scope, say. So a
test that fails compiled runs a third time, in eager; if that fails as well, the compiler is not to
blame and the eager run stands.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from compiler import events
from pytest_dynamo import markers, target, verdict, warned
from pytest_dynamo.measure import Measure
from pytest_dynamo.options import Options
from pytest_dynamo.run import Run, checkpoint, log, run_of, unwind
from pytest_dynamo.status import WITHOUT_COMPILED_RUN, Status

NOTE_CHARACTERS = 60
"""So much of an error's first line stands in the table."""


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
        report.dynamo_repeated = run.repeats and not report.failed

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
        rewind = checkpoint(item)
        heard: warned.Heard = set()
        with run_of(item, heard, repeats=False) as eager:
            if not self._eager_run(eager, nextitem):
                return Measure(nodeid=item.nodeid, eager=eager.outcome, status=WITHOUT_COMPILED_RUN[eager.outcome])
        rewind()
        with run_of(item, heard, repeats=True) as second:
            self._compiled_run(second)
            if not self._may_be_the_tests_own(second):
                self._report(eager, second)
                return self._measure(eager, second, self._end(second, second, nextitem))
            second.teardown_before_repeat()
        rewind()
        with run_of(item, heard, repeats=True) as third:
            if third.setup():
                self._call(third)
            repeatable = third.outcome == "passed"
            self._report(eager, second if repeatable else eager)
            measure = self._measure(eager, second, self._end(second, third, nextitem))
        return measure if repeatable else _not_repeatable(measure, second)

    def _eager_run(self, run: Run, nextitem: pytest.Item | None) -> bool:
        """Run in eager; returns whether it passed. If not, all is torn down and logged."""
        if run.setup():
            self._call(run)
        if run.outcome != "passed":
            log(run.item, run.reports)
            log(run.item, [run.teardown(nextitem)])
            return False
        if run.teardown_before_repeat().passed:
            return True
        log(run.item, run.reports)
        unwind(run.item, nextitem)
        return False

    def _compiled_run(self, run: Run) -> None:
        """Run under the compiler, all but the teardown."""
        if not run.setup():
            return
        hits_before = self._count_hits()
        compile_function = functools.partial(self._compile, fullgraph=self._fullgraph(run))
        with events.collect() as run.records, target.compiled(run.item, compile_function):
            self._call(run, compiling=True)
        run.cached_calls = self._count_hits() - hits_before
        broken = self._broken_promise(run)
        if broken and run.reports[-1].passed:
            run.reports[-1].outcome, run.reports[-1].longrepr = "failed", broken

    def _fullgraph(self, run: Run) -> bool:
        return self._options.fullgraph or markers.wants_fullgraph(run.item)

    def _broken_promise(self, run: Run) -> str | None:
        if not self._fullgraph(run):
            return None
        return verdict.broken_promise(run.records, run.cached_calls, must_capture=markers.wants_fullgraph(run.item))

    def _may_be_the_tests_own(self, run: Run) -> bool:
        """Whether the compiled run failed in a way that an eager repetition might as well."""
        failed = any(report.failed for report in run.reports)
        told = any(report.failed for report in run.others)
        return failed and not told and not self._broken_promise(run)

    def _call(self, run: Run, *, compiling: bool = False) -> None:
        self._calling, self._compiling = run, compiling
        try:
            run.phase("call")
        finally:
            self._calling, self._compiling = None, False

    def _report(self, eager: Run, run: Run) -> None:
        """Log setup and call: of the eager run, except for what fails in the other one."""
        passed = {report.when: report for report in eager.reports}
        for report in run.reports:
            if report.when != "teardown":
                log(run.item, [self._explained(report, run) if report.failed else passed[report.when]])

    def _end(self, compiled: Run, last: Run, nextitem: pytest.Item | None) -> pytest.TestReport:
        """Tear down after the last run, and log that."""
        report = last.teardown(nextitem)
        log(last.item, [self._explained(report, compiled) if report.failed else report])
        return report

    def _measure(self, eager: Run, compiled: Run, teardown: pytest.TestReport) -> Measure:
        return Measure(
            nodeid=eager.item.nodeid,
            eager="passed",
            status=_status(compiled, teardown),
            records=tuple(dataclasses.replace(record, details={}) for record in compiled.records),
            cached_calls=compiled.cached_calls,
            eager_ns=eager.call_ns,
            compiled_ns=compiled.call_ns,
        )

    def _explained(self, report: pytest.TestReport, run: Run) -> pytest.TestReport:
        what = "failed" if report.when == "call" else f"its {report.when} failed in the run"
        verdict.explain(report, self._headline(what), run.records)
        return report

    def _headline(self, what: str) -> str:
        return f"passed in eager; {what} under the compiler (backend {self._options.backend!r})"


def _status(run: Run, teardown: pytest.TestReport) -> Status:
    if any(report.failed for report in (*run.others, *run.reports, teardown)):
        return Status.FAILED
    if any(report.skipped for report in run.reports):
        return Status.SKIPPED_COMPILED
    return verdict.captured_status(run.records, run.cached_calls)


def _not_repeatable(measure: Measure, compiled: Run) -> Measure:
    failed = next(report for report in compiled.reports if report.failed)
    crash = getattr(failed.longrepr, "reprcrash", None)
    message = (crash.message if crash else failed.longreprtext).partition("\n")[0]
    return dataclasses.replace(measure, status=Status.NOT_REPEATABLE, note=message[:NOTE_CHARACTERS])
