"""One row of the grammar, and the tables of a family."""

from __future__ import annotations

import dataclasses
import functools
import re

from tests.fuzz.grammar.words import LITERALS

HOLE = re.compile(r"<(?:(?P<label>[a-z])=)?(?:(?P<role>new|count|temp|var|set|def|bind|body):)?(?P<kind>\w+)>")


@dataclasses.dataclass(frozen=True)
class Production:
    """One row of the grammar.

    Attributes:
        weight: How often it is taken, against the other rows of its table.
        template: Its text, see the package's docstring.
        where: Where it may stand: ``any``, ``loop`` (inside a loop of this function),
            ``try`` (inside a try block), ``outside`` (of the methods of the program's class,
            which would otherwise call themselves).
    """

    weight: int
    template: str
    where: str = "any"

    @functools.cached_property
    def needs(self) -> frozenset[tuple[str, str]]:
        """The ``(role, kind)`` of the variables that must be in scope."""
        holes = list(HOLE.finditer(self.template))
        bound = {hole["kind"] for hole in holes if hole["role"] == "bind"}
        return frozenset(
            (hole["role"], hole["kind"])
            for hole in holes
            if hole["role"] in {"var", "set"} and hole["kind"] not in bound
        )

    @functools.cached_property
    def nests(self) -> bool:
        """Whether it holds blocks of statements."""
        return any(hole["role"] == "body" or hole["kind"] in {"block", "loop"} for hole in HOLE.finditer(self.template))

    @functools.cached_property
    def is_leaf(self) -> bool:
        """Whether it holds no further expression or block."""
        return all(
            hole["role"] in {"var", "set", "new", "count", "temp", "bind"}
            or hole["kind"] in LITERALS
            or len(hole["kind"]) == 1
            for hole in HOLE.finditer(self.template)
        )


def rows(*given: tuple[int, str] | tuple[int, str, str]) -> tuple[Production, ...]:
    return tuple(Production(row[0], row[1].strip("\n"), *row[2:]) for row in given)


@dataclasses.dataclass(frozen=True)
class Family:
    """Rows about one part of Python or torch.

    Attributes:
        expressions: Rows added to the tables of expressions; a new key is a new kind of value.
        statements: Rows added to the table of statements.
        prelude: Definitions that a program starts with when it uses their names.
    """

    expressions: dict[str, tuple[Production, ...]] = dataclasses.field(default_factory=dict)
    statements: tuple[Production, ...] = ()
    prelude: dict[str, str] = dataclasses.field(default_factory=dict)
