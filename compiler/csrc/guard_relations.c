/* What holds between the values of several nodes, and of the interpreter's state. */
#include "guards.h"

static int
compare_addresses(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t) * (void *const *)left, b = (uintptr_t) * (void *const *)right;
    return (a > b) - (a < b);
}

/* Whether values are pairwise different depends on their addresses alone: the ones last found different need no sorting. */
static bool
distinct_holds(Check *check, PyObject **values)
{
    Py_ssize_t count = check->count, same = 0;
    int *nodes = distinct_nodes(check);
    while (same < count && check->seen[same] == values[nodes[same]]) {
        same++;
    }
    if (same == count) {
        return true;
    }
    PyObject **sorted = PyMem_New(PyObject *, count);
    if (sorted == NULL) {
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        sorted[i] = values[nodes[i]];
    }
    qsort(sorted, (size_t)count, sizeof(PyObject *), compare_addresses);
    bool distinct = true;
    for (Py_ssize_t i = 1; distinct && i < count; i++) {
        distinct = sorted[i] != sorted[i - 1];
    }
    PyMem_Free(sorted);
    for (Py_ssize_t i = 0; distinct && i < count; i++) {
        check->seen[i] = values[nodes[i]];
    }
    return distinct;
}

bool
guard_relation_holds(Check *check, PyObject **values)
{
    return check->kind == CHECK_SAME_AS ? values[check->node] == values[check->number] : distinct_holds(check, values);
}

bool
guard_state_holds(Check *check)
{
    if (check->kind == CHECK_MODES) {
        return torch_modes_are(check->payload);
    }
    for (State *state = check->states; state < check->states + check->count; state++) {
        PyObject *value = LIKELY(state->direct != NULL) ? state->direct(state->self, NULL) : PyObject_CallNoArgs(state->callable);
        bool holds = value == state->expected;
        if (UNLIKELY(!holds && value != NULL)) {
            bool comparable = Py_TYPE(value) == Py_TYPE(state->expected);
            holds = comparable && PyObject_RichCompareBool(value, state->expected, Py_EQ) > 0;
        }
        Py_XDECREF(value);
        if (UNLIKELY(!holds)) {
            PyErr_Clear();
            return false;
        }
    }
    return true;
}
