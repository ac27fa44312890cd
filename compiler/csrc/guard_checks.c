/* The checks of one value. Versions make most of them a comparison of two numbers: guard_skim.c has those in line. */
#include "guards.h"
#include "tensor_facts.h"

static bool
length_holds(PyObject *value, Py_ssize_t length)
{
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return Py_SIZE(value) == length;
    }
    if (PyDict_Check(value)) {
        return PyDict_GET_SIZE(value) == length;
    }
    return PyAnySet_Check(value) && PySet_GET_SIZE(value) == length;
}

static bool
truth_holds(PyObject *value, Py_ssize_t truth)
{
    bool safe = value == Py_None || PyBool_Check(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value)
                || PyComplex_CheckExact(value) || PyUnicode_CheckExact(value) || PyBytes_CheckExact(value)
                || PyList_CheckExact(value) || PyTuple_CheckExact(value) || PyDict_CheckExact(value) || PyAnySet_CheckExact(value);
    return safe && PyObject_IsTrue(value) == truth;
}

/* Exact dicts are compared in place when identity settles it; everything else is secured and compared by value. */
static bool
keys_hold(Walk *walk, Check *check, PyObject *value)
{
    if (!PyDict_Check(value) || PyDict_GET_SIZE(value) != PyTuple_GET_SIZE(check->payload)) {
        return false;
    }
    bool ordered = PyODict_Check(value); /* whose order is not the dict's own */
    uint64_t version = ordered ? 0 : dict_version(value);
    if (version != 0 && version == check->version) {
        return true;
    }
    Py_ssize_t position = 0, i = 0;
    PyObject *key;
    bool identical = !ordered;
    while (identical && PyDict_Next(value, &position, &key, NULL)) {
        identical = key == PyTuple_GET_ITEM(check->payload, i++);
    }
    if (identical) {
        check->version = version;
        return true;
    }
    if (!guard_secure(walk)) {
        return false;
    }
    PyObject *iterator = ordered ? PyODict_Type.tp_iter(value) : NULL;
    PyObject *keys = !ordered ? PyDict_Keys(value) : iterator == NULL ? NULL : PySequence_List(iterator);
    bool equal = keys != NULL && keys_are(keys, check->payload);
    Py_XDECREF(iterator);
    Py_XDECREF(keys);
    PyErr_Clear();
    return equal;
}

static bool
items_hold(Check *check, PyObject *value)
{
    if (UNLIKELY(!PyDict_Check(value))) {
        return false;
    }
    uint64_t version = dict_version(value);
    if (LIKELY(version == check->version && version != 0)) {
        return true;
    }
    for (Expected *item = check->expected; item < check->expected + check->count; item++) {
        if (dict_get(value, item->key, item->hash) != item->value) {
            return false;
        }
    }
    check->version = version == dict_version(value) ? version : 0;
    return true;
}

/* The dicts under these keys are empty. Which dicts they are is noted per version of the dict that holds them. */
static bool
empty_holds(Check *check, PyObject *value)
{
    if (UNLIKELY(!PyDict_Check(value))) {
        return false;
    }
    uint64_t version = dict_version(value);
    if (version == check->version && version != 0) {
        return dicts_are_empty(check);
    }
    check->version = 0; /* until all are noted */
    for (int i = 0; i < check->count; i++) {
        PyObject *key = PyTuple_GET_ITEM(check->payload, i), *inner = dict_get(value, key, PyObject_Hash(key));
        if (inner == NULL || !PyDict_Check(inner) || PyDict_GET_SIZE(inner) != 0) {
            return false;
        }
        check->dicts[i] = inner;
    }
    check->version = version == dict_version(value) ? version : 0;
    return true;
}

static bool
has_key(Walk *walk, Check *check, PyObject *value)
{
    return PyDict_Check(value) && (!check->key_may_run_code || guard_secure(walk))
           && dict_get(value, check->payload, check->hash) != NULL;
}

static bool
lacks_key(Walk *walk, Check *check, PyObject *value)
{
    return PyDict_Check(value) && (!check->key_may_run_code || guard_secure(walk))
           && dict_get(value, check->payload, check->hash) == NULL;
}

static bool
class_attrs_hold(Check *check, PyObject *value)
{
    PyObject *cls = PyTuple_GET_ITEM(check->payload, 0);
    PyTypeObject *type = value == cls ? (PyTypeObject *)value : Py_TYPE(value); /* of an object, or of the class itself */
    if ((PyObject *)type != cls) {
        return false;
    }
    uint64_t version = type_version(type);
    if (LIKELY(version == check->version && version != 0)) {
        return true;
    }
    for (Expected *attr = check->expected; attr < check->expected + check->count; attr++) {
        if (_PyType_Lookup(type, attr->key) != attr->value) {
            return false;
        }
    }
    check->version = type_version(type); /* the lookups gave the type a version when it had none */
    return true;
}

static bool
predicate_holds(Walk *walk, Check *check, PyObject *value)
{
    if (!guard_secure(walk)) {
        return false;
    }
    PyObject *answer = PyObject_CallOneArg(check->payload, value);
    int truth = answer == NULL ? -1 : PyObject_IsTrue(answer);
    Py_XDECREF(answer);
    if (truth < 0) {
        PyErr_Clear();
    }
    return truth > 0;
}

static bool
tensor_holds(Walk *walk, Check *check, PyObject *value)
{
    FactsAnswer answer = tensor_facts_quick((TensorFacts *)check->payload, value);
    if (LIKELY(answer != FACTS_UNKNOWN)) {
        return answer == FACTS_HOLD;
    }
    return guard_secure(walk) && tensor_facts_slow((TensorFacts *)check->payload, value);
}

bool
guard_check_holds(Walk *walk, Check *check, PyObject *value)
{
    switch ((CheckKind)check->kind) {
    case CHECK_TYPE:
        return (PyObject *)Py_TYPE(value) == check->payload;
    case CHECK_IS:
        return value == check->payload;
    case CHECK_IS_NOT:
        return value != check->payload;
    case CHECK_IS_WEAK:
        return value == ((PyWeakReference *)check->payload)->wr_object && value != Py_None;
    case CHECK_EQUAL:
        return constants_equal(check->payload, value);
    case CHECK_LENGTH:
        return length_holds(value, check->number);
    case CHECK_KEYS:
        return keys_hold(walk, check, value);
    case CHECK_HAS_KEY:
        return has_key(walk, check, value);
    case CHECK_LACKS_KEY:
        return lacks_key(walk, check, value);
    case CHECK_TRUTH:
        return truth_holds(value, check->number);
    case CHECK_TENSOR:
        return tensor_holds(walk, check, value);
    case CHECK_CLASS_ATTRS:
        return class_attrs_hold(check, value);
    case CHECK_ITEMS:
        return items_hold(check, value);
    case CHECK_EMPTY:
        return empty_holds(check, value);
    case CHECK_PREDICATE:
        return predicate_holds(walk, check, value);
    case CHECK_SAME_AS:
    case CHECK_DISTINCT:
    case CHECK_STATE:
    case CHECK_MODES:
    case CHECK_NONE:
        break; /* not among a node's own checks */
    }
    Py_UNREACHABLE();
}
