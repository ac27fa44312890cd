/* Reads the list of tuples that describes a guard tree. */
#include "guards.h"

typedef struct {
    const char *name;
    int value;
} Name;

static const Name accessors[] = {
    {"local", ACCESS_LOCAL}, {"global", ACCESS_GLOBAL}, {"free", ACCESS_FREE}, {"constant", ACCESS_CONSTANT},
    {"cell", ACCESS_CELL}, {"attr", ACCESS_ATTR}, {"dict", ACCESS_DICT}, {"key", ACCESS_KEY}, {"item", ACCESS_ITEM},
    {"type", ACCESS_TYPE}, {"lookup", ACCESS_LOOKUP}, {"call", ACCESS_CALL}, {"func_attr", ACCESS_FUNC_ATTR}, {NULL, 0},
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

/* A value that dict lookups compare without calling anybody's __eq__, short of a hash collision made on purpose. */
static bool
key_is_plain(PyObject *key)
{
    return PyUnicode_CheckExact(key) || PyLong_CheckExact(key) || PyBool_Check(key) || key == Py_None || PyType_Check(key);
}

/* ---- what each kind of check keeps ---- */

static int
require(bool good, const char *message)
{
    if (!good) {
        PyErr_SetString(PyExc_TypeError, message);
    }
    return good ? 0 : -1;
}

static int
read_expected(Check *check, PyObject *items)
{
    Py_ssize_t position = 0, i = 0;
    PyObject *key, *value;
    if (!PyDict_Check(items)) {
        PyErr_Format(PyExc_TypeError, "expected a dict of names and objects, not %.200s", Py_TYPE(items)->tp_name);
        return -1;
    }
    check->expected = PyMem_Calloc((size_t)PyDict_GET_SIZE(items) + 1, sizeof(Expected));
    if (check->expected == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    while (PyDict_Next(items, &position, &key, &value)) {
        Expected *expected = &check->expected[i];
        expected->hash = PyObject_Hash(key);
        if (expected->hash == -1) {
            return -1;
        }
        expected->key = Py_NewRef(key);
        expected->value = value == absent ? NULL : Py_NewRef(value);
        check->number = ++i;
    }
    return 0;
}

/* Keys of dicts to look into; what is found under them will be noted, borrowed, in the values of `expected`. */
static int
read_names(Check *check, PyObject *names)
{
    PyObject *twin = require(PyTuple_Check(names), "empty takes a tuple of keys") < 0 ? NULL : PyDict_New();
    for (Py_ssize_t i = 0; twin != NULL && i < PyTuple_GET_SIZE(names); i++) {
        if (PyDict_SetItem(twin, PyTuple_GET_ITEM(names, i), absent) < 0) {
            Py_CLEAR(twin);
        }
    }
    int status = twin == NULL ? -1 : read_expected(check, twin);
    Py_XDECREF(twin);
    return status;
}

static int
read_class_attrs(Check *check, PyObject *payload)
{
    PyObject *type, *attrs;
    if (!PyTuple_Check(payload) || !PyArg_ParseTuple(payload, "O!O!;class_attrs", &PyType_Type, &type, &PyDict_Type, &attrs)) {
        PyErr_SetString(PyExc_TypeError, "class_attrs takes (type, {name: object})");
        return -1;
    }
    return read_expected(check, attrs);
}

static int
read_distinct(Check *check, PyObject *payload)
{
    PyObject *indices = PySequence_Fast(payload, "distinct takes a list of node indices");
    if (indices == NULL) {
        return -1;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(indices);
    check->nodes = PyMem_Calloc((size_t)count + 1, sizeof(int));
    check->seen = PyMem_Calloc((size_t)count + 1, sizeof(PyObject *));
    for (Py_ssize_t i = 0; check->nodes != NULL && check->seen != NULL && i < count; i++) {
        check->nodes[i] = PyLong_AsLong(PySequence_Fast_GET_ITEM(indices, i));
    }
    check->number = count;
    Py_DECREF(indices);
    if (check->nodes == NULL || check->seen == NULL) {
        PyErr_NoMemory();
    }
    return PyErr_Occurred() ? -1 : 0;
}

static State
read_pair(PyObject *pair)
{
    PyObject *callable = PyTuple_GET_ITEM(pair, 0);
    State state = {.callable = callable, .expected = PyTuple_GET_ITEM(pair, 1)};
    if (PyCFunction_CheckExact(callable) && (PyCFunction_GET_FLAGS(callable) & ~METH_STATIC) == METH_NOARGS) {
        state.direct = PyCFunction_GET_FUNCTION(callable);
        state.self = PyCFunction_GET_SELF(callable);
    }
    return state;
}

static int
read_state(Check *check, PyObject *payload)
{
    bool good = PyTuple_Check(payload);
    check->states = good ? PyMem_Calloc((size_t)PyTuple_GET_SIZE(payload) + 1, sizeof(State)) : NULL;
    for (Py_ssize_t i = 0; good && check->states != NULL && i < PyTuple_GET_SIZE(payload); i++) {
        PyObject *pair = PyTuple_GET_ITEM(payload, i);
        good = PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2 && PyCallable_Check(PyTuple_GET_ITEM(pair, 0));
        if (good) {
            check->states[check->number++] = read_pair(pair);
        }
    }
    if (good && check->states == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return require(good, "state takes a tuple of (callable, expected) pairs");
}

static int
read_payload(Check *check, PyObject *payload)
{
    switch ((CheckKind)check->kind) {
    case CHECK_TYPE:
        return require(PyType_Check(payload), "the payload of type is a type");
    case CHECK_EQUAL:
        return require(constant_is_comparable(payload), "equal takes a constant, or a tuple of constants");
    case CHECK_IS_WEAK:
        check->payload = PyWeakref_NewRef(payload, NULL);
        Py_DECREF(payload);
        return check->payload == NULL ? -1 : 0;
    case CHECK_KEYS:
        return require(PyTuple_Check(payload), "keys takes a tuple");
    case CHECK_HAS_KEY:
    case CHECK_LACKS_KEY:
        check->key_may_run_code = !key_is_plain(payload);
        check->hash = PyObject_Hash(payload);
        return check->hash == -1 ? -1 : 0;
    case CHECK_TENSOR:
        return require(PyObject_TypeCheck(payload, &TensorFacts_Type), "tensor takes TensorFacts");
    case CHECK_LENGTH:
    case CHECK_SAME_AS:
        check->number = PyLong_AsSsize_t(payload);
        return check->number == -1 && PyErr_Occurred() ? -1 : 0;
    case CHECK_TRUTH:
        check->number = PyObject_IsTrue(payload);
        return check->number < 0 ? -1 : 0;
    case CHECK_CLASS_ATTRS:
        return read_class_attrs(check, payload);
    case CHECK_ITEMS:
        return read_expected(check, payload);
    case CHECK_EMPTY:
        return read_names(check, payload);
    case CHECK_PREDICATE:
        return require(PyCallable_Check(payload), "predicate takes a callable");
    case CHECK_DISTINCT:
        return read_distinct(check, payload);
    case CHECK_MODES:
        return require(torch_modes_is_snapshot(payload), "modes takes what torch_modes gave");
    case CHECK_STATE:
        return read_state(check, payload);
    case CHECK_IS:
    case CHECK_IS_NOT:
        return 0;
    }
    Py_UNREACHABLE();
}

/* ---- nodes and checks ---- */

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
    if ((*count & (*count - 1)) == 0) { /* room is a power of two */
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
    check->payload = Py_NewRef(payload);
    return read_payload(check, payload);
}

static int
read_argument(Node *node)
{
    PyObject *argument = node->argument;
    switch ((Accessor)node->accessor) {
    case ACCESS_LOCAL:
    case ACCESS_FREE:
    case ACCESS_ITEM:
        node->index = PyLong_AsSsize_t(argument);
        return node->index == -1 && PyErr_Occurred() ? -1 : 0;
    case ACCESS_GLOBAL:
    case ACCESS_LOOKUP:
    case ACCESS_ATTR:
        if (!PyUnicode_CheckExact(argument)) {
            return require(false, "the argument of this accessor is a name");
        }
        PyUnicode_InternInPlace(&node->argument);
        node->hash = PyObject_Hash(node->argument);
        return 0;
    case ACCESS_KEY:
        node->key_may_run_code = !key_is_plain(argument);
        node->hash = PyObject_Hash(argument);
        return node->hash == -1 ? -1 : 0;
    case ACCESS_CALL:
        return require(PyCallable_Check(argument), "the argument of call is a callable");
    case ACCESS_FUNC_ATTR:
        node->index = name_value(func_attrs, argument, "function attribute");
        return node->index < 0 ? -1 : 0;
    case ACCESS_CONSTANT:
    case ACCESS_CELL:
    case ACCESS_DICT:
    case ACCESS_TYPE:
        return 0;
    }
    Py_UNREACHABLE();
}

static int
read_node(GuardTree *tree, int index, PyObject *tuple)
{
    Node *node = &tree->nodes[index];
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
    tree->node_count = index + 1;
    *node = (Node){.accessor = accessor, .parent = parent, .fail_id = fail_id, .argument = Py_NewRef(argument)};
    node->check_begin = node->check_end = tree->check_count;
    if (parent < -1 || parent >= index || (parent == -1) != (accessor <= ACCESS_CONSTANT)) {
        PyErr_Format(PyExc_ValueError, "node %d: accessor %R cannot hang on node %d", index, name, parent);
        return -1;
    }
    if (read_argument(node) < 0) {
        return -1;
    }
    PyObject *list = PySequence_Fast(checks, "the checks of a node are a list");
    int status = list == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; status == 0 && i < PySequence_Fast_GET_SIZE(list); i++) {
        status = read_check(tree, index, PySequence_Fast_GET_ITEM(list, i));
    }
    Py_XDECREF(list);
    node->check_end = tree->check_count;
    return status;
}

static int
verify_relations(GuardTree *tree)
{
    for (Check *check = tree->relations; check < tree->relations + tree->relation_count; check++) {
        bool good = check->kind != CHECK_SAME_AS || (check->number >= 0 && check->number < tree->node_count);
        for (Py_ssize_t i = 0; check->kind == CHECK_DISTINCT && i < check->number; i++) {
            good = good && check->nodes[i] >= 0 && check->nodes[i] < tree->node_count;
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

int
guard_spec_read(GuardTree *tree, PyObject *spec, PyObject *inputs)
{
    PyObject *list = PySequence_Fast(spec, "a guard tree is a list of nodes");
    if (list == NULL) {
        return -1;
    }
    Py_ssize_t count = PySequence_Fast_GET_SIZE(list);
    int status = 0;
    tree->hot = -1;
    tree->nodes = PyMem_Calloc((size_t)count + 1, sizeof(Node));
    tree->scratch = PyMem_Calloc((size_t)count + 1, sizeof(PyObject *));
    if (tree->nodes == NULL || tree->scratch == NULL) {
        PyErr_NoMemory();
        status = -1;
    }
    for (Py_ssize_t i = 0; status == 0 && i < count; i++) {
        status = read_node(tree, (int)i, PySequence_Fast_GET_ITEM(list, i));
    }
    Py_DECREF(list);
    return status < 0 || verify_relations(tree) < 0 ? -1 : inputs == NULL ? 0 : read_inputs(tree, inputs);
}

/* ---- ownership ---- */

static int
traverse_checks(Check *checks, int count, visitproc visit, void *arg)
{
    for (Check *check = checks; check < checks + count; check++) {
        Py_VISIT(check->payload);
        for (Py_ssize_t i = 0; check->expected != NULL && i < check->number; i++) {
            Py_VISIT(check->expected[i].key);
            if (check->kind != CHECK_EMPTY) {
                Py_VISIT(check->expected[i].value);
            }
        }
    }
    return 0;
}

int
guard_spec_traverse(GuardTree *tree, visitproc visit, void *arg)
{
    for (int i = 0; i < tree->node_count; i++) {
        Py_VISIT(tree->nodes[i].argument);
    }
    int status = traverse_checks(tree->checks, tree->check_count, visit, arg);
    status = status ? status : traverse_checks(tree->relations, tree->relation_count, visit, arg);
    return status ? status : traverse_checks(tree->states, tree->state_count, visit, arg);
}

static void
free_checks(Check *checks, int count)
{
    for (Check *check = checks; check < checks + count; check++) {
        for (Py_ssize_t i = 0; check->expected != NULL && i < check->number; i++) {
            Py_XDECREF(check->expected[i].key);
            if (check->kind != CHECK_EMPTY) {
                Py_XDECREF(check->expected[i].value);
            }
        }
        Py_XDECREF(check->payload);
        PyMem_Free(check->expected);
        if (check->kind == CHECK_DISTINCT) {
            PyMem_Free(check->nodes);
            PyMem_Free(check->seen);
        }
        if (check->kind == CHECK_STATE) {
            PyMem_Free(check->states);
        }
    }
    PyMem_Free(checks);
}

void
guard_spec_free(GuardTree *tree)
{
    for (int i = 0; i < tree->node_count; i++) {
        Py_XDECREF(tree->nodes[i].argument);
    }
    PyMem_Free(tree->nodes);
    PyMem_Free(tree->inputs);
    PyMem_Free(tree->scratch);
    free_checks(tree->checks, tree->check_count);
    free_checks(tree->relations, tree->relation_count);
    free_checks(tree->states, tree->state_count);
}
