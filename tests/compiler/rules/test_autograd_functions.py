"""The ``ctx`` of a torch.autograd.Function: attributes written in forward, and what is saved for backward."""

from __future__ import annotations

import torch

from compiler import events
from tests.compiler.agreement import agree


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        ctx.needed = ctx.needs_input_grad[0]
        out = x.exp() * ctx.factor
        ctx.save_for_backward(x, out)
        ctx.more = out.shape
        assert len(ctx.to_save) == 2
        return out

    @staticmethod
    def backward(ctx, grad):
        x, out = ctx.saved_tensors
        assert ctx.needed
        assert ctx.more == out.shape
        return grad * out + 0 * x, None


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(2)
        return x

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


class Ranked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        values, order = x.sort()
        ctx.mark_non_differentiable(order)
        ctx.save_for_backward(order)
        print("sorted")
        ctx.set_materialize_grads(False)
        return values, order

    @staticmethod
    def backward(ctx, grad, unused):
        (order,) = ctx.saved_tensors
        assert unused is None
        return torch.empty_like(grad).scatter_(0, order, grad)


def _leaf():
    return torch.tensor([0.5, -1.0, 2.0], requires_grad=True)


def _refused(records: list[events.FrameRecord]) -> list[str]:
    """What was refused in the forward of a function."""
    reasons = [record.reason for record in records if record.reason is not None]
    return [reason.context for reason in reasons if reason.stack[-1].function.endswith("forward")]


def test_a_forward_that_notes_and_saves_is_one_graph():
    def main(x):
        y = Scale.apply(x, 3.0)
        y.sum().backward()
        return y, x.grad

    assert not _refused(agree(main, lambda: (_leaf(),)))


def test_an_input_changed_in_place():
    def main(x):
        y = Doubled.apply(x.clone())
        (y * y).sum().backward()
        return y, x.grad

    assert not _refused(agree(main, lambda: (_leaf(),)))


def test_a_break_after_saving():
    def main(x):
        y, order = Ranked.apply(x)
        (y * torch.arange(3.0)).sum().backward()
        return y, order, order.requires_grad, x.grad

    agree(main, lambda: (_leaf(),))


def test_the_node_of_a_result():
    def main(x):
        node = Scale.apply(x, 2.0).grad_fn
        return node.factor, node.more, node.name(), x + 1

    agree(main, lambda: (_leaf(),))
