"""Which operators may not be dropped when their result is unused, and which make tensors out of nothing."""

from __future__ import annotations

import functools
from typing import Any

import torch
import torch.fx
from torch._ops import OpOverload, OpOverloadPacket

import compiler.marks as marks
from compiler.graph.modes import SETTERS

_RANDOM_NAMES = frozenset(
    "dropout1d dropout2d dropout3d gumbel_softmax fractional_max_pool2d fractional_max_pool3d seed manual_seed".split()
)
"""Functions of Python; of its operators torch itself says which ones draw."""

_FACTORY_NAMES = (
    "zeros ones empty full rand randn randint randperm arange linspace logspace eye tensor as_tensor scalar_tensor "
    "tril_indices triu_indices empty_strided hann_window hamming_window blackman_window bartlett_window "
    "kaiser_window complex range empty_permuted normal asarray"
)
FACTORIES = frozenset(getattr(torch, name) for name in _FACTORY_NAMES.split()) | {
    torch.fft.fftfreq,
    torch.fft.rfftfreq,
}
"""Functions of torch that take no tensor and give one."""


METADATA = frozenset(
    "dim ndimension size stride numel nelement element_size dim_order dense_dim sparse_dim is_contiguous is_complex "
    "is_floating_point is_signed is_conj is_neg is_same_size result_type can_cast promote_types "
    "eq ne __eq__ __ne__".split()
)
"""Operators whose plain result (no tensor) depends on nothing that a meta example lacks. Of comparisons only that with
something that no tensor is comparable with gives one."""


def answers_from_metadata(target: Any) -> bool:
    """Whether the plain result of a call on meta examples is that on the tensors themselves."""
    return _name(target) in METADATA


_MAYBE_IN_PLACE = frozenset(
    "setitem batch_norm instance_norm native_batch_norm sync_batch_norm _native_batch_norm_legit "
    "_batch_norm_with_update".split()
)
"""Operators that change an argument without saying so in their name."""


def has_effect(target: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a call does more than give its result: changes an argument, draws random numbers, sets a mode."""
    known = is_of_torch(target) and target not in SETTERS
    return not known or draws_random_numbers(target) or changes_arguments(target, kwargs)


def draws_random_numbers(target: Any) -> bool:
    if isinstance(target, OpOverload):
        return torch.Tag.nondeterministic_seeded in target.tags
    if isinstance(target, OpOverloadPacket):
        return _some_overload_draws(target)
    return _name(target) in _RANDOM_NAMES or _operator_draws(_name(target))


@functools.lru_cache(maxsize=4096)
def _operator_draws(name: str) -> bool:
    """Whether PyTorch's operator of that name draws random numbers."""
    packet = getattr(torch.ops.aten, name, None) if name.isidentifier() else None
    return isinstance(packet, OpOverloadPacket) and _some_overload_draws(packet)


def _some_overload_draws(packet: OpOverloadPacket) -> bool:
    return any(torch.Tag.nondeterministic_seeded in getattr(packet, name).tags for name in packet.overloads())


def changes_arguments(target: Any, kwargs: dict[str, Any]) -> bool:
    """Whether a call may change a tensor that it is given; functions that users have allowed may. A registered operator
    says so."""
    if isinstance(target, OpOverload) or not is_of_torch(target):
        return any(
            about._schema.is_mutable or about.overloadpacket.__name__ in _MAYBE_IN_PLACE for about in _overloads(target)
        )
    name = _name(target)
    in_place = (name.endswith("_") and not name.endswith("__")) or (
        name.startswith("__i")
        and name.endswith("__")
        and name not in ("__index__", "__invert__", "__int__", "__init__")
    )
    in_place = in_place or name in _IN_PLACE_OPERATORS or name in _MAYBE_IN_PLACE or target in marks.ALLOWED
    return in_place or bool(kwargs.get("inplace")) or kwargs.get("out") is not None or kwargs.get("training") is True


def written_arguments(node: torch.fx.Node) -> list[torch.fx.Node]:
    """The tensors that a call which changes its arguments may change: those it is known for, else all it is given."""
    target = node.target
    if target in _RUNNING_STATS and len(node.args) > _RUNNING_STATS_FLAG:
        stats = [node.args[at] for at in _RUNNING_STATS[target]] if node.args[_RUNNING_STATS_FLAG] is not False else []
        return [stat for stat in stats if isinstance(stat, torch.fx.Node)]
    overloads = _overloads(target)
    if len(overloads) == 1 and overloads[0]._schema.is_mutable:
        schema = overloads[0]._schema
        given = zip(schema.arguments, node.args, strict=False)
        written = [arg for about, arg in given if about.alias_info is not None and about.alias_info.is_write]
        named = [about.name for about in schema.arguments if about.alias_info is not None]
        written += [node.kwargs[name] for name in named if name in node.kwargs]
        return written if all(isinstance(arg, torch.fx.Node) for arg in written) else node.all_input_nodes
    first = node.args[0] if node.args else None
    if _writes_first(target) and not isinstance(target, OpOverloadPacket) and isinstance(first, torch.fx.Node):
        return [first] if node.kwargs.get("out") is None else node.all_input_nodes
    return node.all_input_nodes


_RUNNING_STATS = {
    torch.batch_norm: (3, 4),
    torch.instance_norm: (3, 4),
    torch.native_batch_norm: (3, 4),
    torch.nn.functional.batch_norm: (1, 2),
    torch.nn.functional.instance_norm: (1, 2),
}
"""Functions that change nothing but the arguments at these places, and those only if the one at the flag's is true."""
_RUNNING_STATS_FLAG = 5


def _writes_first(target: Any) -> bool:
    """Operators and methods of tensors that are in-place by their name change the tensor they belong to."""
    if target in marks.ALLOWED:
        return False
    if isinstance(target, str):
        return target.endswith("_") and not target.endswith("__")
    return getattr(target, "__module__", None) == "_operator" and _name(target) in _IN_PLACE_OPERATORS | {"setitem"}


def refused(error: BaseException) -> bool:
    """Whether an in-place operator was refused before it began: autograd or overlapping memory forbid the change."""
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _REFUSALS)


_REFUSALS = (
    "a leaf Variable that requires grad is being used in an in-place operation",
    "a view of a leaf Variable that requires grad is being used in an in-place operation",
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location",
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory",
)


def checks_before_writing(target: Any) -> bool:
    """Whether an in-place operator that raises has changed nothing: pointwise ones check all their arguments first, but
    for zeros among integers that they divide by."""
    return _name(target) in _POINTWISE_IN_PLACE


def _overloads(target: Any) -> list[OpOverload]:
    if isinstance(target, OpOverloadPacket):
        return [getattr(target, name) for name in target.overloads()]
    return [target] if isinstance(target, OpOverload) else []


def is_of_torch(target: Any) -> bool:
    """Whether an operator that has a namespace has one of torch's own."""
    if not isinstance(target, OpOverload | OpOverloadPacket):
        return True
    packet = target.overloadpacket if isinstance(target, OpOverload) else target
    return str(packet._qualified_op_name).partition("::")[0] in ("aten", "prims", "torch")


def _name(target: Any) -> str:
    return target if isinstance(target, str) else getattr(target, "__name__", "")


_IN_PLACE_OPERATORS = frozenset(
    "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift".split()
)
_POINTWISE_IN_PLACE = _IN_PLACE_OPERATORS - {"ifloordiv", "imod"} | frozenset(
    "add_ sub_ mul_ pow_ neg_ abs_ exp_ sin_ cos_ tanh_ relu_ sigmoid_ sqrt_ square_ "
    "clamp_ copy_ fill_ zero_ lerp_ addcmul_ addcdiv_ masked_fill_ where_ logical_and_ logical_or_ logical_not_".split()
)
