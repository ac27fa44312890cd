/* Tail calls of resume functions: a graph break inside a loop must not recurse. */
#include "common.h"

typedef struct {
    PyObject_HEAD
    PyObject *fn;
    PyObject *args;
} TailCall;

static PyTypeObject TailCall_Type;

static PyObject *
tail_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *fn, *arguments;
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs) != 0) {
        return PyErr_Format(PyExc_TypeError, "TailCall takes no keyword arguments");
    }
    if (!PyArg_ParseTuple(args, "OO!:TailCall", &fn, &PyTuple_Type, &arguments)) {
        return NULL;
    }
    TailCall *self = (TailCall *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->fn = Py_NewRef(fn);
        self->args = Py_NewRef(arguments);
    }
    return (PyObject *)self;
}

/* TailCall(fn, args) without a tuple for its own arguments. */
static PyObject *
tail_vectorcall(PyObject *type, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    if (PyVectorcall_NARGS(nargsf) != 2 || kwnames != NULL || !PyTuple_CheckExact(args[1])) {
        PyErr_SetString(PyExc_TypeError, "TailCall takes a callable and a tuple");
        return NULL;
    }
    TailCall *self = PyObject_GC_New(TailCall, (PyTypeObject *)type);
    if (self != NULL) {
        self->fn = Py_NewRef(args[0]);
        self->args = Py_NewRef(args[1]);
        PyObject_GC_Track(self);
    }
    return (PyObject *)self;
}

static int
tail_traverse(TailCall *self, visitproc visit, void *arg)
{
    Py_VISIT(self->fn);
    Py_VISIT(self->args);
    return 0;
}

static void
tail_dealloc(TailCall *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->fn);
    Py_CLEAR(self->args);
    PyObject_GC_Del(self);
}

static PyMemberDef tail_members[] = {
    {"fn", T_OBJECT, offsetof(TailCall, fn), READONLY, "what to call next"},
    {"args", T_OBJECT, offsetof(TailCall, args), READONLY, "with which arguments"},
    {NULL},
};

static PyTypeObject TailCall_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.TailCall",
    .tp_doc = PyDoc_STR("TailCall(fn, args, /)\n--\n\nA resume function's answer: run_continuation goes on with fn(*args)."),
    .tp_basicsize = sizeof(TailCall),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = tail_new,
    .tp_vectorcall = tail_vectorcall,
    .tp_dealloc = (destructor)tail_dealloc,
    .tp_traverse = (traverseproc)tail_traverse,
    .tp_members = tail_members,
};

/* fn(*args), after which nothing but the callee holds the arguments: what a loop frees, it frees on every turn. */
static PyObject *
follow(TailCall *tail)
{
    PyObject *fn = Py_NewRef(tail->fn), *args = Py_NewRef(tail->args);
    Py_DECREF(tail);
    PyObject *result = PyObject_Vectorcall(fn, &PyTuple_GET_ITEM(args, 0), (size_t)PyTuple_GET_SIZE(args), NULL);
    Py_DECREF(fn);
    Py_DECREF(args);
    return result;
}

static PyObject *
run_continuation(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs < 1) {
        return PyErr_Format(PyExc_TypeError, "run_continuation needs a callable");
    }
    PyObject *result = PyObject_Vectorcall(args[0], args + 1, (size_t)(nargs - 1), NULL);
    while (result != NULL && Py_IS_TYPE(result, &TailCall_Type)) {
        result = PyErr_CheckSignals() < 0 ? (Py_DECREF(result), NULL) : follow((TailCall *)result);
    }
    return result;
}

static PyMethodDef functions[] = {
    {"run_continuation", (PyCFunction)(void (*)(void))run_continuation, METH_FASTCALL,
     "run_continuation(fn, /, *args)\n--\n\nfn(*args), following each TailCall that comes back, on a flat stack."},
    {NULL},
};

int
trampoline_ready(PyObject *module)
{
    return add_type(module, &TailCall_Type, "TailCall") < 0 || PyModule_AddFunctions(module, functions) < 0 ? -1 : 0;
}
