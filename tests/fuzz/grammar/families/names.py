"""Unpacking, walrus, del and the scopes of names."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    statements=rows(
        (1, "<new:int>, *<new:ints>, <new:int> = <int>, <int>, *<ints>"),
        (1, "*<new:ints>, <new:int> = range(<count> + 1)"),
        (1, "[<new:int>, (<new:tensor>, *<new:tensors>)] = <int>, [<tensor>, *<tensors>]"),
        (1, "<a=var:ints>[:1], <var:box>.count = [<int>], len(<a>)"),
        (1, "<new:int>, <new:int> = <ints>", "try"),
        (1, "<new:ints> = [*<ints>, *range(<count>), <int>][:6]"),
        (1, "<new:ints> = [*{*<ints>, <int>}][:1]"),
        (1, "<new:table> = {**<table>, 'w': <int>, **<table>}"),
        (1, "print((*<ints>, <word>), *(<int>,), sep=<word>)"),
        (2, "if (<b=new:int> := <int>) > <digit>:\n    print(<b>)\n    <block>"),
        (
            1,
            "<new:ints> = [<b=temp:int> for q in <ints> if (<b> := q * 2) > <digit>]\nprint(<b> if <digit> else 0)",
            "try",
        ),
        (1, "<i=count:int> = 0\nwhile (<i> := <i> + 1) < <count>:\n    <loop>"),
        (1, "<a=temp:ints> = list(range(6))\ndel <a>[<count>:], <a>[0:0]\n<new:ints> = <a>"),
        (
            1,
            "<a=temp:ints> = list(range(6))\n<a>[::2] = <digit>, <digit>, <digit>\n<a>[1:3] = []\ndel <a>[::-2]\n<new:ints> = <a>",
        ),
        (1, "<a=temp:table> = <table> | {'q': 1}\ndel <a>['q']\n<new:table> = <a>"),
        (
            1,
            "<b=var:box>.extra = [<int>]\n<b>.extra[0] += <int>\n<b>.extra += [<digit>]\nprint(<b>.extra)\ndel <b>.extra",
        ),
        (
            1,
            "<a=temp:list>, <b=temp:list> = [[0] * 2 for _ in range(2)]\n<a>[0], <b>[<a>[0]] = <int>, <int>\n<new:ints> = <a> + <b>",
        ),
        (1, "<a=temp:list> = <b=temp:list> = []\n<a>.append(<tensor>)\n<new:tensors> = <b>"),
        (1, "def <g=temp:func>():\n    global FRESH\n    FRESH = <int>\n<g>()\nprint(FRESH)"),
        (
            1,
            "def <g=temp:func>():\n    global FRESH\n    FRESH = <tensor>\n    del FRESH\n<g>()\nprint('FRESH' in globals())",
        ),
        (1, "print(sorted(key for key in locals() if len(key) < 3))"),
        (1, "for <var:ints>[0] in range(<count>):\n    pass", "try"),
        (1, "<new:int> = <int> if <truth> else <int>\nassert <truth> or True\n..."),
        (1, "<i=temp:int> = <count>\nfor <i> in range(<i>):\n    <loop>\nprint(<i>)"),
        (1, "<a=temp:ints> = [[q, r] for q in range(<count>) for r in range(q) if q != r]\nprint(<a>)"),
        (1, "<new:ints> = [(lambda q=q: q + <digit>)() for q in range(<count>)]"),
    ),
)
