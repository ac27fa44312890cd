"""Autograd: functions of the program's own, checkpoints, hooks and backward."""

from __future__ import annotations

from tests.fuzz.grammar.production import Family, rows

FAMILY = Family(
    expressions={
        "tensor": rows(
            (2, "Scaled.apply(<tensor>, <digit>)"),
            (2, "torch.utils.checkpoint.checkpoint(torch.sin, <tensor>, use_reentrant=False)"),
            (1, "torch.utils.checkpoint.checkpoint(<var:func>, <tensor>, <int>, use_reentrant=False)"),
            (1, "torch.utils.checkpoint.checkpoint(lambda q, r: q * r + 1, <tensor>, <tensor>, use_reentrant=False)"),
            (1, "<tensor>.detach().requires_grad_()"),
            (1, "<tensor>.clone().requires_grad_(True)"),
            (1, "Straight.apply(<tensor>)"),
        ),
        "bool": rows(
            (1, "<var:tensor>.is_leaf"), (1, "(<var:tensor>.grad is None)"), (1, "(<var:tensor>.grad_fn is None)")
        ),
    },
    statements=rows(
        (
            2,
            "<a=temp:tensor> = <tensor>.detach().clone().requires_grad_()\n(<a> * <tensor>).sum().backward()\n<new:tensor> = <a>.grad",
        ),
        (
            1,
            "<a=temp:tensor> = <tensor>.detach().clone().requires_grad_()\n<new:tensor> = torch.autograd.grad((<a> * <a>).sum(), <a>)[0]",
        ),
        (
            1,
            "<a=temp:tensor> = <tensor>.detach().clone().requires_grad_()\n<b=temp:tensor> = Scaled.apply(<a>, <int>)\n<b>.sum().backward()\n<new:tensor> = <a>.grad + 1",
        ),
        (
            1,
            "<a=temp:tensor> = <tensor>.detach().clone().requires_grad_()\n<a>.register_hook(lambda g: g * 2)\n<a>.sin().sum().backward()\nprint(<a>.grad.shape)\n<new:tensor> = <a>.grad",
        ),
        (1, "if <var:tensor>.requires_grad:\n    <block>"),
        (1, "<a=temp:tensor> = <tensor>\nif <a>.requires_grad:\n    <a>.sum().backward()"),
        (1, "<new:tensor> = <tensor>.detach()\nprint(<var:tensor>.requires_grad)"),
    ),
    prelude={
        "Scaled": """
class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t, k):
        ctx.save_for_backward(t)
        ctx.k = k
        return t * k

    @staticmethod
    def backward(ctx, grad):
        (t,) = ctx.saved_tensors
        return grad * ctx.k + t * 0, None
""",
        "Straight": """
class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t):
        return t.sign()

    @staticmethod
    def backward(ctx, grad):
        return grad.clamp(-1, 1)
""",
    },
)
