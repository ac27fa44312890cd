"""With statements, and what contextlib makes of them."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    statements=rows(
        (
            2,
            "with contextlib.ExitStack() as <s=temp:stack>:\n    <s>.enter_context(Span(<word>))\n    <s>.callback(LOG.append, <int>)\n    <block>",
        ),
        (
            1,
            "with contextlib.ExitStack() as <s=temp:stack>:\n    for <a=temp:int> in range(<count>):\n        <s>.enter_context(span(str(<a>)))\n    <s>.push(Swallow((ValueError, KeyError)))\n    <block>\n    if <truth>:\n        raise ValueError(<word>)",
        ),
        (1, "<s=temp:stack> = contextlib.ExitStack()\n<s>.callback(print, <int>)\nwith <s>.pop_all():\n    <block>"),
        (2, "with contextlib.nullcontext(<tensor>) as <new:tensor>:\n    <block>"),
        (1, "with contextlib.closing(Closable(<int>)) as <s=temp:obj>:\n    print(<s>.value)\n    <block>"),
        (
            2,
            "with Span(<str>) as <s=new:str>, Swallow((ValueError, Stop)), span(<word>):\n    <block>\n    raise Stop(<word>)",
        ),
        (
            2,
            "with Span('a'):\n    with Swallow(Exception):\n        with span('b'), torch.no_grad():\n            <block>\n        <block>",
        ),
        (1, "with (contextlib.nullcontext() if <truth> else torch.no_grad()):\n    <block>"),
        (1, "with contextlib.suppress(ValueError, KeyError):\n    <block>\n    raise KeyError(<word>)"),
        (2, "with doubled(<tensor>) as <new:tensor>:\n    <block>"),
        (1, "with guarded(<tensor>) as <new:tensor>:\n    <block>\n    raise Stop(<word>)"),
        (1, "@span(<word>)\ndef <g=temp:func>(t):\n    return t + <digit>\n<new:tensor> = <g>(<tensor>)"),
        (
            1,
            "for <new:int> in range(<count>):\n    with Span(<word>):\n        if <truth>:\n            continue\n        <loop>\n        if <truth>:\n            break",
        ),
        (1, "with Span(<word>):\n    if <truth>:\n        return <tensor>\n    <block>"),
        (1, "with contextlib.redirect_stdout(io.StringIO()) as <s=temp:obj>:\n    <block>\nprint(len(<s>.getvalue()))"),
        (1, "<s=temp:obj> = Span(<word>)\n<s>.__enter__()\n<s>.__exit__(None, None, None)"),
    ),
    prelude={
        "Closable": """
class Closable:
    def __init__(self, value):
        self.value = value

    def close(self):
        LOG.append(f"close {self.value}")
""",
        "doubled": """
@contextlib.contextmanager
def doubled(t):
    with Span("doubled"):
        yield t * 2
    LOG.append("after")
""",
        "guarded": """
@contextlib.contextmanager
def guarded(t):
    try:
        yield t
    except Stop as error:
        LOG.append(str(error))
""",
    },
)
