"""How containers compare their elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.values.base import ConstantValue, Value, pin_nan
from compiler.values.containers import TupleValue
from compiler.values.functions import BoundMethodValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def same_or_equal(cx: Capture, left: Value, right: Value) -> bool:
    """``left is right or left == right``, as containers compare."""
    left, right = left.realize(cx), right.realize(cx)
    if isinstance(left, ConstantValue) and isinstance(right, ConstantValue):
        pin_nan(cx, left)
        pin_nan(cx, right)
        return left.value is right.value or bool(left.value == right.value)
    if left is right:
        return True
    if not isinstance(left, TupleValue | BoundMethodValue) and cx.rules.identical(cx, left, right):
        return True  # of tuples and methods it would show in their parts alone
    return cx.rules.compare(cx, "==", left.realize(cx), right.realize(cx)).realize(cx).truth(cx)
