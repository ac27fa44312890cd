/* Comparing constants, and keys of dicts, so that only the same ones are equal. */
#include "guards.h"

bool
constant_is_comparable(PyObject *value)
{
    if (PyTuple_CheckExact(value)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); i++) {
            if (!constant_is_comparable(PyTuple_GET_ITEM(value, i))) {
                return false;
            }
        }
        return true;
    }
    return value == Py_None || value == Py_Ellipsis || value == Py_NotImplemented || PyBool_Check(value)
           || PyLong_CheckExact(value) || PyUnicode_CheckExact(value) || PyBytes_CheckExact(value) || PyFloat_CheckExact(value)
           || PyComplex_CheckExact(value) || PyType_Check(value);
}

/* `expected` is comparable. Neither runs Python code nor raises. */
bool
constants_equal(PyObject *expected, PyObject *value)
{
    if (expected == value) {
        return true;
    }
    if (Py_TYPE(expected) != Py_TYPE(value)) {
        return false;
    }
    if (PyFloat_CheckExact(expected)) {
        return memcmp(&((PyFloatObject *)expected)->ob_fval, &((PyFloatObject *)value)->ob_fval, sizeof(double)) == 0;
    }
    if (PyComplex_CheckExact(expected)) {
        return memcmp(&((PyComplexObject *)expected)->cval, &((PyComplexObject *)value)->cval, sizeof(Py_complex)) == 0;
    }
    if (PyTuple_CheckExact(expected)) {
        Py_ssize_t count = PyTuple_GET_SIZE(expected);
        bool equal = count == PyTuple_GET_SIZE(value);
        for (Py_ssize_t i = 0; equal && i < count; i++) {
            equal = constants_equal(PyTuple_GET_ITEM(expected, i), PyTuple_GET_ITEM(value, i));
        }
        return equal;
    }
    if (PyLong_CheckExact(expected) || PyUnicode_CheckExact(expected) || PyBytes_CheckExact(expected)) {
        PyObject *answer = Py_TYPE(expected)->tp_richcompare(expected, value, Py_EQ);
        Py_XDECREF(answer);
        if (answer == NULL) {
            PyErr_Clear();
        }
        return answer == Py_True;
    }
    return false; /* None, True, ..., types: identity */
}

/* The same key, not only an equal one: 1, True and 1.0 are different, and so are 0.0 and -0.0. May run Python code. */
static bool
key_is(PyObject *expected, PyObject *key)
{
    if (expected == key) {
        return true;
    }
    if (Py_TYPE(expected) != Py_TYPE(key)) {
        return false;
    }
    if (PyTuple_CheckExact(expected)) {
        Py_ssize_t count = PyTuple_GET_SIZE(expected);
        bool same = count == PyTuple_GET_SIZE(key);
        for (Py_ssize_t i = 0; same && i < count; i++) {
            same = key_is(PyTuple_GET_ITEM(expected, i), PyTuple_GET_ITEM(key, i));
        }
        return same;
    }
    return constant_is_comparable(expected) ? constants_equal(expected, key) : PyObject_RichCompareBool(expected, key, Py_EQ) > 0;
}

bool
keys_are(PyObject *keys, PyObject *expected)
{
    Py_ssize_t count = PyTuple_GET_SIZE(expected);
    bool equal = PyList_GET_SIZE(keys) == count;
    for (Py_ssize_t i = 0; equal && i < count; i++) {
        equal = key_is(PyTuple_GET_ITEM(expected, i), PyList_GET_ITEM(keys, i)) && i + 1 <= PyList_GET_SIZE(keys);
    }
    return equal;
}
