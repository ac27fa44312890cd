"""Which places of a storage a tensor occupies, as far as operators in place have to know.

Operators refuse to write to a tensor that has one place twice, or that shares some places with another
operand; those of the meta device, on which examples live, look for neither.
"""

from __future__ import annotations

import torch


def may_clash(written: torch.Tensor, read: torch.Tensor) -> bool:
    """Whether an operator that writes to the one and reads the other refuses; both are examples."""
    if written is read:
        return _has_a_place_twice(written)
    if (written if written._base is None else written._base) is not (read if read._base is None else read._base):
        return False
    if not (written.numel() and read.numel() and _is_dense(written) and _is_dense(read)):
        return False
    ahead = written.storage_offset() - read.storage_offset()
    if ahead == 0 and written.numel() == read.numel():
        return written.stride() != read.stride()
    return -written.numel() < ahead < read.numel()


def _dims(tensor: torch.Tensor) -> list[tuple[int, int]]:
    """(stride, size) of the dims that have more than one place, closest places first."""
    pairs = zip(tensor.stride(), tensor.shape, strict=True)
    return sorted((stride, size) for stride, size in pairs if size > 1)


def _has_a_place_twice(tensor: torch.Tensor) -> bool:
    """As operators test it: a dim that does not move."""
    return tensor.numel() > 0 and any(stride == 0 for stride, _ in _dims(tensor))


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether it fills the places from its first to its last, each once."""
    expected = 1
    for stride, size in _dims(tensor):
        if stride != expected:
            return False
        expected *= size
    return True
