"""Statements that leave a block, and those made of blocks."""

from __future__ import annotations

from tests.fuzz.grammar.production import Production, rows

STATEMENTS: tuple[Production, ...] = rows(
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
