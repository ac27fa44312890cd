"""Calls the shape rules are compared on, and the comparison itself.

A call is made of *real* CPU tensors; `twin` gives the example that stands for one.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from compiler.graph.shape_rules import infer, new_example

FLOATS = (torch.float32, torch.bfloat16, torch.float64)
DTYPES = (*FLOATS, torch.int64, torch.uint8, torch.bool)


@dataclasses.dataclass
class Call:
    """One call; `answered` says that a rule must know it."""

    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    answered: bool = True

    @property
    def name(self) -> str:
        return self.target if isinstance(self.target, str) else self.target.__name__

    def run(self) -> Any:
        if isinstance(self.target, str):
            return getattr(self.args[0], self.target)(*self.args[1:], **self.kwargs)
        return self.target(*self.args, **self.kwargs)

    def __str__(self) -> str:
        def show(value: Any) -> str:
            if not isinstance(value, Tensor):
                return repr(value)
            grad = "" if not value.requires_grad else " grad" if value.is_leaf else " grad non-leaf"
            return f"<{value.dtype} {tuple(value.shape)} {value.stride()}{grad}>"

        shown = [show(arg) for arg in self.args] + [f"{name}={show(arg)}" for name, arg in self.kwargs.items()]
        return f"{self.name}({', '.join(shown)})"


def call(target: Any, *args: Any, answered: bool = True, **kwargs: Any) -> Call:
    return Call(target, args, kwargs, answered)


def map_tensors(function: Callable[[Tensor], Any], value: Any) -> Any:
    if isinstance(value, Tensor):
        return function(value)
    if type(value) in (tuple, list):
        return type(value)(map_tensors(function, one) for one in value)
    if isinstance(value, tuple):
        return tuple(map_tensors(function, one) for one in value)
    if isinstance(value, dict):
        return {key: map_tensors(function, one) for key, one in value.items()}
    return value


def twin(tensor: Tensor) -> Tensor:
    """An example with the shape, strides, dtype and autograd flags of `tensor`."""
    if tensor.requires_grad and not tensor.is_leaf:
        return new_example(tensor.shape, tensor.stride(), tensor.dtype, requires_grad=True)
    example = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
    return example.requires_grad_(tensor.requires_grad)


def twins(of: Call) -> Call:
    """The same call on examples; one tensor given twice stays one example."""
    memo: dict[int, Tensor] = {}

    def once(tensor: Tensor) -> Tensor:
        return memo.setdefault(id(tensor), twin(tensor))

    return Call(of.target, map_tensors(once, of.args), map_tensors(once, of.kwargs), of.answered)


def facts(tensor: Tensor, arguments: list[Tensor]) -> tuple[Any, ...]:
    """Everything a rule has to get right about one tensor."""
    same = next((index for index, argument in enumerate(arguments) if argument is tensor), None)
    memory = tensor.untyped_storage()._cdata
    shared = [index for index, argument in enumerate(arguments) if argument.untyped_storage()._cdata == memory]
    return (
        tuple(tensor.shape),
        tensor.stride(),
        tensor.dtype,
        tensor.requires_grad,
        tensor.is_leaf,
        shared,
        same,
    )


def all_facts(result: Any, of: Call) -> Any:
    arguments: list[Tensor] = []
    map_tensors(arguments.append, (of.args, of.kwargs))
    inputs = [facts(argument, [argument]) for argument in arguments]
    return map_tensors(lambda tensor: facts(tensor, arguments), result), inputs


def compare(real: Call) -> bool:
    """Whether a rule answered; its answer must be what the operator does."""
    examples = twins(real)
    before = all_facts((), examples)
    answer = infer(examples.target, examples.args, examples.kwargs)
    if answer is NotImplemented:
        assert all_facts((), examples) == before, f"declined, but changed an argument: {real}"
        return False
    described = str(real)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = real.run()
    except Exception as error:
        raise AssertionError(f"a rule answered where the operator raises: {described}: {error}") from error
    assert type(answer) is type(expected), described
    assert all_facts(answer, examples) == all_facts(expected, real), described
    return True


# --- tensors ---------------------------------------------------------------------------------


def make(*shape: int, dtype: torch.dtype = torch.float32, grad: bool | str = False) -> Tensor:
    """A real tensor of ones; ``grad="mid"`` for a non-leaf that requires grad."""
    tensor = torch.ones(shape, dtype=dtype)
    return with_grad(tensor, grad)


def with_grad(tensor: Tensor, grad: bool | str) -> Tensor:
    if not grad or not tensor.dtype.is_floating_point:
        return tensor
    tensor = tensor.detach().requires_grad_()
    if grad == "mid":
        strides = tensor.stride()
        tensor = tensor.clone()
        assert tensor.stride() == strides
    return tensor


def layouts(dtype: torch.dtype = torch.float32) -> Iterator[Tensor]:
    """Tensors of many ranks and layouts: fresh, permuted, sparse in memory, expanded, empty."""
    one = torch.ones((), dtype=dtype)
    yield one
    for shape in [
        (1,),
        (3,),
        (2, 3),
        (1, 3),
        (2, 1),
        (4, 2, 3),
        (2, 4, 2, 3),
        (1, 1, 2, 3),
        (2, 4, 1, 1),
        (2, 1, 2, 3),
    ]:
        yield one.expand(shape).contiguous()
    for shape in [(0,), (0, 3), (2, 0), (0, 1), (4, 0, 3)]:
        yield torch.empty(shape, dtype=dtype)
    cube = one.expand(4, 2, 3).contiguous()
    yield one.expand(3, 2).contiguous().t()
    yield one.expand(2, 3)
    yield one.expand(2, 1).contiguous().expand(2, 3)
    yield one.expand(2, 6).contiguous()[:, ::2]
    yield one.expand(4, 3).contiguous()[:, :1]
    yield one.expand(1, 3).contiguous().t()
    yield one.expand(3, 4, 2).contiguous().permute(1, 2, 0)
    yield one.expand(2, 4, 3).contiguous().permute(1, 0, 2)
    yield cube[:, :1].expand(4, 2, 3)
    yield cube.transpose(0, 2)[:, :, ::2]
    yield one.expand(2, 2, 3, 4).contiguous().permute(0, 3, 1, 2)
    yield one.expand(2, 2, 4, 3).contiguous().permute(0, 2, 1, 3)
    yield one.expand(2, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    yield one.expand(2, 1, 1, 4).contiguous().permute(0, 3, 1, 2)
    yield torch.empty_strided((2, 1, 3), (3, 50, 1), dtype=dtype).fill_(1)
    yield torch.empty_strided((3, 1), (1, 40), dtype=dtype).fill_(1)
    yield torch.empty((3, 0, 2), dtype=dtype).permute(2, 1, 0)
