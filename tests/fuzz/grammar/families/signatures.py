"""Parameters and arguments in every form, closures and recursion."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    statements=rows(
        (
            2,
            "def <g=temp:func>(t, /, k=<digit>, *rest, scale, shift=<real>, **extra):\n    print(rest, sorted(extra), shift)\n    return t * scale + k + sum(rest) + sum(extra.values())\n<new:tensor> = <g>(<tensor>, <int>, *<ints>, scale=<digit>, **<table>)",
        ),
        (
            1,
            "def <g=temp:func>(*args, **named):\n    return args[0] + len(args) + len(named)\n<new:tensor> = <g>(*[<tensor>, <int>], *<ints>[:2], **{'p': <int>}, **dict(q=<int>), r=<digit>)",
        ),
        (
            1,
            "def <g=temp:func>(t, k):\n    return t + k\n<new:tensor> = <g>(*(<tensor>,), **{'k': <int>})\nprint(<g>.__name__ and <g>.__code__.co_argcount)",
        ),
        (
            1,
            "def <g=temp:func>(t, *, k=<var:int>, seen=[]):\n    seen.append(k)\n    return t * len(seen)\n<new:tensor> = <g>(<tensor>)\n<new:tensor> = <g>(<tensor>, k=<int>)\nprint(<g>.__kwdefaults__)",
        ),
        (1, "def <g=temp:func>(t, k):\n    return t + k\n<g>(<tensor>)", "try"),
        (1, "def <g=temp:func>(t, *, k):\n    return t + k\n<g>(<tensor>, <int>, j=1)", "try"),
        (
            2,
            "<f=temp:list> = [lambda t, at=at: t + at for at in range(<count>)]\n<new:tensor> = sum((g(<tensor>) for g in <f>), start=<tensor>)",
        ),
        (
            1,
            "<f=temp:list> = []\nfor <a=temp:int> in range(<count>):\n    <f>.append(lambda t: t * <a>)\nprint('between')\n<new:tensors> = [g(<tensor>) for g in <f>]",
        ),
        (
            2,
            "def <g=temp:func>(start):\n    total = start\n    def add(more):\n        nonlocal total\n        total += more\n        return total\n    return add, lambda: total\n<a=temp:func>, <b=temp:func> = <g>(<int>)\n<a>(<int>)\nprint(<b>())\n<new:int> = <a>(<int>) + <b>()",
        ),
        (1, "def <g=temp:func>(k):\n    return 1 if k <= 1 else k * <g>(k - 1) % 101\n<new:int> = <g>(<count>)"),
        (
            1,
            "def <g=temp:func>(items):\n    return items + <digit> if isinstance(items, torch.Tensor) else [<g>(item) for item in items]\n<new:tensors> = <g>([<tensor>, <tensor>])",
        ),
        (
            1,
            "<a=temp:int> = <int>\n<g=temp:func> = lambda t: t + <a>\n<new:tensor> = <g>(<tensor>)\n<a> += 1\n<new:tensor> = <g>(<tensor>)\ndel <a>\nprint('gone')",
        ),
        (
            1,
            "def <g=temp:func>(t):\n    <g>.calls = getattr(<g>, 'calls', 0) + 1\n    return t * <g>.calls\n<g>(<tensor>)\n<new:tensor> = <g>(<tensor>)",
        ),
        (
            1,
            "<a=temp:func> = <var:box>.step\n<new:tensor> = <a>(<tensor>, k=<int>)\nprint(<a>.__name__, <a>.__self__ is <var:box>)",
            "outside",
        ),
        (1, "<new:func> = (lambda a: lambda t, k=a: t + k)(<int>)"),
        (
            1,
            "def <g=temp:func>(t, k: 'int' = 1) -> torch.Tensor:\n    'What it does.'\n    return t + k\nprint(<g>.__doc__, sorted(<g>.__annotations__))\n<g>.__defaults__ = (<int>,)\n<new:tensor> = <g>(<tensor>)",
        ),
        (
            1,
            "<a=temp:func> = (lambda f: (lambda g: g(g))(lambda g: f(lambda *a: g(g)(*a))))(lambda me: lambda k: 0 if k < 1 else k + me(k - 1))\n<new:int> = <a>(<count>)",
        ),
        (
            1,
            "if <truth>:\n    <a=temp:tensor> = <tensor>\nelse:\n    <a> = <tensor>\n<new:func> = lambda t, k=<digit>: t + <a>",
        ),
    ),
)
