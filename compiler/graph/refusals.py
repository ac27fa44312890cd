"""Why an operator could not be run on examples, which have no contents: the kind of graph break."""

from __future__ import annotations

from typing import Any

from compiler.breaks import GraphBreak

_SHAPE_FROM_CONTENTS = frozenset(
    "nonzero argwhere where unique unique_consecutive unique_dim _unique _unique2 masked_select bincount "
    "repeat_interleave getitem __getitem__ tensor_split to_sparse to_sparse_coo to_sparse_csr to_sparse_csc "
    "to_sparse_bsr to_sparse_bsc".split()
)
"""Operators whose result's size depends on what is in a tensor."""

_READS_CONTENTS = ("item()", "_local_scalar_dense", "cannot be converted to Scalar", "data-dependent", "aten::equal")
"""What the errors say of operators that read a number out of a tensor."""


def refusal(target: Any, name: str, error: Exception) -> GraphBreak:
    """The graph break for an operator that raised on examples."""
    text = str(error)
    if name.removeprefix("Tensor.") in _SHAPE_FROM_CONTENTS and _has_no_kernel(error):
        return GraphBreak("data-dependent shape", name)
    if any(words in text for words in _READS_CONTENTS):
        return GraphBreak("data-dependent value", name)
    if isinstance(error, NotImplementedError):
        return GraphBreak("no shape kernel", name)
    return GraphBreak("operator refused", f"{name}: {type(error).__name__}: {text.splitlines()[0] if text else ''}")


def _has_no_kernel(error: Exception) -> bool:
    """Whether an operator was refused for the tensors' being on the meta device, and not for its arguments."""
    return isinstance(error, NotImplementedError) or "meta" in str(error)
