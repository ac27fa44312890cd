"""Builtin functions and types: a table of object → rule ``(cx, args, kwargs) -> Value``."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.arity import Arity
from compiler.rules.basics import describe_args
from compiler.values.base import ConstantValue, Value

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

Rule = Callable[["Capture", list[Value], dict[str, Value]], Value]

BUILTINS: dict[Any, Rule] = {}

PURE: frozenset[Any] = frozenset(
    {func for name, func in vars(math).items() if callable(func)}
    | {os.fspath, abs, ascii, bin, chr, divmod, hash, hex, oct, ord, pow, round, bytes, complex, format}
)
"""Functions folded when every argument is a constant."""


def builtin(*objects: Any) -> Callable[[Callable[..., Value | None]], Callable[..., Value | None]]:
    """Register a rule with the builtin's own parameters after `cx`; ``None`` stands for None."""

    def register(rule: Callable[..., Value | None]) -> Callable[..., Value | None]:
        arity = Arity(rule)

        def checked(cx: Capture, args: list[Value], kwargs: dict[str, Value]) -> Value:
            try:
                arity.check((cx, *args), kwargs)
            except TypeError as error:
                text = f"{rule.__name__.strip('_')}({describe_args(args, kwargs)}): {error}"
                raise GraphBreak("unsupported builtin", text) from None
            result = rule(cx, *[arg.realize(cx) for arg in args], **kwargs)
            return ConstantValue(None) if result is None else result

        for obj in objects:
            assert obj not in BUILTINS, obj
            BUILTINS[obj] = checked
        return rule

    return register
