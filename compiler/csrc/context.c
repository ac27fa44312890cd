/* Context, and the callables that switch a thread's context: Optimized and Disabled. */
#include "common.h"

/* ---- Context ---- */

static int
context_init(Context *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"on_miss", "on_error", NULL};
    PyObject *on_miss, *on_error = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:Context", names, &on_miss, &on_error)) {
        return -1;
    }
    Py_XSETREF(self->on_miss, Py_NewRef(on_miss));
    Py_XSETREF(self->on_error, Py_NewRef(on_error));
    return 0;
}

static PyObject *
context_new(PyTypeObject *type, PyObject *Py_UNUSED(args), PyObject *Py_UNUSED(kwargs))
{
    Context *self = (Context *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->on_miss = Py_NewRef(Py_None);
        self->on_error = Py_NewRef(Py_None);
    }
    return (PyObject *)self;
}

static int
context_traverse(Context *self, visitproc visit, void *arg)
{
    Py_VISIT(self->on_miss);
    Py_VISIT(self->on_error);
    Py_VISIT(self->dict);
    return 0;
}

static int
context_clear(Context *self)
{
    Py_XSETREF(self->on_miss, Py_NewRef(Py_None));
    Py_XSETREF(self->on_error, Py_NewRef(Py_None));
    Py_CLEAR(self->dict);
    return 0;
}

static void
context_dealloc(Context *self)
{
    PyObject_GC_UnTrack(self);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    Py_CLEAR(self->on_miss);
    Py_CLEAR(self->on_error);
    Py_CLEAR(self->dict);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMemberDef context_members[] = {
    {"on_miss", T_OBJECT_EX, offsetof(Context, on_miss), READONLY, "called with a Request when no entry fits a frame"},
    {"__dictoffset__", T_PYSSIZET, offsetof(Context, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Context, weakrefs), READONLY, NULL},
    {NULL},
};

static PyGetSetDef dict_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL},
};

PyTypeObject Context_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.Context",
    .tp_doc = PyDoc_STR("Context(on_miss, on_error=None)\n--\n\nWhat the hook does on this thread while a compiled call runs."),
    .tp_basicsize = sizeof(Context),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = context_new,
    .tp_init = (initproc)context_init,
    .tp_dealloc = (destructor)context_dealloc,
    .tp_traverse = (traverseproc)context_traverse,
    .tp_clear = (inquiry)context_clear,
    .tp_members = context_members,
    .tp_getset = dict_getset,
    .tp_dictoffset = offsetof(Context, dict),
    .tp_weaklistoffset = offsetof(Context, weakrefs),
};

static PyObject *
set_context(PyObject *Py_UNUSED(module), PyObject *context)
{
    if (context != Py_None && !PyObject_TypeCheck(context, &Context_Type)) {
        return PyErr_Format(PyExc_TypeError, "context must be a Context or None, not %.200s", Py_TYPE(context)->tp_name);
    }
    PyObject *previous;
    if (hook_exchange(context == Py_None ? NULL : context, &previous) < 0) {
        return NULL;
    }
    return previous == NULL ? Py_NewRef(Py_None) : previous;
}

static PyObject *
get_context(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    PyObject *context = hook_current();
    return Py_NewRef(context == NULL ? Py_None : context);
}

static PyMethodDef functions[] = {
    {"set_context", set_context, METH_O, "set_context(context, /)\n--\n\nMake `context` this thread's; return the previous one."},
    {"get_context", get_context, METH_NOARGS, "get_context()\n--\n\nThis thread's context, or None."},
    {NULL},
};

/* ---- Optimized and Disabled: one layout, `context` NULL in Disabled ---- */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function;
    PyObject *context;
    PyObject *watched; /* NULL, or an object whose class `function` was looked up on */
    PyTypeObject *watched_type;
    PyObject *renew;
    PyObject *dict;
    PyObject *weakrefs;
} Wrapper;

static PyObject *
call_with_context(PyObject *function, PyObject *context, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    PyObject *previous, *left;
    if (UNLIKELY(hook_exchange(context, &previous) < 0)) {
        return NULL;
    }
    PyObject *result = PyObject_Vectorcall(function, args, nargsf, kwnames);
    hook_exchange(previous, &left);
    Py_XDECREF(left);
    Py_XDECREF(previous);
    return result;
}

/* The arguments are the frame's slots as they stand: no default, no keyword, no star. */
static inline bool
arguments_are_slots(PyObject *function, size_t nargsf, PyObject *kwnames)
{
    if (!PyFunction_Check(function) || kwnames != NULL) {
        return false;
    }
    PyCodeObject *code = (PyCodeObject *)((PyFunctionObject *)function)->func_code;
    return code->co_argcount == PyVectorcall_NARGS(nargsf) && code->co_kwonlyargcount == 0
           && !(code->co_flags & (CO_VARARGS | CO_VARKEYWORDS));
}

/* The entry that fits the call, found without making its frame: a new reference or NULL, with no exception. */
static Entry *
find_directly(PyObject *function, PyObject *context, Scope *scope)
{
    CodeCache *cache = code_cache_find((PyCodeObject *)((PyFunctionObject *)function)->func_code);
    if (cache == NULL || cache->skip != SKIP_NONE || PyTuple_GET_SIZE(cache->entries) == 0) {
        return NULL;
    }
    Entry *entry = dispatch_find(cache, context, scope, NULL);
    if (entry != NULL && entry->code == NULL) {
        Py_CLEAR(entry);
    }
    return entry;
}

static PyObject *
run_directly(Entry *entry, PyObject *context, Scope *scope, bool *again)
{
    PyObject *previous, *left;
    if (UNLIKELY(hook_exchange(entry->keep_hook ? context : NULL, &previous) < 0)) {
        return NULL;
    }
    PyObject *result = hook_call_replacement(entry, scope, again);
    hook_exchange(previous, &left);
    Py_XDECREF(left);
    Py_XDECREF(previous);
    return result;
}

/* Lets the context put the traceback of the exception in order. What goes wrong there (for want of stack, say) is no
   concern of the program's, but an interrupt is. */
static void
tidy_exception(PyObject *context)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(value, traceback);
    }
    PyObject *answer = PyObject_CallOneArg(((Context *)context)->on_error, value);
    if (answer == NULL && !PyErr_ExceptionMatches(PyExc_Exception)) {
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        return;
    }
    Py_XDECREF(answer);
    Py_XSETREF(traceback, PyException_GetTraceback(value));
    PyErr_Restore(type, value, traceback); /* clears what was raised meanwhile */
}

/* The call of what `renew` gives, once the class of the watched object is another one. */
static PyObject *
call_renewed(Wrapper *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    PyObject *renewed = PyObject_CallNoArgs(self->renew);
    if (renewed == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_Vectorcall(renewed, args, nargsf, kwnames);
    Py_DECREF(renewed);
    return result;
}

static PyObject *
optimized_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Wrapper *self = (Wrapper *)callable;
    if (UNLIKELY(self->watched != NULL && Py_TYPE(self->watched) != self->watched_type)) {
        return call_renewed(self, args, nargsf, kwnames);
    }
    PyObject *function = Py_NewRef(self->function), *context = Py_NewRef(self->context), *result;
    Entry *entry = NULL;
    Scope scope = {0};
    if (arguments_are_slots(function, nargsf, kwnames)) {
        PyFunctionObject *plain = (PyFunctionObject *)function;
        scope = (Scope){args, PyVectorcall_NARGS(nargsf), plain->func_globals, plain->func_builtins, plain->func_closure, NULL};
        entry = find_directly(function, context, &scope);
    }
    if (UNLIKELY(entry == NULL && PyErr_Occurred())) {
        result = NULL;
    }
    else if (entry != NULL) {
        bool again = false;
        result = run_directly(entry, context, &scope, &again);
        Py_DECREF(entry);
        if (UNLIKELY(again)) {
            PyErr_Clear();
            result = call_with_context(function, NULL, args, nargsf, kwnames);
        }
    }
    else {
        result = call_with_context(function, context, args, nargsf, kwnames);
    }
    if (UNLIKELY(result == NULL) && ((Context *)context)->on_error != Py_None) {
        tidy_exception(context);
    }
    Py_XDECREF(scope.inputs);
    Py_DECREF(context);
    Py_DECREF(function);
    return result;
}

static PyObject *
disabled_vectorcall(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    PyObject *function = Py_NewRef(((Wrapper *)callable)->function);
    PyObject *result = hook_current() == NULL ? PyObject_Vectorcall(function, args, nargsf, kwnames)
                                              : call_with_context(function, NULL, args, nargsf, kwnames);
    Py_DECREF(function);
    return result;
}

static PyObject *
wrapper_make(PyTypeObject *type, PyObject *function, PyObject *context, vectorcallfunc vectorcall)
{
    if (!PyCallable_Check(function)) {
        return PyErr_Format(PyExc_TypeError, "fn must be callable, not %.200s", Py_TYPE(function)->tp_name);
    }
    Wrapper *self = (Wrapper *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->vectorcall = vectorcall;
        self->function = Py_NewRef(function);
        self->context = Py_XNewRef(context);
    }
    return (PyObject *)self;
}

static PyObject *
optimized_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"fn", "context", "watched", "renew", NULL};
    PyObject *function, *context, *watched = NULL, *renew = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO!|OO:Optimized", names, &function, &Context_Type, &context, &watched,
                                     &renew)) {
        return NULL;
    }
    if ((watched == NULL) != (renew == NULL)) {
        PyErr_SetString(PyExc_TypeError, "watched and renew are given together");
        return NULL;
    }
    Wrapper *self = (Wrapper *)wrapper_make(type, function, context, optimized_vectorcall);
    if (self != NULL && watched != NULL) {
        self->watched = Py_NewRef(watched);
        self->watched_type = (PyTypeObject *)Py_NewRef(Py_TYPE(watched));
        self->renew = Py_NewRef(renew);
    }
    return (PyObject *)self;
}

static PyObject *
disabled_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"fn", NULL};
    PyObject *function;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Disabled", names, &function)) {
        return NULL;
    }
    return wrapper_make(type, function, NULL, disabled_vectorcall);
}

static int
wrapper_traverse(Wrapper *self, visitproc visit, void *arg)
{
    Py_VISIT(self->function);
    Py_VISIT(self->context);
    Py_VISIT(self->watched);
    Py_VISIT(self->watched_type);
    Py_VISIT(self->renew);
    Py_VISIT(self->dict);
    return 0;
}

static int
wrapper_clear(Wrapper *self)
{
    Py_XSETREF(self->function, Py_NewRef(Py_None)); /* a finalizer may still call us */
    Py_CLEAR(self->watched);
    Py_CLEAR(self->watched_type);
    Py_CLEAR(self->renew);
    Py_CLEAR(self->dict);
    return 0;
}

static void
wrapper_dealloc(Wrapper *self)
{
    PyObject_GC_UnTrack(self);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    Py_CLEAR(self->function);
    Py_CLEAR(self->context);
    Py_CLEAR(self->watched);
    Py_CLEAR(self->watched_type);
    Py_CLEAR(self->renew);
    Py_CLEAR(self->dict);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
wrapper_descr_get(PyObject *self, PyObject *instance, PyObject *Py_UNUSED(owner))
{
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

static PyObject *
wrapper_repr(Wrapper *self)
{
    const char *name = strrchr(Py_TYPE(self)->tp_name, '.');
    return PyUnicode_FromFormat("<%s %R>", name == NULL ? Py_TYPE(self)->tp_name : name + 1, self->function);
}

static PyObject *
wrapper_get_wrapped(Wrapper *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(self->function);
}

/* functools.update_wrapper sets it, to what it already is. */
static int
wrapper_set_wrapped(Wrapper *self, PyObject *value, void *Py_UNUSED(closure))
{
    if (value != self->function) {
        PyErr_SetString(PyExc_AttributeError, "__wrapped__ cannot be changed");
        return -1;
    }
    return 0;
}

/* What `inspect`, torch.jit and others read of a function. */
static PyObject *
wrapper_get_functions_own(Wrapper *self, void *name)
{
    return PyObject_GetAttrString(self->function, name);
}

#define FUNCTIONS_OWN(NAME) {NAME, (getter)wrapper_get_functions_own, NULL, "of the function that is called", NAME}

static PyGetSetDef wrapper_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    FUNCTIONS_OWN("__code__"),
    FUNCTIONS_OWN("__globals__"),
    FUNCTIONS_OWN("__closure__"),
    FUNCTIONS_OWN("__defaults__"),
    FUNCTIONS_OWN("__kwdefaults__"),
    {"__wrapped__", (getter)wrapper_get_wrapped, (setter)wrapper_set_wrapped, "the function that is called", NULL},
    {NULL},
};

static PyObject *
wrapper_prepare_scriptable(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return Py_NewRef(((Wrapper *)self)->function);
}

static PyMethodDef wrapper_methods[] = {
    {"__prepare_scriptable__", wrapper_prepare_scriptable, METH_NOARGS, "What torch.jit.script compiles."},
    {NULL},
};

static PyMemberDef optimized_members[] = {
    {"context", T_OBJECT, offsetof(Wrapper, context), READONLY, "the context that is on during a call"},
    {"__dictoffset__", T_PYSSIZET, offsetof(Wrapper, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Wrapper, weakrefs), READONLY, NULL},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Wrapper, vectorcall), READONLY, NULL},
    {NULL},
};

enum {
    WRAPPER_FLAGS = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL
                    | Py_TPFLAGS_METHOD_DESCRIPTOR,
};

#define WRAPPER_SLOTS                                                                                                        \
    .tp_basicsize = sizeof(Wrapper), .tp_flags = WRAPPER_FLAGS, .tp_call = PyVectorcall_Call,                                \
    .tp_vectorcall_offset = offsetof(Wrapper, vectorcall), .tp_dealloc = (destructor)wrapper_dealloc,                        \
    .tp_traverse = (traverseproc)wrapper_traverse, .tp_clear = (inquiry)wrapper_clear, .tp_descr_get = wrapper_descr_get,    \
    .tp_repr = (reprfunc)wrapper_repr, .tp_getset = wrapper_getset, .tp_methods = wrapper_methods,                           \
    .tp_dictoffset = offsetof(Wrapper, dict), .tp_weaklistoffset = offsetof(Wrapper, weakrefs)

static PyTypeObject Optimized_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.Optimized",
    .tp_doc = PyDoc_STR("Optimized(fn, context, watched=..., renew=...)\n--\n\nCalls fn with `context` on this thread; once "
                        "`watched` has another class, calls what renew() gives."),
    .tp_new = optimized_new,
    .tp_members = optimized_members,
    WRAPPER_SLOTS,
};

static PyTypeObject Disabled_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.Disabled",
    .tp_doc = PyDoc_STR("Disabled(fn)\n--\n\nCalls fn with no context on this thread."),
    .tp_new = disabled_new,
    .tp_members = optimized_members + 1,
    WRAPPER_SLOTS,
};

int
context_ready(PyObject *module)
{
    return add_type(module, &Context_Type, "Context") < 0 || add_type(module, &Optimized_Type, "Optimized") < 0
                   || add_type(module, &Disabled_Type, "Disabled") < 0 || PyModule_AddFunctions(module, functions) < 0
               ? -1
               : 0;
}
