"""The arguments of an operator: as a graph holds them, and as the example run gets them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.graph.overlap import may_clash
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue, ListValue, SequenceValue, SliceValue
from compiler.values.objects import ObjectValue
from compiler.values.tensor import TensorValue
from compiler.values.wrap import overrides_torch

if TYPE_CHECKING:
    from compiler.graph.recorder import Recorder

META = torch.device("meta")


class Overridden(Exception):
    """The class of an argument says what torch's functions do with it."""


class Arguments:
    """Turns values into graph arguments, and those into the arguments of the example run.

    In between, tensors are represented by their `TensorValue`.

    Attributes:
        tensors: All tensors among the arguments.
        by_rule: The result was told by a shape rule.
        unsure: The strides of the result are not known; see `compiler.graph.layouts`.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.tensors: list[TensorValue] = []
        self.by_rule = False
        self.unsure = False

    def convert(self, value: Value) -> Any:
        if isinstance(value, TensorValue):
            self.tensors.append(value)
            return value
        if isinstance(value, ConstantValue):
            return _readable(value.value)
        cx = self.recorder.cx
        if isinstance(value, ObjectValue) and overrides_torch(value.cls):
            raise Overridden
        if isinstance(value, SequenceValue):
            items = [self.convert(item.realize(cx)) for item in value.items]
            return items if isinstance(value, ListValue) else tuple(items)
        if isinstance(value, SliceValue):
            return slice(*[self.convert(item.realize(cx)) for item in value.items])
        if isinstance(value, DictValue) and all(isinstance(key, str) for key in value.entries):
            return {key: self.convert(item.realize(cx)) for key, (_, item) in value.entries.items()}
        part = cx.rules.iterated_part(cx, value)
        if part is not None:
            return self.convert(part)
        plain = cx.rules.graph_argument(cx, value)
        if plain is not None:
            return plain
        raise GraphBreak("not a graph argument", value.describe())

    def nodes(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        node_of = self.recorder.node_of
        return map_parts(args, node_of, TensorValue), map_parts(kwargs, node_of, TensorValue)

    def examples(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        args = map_parts(args, lambda value: value.example, TensorValue)
        kwargs = map_parts(kwargs, lambda value: value.example, TensorValue)
        if any(isinstance(arg, torch.device) for arg in args):
            args = tuple([META if isinstance(arg, torch.device) else arg for arg in args])
        if any(isinstance(arg, torch.Generator) for arg in (*args, *kwargs.values())):
            args = tuple([None if isinstance(arg, torch.Generator) else arg for arg in args])
            kwargs = {name: None if isinstance(arg, torch.Generator) else arg for name, arg in kwargs.items()}
        return args, kwargs

    def refuse_overlap(self, target: Any, result: Any) -> None:
        """Operators refuse to write where a place is written twice, or is read under another view; but not on `META`.

        Raises:
            GraphBreak: this one may.
        """
        written = [value for value in self.tensors if value.example is result]
        read = self.tensors
        if target is operator.setitem:
            written = read = self.tensors[:1]
        if written and any(may_clash(written[0].example, value.example) for value in read):
            name = target if isinstance(target, str) else target.__name__
            raise GraphBreak("operator refused", f"{name} writes to a tensor that overlaps with what it reads")


def _readable(value: Any) -> Any:
    """A constant as an argument of a graph, whose Python code has to say the same.

    Raises:
        GraphBreak: it would not: the text of a complex number loses signs of zeros, and names infinity.
    """
    if isinstance(value, complex) and not _says_itself(repr(value)):
        raise GraphBreak("not a graph argument", repr(value))
    return value


def _says_itself(text: str) -> bool:
    try:
        return repr(ast.literal_eval(text)) == text
    except ValueError:
        return False


def map_parts(tree: Any, leaf: Callable[[Any], Any], kind: type) -> Any:
    """The tree with every leaf of a kind replaced."""
    if isinstance(tree, kind):
        return leaf(tree)
    if type(tree) is tuple:
        return tuple([map_parts(item, leaf, kind) for item in tree])
    if type(tree) is list:
        return [map_parts(item, leaf, kind) for item in tree]
    if type(tree) is dict:
        return {key: map_parts(item, leaf, kind) for key, item in tree.items()}
    if type(tree) is slice:
        return slice(*[map_parts(item, leaf, kind) for item in (tree.start, tree.stop, tree.step)])
    return tree


def result_device(target: Any, args: Any, kwargs: Any, arguments: Arguments) -> torch.device:
    """Where the result lives: the device asked for, else that of the first tensor with dimensions."""
    asked = kwargs.get("device")
    if asked is None and target == "to":
        asked = next((arg for arg in args if isinstance(arg, torch.device)), None)
    if target in ("cpu", "cuda"):
        asked = target
    if asked is not None:
        return torch.device(asked)
    for value in arguments.tensors:
        if value.example.dim():
            return value.device
    return arguments.tensors[0].device if arguments.tensors else torch.get_default_device()
