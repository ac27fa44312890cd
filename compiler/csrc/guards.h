/* The inside of a guard tree: shared by guard_spec.c, which builds it, and guard_tree.c, which evaluates it. */
#ifndef COMPILER_GUARDS_H
#define COMPILER_GUARDS_H

#include "common.h"

typedef enum {
    ACCESS_LOCAL, ACCESS_GLOBAL, ACCESS_FREE, ACCESS_CONSTANT, /* from the frame */
    ACCESS_CELL, ACCESS_ATTR, ACCESS_DICT, ACCESS_KEY, ACCESS_ITEM, ACCESS_TYPE, ACCESS_LOOKUP, ACCESS_CALL, ACCESS_FUNC_ATTR,
} Accessor;

typedef enum {
    CHECK_TYPE, CHECK_IS, CHECK_IS_NOT, CHECK_IS_WEAK, CHECK_EQUAL, CHECK_LENGTH, CHECK_KEYS, CHECK_HAS_KEY, CHECK_LACKS_KEY,
    CHECK_TRUTH, CHECK_TENSOR, CHECK_CLASS_ATTRS, CHECK_ITEMS, CHECK_EMPTY, CHECK_PREDICATE,
    CHECK_SAME_AS, CHECK_DISTINCT, /* between nodes: after all of them */
    CHECK_STATE, CHECK_MODES,      /* of no node: before all of them */
} CheckKind;

/* How one value is reached. `memo` is what a dict of version `version` gave (borrowed: the dict holds it), or NULL: absent. */
typedef struct {
    uint8_t accessor;
    bool key_may_run_code; /* a lookup of this key may call __eq__ */
    int parent;            /* index, or -1: the frame */
    int fail_id;
    int check_begin, check_end;
    Py_ssize_t index;      /* or offset of a function's member (func_attr) */
    PyObject *argument;
    Py_hash_t hash;
    uint64_t version;
    PyObject *memo;
} Node;

/* One name or key, and what it must give: NULL is absent. */
typedef struct {
    PyObject *key;
    Py_hash_t hash;
    PyObject *value; /* of "empty": what was found last, borrowed */
} Expected;

/* One (callable, expected) of "state". A C function that takes nothing is called without ceremony. */
typedef struct {
    PyCFunction direct; /* or NULL */
    PyObject *self;
    PyObject *callable;
    PyObject *expected;
} State;

/* `number` is a length, a truth, a node index, or how many of `expected`, `nodes` or `states` there are. */
typedef struct {
    uint8_t kind;
    bool key_may_run_code;
    int id;
    int node;
    Py_ssize_t number;
    PyObject *payload;
    Expected *expected;
    union {
        struct {
            int *nodes;      /* of "distinct" */
            PyObject **seen; /* their addresses when they were all different: compared only, never followed */
        };
        State *states;       /* of "state": borrowed from the payload */
        struct {
            Py_hash_t hash;
            uint64_t version; /* of the dict or the type for which the check held */
        };
    };
} Check;

struct GuardTree {
    PyObject_HEAD
    Node *nodes;
    int node_count;
    Check *checks;     /* by node */
    int check_count;
    Check *relations;  /* between nodes */
    int relation_count;
    Check *states;
    int state_count;
    PyObject **scratch; /* room for one value per node, NULL while it is lent */
    int *inputs;        /* nodes whose values the replacement takes */
    int input_count;
    int hot;            /* the node that failed last, tried first; -1 none */
    int hot_passes;
};

extern PyObject *absent;           /* the sentinel _C.ABSENT */
int guard_spec_read(GuardTree *tree, PyObject *spec, PyObject *inputs);
int guard_spec_traverse(GuardTree *tree, visitproc visit, void *arg);
void guard_spec_free(GuardTree *tree);
bool constants_equal(PyObject *expected, PyObject *value);
bool constant_is_comparable(PyObject *value);

/* A dict with the same version has the same items as when it was noted; 0: this dict's version tells nothing. */
static inline uint64_t
dict_version(PyObject *dict)
{
    PyDictObject *self = (PyDictObject *)dict;
#if PY_VERSION_HEX >= 0x030D0000
    if (self->ma_values != NULL) {
        return 0; /* 3.13 stores attributes into inline values without a new version */
    }
#endif
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return self->ma_version_tag;
#pragma GCC diagnostic pop
}

static inline uint64_t
type_version(PyTypeObject *type)
{
    return PyType_HasFeature(type, Py_TPFLAGS_VALID_VERSION_TAG) ? type->tp_version_tag : 0;
}

#endif
