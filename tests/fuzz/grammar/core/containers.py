"""How containers, objects and functions are written."""

from __future__ import annotations

from tests.fuzz.grammar.production import Production, rows

EXPRESSIONS: dict[str, tuple[Production, ...]] = {
    "ints": rows(
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
    "tensors": rows(
        (3, "[<tensor>, <tensor>]"),
        (2, "<var:tensors>"),
        (1, "<i=bind:int>[<tensor> for i in range(<count>)]"),
        (1, "<t=bind:tensor>[<tensor> for <t> in <var:tensors>[:3]]"),
        (1, "(<var:tensors> + [<tensor>])[:4]"),
        (1, "[<var:func>(q, k=r) for r, q in enumerate(<var:tensors>[:3])]"),
        (1, "list(torch.stack([<tensor>, <tensor>]).unbind(0))"),
        (1, "list(map(torch.sin, <var:tensors>[:3]))"),
    ),
    "table": rows(
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
    "pair": rows(
        (3, "(<int>, <tensor>)"),
        (1, "<var:pair>"),
        (1, "tuple([<int>, <tensor>])"),
        (1, "Point(<int>, <tensor>)"),
        (1, "Point(second=<tensor>, first=<int>)._replace(first=<int>)"),
    ),
    "box": rows(
        (4, "<var:box>"),
        (1, "Base(<tensor>, <int>)", "outside"),
        (1, "Derived(<tensor>, count=<int>)", "outside"),
        (1, "copy.copy(<var:box>)", "outside"),
    ),
    "func": rows(
        (2, "<var:func>"),
        (2, "<t=bind:tensor><k=bind:int>lambda t, k=<digit>: <tensor>"),
        (1, "functools.partial(<var:func>, k=<int>)"),
    ),
}
