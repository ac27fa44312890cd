/* The facts of one tensor, and their quick reading: a few words of at::TensorImpl, as compiler.tensor_layout found them. */
#ifndef COMPILER_TENSOR_FACTS_H
#define COMPILER_TENSOR_FACTS_H

#include "common.h"

enum { INLINE_DIMS = 5, KNOWN_PAIRS = 4, RAW = -1 };

/* One process has one torch, hence one layout. */
typedef struct {
    bool measured;
    bool usable;
    Py_ssize_t impl_offset;
    int extra, ndim, flags, keyset;
    uint64_t flags_mask, vtable;
    int grad_meta, grad_byte; /* word with the AutogradMeta, or 0: unknown; the byte in it that is 1 in leaves with gradients */
    bool (*requires_grad)(const void *); /* or NULL: ask the getter */
    PyGetSetDef *requires_grad_getter, *is_leaf_getter;
    PyTypeObject *tensor, *parameter;
} TensorLayout;
extern TensorLayout tensor_layout;

/* What the quick reading needs stands first, on two cache lines. */
struct TensorFacts {
    PyObject_HEAD
    PyTypeObject *type;
    bool quick; /* `type` keeps its metadata in words that we know */
    bool requires_grad;
    bool check_leaf, is_leaf;
    bool dynamic;
    uint8_t ndim;
    uint8_t known; /* pairs of (flags, keyset) that the slow reading has found good */
    struct {
        uint64_t flags, keyset;
    } good[KNOWN_PAIRS];
    int64_t sizes[INLINE_DIMS], strides[INLINE_DIMS];
    int stride_from[INLINE_DIMS];
    bool free_size[INLINE_DIMS];
    PyObject *description; /* compiler.tensor_facts.Description */
};

bool tensor_moving_shape_holds(TensorFacts *facts, const int64_t *sizes, const int64_t *strides);
bool tensor_requires_grad(const uint64_t *words, PyObject *value);
bool tensor_is_leaf(PyObject *value);

static inline const uint64_t *
impl_words(PyObject *tensor)
{
    return *(const uint64_t **)((char *)tensor + tensor_layout.impl_offset);
}

static inline bool
words_are_plain(const uint64_t *words)
{
    return words != NULL && words[0] == tensor_layout.vtable && words[tensor_layout.extra] == 0
           && words[tensor_layout.ndim] <= INLINE_DIMS;
}

static inline bool
shape_holds(TensorFacts *facts, const uint64_t *words)
{
    const int64_t *sizes = (const int64_t *)&words[tensor_layout.ndim + 1], *strides = sizes + INLINE_DIMS;
    if (UNLIKELY(words[tensor_layout.ndim] != (uint64_t)facts->ndim)) {
        return false;
    }
    if (UNLIKELY(facts->dynamic)) {
        return tensor_moving_shape_holds(facts, sizes, strides);
    }
    for (int dim = 0; dim < facts->ndim; dim++) {
        if (sizes[dim] != facts->sizes[dim] || strides[dim] != facts->strides[dim]) {
            return false;
        }
    }
    return true;
}

static inline bool
flags_are_known(TensorFacts *facts, const uint64_t *words)
{
    uint64_t flags = words[tensor_layout.flags] & tensor_layout.flags_mask, keyset = words[tensor_layout.keyset];
    for (int i = 0; i < facts->known; i++) {
        if (LIKELY(flags == facts->good[i].flags && keyset == facts->good[i].keyset)) {
            return true;
        }
    }
    return false;
}

/* Leaves that require gradients, and tensors that never did, are told by a byte; for the rest torch is asked. torch itself
   takes every tensor's autograd metadata for an AutogradMeta. */
static inline bool
requires_grad(const uint64_t *words, PyObject *value)
{
    if (LIKELY(tensor_layout.grad_meta != 0)) {
        const uint8_t *meta = (const uint8_t *)words[tensor_layout.grad_meta];
        if (meta == NULL) {
            return false;
        }
        if (LIKELY(meta[tensor_layout.grad_byte] == 1)) {
            return true;
        }
    }
    return tensor_requires_grad(words, value);
}

/* Runs no Python code and frees nothing. */
static inline FactsAnswer
tensor_facts_quick(TensorFacts *facts, PyObject *value)
{
    if (UNLIKELY(Py_TYPE(value) != facts->type)) {
        return FACTS_DIFFER;
    }
    if (UNLIKELY(!facts->quick)) {
        return FACTS_UNKNOWN;
    }
    const uint64_t *words = impl_words(value);
    if (UNLIKELY(!words_are_plain(words))) {
        return FACTS_UNKNOWN;
    }
    if (UNLIKELY(!shape_holds(facts, words))) {
        return FACTS_DIFFER;
    }
    if (UNLIKELY(!flags_are_known(facts, words))) {
        return FACTS_UNKNOWN;
    }
    if (UNLIKELY(requires_grad(words, value) != facts->requires_grad)) {
        return FACTS_DIFFER;
    }
    bool leaf = LIKELY(!facts->check_leaf) || tensor_is_leaf(value) == facts->is_leaf;
    return leaf ? FACTS_HOLD : FACTS_DIFFER;
}

#endif
