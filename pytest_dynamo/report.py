"""The report in the terminal: the table, then what broke, recompiled, was skipped or fell back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from tabulate import tabulate

from pytest_dynamo import findings
from pytest_dynamo.columns import COLUMNS
from pytest_dynamo.findings import BREAKS, FALLBACKS, SKIPPED, Finding, Recompile, Section
from pytest_dynamo.measure import Measure
from pytest_dynamo.options import Options

ROWS_OF_TESTS = 40
"""More tests than this are shown as one row a file, unless pytest is verbose."""


def write(terminal: pytest.TerminalReporter, options: Options, measures: Sequence[Measure], root: Path) -> None:
    """Print all of the report; nothing where no test ran."""
    if not measures:
        return
    terminal.section(f"dynamo: backend {options.backend!r}")
    terminal.write_line(table(measures, each_test=terminal.verbosity > 0 or len(measures) <= ROWS_OF_TESTS))
    _write_section(terminal, BREAKS, measures, root)
    _write_recompiles(terminal, measures, root)
    _write_section(terminal, SKIPPED, measures, root)
    _write_section(terminal, FALLBACKS, measures, root)


def table(measures: Sequence[Measure], *, each_test: bool) -> str:
    """One row a test or one row a file, and the total row where there are several."""
    rows = _test_rows(measures) if each_test else _file_rows(measures)
    headers = ["test" if each_test else "file", *(column.header for column in COLUMNS)]
    align = ["left", "left", "left", *["right"] * (len(COLUMNS) - 2)]
    if len(rows) > 1:
        rows.append(_total_row(f"total ({_tests(len(measures))})", measures))
    return tabulate(rows, headers=headers, tablefmt="simple", colalign=align, disable_numparse=True)


def _test_rows(measures: Iterable[Measure]) -> list[list[str]]:
    return [[measure.nodeid, *(column.show(column.of(measure)) for column in COLUMNS)] for measure in measures]


def _file_rows(measures: Iterable[Measure]) -> list[list[str]]:
    files: dict[str, list[Measure]] = {}
    for measure in measures:
        files.setdefault(measure.file, []).append(measure)
    return [_total_row(f"{file} ({_tests(len(inside))})", inside) for file, inside in files.items()]


def _total_row(label: str, measures: Sequence[Measure]) -> list[str]:
    return [label, *(column.show(column.total(measures)) for column in COLUMNS)]


def _tests(number: int) -> str:
    return "1 test" if number == 1 else f"{number} tests"


def _write_section(
    terminal: pytest.TerminalReporter, section: Section, measures: Sequence[Measure], root: Path
) -> None:
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings.collect(section, measures, root):
        groups.setdefault((finding.kind, finding.explanation, finding.hints), []).append(finding)
    if groups:
        terminal.write_sep("-", f"dynamo: {section.heading}")
    for group in sorted(groups.values(), key=_met, reverse=True):
        terminal.write_line("\n".join(_lines(group, section.hint)))


def _met(group: Sequence[Finding]) -> int:
    return sum(finding.count for finding in group)


def _lines(group: Sequence[Finding], section_hint: str) -> list[str]:
    """One kind of reason, what can be done about it, and where it was met."""
    kind = group[0]
    hints = [*kind.hints, *([section_hint] if section_hint else [])]
    lines = [f"{_met(group)} x {kind.kind}", f"    {kind.explanation}", *(f"    hint: {hint}" for hint in hints)]
    for finding in group:
        lines += _met_at(finding) if len(finding.places) == 1 else _met_at_several(finding)
    return lines


def _met_at(finding: Finding) -> list[str]:
    place = f"{finding.file}:{finding.line} in {finding.function}"
    context = f": {finding.context}" if finding.context else ""
    source = [f"        {finding.source_line}"] if finding.source_line else []
    return [f"    {finding.count} x {place}{context} ({_tests(finding.tests)})", *source]


PLACES = 3
"""So many places are shown for a reason that is not told apart by line; the JSON report has them all."""


def _met_at_several(finding: Finding) -> list[str]:
    lines = [f"    {place.count} x {place.file}:{place.line} in {place.function}" for place in finding.places[:PLACES]]
    further = len(finding.places) - PLACES
    if further > 0:
        lines.append(f"    {sum(place.count for place in finding.places[PLACES:])} x at {further} further places")
    return [*lines, f"    in {_tests(finding.tests)}"]


REASONS_OF_RECOMPILES = 5
"""So many reasons are shown for one function; the JSON report has them all."""


def _write_recompiles(terminal: pytest.TerminalReporter, measures: Sequence[Measure], root: Path) -> None:
    groups: dict[tuple[str, int, str], list[Recompile]] = {}
    for one in findings.recompiles(measures, root):
        groups.setdefault((one.file, one.line, one.function), []).append(one)
    if groups:
        terminal.write_sep("-", "dynamo: recompiles")
    for (file, line, function), group in sorted(groups.items(), key=lambda item: -item[1][0].recompiles):
        terminal.write_line(f"{group[0].recompiles} x {file}:{line} in {function}")
        for one in group[:REASONS_OF_RECOMPILES]:
            terminal.write_line(f"    {one.count} x {one.why}")
        if len(group) > REASONS_OF_RECOMPILES:
            terminal.write_line(f"    {len(group) - REASONS_OF_RECOMPILES} further reasons")
