"""Pickling plain constants, which programs do to make keys of arguments."""

from __future__ import annotations

import _pickle
from typing import TYPE_CHECKING, Any

from compiler.breaks import GraphBreak
from compiler.rules.builtins.table import builtin
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture

_ATOMS = (bool, int, float, str, type(None))


@builtin(_pickle.dumps)
def _dumps(cx: Capture, value: Value, /) -> Value:
    """Of one constant, or a dict of constants. A pickle says which of its strings are one object, so in a dict all
    of them have to differ.
    """
    plain = _plain(cx, value)
    if isinstance(plain, dict):
        texts = [text for pair in plain.items() for text in pair if isinstance(text, str)]
        if len(set(texts)) < len(texts):
            raise GraphBreak("unsupported builtin", "pickle.dumps of strings that may be one object")
    return ConstantValue(_pickle.dumps(plain))


def _plain(cx: Capture, value: Value) -> Any:
    if isinstance(value, DictValue) and value.cls is dict:
        return {_atom(key): _atom(item.realize(cx)) for key, (_, item) in value.entries.items()}
    return _atom(value)


def _atom(value: Any) -> Any:
    plain = value.value if isinstance(value, ConstantValue) else value
    if type(plain) not in _ATOMS:
        raise GraphBreak("unsupported builtin", f"pickle.dumps of {getattr(value, 'describe', lambda: value)()}")
    return plain
