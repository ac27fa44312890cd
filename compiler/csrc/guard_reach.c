/* The steps of access paths: what one value gives of the next. */
#include "guards.h"

static PyObject *
dict_get_noted(PyObject *dict, Node *node, NodeInfo *info)
{
    uint64_t version = dict_version(dict);
    if (LIKELY(version == node->version && version != 0)) {
        return node->memo;
    }
    PyObject *value = dict_get(dict, info->argument, info->hash);
    node->version = version; /* as it was before the lookup: should that have changed the dict, the note is void */
    node->memo = value;
    return value;
}

static PyObject *
reach_global(const Scope *scope, Node *node, NodeInfo *info)
{
    if (!PyDict_CheckExact(scope->globals) || !PyDict_CheckExact(scope->builtins)) {
        return NULL;
    }
    PyObject *value = dict_get_noted(scope->globals, node, info);
    return value != NULL ? value : dict_get(scope->builtins, info->argument, info->hash);
}

static PyObject *
reach_key(Walk *walk, Node *node, NodeInfo *info, PyObject *value)
{
    if (UNLIKELY(!PyDict_Check(value))) {
        return NULL;
    }
    if (UNLIKELY(node->key_may_run_code)) {
        return guard_secure(walk) ? dict_get(value, info->argument, info->hash) : NULL;
    }
    return dict_get_noted(value, node, info);
}

static PyObject *
reach_item(Node *node, PyObject *value)
{
    if (PyList_Check(value)) {
        return (size_t)node->index < (size_t)PyList_GET_SIZE(value) ? PyList_GET_ITEM(value, node->index) : NULL;
    }
    if (PyTuple_Check(value)) {
        return (size_t)node->index < (size_t)PyTuple_GET_SIZE(value) ? PyTuple_GET_ITEM(value, node->index) : NULL;
    }
    return NULL;
}

/* The dict of an object that comes again and again is made to have versions; one of an object made for the call is not. */
static void
note_inline_values(Node *node, PyObject *dict)
{
    enum { PATIENCE = 3 };
    if (node->memo != dict) {
        node->memo = dict; /* compared only */
        node->version = 0;
    }
    else if (++node->version > PATIENCE) {
        dict_leave_inline_values(dict);
        node->version = 0;
    }
}

static PyObject *
reach_dict(Node *node, PyObject *value)
{
    PyObject **place = _PyObject_GetDictPtr(value);
    if (place != NULL && *place == NULL) { /* CPython makes it when it is first looked at */
        Py_XDECREF(PyObject_GenericGetDict(value, NULL));
        PyErr_Clear();
    }
    if (place == NULL || *place == NULL || !PyDict_Check(*place)) {
        return NULL;
    }
    if (dict_has_inline_values(*place)) {
        note_inline_values(node, *place);
    }
    return *place;
}

static PyObject *
reach_func_attr(Node *node, PyObject *value)
{
    if (!PyFunction_Check(value)) {
        return NULL;
    }
    PyObject *member = *(PyObject **)((char *)value + node->index);
    return member == NULL ? Py_None : member;
}

static PyObject *
reach_by_code(Walk *walk, Node *node, NodeInfo *info, PyObject *value)
{
    if (!guard_secure(walk)) {
        return NULL;
    }
    PyObject *result = node->accessor == ACCESS_ATTR ? PyObject_GetAttr(value, info->argument)
                                                     : PyObject_CallOneArg(info->argument, value);
    if (result == NULL) {
        PyErr_Clear();
    }
    return result;
}

PyObject *
guard_reach(Walk *walk, Node *node, NodeInfo *info, PyObject *value, bool *owned)
{
    const Scope *scope = walk->scope;
    switch ((Accessor)node->accessor) {
    case ACCESS_LOCAL:
        return LIKELY((size_t)node->index < (size_t)scope->local_count) ? scope->locals[node->index] : NULL;
    case ACCESS_GLOBAL:
        return reach_global(scope, node, info);
    case ACCESS_FREE:
        return scope->closure != NULL && (size_t)node->index < (size_t)PyTuple_GET_SIZE(scope->closure)
                   ? PyTuple_GET_ITEM(scope->closure, node->index)
                   : NULL;
    case ACCESS_CONSTANT:
        return node->memo;
    case ACCESS_CELL:
        return PyCell_Check(value) ? PyCell_GET(value) : NULL;
    case ACCESS_DICT:
        return reach_dict(node, value);
    case ACCESS_KEY:
        return reach_key(walk, node, info, value);
    case ACCESS_ITEM:
        return reach_item(node, value);
    case ACCESS_TYPE:
        return (PyObject *)Py_TYPE(value);
    case ACCESS_FUNC_ATTR:
        return reach_func_attr(node, value);
    case ACCESS_ATTR:
    case ACCESS_CALL:
        *owned = true;
        return reach_by_code(walk, node, info, value);
    }
    Py_UNREACHABLE();
}
