"""Methods of builtin containers."""

from __future__ import annotations

from tests.compiler.agreement import agree


def test_sorting_pairs_looks_at_their_parts():
    def main(table):
        table.update(sorted(table.items(), reverse=True))
        return sorted((value, key) for key, value in table.items())

    agree(main, lambda: ({"b": 1, "a": 2},))
