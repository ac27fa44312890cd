"""functools and operator."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "int": rows(
            (1, "functools.reduce(operator.add, <ints>, <int>)"),
            (1, "functools.reduce(lambda p, q: max(p, q), <ints>, <int>)"),
            (2, "cached(<int>)"),
            (1, "kind_of(<int>)"),
            (1, "kind_of(<tensor>)"),
            (1, "kind_of(<word>)"),
            (1, "operator.itemgetter(0)([<int>, <int>])"),
            (1, "operator.attrgetter('count')(<var:box>)"),
            (1, "operator.mul(<digit>, <int>)"),
            (1, "operator.xor(<int>, <digit>)"),
            (1, "operator.countOf(<ints>, <int>)"),
            (1, "operator.length_hint(<ints>)"),
            (1, "operator.methodcaller('count', <int>)(<ints>)"),
            (1, "functools.partial(max, <int>)(<int>, <int>)"),
            (1, "functools.partial(int, base=2)('101')"),
        ),
        "ints": rows(
            (1, "sorted(<ints>, key=functools.cmp_to_key(lambda p, q: q - p))"),
            (1, "sorted(<ints>, key=operator.neg)"),
            (1, "list(map(operator.add, <ints>, <ints>))[:5]"),
            (1, "list(map(operator.itemgetter(1), [(<int>, <int>), (<int>, <int>)]))"),
            (1, "operator.concat(<ints>, [<int>])[:6]"),
        ),
        "bool": rows(
            (1, "operator.lt(<int>, <int>)"),
            (1, "operator.contains(<ints>, <int>)"),
            (1, "operator.is_(<var:tensor>, <var:tensor>)"),
            (1, "operator.truth(<ints>)"),
            (1, "operator.not_(<int>)"),
        ),
        "tensor": rows(
            (1, "functools.partial(torch.add, <tensor>, alpha=<digit>)(<tensor>)"),
            (1, "functools.partial(functools.partial(spread, power=<digit>), <tensor>, <int>)(<int>)"),
            (1, "functools.reduce(torch.add, <tensors>, <tensor>)"),
            (1, "operator.sub(<tensor>, <tensor>)"),
            (1, "operator.matmul(<tensor>, operator.matmul(<tensor>.t(), <tensor>)).tanh()"),
            (1, "announced(<tensor>, <int>)"),
            (1, "operator.methodcaller('add', <int>)(<tensor>)"),
            (1, "operator.itemgetter(slice(None))(<tensor>)"),
            (1, "operator.iadd(<tensor>.clone(), <int>)"),
        ),
        "func": rows(
            (1, "functools.partial(announced, k=<int>)"), (1, "functools.partial(lambda p, t, k=1: t * p + k, <int>)")
        ),
    },
    statements=rows(
        (2, "print(cached(<int>), cached.cache_info().misses > 0)"),
        (
            1,
            "@functools.lru_cache(maxsize=4)\ndef <g=temp:func>(k):\n    LOG.append(k)\n    return k * <digit>\n<new:int> = <g>(<int>) + <g>(<digit>) + <g>(<digit>)",
        ),
        (1, "@repeated(<count>)\ndef <def:func>(t, k=<digit>):\n    <body:func>"),
        (1, "print(announced.__name__, announced.__wrapped__.__name__)"),
        (
            1,
            "<f=temp:func> = functools.partial(spread, power=<digit>)\nprint(<f>.func.__name__, <f>.keywords)\n<new:tensor> = <f>(<tensor>, <int>)",
        ),
        (1, "print(Lazy(<int>).doubled)\n<o=temp:obj> = Lazy(<int>)\n<new:int> = <o>.doubled + <o>.doubled"),
        (1, "cached.cache_clear()"),
    ),
    prelude={
        "Lazy": """
class Lazy:
    def __init__(self, value):
        self.value = value

    @functools.cached_property
    def doubled(self):
        LOG.append(self.value)
        return self.value * 2
""",
        "cached": """
@functools.lru_cache
def cached(k):
    return k * k
""",
        "kind_of": """
@functools.singledispatch
def kind_of(value):
    return 0


@kind_of.register
def _(value: int):
    return value + 1


@kind_of.register(torch.Tensor)
def _(value):
    return value.dim()
""",
        "announced": """
def announcing(function):
    @functools.wraps(function)
    def run(*args, **named):
        LOG.append(function.__name__)
        return function(*args, **named)

    return run


@announcing
def announced(t, k=1):
    return t + k
""",
        "repeated": """
def repeated(times):
    def decorate(function):
        @functools.wraps(function)
        def run(t, *args, **named):
            for _ in range(times):
                t = t + function(t, *args, **named)
            return t

        return run

    return decorate
""",
    },
)
