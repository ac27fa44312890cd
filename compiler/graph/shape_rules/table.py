"""The table of rules and how a rule enters it."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from typing import Any, TypeVar

import torch
import torch.nn.functional

Rule = Callable[..., Any]
_R = TypeVar("_R", bound=Rule)

_NAMESPACES: dict[str, Any] = {
    "torch": torch,
    "F": torch.nn.functional,
    "linalg": torch.linalg,
    "nn": torch._C._nn,
    "operator": operator,
    "builtins": builtins,
}

RULES: dict[Any, Rule] = {}
"""Callable, or name of a Tensor method → the rule that answers for it."""


def register(spellings: str, rule: Rule) -> None:
    """Enter `rule` under each spelling.

    Args:
        spellings: Words such as ``torch.add``, ``F.relu``, ``operator.add``, ``nn.upsample_nearest2d``, or ``.add``
            for the Tensor method, which is entered by name and as an unbound method.
        rule: Takes the arguments the operator takes.

    Raises:
        AttributeError: torch has no such operator.
    """
    for spelling in spellings.split():
        namespace, _, name = spelling.partition(".")
        if namespace:
            RULES[getattr(_NAMESPACES[namespace], name)] = rule
        else:
            RULES[getattr(torch.Tensor, name)] = rule
            RULES[name] = rule


def rule(spellings: str) -> Callable[[_R], _R]:
    """Decorator form of `register`."""

    def enter(function: _R) -> _R:
        register(spellings, function)
        return function

    return enter
