"""What an operator returns, told from its examples without running it.

An *example* is a tensor on the ``meta`` device that stands for a real one: it carries
shape, strides, dtype and the autograd flags, and no data. Running an operator on examples
is correct but dear: most operators reach a Python reference, and the first one of those
imports ``torch._dynamo`` and sympy. The rules in this package say the same for the
commonest operators in a few microseconds.

`infer` is the door. Rules live in `RULES`, one row per spelling of an operator; each file
holds one family. A rule answers only what it is sure of: an illegal call, an unusual
argument or a layout it does not model is `NotImplemented`, and the caller then runs the
operator itself on the examples, which is also what raises the user's error.

Operators whose native meta kernel is cheap (views, ``to``, ``clone``, ``new_zeros``,
``copy_`` …) have no rule on purpose.
"""

from __future__ import annotations

from typing import Any

from compiler.graph.shape_rules import (  # noqa: F401  (each import registers its rules)
    binary,
    convolution,
    creation,
    indexing,
    losses,
    matrix,
    nn,
    reductions,
    resampling,
    ternary,
    unary,
)
from compiler.graph.shape_rules.examples import Unsure, in_plain_context, new_example
from compiler.graph.shape_rules.table import RULES

__all__ = ["infer", "new_example"]

# What a call with arguments that fit no overload we model raises inside a rule.
_REFUSALS = (Unsure, TypeError, ValueError, IndexError, KeyError, AttributeError, RuntimeError, OverflowError)


def infer(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of ``target(*args, **kwargs)`` as fresh examples, or `NotImplemented`.

    Args:
        target: A function, or the name of a `torch.Tensor` method.
        args: Examples, numbers, dtypes, tuples of those.
        kwargs: The same, by name.

    Returns:
        The structure the operator returns. Where the operator returns its own argument
        (in-place forms, dropout outside training) so does this. `NotImplemented` when no
        rule is sure; the arguments are then untouched.
    """
    try:
        rule = RULES.get(target)
        if rule is None or not in_plain_context():
            return NotImplemented
        return rule(*args, **kwargs)
    except _REFUSALS:
        return NotImplemented
