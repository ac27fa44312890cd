"""Classes made inside functions."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    statements=rows(
        (
            3,
            """
class <c=temp:cls>(Base):
    FACTOR = <digit>

    @property
    def level(self):
        return self.count + <var:int>

    @level.setter
    def level(self, value):
        self.count = value - 1

    @classmethod
    def make(cls, value):
        return cls(value, cls.FACTOR)

    @staticmethod
    def shift(t):
        return t + <real>

    def step(self, t, k=<digit>):
        return super().step(self.shift(t), k)
<b=new:box> = <c>.make(<tensor>)
<b>.level = <int>
<b>.level += <digit>
""",
            "outside",
        ),
        (
            2,
            """
class <c=temp:cls>:
    __slots__ = ("first", "second")

    def __init__(self, first, second):
        self.first, self.second = first, second

    def total(self):
        return self.first * <digit> + self.second
<p=temp:obj> = <c>(<int>, <int>)
<p>.first += <int>
print(hasattr(<p>, "third"), <p>.total())
del <p>.second
print(hasattr(<p>, "second"))
<new:int> = <p>.first
""",
        ),
        (
            2,
            """
class <c=temp:cls>:
    def __init__(self, amount):
        self.amount = amount

    def __add__(self, other):
        return type(self)(self.amount + getattr(other, "amount", other))

    def __rsub__(self, other):
        return other - self.amount

    def __bool__(self):
        return bool(self.amount > <digit>)

    def __call__(self, t, *, times=1):
        return t * self.amount * times
<p=temp:obj> = <c>(<int>) + <int> + <c>(<digit>)
print(<int> - <p>, bool(<p>))
<new:tensor> = <p>(<tensor>, times=<digit>)
""",
        ),
        (
            1,
            """
class <c=temp:cls>:
    def __init__(self, value):
        self.value = value

    def __getattr__(self, name):
        if name.startswith("plus"):
            return lambda t: t + self.value
        raise AttributeError(name)
<new:tensor> = <c>(<int>).plus_it(<tensor>)
print(getattr(<c>(<int>), "minus", None), hasattr(<c>(1), "plus"))
""",
        ),
        (
            1,
            """
class <c=temp:cls>:
    level = Bounded(0, <digit>)

    def __init__(self, level):
        self.level = level
<p=temp:obj> = <c>(<int>)
<p>.level += <int>
<new:int> = <p>.level
print(<p>.__dict__, <c>.__dict__["level"].name)
""",
        ),
        (
            1,
            """
@dataclasses.dataclass
class <c=temp:cls>:
    left: torch.Tensor
    size: int = <digit>
    rest: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.rest.append(self.size)
<p=temp:obj> = <c>(<tensor>, size=<int>)
<p>.rest.append(<int>)
<q=temp:obj> = dataclasses.replace(<p>, size=<int>)
<new:tensor> = <p>.left * <q>.size
<new:ints> = <q>.rest[:4]
""",
        ),
        (
            1,
            """
class <c=temp:cls>:
    def __init__(self, limit):
        self.limit = limit

    def __iter__(self):
        for at in range(self.limit):
            yield at * <digit>

    def __len__(self):
        return self.limit

    def __contains__(self, other):
        return other in (1, 2)

    def __getitem__(self, at):
        return (at, self.limit)
<p=temp:obj> = <c>(<count>)
print(len(<p>), <int> in <p>, <p>[<int>], <p>[1:2], [*<p>])
<new:ints> = list(<p>)
""",
        ),
        (
            1,
            """
class <c=temp:cls>:
    def __enter__(self):
        LOG.append("in")
        return <var:int>

    def __exit__(self, *error):
        LOG.append("out")
        return <truthvalue>
with <c>() as <i=new:int>:
    <block>
""",
        ),
        (
            1,
            """
class <c=temp:cls>(Amount):
    made = []

    def __init_subclass__(cls, **named):
        cls.named = named

    def __class_getitem__(cls, item):
        return (cls.__name__, item)

    def __init__(self, amount):
        super().__init__(amount)
        self.made.append(amount)
class <d=temp:cls>(<c>, word=<word>):
    pass
<d>(<int>)
print(<d>.named, <c>[<int>], <d>.made, issubclass(<d>, Amount), [base.__name__ for base in <d>.__mro__][1:])
""",
        ),
        (
            1,
            """
<c=temp:cls> = type("Made", (Amount,), {"twice": lambda self: self.amount * 2})
<new:int> = <c>(<int>).twice()
""",
        ),
        (
            1,
            "<p=temp:obj> = collections.namedtuple('Trio', 'a b c', defaults=(<digit>,))(<int>, <tensor>)\n<new:tensor> = <p>.b * <p>._replace(a=<int>).a\nprint(<p>._fields, <p>.c)",
        ),
    ),
    prelude={
        "Bounded": """
class Bounded:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, owned, owner=None):
        return self if owned is None else getattr(owned, self.name)

    def __set__(self, owned, value):
        setattr(owned, self.name, min(max(value, self.low), self.high))
""",
    },
)
