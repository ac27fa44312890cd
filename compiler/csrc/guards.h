/* The inside of a guard tree. guard_spec.c and guard_payloads.c build it; guard_tree.c walks it, with what guard_skim.c,
   guard_reach.c, guard_checks.c and guard_relations.c know of each step.

   A walk is bound by memory: a module of a thousand parameters has 2,500 nodes. What every walk reads of a node and of its
   commonest checks is therefore small and stands in order; what only the first walk and failures need stands apart. */
#ifndef COMPILER_GUARDS_H
#define COMPILER_GUARDS_H

#include "common.h"
#include "dict_versions.h"

typedef enum {
    ACCESS_LOCAL, ACCESS_GLOBAL, ACCESS_FREE, ACCESS_CONSTANT, /* from the frame */
    ACCESS_CELL, ACCESS_ATTR, ACCESS_DICT, ACCESS_KEY, ACCESS_ITEM, ACCESS_TYPE, ACCESS_CALL, ACCESS_FUNC_ATTR,
} Accessor;

typedef enum {
    CHECK_TYPE, CHECK_IS, CHECK_TENSOR, /* a node's first check may be merged into it */
    CHECK_IS_NOT, CHECK_IS_WEAK, CHECK_EQUAL, CHECK_LENGTH, CHECK_KEYS, CHECK_HAS_KEY, CHECK_LACKS_KEY, CHECK_TRUTH,
    CHECK_CLASS_ATTRS, CHECK_ITEMS, CHECK_EMPTY, CHECK_PREDICATE,
    CHECK_SAME_AS, CHECK_DISTINCT, /* between nodes: after all of them */
    CHECK_STATE, CHECK_MODES,      /* of no node: before all of them */
    CHECK_NONE,
} CheckKind;

/* How one value is reached. `memo` is what a dict of version `version` gave (borrowed: the dict holds it), or NULL: absent;
   of a constant, the constant. All objects are borrowed from the tree's `owned`. */
typedef struct {
    uint8_t accessor;
    uint8_t merged;        /* kind of the check with `payload`, or CHECK_NONE */
    bool key_may_run_code; /* a lookup of this key may call __eq__ */
    int parent;            /* index, or -1: the frame */
    union {
        struct {
            uint64_t version;
            PyObject *memo;
        };
        Py_ssize_t index;  /* or offset of a function's member (func_attr) */
    };
    PyObject *payload;
} Node;

/* The rest of a node. */
typedef struct {
    PyObject *argument;
    Py_hash_t hash;
    int fail_id;
    int merged_id;
    int check_begin;
} NodeInfo;

/* One name or key, and what it must give: NULL is absent. */
typedef struct {
    PyObject *key;
    Py_hash_t hash;
    PyObject *value;
} Expected;

/* One (callable, expected) of "state". A C function that takes nothing is called without ceremony. */
typedef struct {
    PyCFunction direct; /* or NULL */
    PyObject *self;
    PyObject *callable;
    PyObject *expected;
} State;

/* `count` is how many there are in `room`, which is one block of memory. Objects are borrowed from the tree's `owned`. */
typedef struct {
    uint8_t kind;
    bool key_may_run_code;
    int node; /* after the last check of all: -1 */
    int id;
    int count;
    union {
        uint64_t version;  /* of the dict or the type for which the check held */
        Py_hash_t hash;
        Py_ssize_t number; /* a length, a truth, a node index */
    };
    PyObject *payload;
    union {
        void *room;
        Expected *expected;
        State *states;
        PyObject **dicts; /* of "empty": what was found last, borrowed from the dict that has `version` */
        PyObject **seen;  /* of "distinct": addresses when they were all different, compared only; then the nodes */
    };
} Check;

struct GuardTree {
    PyObject_HEAD
    Node *nodes;
    NodeInfo *infos;
    int node_count;
    Check *checks;     /* by node; one more, of node -1, ends them */
    int check_count;
    Check *relations;  /* between nodes */
    int relation_count;
    Check *states;
    int state_count;
    PyObject *owned;    /* a tuple (while it is read, a list) of all objects that nodes and checks name */
    PyObject **scratch; /* room for one value per node, NULL while it is lent */
    int *inputs;        /* nodes whose values the replacement takes */
    int input_count;
    int hot;            /* the node that failed last, tried first; -1 none */
    int hot_passes;
};

static inline int *
distinct_nodes(Check *check)
{
    return (int *)(check->seen + check->count);
}

extern PyObject *absent; /* the sentinel _C.ABSENT */

/* ---- building (guard_spec.c, guard_payloads.c) ---- */
int guard_spec_read(GuardTree *tree, PyObject *spec, PyObject *inputs);
void guard_spec_free(GuardTree *tree);
int guard_own(GuardTree *tree, PyObject *object);
int guard_read_payload(GuardTree *tree, Check *check, PyObject *payload);
int guard_require(bool good, const char *message);
bool guard_key_is_plain(PyObject *key);

/* ---- constants (guard_constants.c) ---- */
bool constant_is_comparable(PyObject *value);
bool constants_equal(PyObject *expected, PyObject *value);
bool keys_are(PyObject *keys, PyObject *expected); /* may run Python code */

/* ---- walking ---- */
typedef struct {
    PyObject **values; /* what has been reached: values[0 .. filled) */
    int filled;
    bool secured;
    PyObject *context; /* while secured: the thread's context */
    const Scope *scope;
} Walk;

bool guard_secure(Walk *walk); /* before anything that may run Python code (guard_tree.c) */
/* From node `index` on, the first node of which it takes a visit to tell whether its guards hold; `next` is its first check.
   Runs no Python code, and changes nothing but values (guard_skim.c). */
int guard_skim(GuardTree *tree, const Scope *scope, PyObject **values, int index, Check **next);
/* A borrowed reference, or NULL; a new one when *owned (guard_reach.c). */
PyObject *guard_reach(Walk *walk, Node *node, NodeInfo *info, PyObject *parent, bool *owned);
bool guard_check_holds(Walk *walk, Check *check, PyObject *value);   /* guard_checks.c */
bool guard_relation_holds(Check *check, PyObject **values);          /* guard_relations.c */
bool guard_state_holds(Check *check);

/* Borrowed, or NULL: absent. */
static inline PyObject *
dict_get(PyObject *dict, PyObject *key, Py_hash_t hash)
{
    PyObject *value = _PyDict_GetItem_KnownHash(dict, key, hash);
    if (UNLIKELY(value == NULL) && PyErr_Occurred()) {
        PyErr_Clear();
    }
    return value;
}

/* The dict of an object that keeps it in front of itself, if it has been made; or NULL: see elsewhere. */
static inline PyObject *
managed_dict(PyObject *value)
{
    if (!PyType_HasFeature(Py_TYPE(value), Py_TPFLAGS_MANAGED_DICT)) {
        return NULL;
    }
    PyObject *dict = ((PyObject **)value)[-3];
    return (uintptr_t)dict & 1 ? NULL : dict; /* 3.12 marks so that values stand here instead */
}

/* "empty", of a dict whose version is the one noted. */
static inline bool
dicts_are_empty(Check *check)
{
    for (int i = 0; i < check->count; i++) {
        if (UNLIKELY(PyDict_GET_SIZE(check->dicts[i]) != 0)) {
            return false;
        }
    }
    return true;
}

static inline uint64_t
type_version(PyTypeObject *type)
{
    return PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG) ? type->tp_version_tag : 0;
}

#endif
