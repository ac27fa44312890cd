"""Generators: what is sent, thrown and returned, and what is kept over a graph break."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "iter": rows(
            (2, "steps(<count>)"),
            (2, "relay(<count>, <digit>)"),
            (1, "(q * <digit> for q in <ints>)"),
            (1, "<i=bind:int>(<int> for i in range(<count>))"),
            (1, "(q for q in <ints> if q > <digit>)"),
            (1, "iter(<ints>)"),
            (1, "iter([<int>, <int>, <int>])"),
            (1, "iter(range(<count>))"),
            (1, "map(lambda q: q + <digit>, <ints>)"),
            (1, "filter(lambda q: q != <digit>, <ints>)"),
            (1, "reversed(<ints>)"),
            (1, "(q - r for q, r in zip(<ints>, steps(<count>)))"),
            (1, "(q for p in [<ints>, <ints>] for q in p)"),
            (1, "iter((<int>, <int>))"),
            (1, "<var:iter>"),
            (1, "iter(<var:table>.values())"),
        ),
        "int": rows(
            (3, "next(<var:iter>, <int>)"),
            (1, "sum(itertools.islice(<var:iter>, 3))"),
            (1, "int(<int> in itertools.islice(<var:iter>, 2))"),
            (1, "echo(<int>).send(None)"),
        ),
        "ints": rows(
            (2, "list(itertools.islice(<var:iter>, <count>))"),
            (1, "[q for q, _ in zip(<var:iter>, range(<count>))]"),
            (1, "list(relay(<count>, <int>))"),
            (1, "[q for q, _ in zip(range(<count>), <var:iter>)]"),
        ),
        "tensor": rows((1, "sum((<tensor> * q for q in steps(<count>)), start=<tensor>)")),
    },
    statements=rows(
        (6, "<new:iter> = <iter>"),
        (3, "print(next(<var:iter>, 'done'))"),
        (1, "<new:int> = next(<var:iter>)", "try"),
        (
            2,
            "<i=temp:iter> = echo(<int>)\nprint(next(<i>))\nprint(<i>.send(<int>))\n<new:int> = <i>.send(<int>)\n<i>.close()",
        ),
        (2, "<i=temp:iter> = echo(<int>)\nnext(<i>)\nprint(<i>.throw(ValueError(<word>)), next(<i>, 'over'))"),
        (
            1,
            "<i=temp:iter> = echo(<int>)\nnext(<i>)\nprint('between')\n<i>.send(<int>)\nprint('again')\n<i>.throw(<exception>(<word>))",
            "try",
        ),
        (2, "for <new:int> in itertools.islice(<var:iter>, 3):\n    <loop>"),
        (
            1,
            "for <new:int> in itertools.islice(<iter>, 4):\n    if <truth>:\n        break\n    print('round')\nelse:\n    <block>",
        ),
        (1, "for <a=temp:int>, <b=temp:int> in zip(range(3), <var:iter>):\n    print(<a>, <b>)\n    <loop>"),
        (1, "<i=temp:iter> = tally(<tensor>, <count>)\nfor <new:tensor> in <i>:\n    <loop>"),
        (
            1,
            "def <g=temp:gen>(limit):\n    for at in range(limit):\n        try:\n            yield at + <var:int>\n        finally:\n            LOG.append(at)\n    return limit\n<new:iter> = <g>(<count>)",
        ),
        (
            1,
            "<i=temp:iter> = ((q, <tensor> * q) for q in <ints>)\nfor <new:int>, <new:tensor> in <i>:\n    print('round')\n    <loop>",
        ),
        (
            1,
            "def <g=temp:gen>(limit):\n    got = yield from relay(limit, <digit>)\n    print('got', got)\n    yield got\n<new:ints> = list(<g>(<count>))",
        ),
    ),
    prelude={
        "relay": """
def relay(limit, extra):
    got = yield from steps(limit)
    yield extra
    return got
""",
        "echo": """
def echo(value):
    while value < 100:
        try:
            got = yield value
            value = value + got if got else 101
        except ValueError as error:
            value = len(str(error))
        except GeneratorExit:
            LOG.append("closed")
            raise
""",
        "tally": """
def tally(t, limit):
    for at in range(limit):
        t = t + at
        yield t
""",
    },
)
