"""Operators of the program's own, and what answers to them."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "amount": rows(
            (2, "Amount(<int>)"),
            (4, "<var:amount>"),
            (1, "(<var:amount> + <var:amount>)"),
            (1, "(<int> + <var:amount>)"),
            (1, "(<var:amount> * <digit>)"),
            (1, "(<digit> * <var:amount>)"),
            (1, "(-<var:amount>)"),
            (1, "(<int> - <var:amount>)"),
            (1, "(<var:amount> % 5)"),
            (1, "max(<var:amount>, <var:amount>)"),
            (1, "sum([<var:amount>, <var:amount>], Amount(0))"),
            (1, "copy.copy(<var:amount>)"),
            (1, "copy.deepcopy(<var:amount>)"),
        ),
        "int": rows(
            (2, "<var:amount>.amount"),
            (1, "int(<var:amount>)"),
            (1, "len(<var:amount>)"),
            (1, "[10, 20, 30][<var:amount>]", "try"),
            (1, "<var:amount>[<digit>]"),
            (1, "operator.index(<var:amount>)"),
            (1, "<var:amount>(<int>)"),
        ),
        "bool": rows(
            (1, "(<var:amount> <compare> <amount>)"),
            (1, "(<int> in <var:amount>)"),
            (1, "(<var:amount> == <word>)"),
            (1, "(<var:amount> in [<amount>, <amount>])"),
            (1, "(<int> <compare> <var:amount>)"),
        ),
        "truth": rows((1, "<var:amount>")),
        "str": rows((1, "repr(<var:amount>)"), (1, 'f"{<var:amount>} {<var:amount>:>9}"')),
        "tensor": rows(
            (1, "(<var:amount> * <tensor>)"), (1, "(<tensor> * <var:amount>.amount)"), (1, "(<var:amount> @ <tensor>)")
        ),
        "ints": rows((1, "[q.amount for q in sorted([<amount>, <amount>, <amount>])]"), (1, "list(<var:amount>)")),
    },
    statements=rows(
        (3, "<new:amount> = <amount>"),
        (2, "<set:amount> += <int>"),
        (1, "<set:amount> -= <digit>"),
        (1, "<var:amount>[<digit>] = <int>"),
        (1, "del <var:amount>[<digit>]"),
        (1, "<var:amount>.amount += <int>"),
        (1, "print({<var:amount>: <int>}, <var:amount> <compare> <var:amount>)"),
        (1, "<var:amount> + <word>", "try"),
        (1, "print(divmod(<var:amount>, 3), round(<var:amount>), abs(<var:amount>))", "try"),
    ),
    prelude={
        "Amount": """
@functools.total_ordering
class Amount:
    def __init__(self, amount):
        self.amount = amount
        self.notes = {}

    def __repr__(self):
        return f"Amount({self.amount})"

    def __format__(self, spec):
        return format(self.amount, spec)

    def _other(self, other):
        return other.amount if isinstance(other, Amount) else other

    def __add__(self, other):
        if isinstance(other, str):
            return NotImplemented
        return type(self)(self.amount + self._other(other))

    __radd__ = __add__

    def __iadd__(self, other):
        self.amount += self._other(other)
        return self

    def __sub__(self, other):
        return type(self)(self.amount - self._other(other))

    def __rsub__(self, other):
        return type(self)(self._other(other) - self.amount)

    def __mul__(self, other):
        return type(self)(self.amount * other) if isinstance(other, int) else NotImplemented if isinstance(other, str) else other * self.amount

    __rmul__ = __mul__

    def __matmul__(self, other):
        return other + self.amount

    def __mod__(self, other):
        return type(self)(self.amount % other)

    def __neg__(self):
        return type(self)(-self.amount)

    def __eq__(self, other):
        return self.amount == self._other(other)

    def __lt__(self, other):
        return self.amount < self._other(other)

    def __hash__(self):
        return hash(self.amount)

    def __bool__(self):
        return self.amount > 0

    def __int__(self):
        return self.amount

    __index__ = __int__

    def __len__(self):
        return abs(self.amount) % 7

    def __contains__(self, other):
        return other == self.amount

    def __iter__(self):
        return iter(range(len(self)))

    def __getitem__(self, at):
        return self.notes.get(at, self.amount)

    def __setitem__(self, at, value):
        self.notes[at] = value

    def __delitem__(self, at):
        self.notes.pop(at, None)

    def __call__(self, other):
        return self.amount - other
""",
    },
)
