"""The markers of the plugin: what they are called, what they take, what they say."""

from __future__ import annotations

import pytest

FULLGRAPH = "dynamo_fullgraph"
SKIP = "dynamo_skip"

MARKERS = {
    FULLGRAPH: f"{FULLGRAPH}: under --dynamo, fail the test where its graph breaks or nothing is captured.",
    SKIP: f"{SKIP}(reason): under --dynamo, run the test in eager only; the reason is shown in the report.",
}


def register(config: pytest.Config) -> None:
    """Make the markers known to ``--markers`` and ``--strict-markers``."""
    for text in MARKERS.values():
        config.addinivalue_line("markers", text)


def wants_fullgraph(item: pytest.Item) -> bool:
    """Whether the test promises to be captured as one graph."""
    return item.get_closest_marker(FULLGRAPH) is not None


def skip_reason(item: pytest.Item) -> str | None:
    """Why the test asks not to be compiled; ``None`` where it does not ask."""
    mark = item.get_closest_marker(SKIP)
    return None if mark is None else str(_reason(mark))


def check(item: pytest.Item) -> None:
    """Refuse a marker that is used wrongly; the file of the test is then not collected.

    Raises:
        pytest.Collector.CollectError: the message names the test and the right use.
    """
    for mark in item.iter_markers(SKIP):
        reason = _reason(mark)
        if not isinstance(reason, str) or not reason.strip():
            raise _bad_use(item, f'@pytest.mark.{SKIP} takes exactly one text: reason="why it runs in eager only"')
    for mark in item.iter_markers(FULLGRAPH):
        if mark.args or mark.kwargs:
            raise _bad_use(item, f"@pytest.mark.{FULLGRAPH} takes no arguments")


def _reason(mark: pytest.Mark) -> object:
    """The one argument, by position or by name; ``None`` where there is not exactly one."""
    given = [*mark.args, *mark.kwargs.values()]
    if len(given) != 1 or set(mark.kwargs) - {"reason"}:
        return None
    return given[0]


def _bad_use(item: pytest.Item, message: str) -> pytest.Collector.CollectError:
    return pytest.Collector.CollectError(f"{item.nodeid}: {message}")
