"""Where a tensor keeps its metadata in memory, found by experiment and believed only after a self-test.

Guards on tensors read a handful of words of ``at::TensorImpl`` instead of a dozen Python attributes. No header of torch
is used: each word is located by changing one property and looking at what changed, and ``measure`` answers None, which
switches the quick reading off, unless the words tell apart every two tensors of a large sample that the attributes tell
apart.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import torch

from compiler.tensor_facts import Description

INLINE_DIMS = 5
"""Sizes and strides of up to this many dims lie inside TensorImpl."""

_WORD = 8
_WORDS = 22


class Layout(NamedTuple):
    """Indices of words in TensorImpl, and what plain tensors have in some of them."""

    impl_offset: int  # of the TensorImpl pointer, in bytes from the Python object
    extra: int  # names, symbolic shapes: 0 in plain tensors
    ndim: int  # followed by five sizes and five strides
    flags: int  # dtype, device, and bits derived from them and from the sizes
    flags_mask: int  # without padding
    keyset: int  # dispatch keys: backend, conj, neg, autograd
    vtable: int  # the word 0 of plain dense tensors
    requires_grad: int  # address of c10::TensorImpl::requires_grad() const, or 0
    grad_meta: int  # the pointer to what autograd knows of a tensor, 0 where it knows nothing; or 0: not found
    grad_byte: int  # where that has a byte that is 1 in leaves that require gradients


def _words(tensor: torch.Tensor) -> tuple[int, ...]:
    return tuple((ctypes.c_uint64 * _WORDS).from_address(tensor._cdata))


def _only(found: set[int]) -> int:
    if len(found) != 1:
        raise LookupError(f"one word expected, found {sorted(found)}")
    return next(iter(found))


def _fill_heap(byte: int) -> None:
    """Leaves chunks of TensorImpl's size filled with ``byte``, so that padding shows as bits that differ."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    chunks = [libc.malloc(ctypes.c_size_t(_WORDS * _WORD)) for _ in range(16)]
    for chunk in chunks:
        ctypes.memset(chunk, byte, _WORDS * _WORD)
    for chunk in chunks:
        libc.free(chunk)


def _moving_bits() -> list[int]:
    """Per word, the bits that differ between tensors alike in metadata: pointers, counters, storage offset, padding."""
    base, viewed = torch.zeros(64), torch.zeros(3, 4)
    view = viewed[0]  # which counts a reference more to `viewed`
    alike = [torch.zeros(3, 4) for _ in range(8)] + [base[i : i + 12].view(3, 4) for i in range(8)] + [viewed]
    alike += [torch.zeros(3, 4, requires_grad=True), torch.zeros(3, 4).add_(1), torch.nn.Parameter(torch.zeros(3, 4))]
    for byte in (0x00, 0xFF) * 3:
        _fill_heap(byte)
        alike += [torch.zeros(3, 4) for _ in range(8)]
    moving = [0] * _WORDS
    for left, right in pairwise(alike):
        moving = [bits | (a ^ b) for bits, a, b in zip(moving, _words(left), _words(right))]
    del view
    return moving


def _changed(left: torch.Tensor, right: torch.Tensor, moving: list[int], start: int) -> set[int]:
    words = list(zip(_words(left), _words(right), moving))
    return {i for i in range(start, _WORDS) if (words[i][0] ^ words[i][1]) & ~words[i][2]}


def _impl_offset() -> int:
    tensors = [torch.zeros(2), torch.nn.Parameter(torch.zeros(3)), torch.zeros(4, 4).t()]
    offsets = [
        {i for i in range(2, 5) if ctypes.c_uint64.from_address(id(t) + i * _WORD).value == t._cdata} for t in tensors
    ]
    return _only(set.intersection(*offsets)) * _WORD


def _ndim_word() -> int:
    sample = torch.empty(2, 3, 5, 7, 11).permute(3, 0, 4, 1, 2)
    pattern = (INLINE_DIMS, *sample.shape, *sample.stride())
    words = _words(sample)
    return _only({i for i in range(_WORDS - len(pattern) + 1) if words[i : i + len(pattern)] == pattern})


def _extra_word(moving: list[int], ndim: int) -> int:
    """The pointer to what plain tensors lack: the one word before the sizes that is always 0."""
    words = _words(torch.zeros(3, 4, requires_grad=True))
    return _only({i for i in range(ndim) if words[i] == 0 and not moving[i]})


def _requires_grad_address() -> int:
    try:
        library = ctypes.CDLL("libc10.so", mode=ctypes.DEFAULT_MODE | 4)  # RTLD_NOLOAD: the one that torch has loaded
        symbol = library["_ZNK3c1010TensorImpl13requires_gradEv"]
    except (OSError, AttributeError):
        return 0
    symbol.argtypes, symbol.restype = [ctypes.c_void_p], ctypes.c_bool
    leaf = torch.zeros(2, requires_grad=True)
    samples = [torch.zeros(2), leaf, leaf * 2, leaf.detach(), torch.zeros(2).requires_grad_().requires_grad_(False)]
    agree = all(symbol(t._cdata) == t.requires_grad for t in samples)
    return (ctypes.cast(symbol, ctypes.c_void_p).value or 0) if agree else 0


class _Grad(NamedTuple):
    meta: int = 0
    byte: int = 0


def _grad_samples() -> list[torch.Tensor]:
    leaf = torch.zeros(2, requires_grad=True)
    frozen, passed = torch.zeros(2).requires_grad_().requires_grad_(False), torch.zeros(2).requires_grad_()
    (passed * 2).sum().backward()
    made = [leaf * 2, (leaf * 2)[0], leaf.view(1, 2), leaf.detach(), torch.zeros(2).add_(leaf), torch.zeros(2)]
    return [leaf, frozen, passed, *made, torch.nn.Parameter(torch.zeros(3)), torch.zeros(3, 4, requires_grad=True)]


def _grad_is_told(grad: _Grad, tensor: torch.Tensor) -> bool:
    """What C makes of the words is right, or it asks torch."""
    meta = _words(tensor)[grad.meta]
    if meta == 0:
        return not tensor.requires_grad
    return tensor.requires_grad or ctypes.c_uint8.from_address(meta + grad.byte).value != 1


def _grad() -> _Grad:
    """The byte that changes with requires_grad; all 0 where there is not exactly one."""
    try:
        never, leaf = torch.zeros(3, 4), torch.zeros(3, 4, requires_grad=True)
        grown = zip(_words(never), _words(leaf))
        meta = _only({i for i, (without, with_) in enumerate(grown) if without == 0 and with_ != 0})
        address = _words(leaf)[meta]
        usable_size = ctypes.CDLL(None).malloc_usable_size
        usable_size.restype, usable_size.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
        memory = (ctypes.c_uint8 * usable_size(address)).from_address(address)
        before = bytes(memory)
        leaf.requires_grad_(False)
        after = bytes(memory)
        byte = _only({i for i, pair in enumerate(zip(before, after)) if pair[0] != pair[1]})
        found = _Grad(meta, byte)
        told = (before[byte], after[byte]) == (1, 0) and all(_grad_is_told(found, tensor) for tensor in _grad_samples())
        return found if told else _Grad()
    except (LookupError, AttributeError, OSError):
        return _Grad()


def _find() -> Layout:
    moving, ndim = _moving_bits(), _ndim_word()
    end = ndim + 1 + 2 * INLINE_DIMS
    complex_tensor = torch.zeros(3, 4, dtype=torch.complex64)
    flags = _only(_changed(torch.zeros(3, 4), torch.zeros(3, 4, dtype=torch.float64), moving, end))
    grad = _grad()
    return Layout(
        impl_offset=_impl_offset(),
        extra=_extra_word(moving, ndim),
        ndim=ndim,
        flags=flags,
        flags_mask=~moving[flags] & (2**64 - 1),
        keyset=_only(_changed(complex_tensor, complex_tensor.conj(), moving, end)),
        vtable=_words(torch.zeros(3, 4))[0],
        requires_grad=_requires_grad_address(),
        grad_meta=grad.meta,
        grad_byte=grad.byte,
    )


def fingerprint(layout: Layout, tensor: torch.Tensor) -> tuple[int, ...] | None:
    """What C compares; None for tensors it leaves to the slow reading."""
    words = _words(tensor)
    ndim = words[layout.ndim]
    if words[0] != layout.vtable or words[layout.extra] != 0 or ndim > INLINE_DIMS:
        return None
    sizes, strides = layout.ndim + 1, layout.ndim + 1 + INLINE_DIMS
    return (
        words[layout.flags] & layout.flags_mask,
        words[layout.keyset],
        ndim,
        *words[sizes : sizes + ndim],
        *words[strides : strides + ndim],
    )


def _mutations() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Pairs of one tensor's states, as (before, after): the tensor itself is changed between the two."""
    for change in (
        lambda t: t.t_(),
        lambda t: t.resize_(4, 3),
        lambda t: t.resize_(3, 4, 1),
        lambda t: t.unsqueeze_(0),
        lambda t: t.squeeze_(),
        lambda t: t.transpose_(0, 1),
        lambda t: t.as_strided_((2, 2), (1, 1)),
        lambda t: t.set_(torch.zeros(5)),
        lambda t: setattr(t, "data", torch.zeros(3, 4, dtype=torch.float64)),
        lambda t: setattr(t, "data", torch.zeros(4, 3).t()),
        lambda t: setattr(t, "data", torch.zeros(2)),
    ):
        tensor = torch.zeros(3, 4)
        before = tensor.view_as(tensor)
        change(tensor)
        yield before, tensor


def _sample() -> Iterator[torch.Tensor]:
    dtypes = (
        torch.float32,
        torch.float64,
        torch.float16,
        torch.bfloat16,
        torch.int64,
        torch.int32,
        torch.bool,
        torch.complex64,
    )
    shapes = (
        (),
        (1,),
        (0,),
        (4,),
        (2, 3),
        (3, 2),
        (1, 2, 3),
        (2, 3, 1, 2),
        (2, 1, 2, 1, 3),
        (2, 3, 2, 3, 2),
        (1, 2, 1, 2, 1, 2),
    )
    for dtype in dtypes:
        for shape in shapes:
            yield torch.empty(shape, dtype=dtype)
            yield torch.empty(shape, dtype=dtype).permute(tuple(reversed(range(len(shape)))))
            yield torch.empty(shape, dtype=dtype, device="meta")
    for shape in shapes[4:]:
        doubled = torch.empty([2 * size for size in shape])
        yield doubled[tuple(slice(0, size) for size in shape)]
        yield doubled[tuple(slice(None, None, 2) for _ in shape)]
        yield torch.empty(1).expand(shape)
    yield torch.empty(2, 3, 4, 5).to(memory_format=torch.channels_last)
    base = torch.zeros(2, 3, dtype=torch.complex64)
    yield from (base.conj(), base.conj().conj(), base.imag, base.conj().imag, base.real)
    yield torch._efficientzerotensor((2, 3))
    with torch.inference_mode():
        yield torch.zeros(2, 3)
    yield torch.zeros(2, 3).to_sparse()
    if torch.cuda.is_available():
        yield torch.zeros(2, 3, device="cuda")


def _passes_self_test(layout: Layout) -> bool:
    facts_of: dict[tuple[int, ...], Description] = {}
    kept = [*_sample(), *(tensor for pair in _mutations() for tensor in pair)]
    for tensor in kept:
        key = fingerprint(layout, tensor)
        if (
            key is not None
            and facts_of.setdefault(key, Description.of(tensor, (), False)).difference(tensor) is not None
        ):
            return False
    return True


def measure() -> Layout | None:
    """The layout of this torch, or None when it cannot be established."""
    try:
        with torch._C.DisableTorchFunction(), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.enable_grad():
                layout = _find()
            return layout if _passes_self_test(layout) else None
    except Exception:  # a torch laid out differently: the slow reading is always right
        return None
