"""itertools, and iterators partly consumed."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "iter": rows(
            (1, "itertools.count(<digit>, <digit>)"),
            (1, "itertools.cycle([<int>, <int>])"),
            (1, "itertools.repeat(<int>, <count>)"),
            (1, "itertools.chain(<ints>, [<int>])"),
            (1, "itertools.chain.from_iterable([<ints>, <ints>])"),
            (1, "itertools.accumulate(<ints>)"),
            (1, "itertools.accumulate(<ints>, max, initial=<int>)"),
            (1, "itertools.islice([<int>, <int>, <int>, <int>], <count>, None, 2)"),
            (1, "itertools.islice(itertools.count(<digit>), <count>)"),
            (1, "itertools.takewhile(lambda q: q < <digit>, <ints>)"),
            (1, "itertools.dropwhile(lambda q: q < <digit>, <ints>)"),
            (1, "itertools.filterfalse(lambda q: q % 2, <ints>)"),
            (1, "itertools.compress(<ints>, [1, 0, <bool>])"),
            (1, "itertools.starmap(lambda p, q: p - q, [(<int>, <int>), (<int>, <int>)])"),
            (1, "map(max, <ints>, <ints>)"),
            (1, "filter(None, <ints>)"),
            (1, "reversed([<int>, <int>, <int>])"),
            (1, "<var:iter>"),
        ),
        "ints": rows(
            (2, "list(itertools.islice(<iter>, <count>))"),
            (1, "[p * q for p, q in itertools.product(<ints>[:2], range(<count>))]"),
            (1, "[sum(q) for q in itertools.combinations(<ints>[:4], 2)]"),
            (1, "[q[0] for q in itertools.permutations(<ints>[:3])]"),
            (1, "[sum(q) for q in itertools.combinations_with_replacement(<ints>[:3], 2)]"),
            (1, "[p - q for p, q in itertools.pairwise(<ints>)]"),
            (1, "[p + q for p, q in itertools.zip_longest(<ints>, [<int>], fillvalue=<int>)]"),
            (1, "[len(list(q)) for _, q in itertools.groupby(sorted(<ints>), key=lambda q: q > 1)]"),
            (1, "[p for p, q in zip(<ints>, <ints>, strict=False)]"),
            (1, "list(map(sum, zip(<ints>, <ints>)))"),
            (1, "[p for p, _ in sorted(enumerate(<ints>), key=lambda q: (-q[1], q[0]))]"),
        ),
        "int": rows(
            (2, "next(<var:iter>, <int>)"),
            (1, "max(<ints>, default=0, key=lambda q: -q)"),
            (1, "sum(1 for _ in itertools.islice(<var:iter>, 3))"),
        ),
        "bool": rows((1, "all(q < <int> for q in <ints>)"), (1, "any(map(lambda q: q > <int>, <ints>))")),
    },
    statements=rows(
        (5, "<new:iter> = <iter>"),
        (2, "print(next(<var:iter>, 'done'))"),
        (2, "for <new:int> in itertools.islice(<var:iter>, <count>):\n    <loop>"),
        (
            1,
            "<a=temp:iter>, <b=temp:iter> = itertools.tee(<ints>)\nprint(next(<a>, None))\n<new:ints> = list(<b>)\nprint(list(<a>))",
        ),
        (1, "<a=temp:iter> = zip(<ints>, <ints>)\nprint(next(<a>, None))\nprint('kept')\nprint(list(<a>))"),
        (
            1,
            "<a=temp:iter> = enumerate([<tensor>, <tensor>], <digit>)\nnext(<a>)\nprint('kept')\n<new:int>, <new:tensor> = next(<a>)",
        ),
        (
            1,
            "<a=temp:iter> = iter([<int>, <int>, <int>])\nfor <b=temp:int>, <c=temp:int> in zip(<a>, <a>):\n    print(<b>, <c>)\nprint(next(<a>, 'none left'))",
        ),
        (1, "for <a=temp:str>, <b=temp:iter> in itertools.groupby(<str>):\n    print(<a>, len(list(<b>)))"),
        (
            1,
            "for (<a=temp:int>, <t=new:tensor>), <b=temp:int> in zip(enumerate(<tensors>[:3]), itertools.count(<digit>)):\n    <loop>",
        ),
        (1, "<a=temp:iter> = iter(lambda: LOG.append(1) or len(LOG) % 4, 3)\nprint(len(list(<a>)) < 9)"),
        (1, "<a=temp:iter> = map(lambda q: print(q) or q + 1, <ints>)\nnext(<a>, None)\n<new:ints> = list(<a>)"),
        (
            1,
            "<a=temp:iter> = (t * <digit> for t in <tensors>)\n<new:tensor> = next(<a>, <tensor>)\nprint('kept')\n<new:tensors> = list(<a>)",
        ),
        (1, "<a=temp:iter> = reversed(<tensors>)\nnext(<a>, None)\nprint('kept')\n<new:tensors> = [*<a>]"),
    ),
)
