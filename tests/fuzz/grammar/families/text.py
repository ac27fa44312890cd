"""Text and how it is formatted."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "str": rows(
            (2, 'f"{<var:int>:>6}|{<var:int>:<6}|{<var:int>:^6}"'),
            (1, 'f"{<var:int>:05d}|{<var:int>:+}|{<var:int>:,}|{<var:int>:x}|{<var:int>:#b}|{<var:int>:_}"'),
            (1, 'f"{<var:float>:8.2f}|{<var:float>:e}|{<var:float>:g}|{<var:float>:.1%}"'),
            (1, 'f"{<var:str>!r}|{<var:str>!s:>10}|{<var:str>!a:.3}"'),
            (1, 'f"{<var:float>:{<count>}.{<count>}f}"'),
            (1, 'f"{<var:int>=}|{<var:int> + 1 = :>4}"'),
            (1, 'f"{<var:ints>}{<var:bool>}{None}"[:60]'),
            (1, 'f"{{{<var:int>}}}"'),
            (1, "'{0:>{width}} {1!r} {0}'.format(<int>, <word>, width=<count>)"),
            (1, "('%5.2f|%-6s|%03d|%%|%r' % (<float>, <word>, <int>, <word>))"),
            (1, "('%(a)s-%(b)d' % {'a': <word>, 'b': <int>})"),
            (1, "format(<int>, '>8')"),
            (1, "<str>.replace(<word>, 'q')[:40]"),
            (1, "<str>.title().strip().center(9, '*')[:40]"),
            (1, "'|'.join(<str>.split(' '))[:40]"),
            (1, "<str>.partition('e')[2]"),
            (1, "(<word> * <count>)[::2]"),
            (1, "(<str>[1:4] + <str>[-2:])"),
            (1, "str([<int>, <word>, None, <real>])"),
            (1, "repr({<word>: (<int>,)})"),
            (1, "repr((<real>, <word>, <truthvalue>))"),
            (1, "'{t.shape} {b.count}'.format(t=<var:tensor>, b=<var:box>)"),
            (1, "f'{<var:tensor>.shape} {<var:tensor>.dtype}'"),
            (1, "<str>.encode().hex()[:20]"),
            (1, "chr(ord('a') + <int> % 26)"),
            (1, "<str>.ljust(4, '.').rjust(6)[:40]"),
            (1, "<str>.translate({97: 'A', 101: None})"),
            (1, "max(<str>, <word>, key=len)"),
            (1, "(hex(<int>) + bin(<int>) + oct(<int>))"),
            (1, "string.Template('$a-$b').safe_substitute(a=<int>)"),
            (1, "textwrap.dedent(<str>)"),
            (1, "re.sub('[aeiou]', '_', <str>)"),
        ),
        "bool": rows(
            (1, "<str>.isdigit()"),
            (1, "<str>.endswith(('a', 'y'))"),
            (1, "(<word> in <str>)"),
            (1, "(<str> < <str>)"),
            (1, "bool(re.match('[a-k]+$', <str>))"),
        ),
        "int": rows(
            (1, "<str>.count('a')"),
            (1, "<str>.find(<word>)"),
            (1, "int('7' + str(<digit>).strip('-'))"),
            (1, "int('1f', 16)"),
            (1, "len(<str>.splitlines())"),
        ),
        "ints": rows(
            (1, "list(map(ord, <word>))"), (1, "list(<word>.encode())"), (1, "[len(q) for q in <str>.split()]")
        ),
    },
    statements=rows(
        (2, "print(<str>)"),
        (1, "print(<str>, <float>, sep='|', end='.')"),
        (1, "<set:str> += <word>\n<a=set:str> = <a>[-30:]"),
    ),
)
