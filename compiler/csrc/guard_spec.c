/* Reads the list of tuples that describes a guard tree. */
#include "guards.h"

typedef struct {
    const char *name;
    int value;
} Name;

static const Name accessors[] = {
    {"local", ACCESS_LOCAL}, {"global", ACCESS_GLOBAL}, {"free", ACCESS_FREE}, {"constant", ACCESS_CONSTANT},
    {"cell", ACCESS_CELL}, {"attr", ACCESS_ATTR}, {"dict", ACCESS_DICT}, {"key", ACCESS_KEY}, {"item", ACCESS_ITEM},
    {"type", ACCESS_TYPE}, {"call", ACCESS_CALL}, {"func_attr", ACCESS_FUNC_ATTR}, {NULL, 0},
};

static const Name kinds[] = {
    {"type", CHECK_TYPE}, {"is", CHECK_IS}, {"is_not", CHECK_IS_NOT}, {"is_weak", CHECK_IS_WEAK}, {"equal", CHECK_EQUAL},
    {"length", CHECK_LENGTH}, {"keys", CHECK_KEYS}, {"has_key", CHECK_HAS_KEY}, {"lacks_key", CHECK_LACKS_KEY},
    {"truth", CHECK_TRUTH}, {"tensor", CHECK_TENSOR}, {"class_attrs", CHECK_CLASS_ATTRS}, {"items", CHECK_ITEMS}, {"empty", CHECK_EMPTY},
    {"predicate", CHECK_PREDICATE}, {"same_as", CHECK_SAME_AS}, {"distinct", CHECK_DISTINCT}, {"state", CHECK_STATE},
    {"modes", CHECK_MODES}, {NULL, 0},
};

static const Name func_attrs[] = {
    {"__code__", offsetof(PyFunctionObject, func_code)},
    {"__defaults__", offsetof(PyFunctionObject, func_defaults)},
    {"__kwdefaults__", offsetof(PyFunctionObject, func_kwdefaults)},
    {"__closure__", offsetof(PyFunctionObject, func_closure)},
    {"__globals__", offsetof(PyFunctionObject, func_globals)},
    {NULL, 0},
};

static int
name_value(const Name *names, PyObject *name, const char *what)
{
    for (; PyUnicode_Check(name) && names->name != NULL; names++) {
        if (PyUnicode_CompareWithASCIIString(name, names->name) == 0) {
            return names->value;
        }
    }
    PyErr_Format(PyExc_ValueError, "no such %s: %R", what, name);
    return -1;
}

static int
malformed(const char *message)
{
    if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_TypeError, message);
    }
    return -1;
}

static Check *
append_check(Check **checks, int *count)
{
    Check *grown = *checks;
    if ((*count & (*count - 1)) == 0) { /* room is a power of two; merging gives some of it back */
        grown = PyMem_Realloc(grown, (*count == 0 ? 1 : (size_t)*count * 2) * sizeof(Check));
        if (grown == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        *checks = grown;
    }
    Check *check = &grown[(*count)++];
    memset(check, 0, sizeof(Check));
    return check;
}

static bool
is_merged(int kind)
{
    return kind == CHECK_TYPE || kind == CHECK_IS || kind == CHECK_TENSOR;
}

/* A node's first check moves into it, if it only compares its payload. */
static void
merge_first(GuardTree *tree, int index)
{
    NodeInfo *info = &tree->infos[index];
    Check *first = &tree->checks[info->check_begin];
    if (tree->check_count > info->check_begin && is_merged(first->kind)) {
        tree->nodes[index].merged = first->kind;
        tree->nodes[index].payload = first->payload;
        info->merged_id = first->id;
        tree->check_count--;
        memmove(first, first + 1, sizeof(Check) * (size_t)(tree->check_count - info->check_begin));
    }
}

static int
read_check(GuardTree *tree, int node, PyObject *tuple)
{
    int id;
    PyObject *name, *payload;
    if (!PyTuple_Check(tuple) || !PyArg_ParseTuple(tuple, "iOO;a check is (guard_id, kind, payload)", &id, &name, &payload)) {
        return malformed("a check is a tuple (guard_id, kind, payload)");
    }
    int kind = name_value(kinds, name, "kind of check");
    if (kind < 0) {
        return -1;
    }
    Check *check = kind >= CHECK_STATE      ? append_check(&tree->states, &tree->state_count)
                   : kind >= CHECK_SAME_AS ? append_check(&tree->relations, &tree->relation_count)
                                           : append_check(&tree->checks, &tree->check_count);
    if (check == NULL) {
        return -1;
    }
    check->kind = kind;
    check->id = id;
    check->node = node;
    return guard_read_payload(tree, check, payload);
}

static int
read_argument(Node *node, NodeInfo *info)
{
    PyObject *argument = info->argument;
    switch ((Accessor)node->accessor) {
    case ACCESS_LOCAL:
    case ACCESS_FREE:
    case ACCESS_ITEM:
        node->index = PyLong_AsSsize_t(argument);
        return node->index == -1 && PyErr_Occurred() ? -1 : 0;
    case ACCESS_GLOBAL:
    case ACCESS_ATTR:
        return guard_require(PyUnicode_CheckExact(argument), "the argument of this accessor is a name");
    case ACCESS_KEY:
        node->key_may_run_code = !guard_key_is_plain(argument);
        info->hash = PyObject_Hash(argument);
        return info->hash == -1 ? -1 : 0;
    case ACCESS_CALL:
        return guard_require(PyCallable_Check(argument), "the argument of call is a callable");
    case ACCESS_FUNC_ATTR:
        node->index = name_value(func_attrs, argument, "function attribute");
        return node->index < 0 ? -1 : 0;
    case ACCESS_CONSTANT:
        node->memo = argument;
        return 0;
    case ACCESS_CELL:
    case ACCESS_DICT:
    case ACCESS_TYPE:
        return 0;
    }
    Py_UNREACHABLE();
}

/* Names are interned, for lookups by identity. The tree owns what it is given. */
static int
keep_argument(GuardTree *tree, NodeInfo *info, PyObject *argument)
{
    Py_INCREF(argument);
    if (PyUnicode_CheckExact(argument)) {
        PyUnicode_InternInPlace(&argument);
        info->hash = PyObject_Hash(argument);
    }
    info->argument = argument;
    int status = guard_own(tree, argument);
    Py_DECREF(argument);
    return status;
}

static int
read_checks(GuardTree *tree, int index, PyObject *checks)
{
    PyObject *list = PySequence_Fast(checks, "the checks of a node are a list");
    int status = list == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < PySequence_Fast_GET_SIZE(list); i++) {
        status = read_check(tree, index, PySequence_Fast_GET_ITEM(list, i));
    }
    Py_XDECREF(list);
    if (status == 0) {
        merge_first(tree, index);
    }
    return status;
}

static int
read_node(GuardTree *tree, int index, PyObject *tuple)
{
    Node *node = &tree->nodes[index];
    NodeInfo *info = &tree->infos[index];
    PyObject *name, *argument, *checks;
    int parent, fail_id;
    if (!PyTuple_Check(tuple)
        || !PyArg_ParseTuple(tuple, "iOOiO;a node is (parent, accessor, argument, guard_id, checks)", &parent, &name, &argument,
                             &fail_id, &checks)) {
        return malformed("a node is a tuple (parent, accessor, argument, guard_id, checks)");
    }
    int accessor = name_value(accessors, name, "accessor");
    if (accessor < 0) {
        return -1;
    }
    if (parent < -1 || parent >= index || (parent == -1) != (accessor <= ACCESS_CONSTANT)) {
        PyErr_Format(PyExc_ValueError, "node %d: accessor %R cannot hang on node %d", index, name, parent);
        return -1;
    }
    tree->node_count = index + 1;
    *node = (Node){.accessor = accessor, .merged = CHECK_NONE, .parent = parent};
    *info = (NodeInfo){.fail_id = fail_id, .check_begin = tree->check_count};
    return keep_argument(tree, info, argument) < 0 || read_argument(node, info) < 0 ? -1 : read_checks(tree, index, checks);
}

static int
verify_relations(GuardTree *tree)
{
    for (Check *check = tree->relations; check < tree->relations + tree->relation_count; check++) {
        bool good = check->kind != CHECK_SAME_AS || (check->number >= 0 && check->number < tree->node_count);
        for (Py_ssize_t i = 0; check->kind == CHECK_DISTINCT && i < check->count; i++) {
            int node = distinct_nodes(check)[i];
            good = good && node >= 0 && node < tree->node_count;
        }
        if (!good) {
            PyErr_Format(PyExc_ValueError, "guard %d names a node that does not exist", check->id);
            return -1;
        }
    }
    return 0;
}

static int
read_inputs(GuardTree *tree, PyObject *inputs)
{
    PyObject *list = PySequence_Fast(inputs, "inputs is a sequence of node indices");
    if (list == NULL) {
        return -1;
    }
    tree->input_count = (int)PySequence_Fast_GET_SIZE(list);
    tree->inputs = PyMem_Calloc((size_t)tree->input_count + 1, sizeof(int));
    if (tree->inputs == NULL) {
        PyErr_NoMemory();
    }
    for (int i = 0; tree->inputs != NULL && i < tree->input_count; i++) {
        tree->inputs[i] = (int)PyLong_AsLong(PySequence_Fast_GET_ITEM(list, i));
        if (!PyErr_Occurred() && (tree->inputs[i] < 0 || tree->inputs[i] >= tree->node_count)) {
            PyErr_SetString(PyExc_ValueError, "inputs name a node that does not exist");
        }
    }
    Py_DECREF(list);
    return PyErr_Occurred() ? -1 : 0;
}

/* The walk goes from check to check until one is of another node. */
static int
end_checks(GuardTree *tree)
{
    Check *grown = PyMem_Realloc(tree->checks, ((size_t)tree->check_count + 1) * sizeof(Check));
    if (grown == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    tree->checks = grown;
    grown[tree->check_count] = (Check){.kind = CHECK_NONE, .node = -1};
    return 0;
}

static int
read_nodes(GuardTree *tree, PyObject *list)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(list);
    if (count >= INT_MAX) {
        return malformed("a guard tree of too many nodes");
    }
    tree->nodes = PyMem_Calloc((size_t)count + 1, sizeof(Node));
    tree->infos = PyMem_Calloc((size_t)count + 1, sizeof(NodeInfo));
    tree->scratch = PyMem_Calloc((size_t)count + 1, sizeof(PyObject *));
    if (tree->nodes == NULL || tree->infos == NULL || tree->scratch == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (read_node(tree, (int)i, PySequence_Fast_GET_ITEM(list, i)) < 0) {
            return -1;
        }
    }
    return end_checks(tree);
}

int
guard_spec_read(GuardTree *tree, PyObject *spec, PyObject *inputs)
{
    PyObject *list = PySequence_Fast(spec, "a guard tree is a list of nodes");
    tree->hot = -1;
    tree->owned = PyList_New(0);
    int status = list == NULL || tree->owned == NULL ? -1 : read_nodes(tree, list);
    Py_XDECREF(list);
    if (status == 0) {
        Py_SETREF(tree->owned, PyList_AsTuple(tree->owned)); /* which the garbage collector does not empty */
    }
    if (status < 0 || tree->owned == NULL || verify_relations(tree) < 0) {
        return -1;
    }
    return inputs == NULL ? 0 : read_inputs(tree, inputs);
}

static void
free_checks(Check *checks, int count)
{
    for (int i = 0; i < count; i++) {
        PyMem_Free(checks[i].room);
    }
    PyMem_Free(checks);
}

void
guard_spec_free(GuardTree *tree)
{
    PyMem_Free(tree->nodes);
    PyMem_Free(tree->infos);
    PyMem_Free(tree->inputs);
    PyMem_Free(tree->scratch);
    free_checks(tree->checks, tree->check_count);
    free_checks(tree->relations, tree->relation_count);
    free_checks(tree->states, tree->state_count);
    Py_CLEAR(tree->owned);
}
