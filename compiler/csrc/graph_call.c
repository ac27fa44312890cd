/* GraphCall: a compiled graph as the rewritten code calls it. */
#include "common.h"

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function;
    Py_ssize_t outputs;
    PyObject *on_error;
    PyObject *on_misfit;
} GraphCall;

/* Asks whether the frame can begin anew in eager, and notes it for the replacement's caller. The exception stays set, unless
   on_error raises another one. */
static void
ask_on_error(GraphCall *self)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(value, traceback);
    }
    PyObject *answer = PyObject_CallOneArg(self->on_error, value);
    if (answer == NULL) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        return;
    }
    if (answer == Py_True) {
        hook_note_failed_graph((PyObject *)self);
    }
    Py_DECREF(answer);
    PyErr_Restore(type, value, traceback);
}

static PyObject *
call_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    GraphCall *self = (GraphCall *)callable;
    PyObject *previous = NULL, *left;
    bool silenced = hook_current() != NULL;
    if (silenced && UNLIKELY(hook_exchange(NULL, &previous) < 0)) {
        return NULL;
    }
    PyObject *result = PyObject_Vectorcall(self->function, args, nargsf, kwnames);
    if (UNLIKELY(result == NULL)) {
        ask_on_error(self); /* for every exception: the mode of gradients is put back */
    }
    else if (UNLIKELY(!(PyTuple_Check(result) ? PyTuple_GET_SIZE(result) == self->outputs
                                              : PyList_Check(result) && PyList_GET_SIZE(result) == self->outputs))) {
        Py_SETREF(result, PyObject_CallOneArg(self->on_misfit, result));
    }
    if (silenced) {
        hook_exchange(previous, &left);
        Py_XDECREF(left);
        Py_XDECREF(previous);
    }
    return result;
}

static PyObject *
call_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"fn", "outputs", "on_error", "on_misfit", NULL};
    PyObject *function, *on_error, *on_misfit;
    Py_ssize_t outputs;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OnOO:GraphCall", names, &function, &outputs, &on_error, &on_misfit)) {
        return NULL;
    }
    if (!PyCallable_Check(function)) {
        return PyErr_Format(PyExc_TypeError, "fn must be callable, not %.200s", Py_TYPE(function)->tp_name);
    }
    GraphCall *self = (GraphCall *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->vectorcall = call_vectorcall;
        self->function = Py_NewRef(function);
        self->outputs = outputs;
        self->on_error = Py_NewRef(on_error);
        self->on_misfit = Py_NewRef(on_misfit);
    }
    return (PyObject *)self;
}

static int
call_traverse(GraphCall *self, visitproc visit, void *arg)
{
    Py_VISIT(self->function);
    Py_VISIT(self->on_error);
    Py_VISIT(self->on_misfit);
    return 0;
}

static int
call_clear(GraphCall *self)
{
    Py_XSETREF(self->function, Py_NewRef(Py_None)); /* a finalizer may still call us */
    Py_XSETREF(self->on_error, Py_NewRef(Py_None));
    Py_XSETREF(self->on_misfit, Py_NewRef(Py_None));
    return 0;
}

static void
call_dealloc(GraphCall *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->function);
    Py_CLEAR(self->on_error);
    Py_CLEAR(self->on_misfit);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMemberDef call_members[] = {
    {"__wrapped__", T_OBJECT, offsetof(GraphCall, function), READONLY, "the compiled graph"},
    {"outputs", T_PYSSIZET, offsetof(GraphCall, outputs), READONLY, "how many tensors it returns"},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(GraphCall, vectorcall), READONLY, NULL},
    {NULL},
};

static PyTypeObject GraphCall_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.GraphCall",
    .tp_doc = PyDoc_STR("GraphCall(fn, outputs, on_error, on_misfit)\n--\n\nCalls a compiled graph with no context."),
    .tp_basicsize = sizeof(GraphCall),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_new = call_new,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(GraphCall, vectorcall),
    .tp_dealloc = (destructor)call_dealloc,
    .tp_traverse = (traverseproc)call_traverse,
    .tp_clear = (inquiry)call_clear,
    .tp_members = call_members,
};

int
graph_call_ready(PyObject *module)
{
    return add_type(module, &GraphCall_Type, "GraphCall");
}
