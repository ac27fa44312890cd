"""Raising, catching in groups, and leaving through finally."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    statements=rows(
        (
            2,
            "try:\n    <block>\n    raise ExceptionGroup(<word>, [ValueError(<str>), ExceptionGroup('inner', [KeyError(<int>), TypeError()])])\nexcept* ValueError as <e=temp:group>:\n    print(len(<e>.exceptions))\n    <set:int> += 1\nexcept* (KeyError, TypeError) as <f=temp:group>:\n    LOG.append(str(<f>))",
        ),
        (
            1,
            "try:\n    raise ExceptionGroup(<word>, [ValueError(<str>), Stop(<int>)])\nexcept* Stop:\n    <block>",
            "try",
        ),
        (1, "try:\n    <block>\nexcept* <exception>:\n    <set:int> += 1\nelse:\n    <block>\nfinally:\n    <block>"),
        (
            2,
            "try:\n    try:\n        <block>\n        raise <exception>(<str>)\n    except Exception as <e=temp:error>:\n        raise Stop(<word>) from <e>\nexcept Stop as <f=new:error>:\n    print(type(<f>.__cause__).__name__, <f>.__suppress_context__)\n    <block>",
        ),
        (
            1,
            "try:\n    try:\n        raise <exception>(<str>)\n    finally:\n        <block>\nexcept Exception as <e=new:error>:\n    print(repr(<e>))\n    <block>",
        ),
        (1, "try:\n    raise <exception>(<word>) from None\nexcept Exception as <e=temp:error>:\n    LOG.append(<e>)"),
        (
            1,
            "<e=temp:error> = <exception>(<word>, <int>)\n<e>.add_note(<word>)\ntry:\n    raise <e>\nexcept Exception as <f=temp:error>:\n    print(<f> is <e>, <f>.args, <f>.__notes__)",
        ),
        (
            2,
            "for <new:int> in range(<count>):\n    try:\n        if <truth>:\n            continue\n        if <truth>:\n            break\n        <loop>\n    finally:\n        <block>",
        ),
        (
            1,
            "for <new:int> in range(<count>):\n    try:\n        <loop>\n        raise <exception>\n    except Exception:\n        if <truth>:\n            break\n        continue\n    finally:\n        print('round')",
        ),
        (1, "try:\n    if <truth>:\n        return <tensor>\n    <block>\nfinally:\n    <block>"),
        (
            1,
            "try:\n    <block>\n    raise <exception>(<word>)\nexcept Exception:\n    if <truth>:\n        return <tensor>\nelse:\n    <block>\nfinally:\n    print('left')\n    <block>",
        ),
        (
            1,
            "def <g=temp:func>(t):\n    try:\n        return t + <digit>\n    finally:\n        LOG.append(<digit>)\n        print('left')\n<new:tensor> = <g>(<tensor>)",
        ),
        (
            1,
            "def <g=temp:func>(t):\n    for at in range(3):\n        try:\n            if at:\n                return t * at\n            raise <exception>\n        except (ValueError, KeyError):\n            continue\n        finally:\n            if at == <digit>:\n                break\n    return t\n<new:tensor> = <g>(<tensor>)",
            "try",
        ),
        (
            1,
            "try:\n    <block>\nexcept <caught>:\n    try:\n        <block>\n        raise\n    except Exception:\n        <block>\nfinally:\n    try:\n        <block>\n    finally:\n        <set:int> += 1",
        ),
        (1, "print(sys.exc_info()[0])"),
        (1, "assert <truth>, <word>", "try"),
        (1, "raise Stop(<word>) from ValueError(<int>)", "try"),
        (1, "raise <exception>", "try"),
    ),
)
