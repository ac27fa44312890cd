/* GraphCall: a compiled graph as the rewritten code calls it. */
#include "common.h"

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function; /* None: retired, every frame begins anew in eager */
    Py_ssize_t outputs;
    PyObject *before; /* or NULL */
    PyObject *on_error;
    PyObject *on_result;
    bool settled; /* results go by without on_result, unless their number is wrong */
} GraphCall;

/* The frame is to begin anew in eager: an exception, and a note for the replacement's caller, who drops it. */
static PyObject *
begin_anew(GraphCall *self)
{
    if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_SystemError, "a compiled graph gave up, and nobody ran the original");
    }
    hook_note_failed_graph((PyObject *)self);
    return NULL;
}

static PyObject *
ask(GraphCall *self, PyObject *callback, PyObject *what, PyObject *const *args, Py_ssize_t count, PyObject *saved)
{
    PyObject *inputs = PyTuple_New(count);
    if (inputs == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyTuple_SET_ITEM(inputs, i, Py_NewRef(args[i]));
    }
    PyObject *holder = Py_NewRef(callback); /* it may settle or clear us */
    PyObject *answer = PyObject_CallFunctionObjArgs(holder, (PyObject *)self, what, inputs, saved == NULL ? Py_None : saved, NULL);
    Py_DECREF(holder);
    Py_DECREF(inputs);
    return answer;
}

/* The graph has raised. on_error has outputs in its place (a tuple or list), or says whether the frame begins anew; else the
   exception stays set, unless on_error raises another one. */
static PyObject *
recover(GraphCall *self, PyObject *const *args, Py_ssize_t count, PyObject *saved)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(value, traceback);
    }
    PyObject *answer = ask(self, self->on_error, value, args, count, saved);
    if (answer == NULL || PyTuple_Check(answer) || PyList_Check(answer)) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        return answer;
    }
    PyErr_Restore(type, value, traceback);
    bool again = answer == Py_True;
    Py_DECREF(answer);
    return again ? begin_anew(self) : NULL;
}

/* on_result gives the outputs, raises, or says True: the frame begins anew. */
static PyObject *
examine(GraphCall *self, PyObject *result, PyObject *const *args, Py_ssize_t count, PyObject *saved)
{
    PyObject *answer = ask(self, self->on_result, result, args, count, saved);
    Py_DECREF(result);
    if (answer == Py_True) {
        Py_DECREF(answer);
        return begin_anew(self);
    }
    return answer;
}

static inline bool
fits(GraphCall *self, PyObject *result)
{
    return PyTuple_Check(result) ? PyTuple_GET_SIZE(result) == self->outputs
                                 : PyList_Check(result) && PyList_GET_SIZE(result) == self->outputs;
}

static PyObject *
run_graph(GraphCall *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    PyObject *saved = NULL;
    if (UNLIKELY(self->before != NULL)) {
        PyObject *before = Py_NewRef(self->before);
        saved = PyObject_Vectorcall(before, args, nargsf, kwnames);
        Py_DECREF(before);
        if (saved == NULL) {
            return NULL;
        }
    }
    if (UNLIKELY(self->function == Py_None)) {
        Py_XDECREF(saved);
        return begin_anew(self);
    }
    PyObject *function = Py_NewRef(self->function); /* another thread may settle */
    PyObject *result = PyObject_Vectorcall(function, args, nargsf, kwnames);
    Py_DECREF(function);
    if (UNLIKELY(result == NULL)) {
        result = recover(self, args, PyVectorcall_NARGS(nargsf), saved); /* for every exception: it puts traces away */
    }
    else if (UNLIKELY(!self->settled || !fits(self, result))) {
        result = examine(self, result, args, PyVectorcall_NARGS(nargsf), saved);
    }
    Py_XDECREF(saved);
    return result;
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
    PyObject *result = run_graph(self, args, nargsf, kwnames);
    if (silenced) {
        hook_exchange(previous, &left);
        Py_XDECREF(left);
        Py_XDECREF(previous);
    }
    return result;
}

static PyObject *
call_settle(GraphCall *self, PyObject *args)
{
    PyObject *function, *before;
    if (!PyArg_ParseTuple(args, "OO:settle", &function, &before)) {
        return NULL;
    }
    Py_XSETREF(self->before, before == Py_None ? NULL : Py_NewRef(before));
    Py_SETREF(self->function, Py_NewRef(function));
    self->settled = true;
    Py_RETURN_NONE;
}

static PyObject *
call_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"fn", "outputs", "before", "on_error", "on_result", NULL};
    PyObject *function, *before, *on_error, *on_result;
    Py_ssize_t outputs;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OnOOO:GraphCall", names, &function, &outputs, &before, &on_error,
                                     &on_result)) {
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
        self->before = before == Py_None ? NULL : Py_NewRef(before);
        self->on_error = Py_NewRef(on_error);
        self->on_result = Py_NewRef(on_result);
    }
    return (PyObject *)self;
}

static int
call_traverse(GraphCall *self, visitproc visit, void *arg)
{
    Py_VISIT(self->function);
    Py_VISIT(self->before);
    Py_VISIT(self->on_error);
    Py_VISIT(self->on_result);
    return 0;
}

static int
call_clear(GraphCall *self)
{
    Py_XSETREF(self->function, Py_NewRef(Py_None)); /* a finalizer may still call us */
    Py_XSETREF(self->on_error, Py_NewRef(Py_None));
    Py_XSETREF(self->on_result, Py_NewRef(Py_None));
    Py_CLEAR(self->before);
    return 0;
}

static void
call_dealloc(GraphCall *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->function);
    Py_CLEAR(self->on_error);
    Py_CLEAR(self->on_result);
    Py_CLEAR(self->before);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef call_methods[] = {
    {"settle", (PyCFunction)call_settle, METH_VARARGS,
     "settle($self, fn, before, /)\n--\n\nCall `fn` from now on, and trust its results; None: begin every frame anew in eager."},
    {NULL},
};

static PyMemberDef call_members[] = {
    {"__wrapped__", T_OBJECT, offsetof(GraphCall, function), READONLY, "the compiled graph, or None"},
    {"outputs", T_PYSSIZET, offsetof(GraphCall, outputs), READONLY, "how many tensors it returns"},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(GraphCall, vectorcall), READONLY, NULL},
    {NULL},
};

static PyTypeObject GraphCall_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.GraphCall",
    .tp_doc = PyDoc_STR("GraphCall(fn, outputs, before, on_error, on_result)\n--\n\nCalls a compiled graph with no context."),
    .tp_basicsize = sizeof(GraphCall),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_new = call_new,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(GraphCall, vectorcall),
    .tp_dealloc = (destructor)call_dealloc,
    .tp_traverse = (traverseproc)call_traverse,
    .tp_clear = (inquiry)call_clear,
    .tp_methods = call_methods,
    .tp_members = call_members,
};

int
graph_call_ready(PyObject *module)
{
    return add_type(module, &GraphCall_Type, "GraphCall");
}
