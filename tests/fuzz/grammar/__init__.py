"""What generated programs are made of: tables of weighted productions.

A production is a template with holes. ``<kind>`` is an expression of a kind of value;
other holes name variables or nest statements:

======================  =====================================================================
``<var:kind>``          a variable in scope
``<set:kind>``          a variable in scope that this function may assign
``<new:kind>``          a new variable, visible in the following blocks or, where the
                        template has none, after the statement
``<count:kind>``        the same, but nothing else may assign it
``<temp:kind>``         a new name that only this template knows
``<def:kind>``          a new name that is visible after the statement only
``<x=bind:kind>``       writes nothing; makes ``x`` visible in the rest of the template
``<a=new:kind>, <a>``   a label (one letter), and a reference to what it stands for
``<block> <loop>``      statements; in a ``<loop>``, ``break`` and ``continue`` are allowed
``<body:func>``         statements of a function of ``t`` and ``k``, returning a tensor
``<body:method>``       the same, of a method
======================  =====================================================================

Kinds: ``tensor`` (always of the shape of the inputs), ``scalar`` (a tensor of no dimensions),
``int``, ``float``, ``str``, ``bool``, ``truth`` (anything an ``if`` takes, tensors included),
``ints`` and ``tensors`` (lists), ``table`` (dict of str to int), ``pair`` (int and tensor),
``box`` (an object of a generated class), ``func`` (callable on a tensor and an int),
``error`` (a caught exception). Families add kinds of their own: ``iter`` (an iterator of ints,
which may never end), ``bag`` (set of ints), ``queue`` (deque of ints), ``tally`` (Counter),
``amount`` (an object with operators), ``net`` (a module), ``dice`` (a ``torch.Generator``).

Every program may be made of what stands in ``core``; of ``families`` it takes a few, so that what
it takes meets often enough. A family is a file with a `Family`, named in `FAMILIES`.

What keeps programs short and terminating stands in the templates: loops run at most four
times, products of ints are taken modulo, strings and lists are cut where they could double,
and of an iterator only some items are asked for.
The first production of a table is the simplest: failures shrink towards it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable

from tests.fuzz.grammar.core import containers, control, prelude, scalars, statements, tensors
from tests.fuzz.grammar.families import (
    arithmetic,
    collection_types,
    contexts,
    exceptions,
    function_tools,
    generators,
    gradients,
    iteration_tools,
    local_classes,
    modules,
    names,
    operators,
    patterns,
    randomness,
    signatures,
    text,
    torch_modes,
    views,
)
from tests.fuzz.grammar.production import Family, Production

BOOST = 4
"""How much more often the rows of a chosen family are taken than their weights say."""

CORE = Family(
    {**tensors.EXPRESSIONS, **scalars.EXPRESSIONS, **containers.EXPRESSIONS},
    statements.STATEMENTS + control.STATEMENTS,
    prelude.PRELUDE,
)

FAMILIES: tuple[Family, ...] = tuple(
    module.FAMILY
    for module in (
        arithmetic,
        text,
        names,
        collection_types,
        patterns,
        signatures,
        function_tools,
        generators,
        iteration_tools,
        exceptions,
        contexts,
        local_classes,
        operators,
        views,
        torch_modes,
        gradients,
        modules,
        randomness,
    )
)

PRELUDE: dict[str, str] = {name: text for family in (CORE, *FAMILIES) for name, text in family.prelude.items()}


@functools.lru_cache(maxsize=512)
def table(chosen: tuple[int, ...]) -> Family:
    """The core, and the families with these numbers."""
    families = [FAMILIES[at] for at in sorted(set(chosen))]
    expressions = dict(CORE.expressions)
    for family in families:
        for kind, added in family.expressions.items():
            expressions[kind] = expressions.get(kind, ()) + tuple(_boosted(added))
    added_statements = (row for family in families for row in _boosted(family.statements))
    return Family(expressions, (*CORE.statements, *added_statements), PRELUDE)


def _boosted(rows: Iterable[Production]) -> Iterable[Production]:
    return (dataclasses.replace(row, weight=BOOST * row.weight) for row in rows)
