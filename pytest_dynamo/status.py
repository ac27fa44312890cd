"""How a test's compiled run ended: every wording of the report's "compiled" column."""

from __future__ import annotations

import enum


class Status(enum.Enum):
    """One row an ending; the value is what people read, the name in small letters what programs read.

    The order is the order of the total row.
    """

    FAILED = "failed compiled"
    """Passed in eager and failed under the compiler: the test fails."""
    FELL_BACK = "fell back"
    """An error of the compiler or of a backend left a frame in eager."""
    RECOMPILE_LIMIT = "recompile limit"
    """A frame had too many compiled versions and runs in eager from then on."""
    BROKEN = "graph breaks"
    """Compiled in pieces."""
    COMPILED = "compiled"
    """Every captured frame is one graph."""
    CACHED = "compiled (cached)"
    """Served by code that an earlier test had compiled."""
    NOTHING = "nothing compiled"
    """The run met nothing that the compiler captures."""
    SKIPPED_COMPILED = "skipped compiled"
    """Passed in eager and skipped (or xfailed) itself under the compiler."""
    NOT_REPEATABLE = "not repeatable"
    """Failed under the compiler, and failed as well when repeated in eager: the first eager run stands."""
    NOT_COMPILED = "not compiled"
    """Run once, as without the plugin; a note says why."""
    EAGER_FAILED = "eager failed"
    """Failed without the compiler, so there was no compiled run."""
    SKIPPED = "skipped"
    """Skipped without the compiler, so there was no compiled run."""
    XFAILED = "xfailed"
    """Failed as expected without the compiler, so there was no compiled run."""
    XPASSED = "xpassed"
    """Passed although expected to fail, so there was no compiled run."""
    INTERRUPTED = "interrupted"
    """The session ended while this test ran."""

    @property
    def key(self) -> str:
        """The name in the JSON report."""
        return self.name.lower()


WITHOUT_COMPILED_RUN = {
    "failed": Status.EAGER_FAILED,
    "error": Status.EAGER_FAILED,
    "skipped": Status.SKIPPED,
    "xfailed": Status.XFAILED,
    "xpassed": Status.XPASSED,
}
"""What an eager outcome other than ``passed`` makes of a test."""
