"""Match statements."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    statements=rows(
        (
            2,
            "match <int> % 4:\n    case 0 | 1:\n        <block>\n    case <a=temp:int> if <a> > <digit>:\n        print(<a>)\n    case _:\n        <block>",
        ),
        (
            1,
            "match (<int>, <word>):\n    case (0, _):\n        <block>\n    case (int() as <a=temp:int>, str()) if <bool>:\n        print(<a>)\n        <block>\n    case _:\n        <block>",
        ),
        (
            2,
            "match <box>:\n    case Derived(count=0):\n        <block>\n    case Base(value=torch.Tensor() as <a=temp:tensor>, count=int(<b=temp:int>)):\n        print(<a>.shape, <b>)\n        <block>\n    case _:\n        print('no box')",
        ),
        (
            1,
            "match {'a': <int>, 'b': [<int>, <int>]}:\n    case {'b': [<i=temp:int>, 1]}:\n        print(<i>)\n    case {'b': [_, <j=temp:int>], **<r=temp:table>}:\n        print(<j>, <r>)\n        <block>",
        ),
        (
            1,
            "match <table>:\n    case {'a': 1, 'key': <j=temp:int>}:\n        print(<j>)\n    case {'z': _} | {'b': _}:\n        <block>\n    case dict(<r=temp:table>) if len(<r>) > <digit>:\n        print(sorted(<r>))\n    case _:\n        <block>",
        ),
        (
            1,
            "match <pair>:\n    case Point(first=0):\n        <block>\n    case Point(<i=temp:int>, second):\n        print(<i>, second.shape)\n    case (<j=temp:int>, torch.Tensor()):\n        print(<j>)\n        <block>",
        ),
        (
            1,
            "match <str>:\n    case 'a' | 'b':\n        <block>\n    case '':\n        print('empty')\n    case <s=temp:str>:\n        print(<s>)",
        ),
        (
            1,
            "match [<int>, [<tensor>, <tensor>]]:\n    case [0 | 1, _]:\n        <block>\n    case [_, [<t=temp:tensor>, *<r=temp:tensors>]]:\n        print(<t>.shape, len(<r>))\n        <block>",
        ),
        (
            1,
            "match <float>:\n    case 0.5 | -1.5:\n        <block>\n    case float(<f=temp:float>) if <f> > 0:\n        print(<f>)\n    case math.pi | math.inf:\n        <block>",
        ),
        (
            1,
            "match <var:tensor>.shape:\n    case (2, <n=temp:int>):\n        print(<n>)\n        <block>\n    case (<m=temp:int>, _, *_):\n        print(<m>)",
        ),
        (
            1,
            "match <ints>:\n    case [<a=temp:int>, <b=temp:int>] | [<a>, _, <b>]:\n        print(<a>, <b>)\n    case [1, *<r=temp:ints>, 2] | [*<r>, _]:\n        print(<r>)\n        <block>\n    case _:\n        <block>",
        ),
        (
            1,
            "match Tone(<int> % 3):\n    case Tone.LOW:\n        <block>\n    case Tone.MIDDLE | Tone.HIGH as <t=temp:tone>:\n        print(<t>.name)\n        <block>",
        ),
        (
            1,
            "match (<bool>, None, <real>):\n    case (True, None, float() | int() as <a=temp:float>):\n        print(<a>)\n    case (False, *_):\n        <block>",
        ),
        (
            1,
            "for <a=temp:obj> in (<int>, <word>, [<int>], None):\n    match <a>:\n        case None:\n            break\n        case str() | [_]:\n            continue\n        case int(<b=temp:int>):\n            print(<b>)\n    <loop>",
        ),
        (
            1,
            "match Pin(<int>, <int>):\n    case Pin(0, _) | Pin(_, 0):\n        <block>\n    case Pin(<i=temp:int>, down=<j=temp:int>) if <i> != <j>:\n        print(<i>, <j>)\n    case _:\n        <block>",
        ),
    ),
    prelude={
        "Tone": """
class Tone(enum.IntEnum):
    LOW = 0
    MIDDLE = 1
    HIGH = 2
""",
        "Pin": """
@dataclasses.dataclass
class Pin:
    across: int
    down: int
""",
    },
)
