"""Expands the grammar into programs."""

from __future__ import annotations

import dataclasses
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from hypothesis import strategies as st

from tests.fuzz import grammar
from tests.fuzz.grammar.core import classes
from tests.fuzz.grammar.production import HOLE, Production
from tests.fuzz.grammar.words import LITERALS

T = TypeVar("T")

MAX_DEPTH = 3
"""Nesting of expressions, and of blocks."""

MAX_CALLS = 300
"""Statements that one call of a function may run, estimated."""

LOOP_ROUNDS = 4

MAX_FAMILIES = 4
"""Families of productions that one program is made of, beside the core."""

IMPORTS = """
import collections, contextlib, copy, dataclasses, enum, functools, io, itertools, math, operator, random, re
import statistics, string, sys, textwrap, typing
import torch
import torch.nn.functional as F
import torch.utils.checkpoint

COUNT = 3
FACTOR = 1.5
LOG = []
HELD = []
LIMITS = {"low": 1}
WEIGHT = torch.tensor(0.75)
"""

MAIN = """
def main(x, y, n, rate=0.5, *extra, word="w", numbers, tensors, table, box, pair, gain, flag=True):
    <declared>
    <block>
    return <result>
"""

INPUTS = """
def inputs(variant):
    rows, columns = (4, 5) if variant == 2 else (2, 3)
    x = torch.arange(rows * columns, dtype=torch.float32).view(rows, columns).sub(2.5).div(3)
    y = <alias>
    numbers = [3, -1, 4] if variant != 3 else [5, 9, 2, 6]
    box = <cls>(torch.cos(x), 5 + variant)
    x.requires_grad_(<grad>)
    keywords = {
        "word": "w" if variant != 3 else "other",
        "numbers": numbers,
        "tensors": [<first>, torch.tanh(x)],
        "table": {"a": 1, "key": 2} if variant != 3 else {"b": 7, "a": 0},
        "box": box,
        "pair": (variant, torch.exp(x)),
        "gain": torch.tensor(1.25),
        "flag": variant != 3,
    }
    return (x, y, 2 if variant != 1 else 7, 0.25 if variant != 1 else -1.5), keywords
"""

INPUT_CHOICES = {
    "alias": ("torch.cos(x)", "x", "x.view(rows, columns)", "x.detach()", "torch.sin(x).t().contiguous().t()", "x * 2"),
    "cls": ("Base", "Derived"),
    "grad": ("False", "False", "True"),
    "first": ("torch.sin(x)", "y", "box.value"),
}

VARIABLES = {
    "tensor": ["x", "y"],
    "int": ["n"],
    "float": ["rate"],
    "str": ["word"],
    "bool": ["flag"],
    "ints": ["numbers"],
    "tensors": ["tensors"],
    "table": ["table"],
    "box": ["box"],
    "pair": ["pair"],
    "scalar": ["gain"],
}
"""Parameters of ``main`` by kind."""

GLOBALS = {"COUNT": "int", "FACTOR": "float"}


@dataclasses.dataclass(frozen=True)
class Program:
    """A generated module: ``main(...)``, and ``inputs(variant)`` for its ``(args, kwargs)``."""

    source: str
    calls: tuple[int, ...] = (0, 0, 1, 2, 3, 0)
    """The variants of the inputs, in the order in which the calls are made."""

    def __str__(self) -> str:
        return self.source


@dataclasses.dataclass
class Scope:
    """Names that a place in the program can read, those it can assign, and what surrounds it."""

    readable: dict[str, list[str]]
    assignable: dict[str, list[str]]
    in_loop: bool = False
    in_try: bool = False
    in_method: bool = False
    depth: int = 0

    def inner(self, **changes: bool) -> Scope:
        copied = dataclasses.replace(
            self,
            readable={kind: list(names) for kind, names in self.readable.items()},
            assignable={kind: list(names) for kind, names in self.assignable.items()},
        )
        return dataclasses.replace(copied, **changes)

    def add(self, kind: str, name: str, *, assignable: bool = True) -> None:
        self.readable.setdefault(kind, []).append(name)
        if assignable:
            self.assignable.setdefault(kind, []).append(name)


class Generator:
    """Writes one program; every choice is drawn, so that hypothesis can shrink it."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw
        self._names = 0
        self._budget = 0
        self._multiplier = 1
        self._cost = 0
        self._costs: dict[str, int] = {}
        self._scope = Scope({}, {})
        self._expression_depth = 0
        self._table = grammar.table(())

    def program(self) -> Program:
        families = len(grammar.FAMILIES)
        self._table = grammar.table(tuple(self._number(0, families - 1) for _ in range(self._number(0, MAX_FAMILIES))))
        head = self._class()
        helpers = [self._helper() for _ in range(self._number(0, 2))]
        module_functions = self._scope
        self._scope = module_functions.inner()
        for kind, names in VARIABLES.items():
            for name in names:
                self._scope.add(kind, name)
        statements = self._number(1, 14)
        self._budget = 3 * statements
        declared = self._declare_globals()
        block = self._block(statements, at_least=statements)
        main = _fill(MAIN, {"declared": declared, "block": block, "result": self._result()})
        choices = {key: self._choose(options) for key, options in INPUT_CHOICES.items()}
        body = "\n".join([head, *helpers, main, _fill(INPUTS, choices)])
        source = "\n".join([IMPORTS, *_used_prelude(body), body])
        return Program(re.sub(r"\n{3,}", "\n\n\n", source).strip() + "\n")

    def _class(self) -> str:
        self._budget = 2
        head = self._choose(classes.CLASSES)
        methods = self._expand(Production(1, classes.METHODS))
        call = "" if "Module" in head else classes.CALL_METHOD
        derived = self._expand(Production(1, classes.DERIVED))
        return head.rstrip() + "\n" + methods.rstrip("\n") + "\n" + call + "\n" + derived

    def _helper(self) -> str:
        self._budget = self._number(1, 5)
        return self._expand(Production(1, "\ndef <def:func>(t, k=<digit>):\n    <body:func>\n"))

    def _result(self) -> str:
        kinds = sorted(kind for kind in self._scope.readable if kind not in {"error", "func"})
        names = [self._choose(self._scope.readable[self._choose(kinds)]) for _ in range(self._number(0, 4))]
        everything = [self._expression("tensor"), *names]
        shape = self._choose(("({},)", "[{}]", "{{'r': ({},)}}"))
        return shape.format(", ".join(everything))

    # choices

    def _number(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def _choose(self, options: Sequence[T]) -> T:
        return options[self._number(0, len(options) - 1)]

    def _pick(self, rows: Sequence[Production]) -> Production:
        at = self._number(0, sum(row.weight for row in rows) - 1)
        for row in rows:
            at -= row.weight
            if at < 0:
                return row
        raise AssertionError("weights are positive")

    # statements

    def _block(self, at_most: int, at_least: int = 1) -> str:
        """Statements of one block, in a scope of their own."""
        with self._nested(depth=self._scope.depth + 1):
            lines = [self._statement() for _ in range(self._number(at_least, at_most))]
        return "\n".join(lines)

    def _statement(self) -> str:
        self._budget -= 1
        self._cost += self._multiplier
        may_nest = self._budget > 0 and self._scope.depth <= MAX_DEPTH
        rows = [row for row in self._table.statements if (may_nest or not row.nests) and self._available(row)]
        return self._expand(self._pick(rows))

    def _body(self, kind: str) -> str:
        """The statements of a function; what it can assign are its own names and some nonlocals."""
        outer, multiplier = self._scope, self._multiplier
        with self._nested(in_loop=False, in_try=False, in_method=kind == "method" or outer.in_method):
            self._multiplier = 1
            declared = [self._declare_nonlocals(outer) if outer.assignable else "", self._declare_globals()]
            self._scope.add("tensor", "t")
            self._scope.add("int", "k")
            if kind == "method":
                self._scope.add("box", "self", assignable=False)
            block = self._block(3)
            returned = f"return {self._expression('tensor')}"
        self._multiplier = multiplier
        return "\n".join([line for line in declared if line] + [block, returned])

    def _declare_nonlocals(self, outer: Scope) -> str:
        self._scope.assignable = {}
        names = sorted(
            {(name, kind) for kind, names in outer.assignable.items() for name in names}
            - {("t", "tensor"), ("k", "int")}
        )
        names = [(name, kind) for name, kind in names if name not in GLOBALS]
        if not names or self._number(0, 2) == 0:
            return ""
        name, kind = self._choose(names)
        self._scope.assignable[kind] = [name]
        return f"nonlocal {name}"

    def _declare_globals(self) -> str:
        if self._number(0, 3) == 0:
            name = self._choose(tuple(GLOBALS))
            self._scope.assignable.setdefault(GLOBALS[name], []).append(name)
            return f"global {name}"
        return ""

    @contextmanager
    def _nested(self, **changes: int) -> Iterator[None]:
        outer, self._scope = self._scope, self._scope.inner(**changes)
        try:
            yield
        finally:
            self._scope = outer

    # expressions

    def _expression(self, kind: str) -> str:
        if kind in LITERALS:
            return self._choose(LITERALS[kind])
        rows = [row for row in self._table.expressions[kind] if self._available(row)]
        if self._expression_depth >= MAX_DEPTH:
            rows = [row for row in rows if row.is_leaf] or rows[:1]
        self._expression_depth += 1
        try:
            return self._expand(self._pick(rows))
        finally:
            self._expression_depth -= 1

    # templates

    def _available(self, row: Production) -> bool:
        scope = self._scope
        where = {"any": True, "loop": scope.in_loop, "try": scope.in_try, "outside": not scope.in_method}
        return where[row.where] and all(self._variables(role, kind) for role, kind in row.needs)

    def _variables(self, role: str, kind: str) -> list[str]:
        names = (self._scope.readable if role == "var" else self._scope.assignable).get(kind, [])
        if kind == "func":
            return [name for name in names if self._multiplier * self._costs.get(name, 1) <= MAX_CALLS]
        return names

    def _expand(self, row: Production) -> str:
        expansion = _Expansion(self._scope, self._cost)
        if not row.nests and any(hole["role"] == "bind" for hole in HOLE.finditer(row.template)):
            with self._nested(), self._repeated():
                text = self._expand_holes(row, expansion)
        else:
            text = self._expand_holes(row, expansion)
        for kind, name, assignable in expansion.after:
            self._costs[name] = self._cost - expansion.cost + 1
            expansion.scope.add(kind, name, assignable=assignable)
        return text

    def _expand_holes(self, row: Production, expansion: _Expansion) -> str:
        text, at = "", 0
        for hole in HOLE.finditer(row.template):
            text += row.template[at : hole.start()]
            at = hole.end()
            filled = self._fill_hole(hole, row, expansion)
            indent = len(text) - (text.rfind("\n") + 1)
            text += textwrap.indent(filled, " " * indent).lstrip(" ") if "\n" in filled else filled
        return text + row.template[at:]

    def _fill_hole(self, hole: re.Match[str], row: Production, expansion: _Expansion) -> str:
        label, role, kind = hole["label"], hole["role"], hole["kind"]
        if role is None and kind in expansion.labels:
            return expansion.labels[kind]
        if role == "bind":
            self._scope.add(kind, label, assignable=False)
            expansion.labels[label] = label
            return ""
        if role == "body":
            return self._body(kind)
        if kind in {"block", "loop"}:
            return self._fill_block(row, expansion, is_loop=kind == "loop")
        if role == "temp":
            text = self._fresh()
        elif role in {"new", "count", "def"}:
            text = self._fresh()
            visible = expansion.inside if row.nests and role != "def" else expansion.after
            visible.append((kind, text, role == "new"))
        elif role is not None:
            names = self._variables(role, kind)
            text = self._choose(names)
            self._cost += self._multiplier * self._costs.get(text, 0)
        else:
            text = self._expression(kind)
        if label:
            expansion.labels[label] = text
        return text

    def _fill_block(self, row: Production, expansion: _Expansion, *, is_loop: bool) -> str:
        guarded = row.template.startswith("try") or "Swallow" in row.template or "suppress" in row.template
        with self._nested(in_loop=self._scope.in_loop or is_loop, in_try=self._scope.in_try or guarded):
            for kind, name, assignable in expansion.inside:
                self._scope.add(kind, name, assignable=assignable)
            if not is_loop:
                return self._block(3)
            with self._repeated():
                return self._block(4)

    @contextmanager
    def _repeated(self) -> Iterator[None]:
        self._multiplier *= LOOP_ROUNDS
        try:
            yield
        finally:
            self._multiplier //= LOOP_ROUNDS

    def _fresh(self) -> str:
        self._names += 1
        return f"v{self._names}"


@dataclasses.dataclass
class _Expansion:
    """What one template has declared so far."""

    scope: Scope
    cost: int
    labels: dict[str, str] = dataclasses.field(default_factory=dict)
    inside: list[tuple[str, str, bool]] = dataclasses.field(default_factory=list)
    after: list[tuple[str, str, bool]] = dataclasses.field(default_factory=list)


def _fill(template: str, texts: dict[str, str]) -> str:
    lines = []
    for line in template.split("\n"):
        if line.strip() in {f"<{name}>" for name in texts}:
            text = texts[line.strip()[1:-1]]
            if text:
                lines.append(textwrap.indent(text, line[: len(line) - len(line.lstrip())]))
            continue
        for name, text in texts.items():
            line = line.replace(f"<{name}>", text)
        lines.append(line)
    return "\n".join(lines)


def _used_prelude(body: str) -> list[str]:
    """The definitions that the program uses, and those that these use."""
    used: set[str] = set()
    while True:
        text = body + "".join(grammar.PRELUDE[name] for name in used)
        found = {name for name in grammar.PRELUDE if re.search(rf"\b{name}\b", text)}
        if found == used:
            return [text for name, text in grammar.PRELUDE.items() if name in used]
        used = found


@st.composite
def programs(draw: Callable[[st.SearchStrategy[int]], int]) -> Program:
    """Programs, small ones first."""
    return Generator(draw).program()
