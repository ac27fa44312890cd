"""Definitions that a program starts with when it uses them."""

from __future__ import annotations

PRELUDE: dict[str, str] = {
    "Stop": '''
class Stop(Exception):
    """An exception of the program's own."""
''',
    "Point": """
class Point(typing.NamedTuple):
    first: int
    second: torch.Tensor
""",
    "Span": """
class Span:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        LOG.append(f"enter {self.name}")
        return self.name

    def __exit__(self, kind, error, traceback):
        LOG.append(f"exit {self.name} {kind and kind.__name__}")
        return False
""",
    "Swallow": """
class Swallow:
    def __init__(self, kinds):
        self.kinds = kinds

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        return kind is not None and issubclass(kind, self.kinds)
""",
    "span": """
@contextlib.contextmanager
def span(name):
    LOG.append(f"begin {name}")
    try:
        yield name + "!"
    finally:
        LOG.append(f"end {name}")
""",
    "fold": """
def fold(t, k):
    return t if k <= 0 else fold(t * 0.5 + k, k - 1)
""",
    "spread": """
def spread(t, *numbers, power=1, **named):
    for number in numbers:
        t = t + number
    return t * power + len(named)
""",
    "steps": """
def steps(limit):
    for step in range(limit):
        got = yield step * 2
        if got:
            LOG.append(got)
""",
}
