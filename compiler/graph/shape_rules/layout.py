"""Where the elements of a pointwise result lie.

`pointwise_layout` states the rule of ATen's ``TensorIterator``: operands that agree on a
dense layout pass it on; otherwise dimensions are sorted by the operands' strides, the first
operand with an opinion deciding, and the result is dense in that order.

    shapes (2, 3, 4) with strides (12, 1, 3), and a number  →  strides (12, 1, 3)
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import torch
from torch import Tensor

from compiler.graph.shape_rules.examples import Unsure

Shape = tuple[int, ...]


@functools.lru_cache(maxsize=4096)
def contiguous_strides(shape: Shape) -> Shape:
    """The strides of a freshly allocated tensor."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size or 1
    return tuple(reversed(strides))


def is_standard(tensor: Tensor) -> bool:
    """Whether strides are those of a fresh tensor, dimensions of size one included."""
    return tensor.stride() == contiguous_strides(tensor.shape)


@functools.lru_cache(maxsize=4096)
def broadcast(left: Shape, right: Shape) -> Shape:
    """The common shape of two operands; declines when there is none."""
    if len(left) < len(right):
        left, right = right, left
    lead = len(left) - len(right)
    sizes = list(left[:lead])
    for a, b in zip(left[lead:], right, strict=True):
        if a not in (b, 1) and b != 1:
            raise Unsure
        sizes.append(b if a == 1 else a)
    return torch.Size(sizes)


def pointwise_layout(operands: Sequence[Tensor], compute: torch.dtype | None, numbers: bool) -> tuple[Shape, Shape]:
    """Shape and strides of a pointwise result.

    Args:
        operands: The tensors, in the order the operator takes them.
        compute: The dtype operands are converted to first; None when they are not.
        numbers: Whether a Python number takes part as a zero-dimensional operand.
    """
    shape: Shape = operands[0].shape
    standard = True
    for tensor in operands:
        own = tensor.shape
        if own != shape:
            shape = broadcast(shape, own)
        standard = standard and tensor.stride() == contiguous_strides(own)
    if standard and 0 not in shape:
        return shape, contiguous_strides(shape)
    if compute is not None:
        operands = [t if t.dtype is compute else t.detach().to(compute) for t in operands]
    if not (numbers and shape) and all(tensor.shape == shape for tensor in operands):
        strides = _agreed_strides(shape, operands)
        if strides is not None:
            return shape, strides
    return shape, _sorted_strides(shape, [_expanded_strides(shape, tensor) for tensor in operands])


def preserved_strides(tensor: Tensor) -> Shape:
    """The strides of ``torch.empty_like``: kept when dense, else dense in the same order."""
    if is_standard(tensor):
        return tensor.stride()
    return tensor.detach().clone().stride()


def _agreed_strides(shape: Shape, operands: Sequence[Tensor]) -> Shape | None:
    if all(tensor.is_contiguous() for tensor in operands):
        return contiguous_strides(shape)
    if len(shape) == 4 and all(tensor.is_contiguous(memory_format=torch.channels_last) for tensor in operands):
        return channels_last_strides(shape)
    strides = operands[0].stride()
    if all(tensor.stride() == strides for tensor in operands) and _is_dense(shape, strides):
        return strides
    return None


def channels_last_strides(shape: Shape) -> Shape:
    """The strides of a fresh four-dimensional tensor with its channels innermost."""
    _, channels, height, width = (size or 1 for size in shape)
    return (height * width * channels, 1, width * channels, channels)


def _is_dense(shape: Shape, strides: Shape) -> bool:
    step = 1
    for stride, size in sorted((stride, size) for stride, size in zip(strides, shape, strict=True) if size != 1):
        if stride != step:
            return False
        step *= size
    return True


def _expanded_strides(shape: Shape, tensor: Tensor) -> Shape:
    own = tensor.shape
    lead = len(shape) - len(own)
    kept = (
        0 if size == 1 and shape[lead + index] != 1 else stride
        for index, (size, stride) in enumerate(zip(own, tensor.stride(), strict=True))
    )
    return (0,) * lead + tuple(kept)


def _sorted_strides(shape: Shape, operands: Sequence[Shape]) -> Shape:
    """Insertion sort of the dimensions, innermost first; ambiguous pairs stay in place."""
    order = list(range(len(shape)))[::-1]
    for start in range(1, len(order)):
        moving = start
        for other in range(start - 1, -1, -1):
            verdict = _compare(order[other], order[moving], shape, operands)
            if verdict > 0:
                order[other], order[moving] = order[moving], order[other]
                moving = other
            elif verdict < 0:
                break
    if order == list(range(len(shape)))[::-1]:
        return contiguous_strides(shape)
    strides = [0] * len(shape)
    step = 1
    for dim in order:
        strides[dim] = step
        step *= shape[dim]
    return tuple(strides)


def _compare(inner: int, outer: int, shape: Shape, operands: Sequence[Shape]) -> int:
    """Positive when `inner` belongs outside `outer`, negative when not, 0 when none can tell."""
    for strides in operands:
        a, b = strides[inner], strides[outer]
        if a == 0 or b == 0:
            continue
        if a != b:
            return 1 if a > b else -1
        if shape[inner] > shape[outer]:
            return 1
    return 0
