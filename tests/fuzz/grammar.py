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
``error`` (a caught exception).

What keeps programs short and terminating stands in the templates: loops run at most four
times, products of ints are taken modulo, strings and lists are cut where they could double.
The first production of a table is the simplest: failures shrink towards it.
"""

from __future__ import annotations

import dataclasses
import functools
import re

HOLE = re.compile(r"<(?:(?P<label>[a-z])=)?(?:(?P<role>new|count|temp|var|set|def|bind|body):)?(?P<kind>\w+)>")


@dataclasses.dataclass(frozen=True)
class Production:
    """One row of the grammar.

    Attributes:
        weight: How often it is taken, against the other rows of its table.
        template: Its text, see the module docstring.
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


def _rows(*rows: tuple[int, str] | tuple[int, str, str]) -> tuple[Production, ...]:
    return tuple(Production(row[0], row[1].strip("\n"), *row[2:]) for row in rows)


LITERALS: dict[str, tuple[str, ...]] = {
    "digit": ("0", "1", "2", "3", "4", "7", "-1", "-2"),
    "count": ("2", "1", "3", "4", "0"),
    "real": ("0.5", "1.0", "2.0", "-1.5", "0.0", "0.25", "1e-3"),
    "word": ("'a'", "'b'", "'key'", "''", "'Tensor'", "'x y'"),
    "truthvalue": ("True", "False"),
    "unary": ("sin", "cos", "relu", "tanh", "neg", "abs", "exp", "sigmoid", "clone", "square"),
    "inplace": ("add_", "mul_", "sub_"),
    "reduce": ("sum", "mean", "max", "min"),
    "exception": ("ValueError", "KeyError", "RuntimeError", "Stop", "TypeError"),
    "caught": (
        "ValueError",
        "Exception",
        "(KeyError, IndexError)",
        "Stop",
        "RuntimeError",
        "LookupError",
        "ArithmeticError",
    ),
    "compare": ("==", "!=", "<", "<=", ">", ">="),
    "dtype": ("torch.float32", "torch.float64", "torch.int64"),
}
"""Holes that stand for one of a few words."""


EXPRESSIONS: dict[str, tuple[Production, ...]] = {
    "tensor": _rows(
        (12, "<var:tensor>"),
        (4, "(<tensor> + <digit>)"),
        (4, "(<tensor> * <tensor>)"),
        (4, "(<tensor> - <scalar>)"),
        (3, "(<tensor> * <float>)"),
        (3, "(<tensor> + <int>)"),
        (3, "torch.<unary>(<tensor>)"),
        (3, "<tensor>.<unary>()"),
        (1, "-<tensor>"),
        (1, "(<tensor> / (<tensor>.abs() + 1))"),
        (1, "(<tensor> @ (<tensor>.t() @ <tensor>)).tanh()"),
        (1, "torch.where(<tensor> > <real>, <tensor>, <tensor>)"),
        (1, "torch.cat([<tensor>, <tensor>], dim=1)[:, : <var:tensor>.shape[1]]"),
        (1, "torch.stack([<tensor>, <tensor>]).sum(dim=0)"),
        (1, "torch.stack((<tensor>, <tensor>))[<int> % 2]"),
        (1, "<tensor>.reshape(-1).view(<var:tensor>.shape)"),
        (1, "<tensor>.t().contiguous().t()"),
        (1, "<tensor>.to(<dtype>).to(torch.float32)"),
        (1, "<tensor>.detach()"),
        (1, "<tensor>.clamp(min=<real>)"),
        (1, "<tensor>.sum(dim=0, keepdim=True).expand_as(<var:tensor>)"),
        (1, "torch.zeros_like(<tensor>)"),
        (1, "torch.ones(*<var:tensor>.shape)"),
        (1, "torch.arange(<var:tensor>.numel(), dtype=torch.float32).view_as(<var:tensor>)"),
        (1, "torch.full_like(<tensor>, <float>)"),
        (1, "<tensor>.flip(0)"),
        (1, "F.layer_norm(<tensor>, <var:tensor>.shape[1:])"),
        (1, "F.dropout(<tensor>, 0.5, training=False)"),
        (2, "(<tensor> if <truth> else <tensor>)"),
        (2, "<var:func>(<tensor>, <int>)"),
        (1, "<var:func>(k=<int>, t=<tensor>)"),
        (1, "<var:func>(*(<tensor>, <int>))"),
        (1, "<var:func>(**{'t': <tensor>, 'k': <int>})"),
        (1, "fold(<tensor>, <int> % 4)"),
        (1, "spread(<tensor>, <int>, *[<int>, <digit>], power=<digit>, extra=<int>)"),
        (1, "functools.reduce(lambda p, q: p + q, <var:tensors>, <tensor>)"),
        (1, "sum(<var:tensors>, start=<tensor>)"),
        (1, "<var:tensors>[<int> % len(<var:tensors>)]", "try"),
        (1, "<var:pair>[1]"),
        (2, "<var:box>.value"),
        (2, "<var:box>.step(<tensor>, <int>)", "outside"),
        (1, "<var:box>(<tensor>)", "outside"),
        (1, "getattr(<var:box>, 'value')"),
        (1, "(lambda q, /, r=<int>: q * r)(<tensor>)"),
        (1, "max([<tensor>, <tensor>], key=lambda q: float(q.sum()))"),
        (1, "next((q for q in <var:tensors> if q is not None), <tensor>)"),
        (1, "WEIGHT * <tensor>"),
    ),
    "scalar": _rows(
        (4, "<tensor>.<reduce>()"),
        (2, "<var:scalar>"),
        (1, "torch.tensor(<float>)"),
        (1, "(<scalar> + <scalar>)"),
        (1, "(<scalar> * <float>)"),
        (1, "<tensor>[0, <digit> % <var:tensor>.shape[1]]"),
        (1, "<tensor>[..., -1].mean()"),
        (1, "torch.nn.functional.mse_loss(<tensor>, <tensor>)"),
    ),
    "int": _rows(
        (4, "<digit>"),
        (8, "<var:int>"),
        (3, "(<int> + <int>)"),
        (2, "(<int> - <int>)"),
        (2, "(<int> * <int> % 101)"),
        (1, "(<int> // (abs(<int>) + 1))"),
        (1, "(<int> % 7)"),
        (1, "(<int> & <int>)"),
        (1, "(<int> ^ <digit>)"),
        (1, "-<int>"),
        (1, "~<int>"),
        (2, "<var:tensor>.shape[<digit> % 2]"),
        (1, "<var:tensor>.size(0)"),
        (1, "<var:tensor>.numel()"),
        (1, "<var:tensor>.dim()"),
        (1, "len(<var:ints>)"),
        (1, "len(<str>)"),
        (1, "len(<var:tensor>)"),
        (1, "sum(<ints>)"),
        (1, "max(<int>, <int>)"),
        (1, "min(<ints>, default=<int>)"),
        (1, "(<int> if <truth> else <int>)"),
        (1, "(<int> or <int>)"),
        (1, "(<int> and <int>)"),
        (1, "<var:ints>[-1]", "try"),
        (1, "<var:table>.get(<str>, <int>)"),
        (1, "<var:table>[<word>]", "try"),
        (1, "<var:table>.setdefault(<word>, <int>)"),
        (1, "<var:pair>[0]"),
        (2, "<var:box>.count"),
        (1, "<var:box>.twice"),
        (1, "type(<var:box>).SCALE"),
        (1, "int(torch.nan_to_num(<scalar>).clamp(-9, 9))"),
        (1, "int(torch.nan_to_num(<scalar>).tanh().item() * 10)"),
        (1, "ord((<str> or 'z')[0])"),
        (1, "int(<bool>)"),
        (1, "COUNT"),
        (1, "LIMITS['low']"),
        (1, "sum(steps(<count>))"),
        (1, "next(iter(<var:ints>), <int>)"),
        (1, "(lambda q: q + <int>)(<int>)"),
        (1, "<i=bind:int>sum(<int> for i in range(<count>))"),
    ),
    "float": _rows(
        (4, "<real>"),
        (5, "<var:float>"),
        (2, "(<float> + <int>)"),
        (2, "(<float> * <float>)"),
        (1, "(<int> / 3)"),
        (1, "float(<int>)"),
        (1, "math.tanh(<float>)"),
        (1, "abs(<float>)"),
        (1, "<tensor>.mean().item()"),
        (1, "math.sqrt(abs(<int>))"),
        (1, "FACTOR"),
    ),
    "str": _rows(
        (3, "<word>"),
        (4, "<var:str>"),
        (2, "(<str> + <str>)[:40]"),
        (2, 'f"{<var:int>}:{<word>!r:>5}"'),
        (1, 'f"{<var:float>:.3f}"'),
        (1, "str(<int>)"),
        (1, "<str>.upper()"),
        (1, "<str>[::-1]"),
        (1, "'-'.join([<str>, <str>])[:40]"),
        (1, "('%d/%s' % (<int>, <word>))"),
        (1, "'{} {k}'.format(<int>, k=<word>)"),
        (1, "repr(<var:ints>)[:40]"),
        (1, "type(<var:tensor>).__name__"),
        (1, "str(<var:tensor>.dtype)"),
        (1, "<var:box>.__class__.__name__"),
        (1, "','.join(sorted(<var:table>))[:40]"),
    ),
    "bool": _rows(
        (2, "<truthvalue>"),
        (2, "<var:bool>"),
        (4, "(<int> <compare> <int>)"),
        (1, "(<digit> < <int> <= <int>)"),
        (1, "(<float> > <real>)"),
        (1, "(<str> == <str>)"),
        (1, "(<word> in <var:table>)"),
        (1, "(<int> in <var:ints>)"),
        (1, "(<int> not in (1, 2, 3))"),
        (1, "(not <truth>)"),
        (1, "bool(<scalar> > <real>)"),
        (1, "isinstance(<var:box>, Base)"),
        (1, "hasattr(<var:box>, <word>)"),
        (1, "(<var:tensor> is <var:tensor>)"),
        (1, "(<var:ints> is not <var:ints>)"),
        (1, "any(q > <int> for q in <var:ints>)"),
        (1, "<var:tensor>.requires_grad"),
        (1, "torch.is_grad_enabled()"),
        (1, "<str>.startswith(<word>)"),
        (1, "(<var:tensor>.shape == <var:tensor>.shape)"),
        (1, "callable(<var:func>)"),
    ),
    "truth": _rows(
        (6, "<bool>"),
        (3, "<int>"),
        (3, "<scalar> > <real>"),
        (1, "(<tensor> > <real>).any()"),
        (1, "<var:ints>"),
        (1, "<var:table>"),
        (1, "<var:box>"),
        (1, "<str>"),
        (1, "(<bool> and <scalar> > <real>)"),
        (1, "(<bool> or <bool>)"),
        (1, "torch.equal(<tensor>, <tensor>)"),
    ),
    "ints": _rows(
        (3, "[<int>, <int>]"),
        (3, "<var:ints>"),
        (1, "[]"),
        (1, "list(range(<count>))"),
        (1, "[<int>, *<var:ints>[:3]]"),
        (1, "<ints>[1:4]"),
        (1, "(<ints> + <ints>)[:6]"),
        (1, "sorted(<ints>, reverse=<bool>)"),
        (1, "sorted(<var:ints>, key=lambda q: -q)"),
        (1, "list(<var:table>.values())[:5]"),
        (1, "list(<var:tensor>.shape)"),
        (1, "<i=bind:int>[<int> for i in <var:ints>[:4]]"),
        (1, "<i=bind:int>[i for i in range(<count>) if <bool>]"),
        (1, "<i=bind:int>[<int> for i in steps(<count>)]"),
        (1, "[q + r for q, r in zip(<var:ints>[:4], steps(3))]"),
        (1, "list(map(lambda q: q + 1, <var:ints>[:4]))"),
        (1, "list(filter(None, <var:ints>[:4]))"),
        (1, "[q * r for q, r in enumerate(<var:ints>[:4], start=<digit>)]"),
        (1, "list(itertools.chain(<ints>, (<int>,)))[:6]"),
        (1, "list(reversed(<ints>))"),
        (1, "list({q % 5: None for q in <ints>})"),
        (1, "sorted({<int>, <int>, *<ints>})[:5]"),
        (1, "<var:box>.items[:4]"),
        (1, "([<int>] * <count>)"),
    ),
    "tensors": _rows(
        (3, "[<tensor>, <tensor>]"),
        (2, "<var:tensors>"),
        (1, "<i=bind:int>[<tensor> for i in range(<count>)]"),
        (1, "<t=bind:tensor>[<tensor> for <t> in <var:tensors>[:3]]"),
        (1, "(<var:tensors> + [<tensor>])[:4]"),
        (1, "[<var:func>(q, k=r) for r, q in enumerate(<var:tensors>[:3])]"),
        (1, "list(torch.stack([<tensor>, <tensor>]).unbind(0))"),
        (1, "list(map(torch.sin, <var:tensors>[:3]))"),
    ),
    "table": _rows(
        (3, "{<word>: <int>, <word>: <int>}"),
        (2, "<var:table>"),
        (1, "dict(a=<int>, **{'z': <int>})"),
        (1, "{**<var:table>, <word>: <int>}"),
        (1, "(<var:table> | {<word>: <int>})"),
        (1, "<i=bind:int>{str(i): <int> for i in range(<count>)}"),
        (1, "{q: r + 1 for q, r in <var:table>.items()}"),
        (1, "dict(zip('abc', <ints>))"),
        (1, "dict(sorted(<var:table>.items()))"),
        (1, "<var:table>.copy()"),
    ),
    "pair": _rows(
        (3, "(<int>, <tensor>)"),
        (1, "<var:pair>"),
        (1, "tuple([<int>, <tensor>])"),
        (1, "Point(<int>, <tensor>)"),
        (1, "Point(second=<tensor>, first=<int>)._replace(first=<int>)"),
    ),
    "box": _rows(
        (4, "<var:box>"),
        (1, "Base(<tensor>, <int>)", "outside"),
        (1, "Derived(<tensor>, count=<int>)", "outside"),
        (1, "copy.copy(<var:box>)", "outside"),
    ),
    "func": _rows(
        (2, "<var:func>"),
        (2, "<t=bind:tensor><k=bind:int>lambda t, k=<digit>: <tensor>"),
        (1, "functools.partial(<var:func>, k=<int>)"),
    ),
}
"""How each kind of value can be written."""


STATEMENTS: tuple[Production, ...] = _rows(
    (8, "<new:tensor> = <tensor>"),
    (3, "<new:int> = <int>"),
    (1, "<new:float> = <float>"),
    (1, "<new:str> = <str>"),
    (1, "<new:bool> = <bool>"),
    (1, "<new:scalar> = <scalar>"),
    (2, "<new:ints> = <ints>"),
    (2, "<new:tensors> = <tensors>"),
    (2, "<new:table> = <table>"),
    (1, "<new:pair> = <pair>"),
    (2, "<new:box> = <box>"),
    (1, "<new:func> = <func>"),
    # assignment to what exists
    (6, "<set:tensor> = <tensor>"),
    (3, "<set:int> = <int>"),
    (1, "<set:str> = <str>"),
    (1, "<set:float> = <float>"),
    (1, "<set:ints> = <ints>"),
    (1, "<set:box> = <box>"),
    (3, "<set:int> += <int>"),
    (1, "<set:int> -= <int>"),
    (1, "<set:float> *= <real>"),
    (2, "<set:tensor> = <set:tensor> + <int>"),
    (1, "<set:tensor>, <set:int> = <tensor>, <int>"),
    (1, "<new:int>, <new:tensor> = <pair>"),
    (1, "<new:int>, *<new:ints> = [<int>, *<ints>]"),
    (1, "(<new:int>, (<new:tensor>, <new:str>)) = (<int>, [<tensor>, <str>])"),
    (1, "<a=set:int> = <new:int> = <int>"),
    (1, "<a=set:tensor>, <b=set:tensor> = <b>, <a>"),
    (1, "print(<b=new:int> := <int>)"),
    (1, "<new:int>: int = <int>"),
    # mutation of tensors
    (3, "<new:tensor> = <tensor>.clone().<inplace>(<float>)"),
    (2, "<var:tensor>.<inplace>(<int>)"),
    (1, "<set:tensor> += <tensor>"),
    (1, "<set:tensor> *= <float>"),
    (1, "<var:tensor>[0] = <scalar>"),
    (1, "<var:tensor>[:, 0] += <float>"),
    (1, "<var:tensor>.detach().zero_()"),
    (1, "<var:tensor>.view(-1)[0] = <float>"),
    # mutation of containers
    (3, "<var:ints>.append(<int>)"),
    (1, "<var:ints>.insert(0, <int>)"),
    (1, "<var:ints>.extend(<ints>[:3])"),
    (1, "<var:ints>[:] = <ints>"),
    (1, "<set:ints> += [<int>]"),
    (1, "<var:ints>.sort()"),
    (1, "<var:ints>.clear()"),
    (1, "<var:ints>[0] = <int>", "try"),
    (1, "<var:ints>[-1] += <int>", "try"),
    (1, "<new:int> = <var:ints>.pop()", "try"),
    (1, "del <var:ints>[:1]"),
    (2, "<var:tensors>.append(<tensor>)"),
    (1, "<var:tensors>[0] = <tensor>", "try"),
    (3, "<var:table>[<str>] = <int>"),
    (1, "<var:table>[<word>] += <int>", "try"),
    (1, "<var:table>.update(<table>)"),
    (1, "<var:table>.update(a=<int>)"),
    (1, "<new:int> = <var:table>.pop(<word>, <int>)"),
    (1, "del <var:table>[<word>]", "try"),
    (1, "<set:table> |= {<word>: <int>}"),
    # mutation of objects and globals
    (3, "<var:box>.count += <int>"),
    (2, "<var:box>.count = <int>"),
    (3, "<var:box>.value = <tensor>"),
    (1, "<var:box>.value += <digit>"),
    (2, "<var:box>.items.append(<int>)"),
    (1, "<var:box>.note = <str>"),
    (1, "setattr(<var:box>, 'count', <int>)"),
    (1, "<b=var:box>.extra = <int>\ndel <b>.extra"),
    (1, "del <var:box>.missing", "try"),
    (1, "<var:box>.__dict__['count'] = <int>"),
    (1, "LOG.append(<int>)"),
    (1, "LOG.append(<str>)"),
    (1, "LIMITS['low'] = <int>"),
    (1, "HELD.append(<tensor>)"),
    # output
    (2, "print(<str>, <int>)"),
    (1, "print(<var:tensor>.shape, sep='', end=';')"),
    (1, 'print(f"{<var:tensor>.sum():.4f} {<var:ints>}")'),
    (1, "print(*<ints>, <str>)"),
    # names that go
    (1, "<a=temp:tensor> = <tensor>\n<new:tensor> = <a> + <tensor>\ndel <a>"),
    (1, "<a=temp:int> = <int>\ndel <a>\nprint(<a>)", "try"),
    # calls for their effects
    (1, "<var:box>.step(<tensor>, k=<int>)", "outside"),
    (1, "<var:func>(<tensor>, <int>)"),
    (1, "assert <bool> or True, <str>"),
    (1, "assert (<tensor> == <tensor>).all(), <str>", "try"),
    # leaving
    (3, "if <truth>:\n    break", "loop"),
    (2, "if <truth>:\n    continue", "loop"),
    (1, "break", "loop"),
    (3, "raise <exception>(<str>)", "try"),
    (2, "if <truth>:\n    raise <exception>(<str>, <int>)", "try"),
    (1, "if <truth>:\n    raise <exception>(<word>)"),
    (1, "[<int>][<int>]", "try"),
    (1, "<int> // <int>", "try"),
    (1, "int(<str>)", "try"),
    (1, "<tensor> + torch.ones(5, 5, 5)[:, :, :3].expand(5, 5, 3)", "try"),
    (1, "<tensor>.no_such_method()", "try"),
    (1, "no_such_name", "try"),
    (1, "if <truth>:\n    return <tensor>"),
    # blocks
    (6, "if <truth>:\n    <block>"),
    (4, "if <truth>:\n    <block>\nelse:\n    <block>"),
    (2, "if <truth>:\n    <block>\nelif <truth>:\n    <block>\nelse:\n    <block>"),
    (4, "for <new:int> in range(<count>):\n    <loop>"),
    (2, "for <new:int> in <ints>[:4]:\n    <loop>\nelse:\n    <block>"),
    (2, "for <new:int>, <new:tensor> in enumerate(<tensors>[:3]):\n    <loop>"),
    (1, "for <new:str>, <new:int> in list(<var:table>.items())[:3]:\n    <loop>"),
    (1, "for <new:int>, <new:int> in zip(<ints>[:3], range(<count>)):\n    <loop>"),
    (1, "for <new:int> in steps(<count>):\n    <loop>"),
    (2, "<i=count:int> = <count>\nwhile <i> > 0:\n    <i> -= 1\n    <loop>"),
    (1, "<i=count:int> = 0\nwhile <truth>:\n    <i> += 1\n    if <i> > 3:\n        break\n    <loop>"),
    (4, "try:\n    <block>\nexcept <caught>:\n    <block>"),
    (2, "try:\n    <block>\nexcept <caught> as <e=new:error>:\n    <block>"),
    (
        1,
        "try:\n    <block>\nexcept <caught> as <e=new:error>:\n    LOG.append(str(<e>))\n    <block>\nfinally:\n    <block>",
    ),
    (2, "try:\n    <block>\nfinally:\n    <block>"),
    (
        1,
        "try:\n    <block>\nexcept <caught>:\n    <block>\nexcept Exception:\n    <block>\n    raise\nelse:\n    <block>",
    ),
    (1, "try:\n    <block>\nexcept <caught> as <e=new:error>:\n    raise Stop(<str>) from <e>", "try"),
    (
        1,
        "try:\n    <block>\n    raise ExceptionGroup('group', [ValueError(<str>), KeyError(<int>)])\nexcept* (ValueError, KeyError):\n    <set:int> += 1\nexcept* Exception:\n    print('other')",
    ),
    (3, "with torch.no_grad():\n    <block>"),
    (1, "with torch.enable_grad():\n    <block>"),
    (1, "with torch.set_grad_enabled(<bool>):\n    <block>"),
    (3, "with Span(<str>):\n    <block>"),
    (1, "with Span(<str>) as <s=new:str>, torch.no_grad():\n    <block>"),
    (2, "with Swallow(<caught>):\n    <block>"),
    (1, "with span(<str>) as <s=new:str>:\n    <block>"),
    (1, "with contextlib.suppress(<caught>):\n    <block>"),
    (
        1,
        "match <int> % 3:\n    case 0:\n        <block>\n    case 1 | 2 if <bool>:\n        <block>\n    case _:\n        <block>",
    ),
    (
        1,
        "match <table>:\n    case {'a': int(<i=new:int>), **rest}:\n        <block>\n    case {}:\n        print('no a')",
    ),
    (1, "match <ints>:\n    case []:\n        print('empty')\n    case [<i=new:int>, *_]:\n        <block>"),
    # nested functions
    (4, "def <def:func>(t, k=<digit>):\n    <body:func>"),
    (1, "def <def:func>(t, k=<digit>, *rest, scale=<real>, **extra):\n    <body:func>"),
)
"""What a block is made of."""


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
"""Definitions that a program starts with when it uses them."""


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
