/* Which of a code object's entries fits a frame. */
#include "common.h"

static int
note_failure(PyObject **failures, Entry *entry, int guard)
{
    PyObject *pair = Py_BuildValue("(Oi)", entry, guard);
    if (pair == NULL) {
        return -1;
    }
    int status = PyList_Append(*failures, pair);
    Py_DECREF(pair);
    return status;
}

/* Entries of `context`, with the guards that failed: written only when a frame missed, so that a hit allocates nothing. */
static PyObject *
collect_failures(PyObject *entries, PyObject *context, const int *guards)
{
    PyObject *failures = PyList_New(0);
    for (Py_ssize_t i = 0; failures != NULL && i < PyTuple_GET_SIZE(entries); i++) {
        Entry *entry = (Entry *)PyTuple_GET_ITEM(entries, i);
        if (entry->context == context && note_failure(&failures, entry, guards[i]) < 0) {
            Py_CLEAR(failures);
        }
    }
    return failures;
}

Entry *
dispatch_find(CodeCache *cache, PyObject *context, Scope *scope, PyObject **failures)
{
    enum { FEW = 32 };
    int few[FEW], *guards = few;
    PyObject *entries = Py_NewRef(cache->entries); /* stays as it is while guards run */
    Py_ssize_t count = PyTuple_GET_SIZE(entries);
    Entry *found = NULL;
    bool failed = false;
    if (count > FEW && (guards = PyMem_New(int, count)) == NULL) {
        Py_DECREF(entries);
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        Entry *entry = (Entry *)PyTuple_GET_ITEM(entries, i);
        if (entry->context != context) {
            continue;
        }
        guards[i] = entry->guards == NULL ? GUARDS_HOLD : guard_tree_check(entry->guards, scope);
        if (guards[i] == GUARDS_HOLD) {
            found = (Entry *)Py_NewRef(entry);
            break;
        }
        if (guards[i] == GUARDS_ERROR) {
            failed = true;
            break;
        }
    }
    if (found == NULL && !failed && failures != NULL) {
        *failures = collect_failures(entries, context, guards);
    }
    if (guards != few) {
        PyMem_Free(guards);
    }
    Py_DECREF(entries);
    return found;
}
