/* Entry, and the CodeCache that a code object owns through co_extra. */
#include "common.h"

#if PY_VERSION_HEX >= 0x030C0000
#define code_get_extra PyUnstable_Code_GetExtra
#define code_set_extra PyUnstable_Code_SetExtra
#define request_extra_index PyUnstable_Eval_RequestCodeExtraIndex
#else
#define code_get_extra _PyCode_GetExtra
#define code_set_extra _PyCode_SetExtra
#define request_extra_index _PyEval_RequestCodeExtraIndex
#endif

/* ---- Entry ---- */

static int
entry_traverse(Entry *self, visitproc visit, void *arg)
{
    Py_VISIT(self->context);
    Py_VISIT(self->guards);
    Py_VISIT(self->code);
    Py_VISIT(self->spare);
    Py_VISIT(self->graph);
    Py_VISIT(self->dict);
    return 0;
}

static int
entry_clear(Entry *self)
{
    Py_XSETREF(self->context, Py_NewRef(Py_None)); /* no frame may take an entry that has lost its guards */
    Py_CLEAR(self->guards);
    Py_CLEAR(self->spare);
    Py_CLEAR(self->graph);
    Py_CLEAR(self->dict);
    return 0; /* the code stays: a running call may still need it, and it holds no cycle alone */
}

static void
entry_dealloc(Entry *self)
{
    PyObject_GC_UnTrack(self);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs((PyObject *)self);
    }
    entry_clear(self);
    Py_CLEAR(self->context);
    Py_CLEAR(self->code);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
entry_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"context", "guards", "code", "keep_hook", "original", "graph", NULL};
    PyObject *context, *guards, *code, *graph = NULL;
    int keep_hook = -1, original = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!OO|$piO:Entry", names, &Context_Type, &context, &guards, &code, &keep_hook,
                                     &original, &graph)) {
        return NULL;
    }
    if (keep_hook < 0) {
        return PyErr_Format(PyExc_TypeError, "Entry needs keep_hook");
    }
    if (guards != Py_None && !PyObject_TypeCheck(guards, &GuardTree_Type)) {
        return PyErr_Format(PyExc_TypeError, "guards must be a GuardTree or None, not %.200s", Py_TYPE(guards)->tp_name);
    }
    if (code != Py_None && !PyCode_Check(code)) {
        return PyErr_Format(PyExc_TypeError, "code must be a code object or None, not %.200s", Py_TYPE(code)->tp_name);
    }
    enum { REFUSED = CO_VARARGS | CO_VARKEYWORDS | CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR };
    if (code != Py_None && (((PyCodeObject *)code)->co_kwonlyargcount || (((PyCodeObject *)code)->co_flags & REFUSED)
                            || !(((PyCodeObject *)code)->co_flags & CO_OPTIMIZED))) {
        PyErr_SetString(PyExc_ValueError, "replacement code must be a plain function of positional parameters");
        return NULL;
    }
    Entry *self = (Entry *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->context = Py_NewRef(context);
    self->guards = guards == Py_None ? NULL : (GuardTree *)Py_NewRef(guards);
    self->code = code == Py_None ? NULL : Py_NewRef(code);
    self->keep_hook = (char)keep_hook;
    self->original = original;
    self->graph = Py_XNewRef(graph);
    return (PyObject *)self;
}

static PyMemberDef entry_members[] = {
    {"context", T_OBJECT, offsetof(Entry, context), READONLY, "the context that this entry belongs to"},
    {"guards", T_OBJECT, offsetof(Entry, guards), READONLY, "the guard tree, or None: always holds"},
    {"code", T_OBJECT, offsetof(Entry, code), READONLY, "the replacement code, or None: run the original"},
    {"hits", T_ULONGLONG, offsetof(Entry, hits), READONLY, "how many frames this entry has taken"},
    {"original", T_INT, offsetof(Entry, original), READONLY, "a number of the compiler's own"},
    {"keep_hook", T_BOOL, offsetof(Entry, keep_hook), READONLY, "whether the context stays on underneath"},
    {"__dictoffset__", T_PYSSIZET, offsetof(Entry, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Entry, weakrefs), READONLY, NULL},
    {NULL},
};

static PyGetSetDef entry_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL},
};

PyTypeObject Entry_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.Entry",
    .tp_doc = PyDoc_STR("Entry(context, guards, code, *, keep_hook, original=0)\n--\n\n"
                        "One way to run a frame: when the guards hold, `code` runs in its place."),
    .tp_basicsize = sizeof(Entry),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = entry_new,
    .tp_dealloc = (destructor)entry_dealloc,
    .tp_traverse = (traverseproc)entry_traverse,
    .tp_clear = (inquiry)entry_clear,
    .tp_members = entry_members,
    .tp_getset = entry_getset,
    .tp_dictoffset = offsetof(Entry, dict),
    .tp_weaklistoffset = offsetof(Entry, weakrefs),
};

/* ---- CodeCache ---- */

static Py_ssize_t extra_index = -1;

static int
cache_traverse(CodeCache *self, visitproc visit, void *arg)
{
    Py_VISIT(self->entries);
    return 0;
}

static void
cache_dealloc(CodeCache *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->entries);
    PyObject_GC_Del(self);
}

static CodeCache *
cache_new(void)
{
    CodeCache *self = PyObject_GC_New(CodeCache, &CodeCache_Type);
    if (self == NULL) {
        return NULL;
    }
    self->skip = SKIP_NONE;
    self->entries = PyTuple_New(0);
    if (self->entries == NULL) {
        Py_DECREF(self);
        return NULL;
    }
    PyObject_GC_Track(self);
    return self;
}

/* co_extra's free function: the code object dies, perhaps with an exception on its way. */
static void
cache_free(void *extra)
{
    CodeCache *self = extra;
    if (self == NULL) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *empty = PyTuple_New(0);
    if (empty != NULL) {
        Py_SETREF(self->entries, empty); /* a cycle through the cache's own entries ends here */
    }
    Py_DECREF(self);
    PyErr_Restore(type, value, traceback);
}

CodeCache *
code_cache_find(PyCodeObject *code)
{
    void *extra = NULL;
    code_get_extra((PyObject *)code, extra_index, &extra);
    return extra;
}

CodeCache *
code_cache_demand(PyCodeObject *code)
{
    CodeCache *cache = code_cache_find(code);
    if (cache == NULL && (cache = cache_new()) != NULL && code_set_extra((PyObject *)code, extra_index, cache) < 0) {
        Py_CLEAR(cache);
    }
    return cache;
}

static PyObject *
cache_add(CodeCache *self, PyObject *entry)
{
    if (!PyObject_TypeCheck(entry, &Entry_Type)) {
        return PyErr_Format(PyExc_TypeError, "entry must be an Entry, not %.200s", Py_TYPE(entry)->tp_name);
    }
    Py_ssize_t count = PyTuple_GET_SIZE(self->entries);
    PyObject *entries = PyTuple_New(count + 1);
    if (entries == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyTuple_SET_ITEM(entries, i, Py_NewRef(PyTuple_GET_ITEM(self->entries, i)));
    }
    PyTuple_SET_ITEM(entries, count, Py_NewRef(entry));
    Py_SETREF(self->entries, entries);
    Py_RETURN_NONE;
}

static PyObject *
cache_remove(CodeCache *self, PyObject *entry)
{
    PyObject *kept = PyList_New(0);
    if (kept == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self->entries); i++) {
        PyObject *other = PyTuple_GET_ITEM(self->entries, i);
        if (other != entry && PyList_Append(kept, other) < 0) {
            Py_DECREF(kept);
            return NULL;
        }
    }
    bool found = PyList_GET_SIZE(kept) < PyTuple_GET_SIZE(self->entries);
    PyObject *entries = found ? PyList_AsTuple(kept) : NULL;
    Py_DECREF(kept);
    if (entries == NULL) {
        return found ? NULL : PyErr_Format(PyExc_ValueError, "the entry is not in this cache");
    }
    Py_SETREF(self->entries, entries);
    Py_RETURN_NONE;
}

static PyObject *
cache_clear_entries(CodeCache *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *entries = PyTuple_New(0);
    if (entries == NULL) {
        return NULL;
    }
    Py_SETREF(self->entries, entries);
    Py_RETURN_NONE;
}

static PyObject *
cache_get_entries(CodeCache *self, void *Py_UNUSED(closure))
{
    return PySequence_List(self->entries);
}

static PyObject *
cache_get_skip(CodeCache *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(self->skip);
}

static int
cache_set_skip(CodeCache *self, PyObject *value, void *Py_UNUSED(closure))
{
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "skip cannot be deleted");
        return -1;
    }
    long skip = PyLong_AsLong(value);
    if (skip == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (skip < SKIP_NONE || skip > SKIP_RECURSIVE) {
        PyErr_SetString(PyExc_ValueError, "skip must be 0, 1 or 2");
        return -1;
    }
    self->skip = (int)skip;
    return 0;
}

static PyMethodDef cache_methods[] = {
    {"add", (PyCFunction)cache_add, METH_O, "add($self, entry, /)\n--\n\nTry `entry` after the others."},
    {"remove", (PyCFunction)cache_remove, METH_O, "remove($self, entry, /)\n--\n\nForget `entry`; ValueError when it is not here."},
    {"clear", (PyCFunction)cache_clear_entries, METH_NOARGS, "clear($self, /)\n--\n\nForget every entry."},
    {NULL},
};

static PyGetSetDef cache_getset[] = {
    {"entries", (getter)cache_get_entries, NULL, "a copy of the entries, in the order they are tried", NULL},
    {"skip", (getter)cache_get_skip, (setter)cache_set_skip, "0: none; 1: this frame; 2: this frame and all it calls", NULL},
    {NULL},
};

PyTypeObject CodeCache_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.CodeCache",
    .tp_doc = PyDoc_STR("The entries of one code object; they die with it."),
    .tp_basicsize = sizeof(CodeCache),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = (destructor)cache_dealloc,
    .tp_traverse = (traverseproc)cache_traverse,
    .tp_methods = cache_methods,
    .tp_getset = cache_getset,
};

static PyObject *
code_cache(PyObject *Py_UNUSED(module), PyObject *code)
{
    if (!PyCode_Check(code)) {
        return PyErr_Format(PyExc_TypeError, "code must be a code object, not %.200s", Py_TYPE(code)->tp_name);
    }
    return Py_XNewRef((PyObject *)code_cache_demand((PyCodeObject *)code));
}

static PyMethodDef functions[] = {
    {"code_cache", code_cache, METH_O, "code_cache(code, /)\n--\n\nThe cache of a code object, made when it has none."},
    {NULL},
};

int
cache_ready(PyObject *module)
{
    extra_index = request_extra_index(cache_free);
    if (extra_index < 0) {
        PyErr_SetString(PyExc_ImportError, "no co_extra index is left");
        return -1;
    }
    return add_type(module, &Entry_Type, "Entry") < 0 || add_type(module, &CodeCache_Type, "CodeCache") < 0
                   || PyModule_AddFunctions(module, functions) < 0 ? -1 : 0;
}
