"""Torch's modes, as statements and as decorators."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "bool": rows(
            (1, "torch.is_grad_enabled()"),
            (1, "torch.is_inference_mode_enabled()"),
            (1, "torch.is_autocast_enabled()"),
            (1, "<tensor>.requires_grad"),
        ),
        "tensor": rows(
            (1, "unrecorded(<tensor>)"), (1, "recorded(<tensor>)"), (1, "torch.no_grad()(torch.sin)(<tensor>)")
        ),
        "str": rows((1, "str(torch.get_default_dtype())")),
    },
    statements=rows(
        (3, "with torch.no_grad():\n    <block>"),
        (2, "with torch.enable_grad():\n    <block>"),
        (2, "with torch.no_grad():\n    <block>\n    with torch.enable_grad():\n        <block>"),
        (2, "with torch.set_grad_enabled(<bool>):\n    <block>"),
        (
            1,
            "with torch.autocast('cpu', dtype=torch.bfloat16):\n    <new:tensor> = (<tensor> @ (<tensor>.t() @ <tensor>)).tanh().float()\n    <block>",
        ),
        (
            1,
            "with torch.autocast('cpu', dtype=torch.bfloat16, enabled=<bool>):\n    <a=temp:tensor> = torch.mm(<tensor>, <tensor>.t())\nprint(<a>.dtype)",
        ),
        (
            1,
            "<a=temp:bool> = torch.is_grad_enabled()\ntorch.set_grad_enabled(<bool>)\ntry:\n    <block>\nfinally:\n    torch.set_grad_enabled(<a>)",
        ),
        (1, "@torch.no_grad()\ndef <def:func>(t, k=<digit>):\n    <body:func>"),
        (
            1,
            "@torch.enable_grad()\ndef <g=temp:func>(t):\n    return t * <digit>\nwith torch.no_grad():\n    <new:tensor> = <g>(<tensor>)",
        ),
        (
            1,
            "@torch.set_grad_enabled(<bool>)\ndef <g=temp:func>(t):\n    print(torch.is_grad_enabled())\n    return t * <digit>\n<new:tensor> = <g>(<tensor>)\nprint(torch.is_grad_enabled())",
            "any",
        ),
        (1, "with contextlib.ExitStack() as <s=temp:stack>:\n    <s>.enter_context(torch.no_grad())\n    <block>"),
        (
            1,
            "for <new:int> in range(<count>):\n    with torch.no_grad():\n        if <truth>:\n            break\n        <loop>",
        ),
        (
            1,
            "try:\n    with torch.no_grad():\n        <block>\n        raise Stop(<word>)\nexcept Stop:\n    print(torch.is_grad_enabled())\n    <block>",
        ),
        (1, "with torch.no_grad():\n    if <truth>:\n        return <tensor>\n    print('kept')\n    <block>"),
        (
            1,
            "def <g=temp:gen>(t):\n    with torch.no_grad():\n        yield t * 2\n        yield t * 3\nfor <new:tensor> in <g>(<tensor>):\n    <loop>",
        ),
    ),
    prelude={
        "unrecorded": """
@torch.no_grad()
def unrecorded(t):
    return t * 2
""",
        "recorded": """
@torch.enable_grad()
def recorded(t):
    return t * 3
""",
    },
)
