"""torch's own database of operators, each called in eager and compiled.

``python -m tests.opinfo`` (or ``tox -e opinfo``) writes ``reports/opinfo.md`` and ``.json``; ``-m slow`` runs the same
as tests. Needs the package ``expecttest``, which torch's own test tools import.
"""
