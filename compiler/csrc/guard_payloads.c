/* What each kind of check keeps of its payload, and who owns it. */
#include "guards.h"
#include "tensor_facts.h"

/* A value that dict lookups compare without calling anybody's __eq__, short of a hash collision made on purpose. */
bool
guard_key_is_plain(PyObject *key)
{
    return PyUnicode_CheckExact(key) || PyLong_CheckExact(key) || PyBool_Check(key) || key == Py_None || PyType_Check(key);
}

int
guard_require(bool good, const char *message)
{
    if (!good) {
        PyErr_SetString(PyExc_TypeError, message);
    }
    return good ? 0 : -1;
}

int
guard_own(GuardTree *tree, PyObject *object)
{
    return PyList_Append(tree->owned, object);
}

static void *
make_room(Check *check, Py_ssize_t count, size_t size)
{
    if (count > INT_MAX) {
        PyErr_SetString(PyExc_OverflowError, "a check of too many things");
        return NULL;
    }
    check->room = PyMem_Calloc((size_t)count + 1, size);
    if (check->room == NULL) {
        PyErr_NoMemory();
    }
    return check->room;
}

static int
read_expected(GuardTree *tree, Check *check, PyObject *items)
{
    Py_ssize_t position = 0;
    PyObject *key, *value;
    if (!PyDict_Check(items)) {
        PyErr_Format(PyExc_TypeError, "expected a dict of names and objects, not %.200s", Py_TYPE(items)->tp_name);
        return -1;
    }
    PyObject *copy = PyDict_Copy(items); /* which keeps them, and does not change */
    int status = copy == NULL ? -1 : guard_own(tree, copy);
    Py_XDECREF(copy);
    if (status < 0 || make_room(check, PyDict_GET_SIZE(copy), sizeof(Expected)) == NULL) {
        return -1;
    }
    while (PyDict_Next(copy, &position, &key, &value)) {
        Expected *expected = &check->expected[check->count];
        expected->hash = PyObject_Hash(key);
        if (expected->hash == -1) {
            return -1;
        }
        expected->key = key;
        expected->value = value == absent ? NULL : value;
        check->count++;
    }
    return 0;
}

/* Keys of dicts to look into. */
static int
read_names(Check *check, PyObject *names)
{
    bool good = PyTuple_Check(names);
    for (Py_ssize_t i = 0; good && i < PyTuple_GET_SIZE(names); i++) {
        good = guard_key_is_plain(PyTuple_GET_ITEM(names, i));
    }
    if (guard_require(good, "empty takes a tuple of keys that compare without code") < 0
        || make_room(check, PyTuple_GET_SIZE(names), sizeof(PyObject *)) == NULL) {
        return -1;
    }
    check->count = (int)PyTuple_GET_SIZE(names);
    return 0;
}

static int
read_class_attrs(GuardTree *tree, Check *check, PyObject *payload)
{
    PyObject *type, *attrs;
    if (!PyTuple_Check(payload) || !PyArg_ParseTuple(payload, "O!O!;class_attrs", &PyType_Type, &type, &PyDict_Type, &attrs)) {
        PyErr_SetString(PyExc_TypeError, "class_attrs takes (type, {name: object})");
        return -1;
    }
    return read_expected(tree, check, attrs);
}

static int
read_distinct(Check *check, PyObject *payload)
{
    PyObject *indices = PySequence_Fast(payload, "distinct takes a list of node indices");
    Py_ssize_t count = indices == NULL ? 0 : PySequence_Fast_GET_SIZE(indices);
    if (indices != NULL && make_room(check, count, sizeof(PyObject *) + sizeof(int)) != NULL) {
        check->count = (int)count;
        for (Py_ssize_t i = 0; i < count; i++) {
            distinct_nodes(check)[i] = (int)PyLong_AsLong(PySequence_Fast_GET_ITEM(indices, i));
        }
    }
    Py_XDECREF(indices);
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
    if (good && make_room(check, PyTuple_GET_SIZE(payload), sizeof(State)) == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; good && i < PyTuple_GET_SIZE(payload); i++) {
        PyObject *pair = PyTuple_GET_ITEM(payload, i);
        good = PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2 && PyCallable_Check(PyTuple_GET_ITEM(pair, 0));
        if (good) {
            check->states[check->count++] = read_pair(pair);
        }
    }
    return guard_require(good, "state takes a tuple of (callable, expected) pairs");
}

static int
read_weak(GuardTree *tree, Check *check, PyObject *payload)
{
    check->payload = PyWeakref_NewRef(payload, NULL);
    int status = check->payload == NULL ? -1 : guard_own(tree, check->payload);
    Py_XDECREF(check->payload);
    return status;
}

/* What each kind of check keeps of its payload. */
int
guard_read_payload(GuardTree *tree, Check *check, PyObject *payload)
{
    check->payload = payload;
    if (check->kind != CHECK_IS_WEAK && guard_own(tree, payload) < 0) {
        return -1;
    }
    switch ((CheckKind)check->kind) {
    case CHECK_TYPE:
        return guard_require(PyType_Check(payload), "the payload of type is a type");
    case CHECK_EQUAL:
        return guard_require(constant_is_comparable(payload), "equal takes a constant, or a tuple of constants");
    case CHECK_IS_WEAK:
        return read_weak(tree, check, payload);
    case CHECK_KEYS:
        return guard_require(PyTuple_Check(payload), "keys takes a tuple");
    case CHECK_HAS_KEY:
    case CHECK_LACKS_KEY:
        check->key_may_run_code = !guard_key_is_plain(payload);
        check->hash = PyObject_Hash(payload);
        return check->hash == -1 ? -1 : 0;
    case CHECK_TENSOR:
        return guard_require(PyObject_TypeCheck(payload, &TensorFacts_Type), "tensor takes TensorFacts");
    case CHECK_LENGTH:
    case CHECK_SAME_AS:
        check->number = PyLong_AsSsize_t(payload);
        return check->number == -1 && PyErr_Occurred() ? -1 : 0;
    case CHECK_TRUTH:
        check->number = PyObject_IsTrue(payload);
        return check->number < 0 ? -1 : 0;
    case CHECK_CLASS_ATTRS:
        return read_class_attrs(tree, check, payload);
    case CHECK_ITEMS:
        return read_expected(tree, check, payload);
    case CHECK_EMPTY:
        return read_names(check, payload);
    case CHECK_PREDICATE:
        return guard_require(PyCallable_Check(payload), "predicate takes a callable");
    case CHECK_DISTINCT:
        return read_distinct(check, payload);
    case CHECK_MODES:
        return guard_require(torch_modes_is_snapshot(payload), "modes takes what torch_modes gave");
    case CHECK_STATE:
        return read_state(check, payload);
    case CHECK_IS:
    case CHECK_IS_NOT:
        return 0;
    case CHECK_NONE:
        break;
    }
    Py_UNREACHABLE();
}
