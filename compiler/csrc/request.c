/* Request: what on_miss is told about a frame. */
#include "common.h"

typedef struct {
    PyObject_HEAD
    PyObject *code;
    PyObject *func;
    PyObject *globals;
    PyObject *builtins;
    PyObject *closure;
    PyObject *locals;
    PyObject *cache;
    PyObject *failures;
} Request;

static int
request_traverse(Request *self, visitproc visit, void *arg)
{
    Py_VISIT(self->code);
    Py_VISIT(self->func);
    Py_VISIT(self->globals);
    Py_VISIT(self->builtins);
    Py_VISIT(self->closure);
    Py_VISIT(self->locals);
    Py_VISIT(self->cache);
    Py_VISIT(self->failures);
    return 0;
}

static int
request_clear(Request *self)
{
    Py_CLEAR(self->code);
    Py_CLEAR(self->func);
    Py_CLEAR(self->globals);
    Py_CLEAR(self->builtins);
    Py_CLEAR(self->closure);
    Py_CLEAR(self->locals);
    Py_CLEAR(self->cache);
    Py_CLEAR(self->failures);
    return 0;
}

static void
request_dealloc(Request *self)
{
    PyObject_GC_UnTrack(self);
    request_clear(self);
    PyObject_GC_Del(self);
}

static PyObject *
slots_tuple(const Scope *scope)
{
    PyObject *slots = PyTuple_New(scope->local_count);
    for (Py_ssize_t i = 0; slots != NULL && i < scope->local_count; i++) {
        PyTuple_SET_ITEM(slots, i, Py_NewRef(scope->locals[i]));
    }
    return slots;
}

PyObject *
request_new(PyObject *func, const Scope *scope, CodeCache *cache, PyObject *failures)
{
    PyObject *locals = slots_tuple(scope);
    if (locals == NULL) {
        return NULL;
    }
    Request *self = PyObject_GC_New(Request, &Request_Type);
    if (self == NULL) {
        Py_DECREF(locals);
        return NULL;
    }
    self->code = Py_NewRef(((PyFunctionObject *)func)->func_code);
    self->func = Py_NewRef(func);
    self->globals = Py_NewRef(scope->globals);
    self->builtins = Py_NewRef(scope->builtins);
    self->closure = Py_XNewRef(scope->closure);
    self->locals = locals;
    self->cache = Py_NewRef((PyObject *)cache);
    self->failures = Py_NewRef(failures);
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static PyMemberDef request_members[] = {
    {"code", T_OBJECT, offsetof(Request, code), READONLY, "the frame's code"},
    {"func", T_OBJECT, offsetof(Request, func), READONLY, "the function that was called"},
    {"globals", T_OBJECT, offsetof(Request, globals), READONLY, "its globals"},
    {"builtins", T_OBJECT, offsetof(Request, builtins), READONLY, "its builtins"},
    {"closure", T_OBJECT, offsetof(Request, closure), READONLY, "its cells, or None"},
    {"locals", T_OBJECT, offsetof(Request, locals), READONLY, "the values of the argument slots, in the order of co_varnames"},
    {"cache", T_OBJECT, offsetof(Request, cache), READONLY, "the CodeCache of the code"},
    {"failures", T_OBJECT, offsetof(Request, failures), READONLY, "(entry, id of the guard that failed) of each entry tried"},
    {NULL},
};

PyTypeObject Request_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.Request",
    .tp_doc = PyDoc_STR("A frame that no entry fits."),
    .tp_basicsize = sizeof(Request),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = (destructor)request_dealloc,
    .tp_traverse = (traverseproc)request_traverse,
    .tp_clear = (inquiry)request_clear,
    .tp_members = request_members,
};

int
request_ready(PyObject *module)
{
    return add_type(module, &Request_Type, "Request");
}
