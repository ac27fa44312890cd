/* Giving versions to dicts that have none. */
#include "dict_versions.h"

/* popitem() makes CPython give a dict a table of its own, and takes the last item, which goes back to where it was. */
void
dict_leave_inline_values(PyObject *dict)
{
    if (!PyDict_CheckExact(dict) || PyDict_GET_SIZE(dict) == 0) {
        return;
    }
    PyObject *item = PyObject_CallMethod(dict, "popitem", NULL);
    if (item != NULL && PyDict_SetItem(dict, PyTuple_GET_ITEM(item, 0), PyTuple_GET_ITEM(item, 1)) < 0) {
        PyErr_Clear(); /* not for lack of memory: the table has the room that the item left */
    }
    Py_XDECREF(item);
    PyErr_Clear();
}
