"""The calls: every operator of the database, in each of its forms, on its sample inputs."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import types
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db

DTYPES = (torch.float32, torch.int64, torch.bool)
FUNCTION_DTYPES = (*DTYPES, torch.complex64, torch.bfloat16)
"""Functions are called with these; methods and the other forms, which reach the same kernels, with fewer."""

UNINITIALIZED = frozenset(
    "empty empty_like empty_permuted empty_strided new_empty new_empty_strided resize_ resize_as_".split()
)
"""Operators whose result holds whatever the memory held: only its metadata is compared."""


MOST = 16
"""So many samples of a case are called, spread over all that there are; half as many again with other strides."""


@dataclasses.dataclass(frozen=True)
class Form:
    """One way to call an operator.

    Attributes:
        func: Takes the sample's input, args and kwargs.
        writes: The input is changed, so it must not be a leaf that requires grad.
        out: ``out=`` is given: tensors like the results.
    """

    name: str
    func: Callable[..., Any]
    writes: bool = False
    out: bool = False


@dataclasses.dataclass
class Call:
    """One sample: what the operator is called with."""

    input: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def fresh(self) -> Call:
        """The same with tensors of its own; memory that is shared stays shared."""
        copied = _Copier()
        return Call(copied.of(self.input), copied.of(self.args), copied.of(self.kwargs))


def operators(words: list[str]) -> list[Any]:
    """The database, or those of its operators whose name is among the words."""
    return [op for op in op_db if not words or name_of(op) in words or op.name in words]


def name_of(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else str(op.name)


def forms(op: Any) -> Iterator[Form]:
    """Function, method, operator, in place, with ``out=``: those that the operator has."""
    yield Form("function", traceable(op.op))
    for name, func, writes in (
        ("method", op.method_variant, False),
        ("operator", op.operator_variant, False),
        ("in-place", op.inplace_variant, True),
        ("in-place operator", op.inplace_operator_variant, True),
    ):
        if func is not None:
            yield Form(name, traceable(func), writes)
    if op.supports_out:
        yield Form("out=", traceable(op.op), out=True)


def samples(op: Any, form: Form, dtype: torch.dtype) -> Iterator[Call]:
    """Sample inputs, some of them once more with other strides, and those that the operator has to refuse."""
    grad = (dtype.is_floating_point or dtype.is_complex) and op.supports_autograd and not form.writes and not form.out
    torch.manual_seed(0)
    found = list(op.sample_inputs("cpu", dtype, requires_grad=grad))
    for number, sample in enumerate(_spread(found, MOST)):
        yield _call(sample)
        if number % 2 and not form.out:
            yield from _with_other_strides(sample)
    if form.name in ("function", "method") and dtype is torch.float32 and op.error_inputs_func is not None:
        for refused in _spread(list(op.error_inputs("cpu")), MOST):
            yield _call(refused.sample_input)


def _with_other_strides(sample: Any) -> Iterator[Call]:
    """With gaps, and with dimensions in another order."""
    with contextlib.suppress(RuntimeError):  # sparse tensors have none
        yield _call(sample.noncontiguous())
        yield _call(sample.transform(_reordered))


def _reordered(value: Any) -> Any:
    """A tensor with channels last, or all dimensions the other way round."""
    if not isinstance(value, torch.Tensor) or value.dim() < 2:
        return value
    plain = value.detach()
    if value.dim() == 4:
        made = plain.contiguous(memory_format=torch.channels_last)
    else:
        made = plain.permute(*reversed(range(value.dim()))).contiguous().permute(*reversed(range(value.dim())))
    return made.requires_grad_(value.requires_grad)


def _spread(items: list[Any], count: int) -> list[Any]:
    return items[:: -(-len(items) // count) or 1]


def _call(sample: Any) -> Call:
    return Call(sample.input, tuple(sample.args), dict(sample.kwargs))


def with_out(func: Callable[..., Any], call: Call) -> Call | None:
    """The call with ``out=`` of tensors like its results; None where the results are no tensors."""
    once = call.fresh()
    torch.manual_seed(0)
    expected = func(once.input, *once.args, **once.kwargs)
    if isinstance(expected, torch.Tensor):
        out: Any = torch.empty_like(expected)
    elif isinstance(expected, tuple | list) and all(isinstance(item, torch.Tensor) for item in expected):
        out = tuple([torch.empty_like(item) for item in expected])
    else:
        return None
    return Call(call.input, call.args, {**call.kwargs, "out": out})


def traceable(func: Any) -> Any:
    """The database's own helpers around an operator, as functions of the user's: torch's test tools are not traced."""
    if not isinstance(func, types.FunctionType) or not (func.__module__ or "").startswith("torch.testing"):
        return func
    own = {**func.__globals__, "__name__": __name__, "wrapper_set_seed": plainly}
    closure = tuple([types.CellType(traceable(cell.cell_contents)) for cell in func.__closure__ or ()])
    copied = types.FunctionType(func.__code__, own, func.__name__, func.__defaults__, closure)
    copied.__kwdefaults__ = func.__kwdefaults__
    copied.__module__ = __name__
    return copied


def plainly(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """In place of the helper that seeds the random numbers, which every call here does anyway."""
    return op(*args, **kwargs)


class _Copier:
    """Copies of tensors, down to their storages, in whatever holds them."""

    def __init__(self) -> None:
        self._copies: dict[int, torch.Tensor] = {}
        self._storages: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            if id(value) not in self._copies:
                self._copies[id(value)] = self._tensor(value)
            return self._copies[id(value)]
        if isinstance(value, dict):
            return {key: self.of(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)([self.of(item) for item in value])
        if isinstance(value, torch.Generator):
            return value.clone_state()
        return value

    def _tensor(self, value: torch.Tensor) -> torch.Tensor:
        plain = value.detach()
        if type(value) not in (torch.Tensor, torch.nn.Parameter):
            return copy.deepcopy(value)
        if value.layout is not torch.strided or value.is_conj() or value.is_neg():
            return plain.clone().requires_grad_(value.requires_grad)
        storage = plain.untyped_storage()
        mine = self._storages.setdefault(storage._cdata, storage.clone())
        copied = plain.new_empty(0).set_(mine, plain.storage_offset(), plain.size(), plain.stride())
        return copied.requires_grad_(value.requires_grad)
