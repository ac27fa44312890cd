"""The program's class."""

from __future__ import annotations

CLASSES: tuple[str, ...] = (
    """
class Base:
    SCALE = 2

    def __init__(self, value, count=0):
        self.value = value
        self.count = count
        self.items = [count]
""",
    """
class Base:
    SCALE = 3
    value: object = None

    def __init__(self, value, count=0):
        vars(self).update(value=value, items=[])
        self.count = count

    def __len__(self):
        return len(self.items)

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        if name.startswith("_") or name in ("value", "count", "items"):
            raise AttributeError(name)
        raise AttributeError(f"nothing called {name}")
""",
    """
@dataclasses.dataclass(eq=False)
class Base:
    SCALE: typing.ClassVar[int] = 2
    value: torch.Tensor
    count: int = 0
    items: list = dataclasses.field(default_factory=list)
""",
    """
class Base(torch.nn.Module):
    SCALE = 1

    def __init__(self, value, count=0):
        super().__init__()
        self.register_buffer("value", value.detach().clone())
        self.count = count
        self.items = []
        self.gain = torch.nn.Parameter(torch.full((1,), 0.5))

    def forward(self, t):
        self.count += 1
        return t * self.gain + self.count
""",
)
"""Heads of the program's class; `METHODS` follow."""

METHODS = """
    @property
    def twice(self):
        return self.count * 2

    def step(self, t, k=<digit>):
        <body:method>
"""

CALL_METHOD = """
    def __call__(self, t):
        return t + self.count
"""

DERIVED = """
class Derived(Base):
    def step(self, t, k=<digit>):
        self.count += <digit>
        return super().step(t, k) + <real>
"""
