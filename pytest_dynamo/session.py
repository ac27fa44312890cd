"""The plugin of a session that runs under the compiler; registered only with ``--dynamo``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

import compiler
from compiler.options import closest
from pytest_dynamo import export, report, workers
from pytest_dynamo.measure import Measure
from pytest_dynamo.options import Options, prepare_report
from pytest_dynamo.runner import Runner
from pytest_dynamo.status import Status


class DynamoSession:
    """Hooks around the tests, and what was measured so far.

    Raises:
        pytest.UsageError: the backend is unknown, or the report cannot be written.
    """

    def __init__(self, config: pytest.Config, options: Options) -> None:
        _check_backend(options.backend)
        self._config = config
        self._options = options
        self._report = None if workers.is_worker(config) else options.report
        if self._report is not None:
            prepare_report(self._report)
        self._runner = Runner(options, _compile_with(options.backend), lambda: compiler.stats()["hits"])
        self._measures: list[Measure] = []

    def pytest_report_header(self) -> str:
        return f"dynamo: every test in eager, then compiled with backend {self._options.backend!r}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        try:
            self._measures.append(self._runner.run(item, nextitem))
        except BaseException:
            self._measures.append(Measure(nodeid=item.nodeid, eager="", status=Status.INTERRUPTED))
            raise
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._runner.hear(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        return ("", "", "") if getattr(report, "dynamo_repeated", False) else None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._measures += workers.receive(node)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if workers.is_worker(self._config):
            workers.send(self._config, self._measures)
        elif self._report is not None:
            export.write(self._report, self._options, self._measures, self._config.rootpath, int(exitstatus))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        report.write(terminalreporter, self._options, self._measures, self._config.rootpath)
        if self._report is not None:
            terminalreporter.write_line(f"dynamo: report written to {self._report}")


_RECOMPILE_LIMIT = 256
"""A suite calls one function with the arguments of many tests; past the limit they would silently test eager."""


def _check_backend(name: str) -> None:
    known = list(compiler.list_backends())
    if name not in known:
        raise pytest.UsageError(f"--dynamo-backend={name}: no such backend; there are: {closest(name, known)}")


def _compile_with(backend: str) -> Callable[..., Callable[..., Any]]:
    """One decorator for all tests, so that they share the compiled code of what they call."""

    @functools.cache
    def decorator(fullgraph: bool) -> Callable[..., Any]:
        made: Callable[..., Any] = compiler.optimize(
            backend=backend, fullgraph=fullgraph, recompile_limit=_RECOMPILE_LIMIT
        )
        return made

    def compile_function(function: Callable[..., Any], *, fullgraph: bool) -> Callable[..., Any]:
        compiled: Callable[..., Any] = decorator(fullgraph)(function)
        return compiled

    return compile_function
