/* TensorFacts: a few words of at::TensorImpl read directly when compiler.tensor_layout has found and tested them, Python
   attributes through compiler.tensor_facts otherwise. */
#include "common.h"

enum { INLINE_DIMS = 5, KNOWN_PAIRS = 4, RAW = -1 };

/* One process has one torch, hence one layout. */
static struct {
    bool measured;
    bool usable;
    Py_ssize_t impl_offset;
    int extra, ndim, flags, keyset;
    uint64_t flags_mask, vtable;
    bool (*requires_grad)(const void *); /* or NULL: ask the getter */
    PyGetSetDef *requires_grad_getter, *is_leaf_getter;
    PyTypeObject *tensor, *parameter;
} layout;

/* What the quick reading needs stands first, on two cache lines. */
struct TensorFacts {
    PyObject_HEAD
    PyTypeObject *type;
    bool quick; /* `type` keeps its metadata in words that we know */
    bool requires_grad;
    bool check_leaf, is_leaf;
    bool dynamic;
    uint8_t ndim;
    uint8_t known; /* pairs of (flags, keyset) that the slow reading has found good */
    struct {
        uint64_t flags, keyset;
    } good[KNOWN_PAIRS];
    int64_t sizes[INLINE_DIMS], strides[INLINE_DIMS];
    int stride_from[INLINE_DIMS];
    bool free_size[INLINE_DIMS];
    PyObject *description; /* compiler.tensor_facts.Description */
};

/* ---- the layout ---- */

static PyGetSetDef *
getter_of(PyObject *type, const char *name)
{
    PyObject *descriptor = PyObject_GetAttrString(type, name);
    PyGetSetDef *getset = NULL;
    if (descriptor != NULL && Py_IS_TYPE(descriptor, &PyGetSetDescr_Type)) {
        getset = ((PyGetSetDescrObject *)descriptor)->d_getset;
    }
    Py_XDECREF(descriptor); /* the type keeps it */
    return getset;
}

static int
find_types(void)
{
    PyObject *torch = PyImport_ImportModule("torch");
    PyObject *nn = torch == NULL ? NULL : PyObject_GetAttrString(torch, "nn");
    layout.tensor = torch == NULL ? NULL : (PyTypeObject *)PyObject_GetAttrString(torch, "Tensor");
    layout.parameter = nn == NULL ? NULL : (PyTypeObject *)PyObject_GetAttrString(nn, "Parameter");
    Py_XDECREF(torch);
    Py_XDECREF(nn);
    if (layout.tensor == NULL || layout.parameter == NULL) {
        return -1;
    }
    layout.requires_grad_getter = getter_of((PyObject *)layout.tensor, "requires_grad");
    layout.is_leaf_getter = getter_of((PyObject *)layout.tensor, "is_leaf");
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *
call_python(const char *module_name, const char *function)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *result = module == NULL ? NULL : PyObject_CallMethod(module, function, NULL);
    Py_XDECREF(module);
    return result;
}

static int
measure(void)
{
    if (layout.measured) {
        return 0;
    }
    PyObject *words = find_types() < 0 ? NULL : call_python("compiler.tensor_layout", "measure");
    if (words == NULL) {
        return -1;
    }
    unsigned long long flags_mask = 0, vtable = 0, requires_grad = 0;
    if (words != Py_None
        && !PyArg_ParseTuple(words, "niiiKiKK", &layout.impl_offset, &layout.extra, &layout.ndim, &layout.flags, &flags_mask,
                             &layout.keyset, &vtable, &requires_grad)) {
        Py_DECREF(words);
        return -1;
    }
    layout.flags_mask = flags_mask;
    layout.vtable = vtable;
    layout.requires_grad = (bool (*)(const void *))(uintptr_t)requires_grad;
    layout.usable = words != Py_None && layout.requires_grad_getter != NULL && layout.is_leaf_getter != NULL;
    layout.measured = true;
    Py_DECREF(words);
    return 0;
}

static inline const uint64_t *
impl_words(PyObject *tensor)
{
    return *(const uint64_t **)((char *)tensor + layout.impl_offset);
}

static inline bool
words_are_plain(const uint64_t *words)
{
    return words != NULL && words[0] == layout.vtable && words[layout.extra] == 0 && words[layout.ndim] <= INLINE_DIMS;
}

static inline bool
getter_says(PyGetSetDef *getset, PyObject *tensor)
{
    PyObject *answer = getset->get(tensor, getset->closure);
    bool truth = answer == Py_True;
    if (UNLIKELY(answer == NULL)) {
        PyErr_Clear();
    }
    Py_XDECREF(answer);
    return truth;
}

/* ---- reading ---- */

static bool
moving_shape_holds(TensorFacts *facts, const int64_t *sizes, const int64_t *strides)
{
    for (int dim = 0; dim < facts->ndim; dim++) {
        int source = facts->stride_from[dim];
        int64_t stride = source == RAW ? facts->strides[dim] : strides[source] * (sizes[source] > 1 ? sizes[source] : 1);
        if ((sizes[dim] != facts->sizes[dim] && !facts->free_size[dim]) || strides[dim] != stride) {
            return false;
        }
    }
    return true;
}

static inline bool
shape_holds(TensorFacts *facts, const uint64_t *words)
{
    const int64_t *sizes = (const int64_t *)&words[layout.ndim + 1], *strides = sizes + INLINE_DIMS;
    if (UNLIKELY(words[layout.ndim] != (uint64_t)facts->ndim)) {
        return false;
    }
    if (UNLIKELY(facts->dynamic)) {
        return moving_shape_holds(facts, sizes, strides);
    }
    for (int dim = 0; dim < facts->ndim; dim++) {
        if (sizes[dim] != facts->sizes[dim] || strides[dim] != facts->strides[dim]) {
            return false;
        }
    }
    return true;
}

static inline bool
flags_are_known(TensorFacts *facts, const uint64_t *words)
{
    uint64_t flags = words[layout.flags] & layout.flags_mask, keyset = words[layout.keyset];
    for (int i = 0; i < facts->known; i++) {
        if (LIKELY(flags == facts->good[i].flags && keyset == facts->good[i].keyset)) {
            return true;
        }
    }
    return false;
}

FactsAnswer
tensor_facts_quick(TensorFacts *facts, PyObject *value)
{
    if (UNLIKELY(Py_TYPE(value) != facts->type)) {
        return FACTS_DIFFER;
    }
    if (UNLIKELY(!facts->quick)) {
        return FACTS_UNKNOWN;
    }
    const uint64_t *words = impl_words(value);
    if (UNLIKELY(!words_are_plain(words))) {
        return FACTS_UNKNOWN;
    }
    if (UNLIKELY(!shape_holds(facts, words))) {
        return FACTS_DIFFER;
    }
    if (UNLIKELY(!flags_are_known(facts, words))) {
        return FACTS_UNKNOWN;
    }
    bool requires_grad = LIKELY(layout.requires_grad != NULL) ? layout.requires_grad(words)
                                                              : getter_says(layout.requires_grad_getter, value);
    if (UNLIKELY(requires_grad != facts->requires_grad)) {
        return FACTS_DIFFER;
    }
    bool leaf = !facts->check_leaf || getter_says(layout.is_leaf_getter, value) == facts->is_leaf;
    return leaf ? FACTS_HOLD : FACTS_DIFFER;
}

static void
note_flags(TensorFacts *facts, PyObject *value)
{
    const uint64_t *words = impl_words(value);
    if (facts->quick && words_are_plain(words) && facts->known < KNOWN_PAIRS && !flags_are_known(facts, words)) {
        facts->good[facts->known].flags = words[layout.flags] & layout.flags_mask;
        facts->good[facts->known++].keyset = words[layout.keyset];
    }
}

bool
tensor_facts_slow(TensorFacts *facts, PyObject *value)
{
    PyObject *difference = PyObject_CallMethod(facts->description, "difference", "O", value);
    bool holds = difference == Py_None;
    if (difference == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(difference);
    if (holds) {
        note_flags(facts, value);
    }
    return holds;
}

/* ---- the type ---- */

static int
read_dynamic(TensorFacts *self)
{
    PyObject *chain = PyObject_GetAttrString(self->description, "stride_from");
    PyObject *dynamic = PyObject_GetAttrString(self->description, "dynamic");
    for (int dim = 0; chain != NULL && dynamic != NULL && dim < self->ndim; dim++) {
        self->stride_from[dim] = (int)PyLong_AsLong(PyTuple_GET_ITEM(chain, dim));
        PyObject *number = PyLong_FromLong(dim);
        self->free_size[dim] = number != NULL && PySet_Contains(dynamic, number) > 0;
        self->dynamic = self->dynamic || self->free_size[dim];
        Py_XDECREF(number);
    }
    Py_XDECREF(chain);
    Py_XDECREF(dynamic);
    return PyErr_Occurred() ? -1 : 0;
}

/* What the quick reading compares with. Subclasses other than Parameter may keep their metadata elsewhere. */
static int
read_quick(TensorFacts *self, PyObject *example)
{
    self->quick = layout.usable && (self->type == layout.tensor || self->type == layout.parameter)
                  && words_are_plain(impl_words(example));
    if (!self->quick) {
        return 0;
    }
    const uint64_t *words = impl_words(example);
    self->ndim = (uint8_t)words[layout.ndim];
    for (int dim = 0; dim < self->ndim; dim++) {
        self->sizes[dim] = (int64_t)words[layout.ndim + 1 + dim];
        self->strides[dim] = (int64_t)words[layout.ndim + 1 + INLINE_DIMS + dim];
    }
    self->requires_grad = getter_says(layout.requires_grad_getter, example);
    self->is_leaf = getter_says(layout.is_leaf_getter, example);
    note_flags(self, example);
    return read_dynamic(self);
}

static PyObject *
describe_example(PyObject *example, PyObject *dynamic_dims, int check_leaf)
{
    PyObject *module = PyImport_ImportModule("compiler.tensor_facts");
    PyObject *type = module == NULL ? NULL : PyObject_GetAttrString(module, "Description");
    PyObject *description = type == NULL ? NULL
                                         : PyObject_CallMethod(type, "of", "OOO", example, dynamic_dims,
                                                               check_leaf ? Py_True : Py_False);
    Py_XDECREF(type);
    Py_XDECREF(module);
    return description;
}

static PyObject *
facts_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"example", "dynamic_dims", "check_leaf", NULL};
    PyObject *example, *dynamic_dims = NULL;
    int check_leaf = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O!p:TensorFacts", names, &example, &PyTuple_Type, &dynamic_dims,
                                     &check_leaf)
        || measure() < 0) {
        return NULL;
    }
    if (!PyObject_TypeCheck(example, layout.tensor)) {
        return PyErr_Format(PyExc_TypeError, "example must be a Tensor, not %.200s", Py_TYPE(example)->tp_name);
    }
    TensorFacts *self = (TensorFacts *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    PyObject *none = dynamic_dims == NULL ? PyTuple_New(0) : Py_NewRef(dynamic_dims);
    self->type = (PyTypeObject *)Py_NewRef(Py_TYPE(example));
    self->check_leaf = (bool)check_leaf;
    self->description = none == NULL ? NULL : describe_example(example, none, check_leaf);
    Py_XDECREF(none);
    if (self->description == NULL || read_quick(self, example) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static int
facts_traverse(TensorFacts *self, visitproc visit, void *arg)
{
    Py_VISIT(self->type);
    Py_VISIT(self->description);
    return 0;
}

static void
facts_dealloc(TensorFacts *self)
{
    PyObject_GC_UnTrack(self);
    Py_CLEAR(self->type);
    Py_CLEAR(self->description);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
facts_describe(TensorFacts *self, PyObject *value)
{
    PyObject *difference = PyObject_CallMethod(self->description, "difference", "O", value);
    if (difference == Py_None) {
        Py_SETREF(difference, PyUnicode_FromString(""));
    }
    return difference;
}

static PyObject *
facts_check(TensorFacts *self, PyObject *value)
{
    FactsAnswer answer = tensor_facts_quick(self, value);
    return PyBool_FromLong(answer == FACTS_UNKNOWN ? tensor_facts_slow(self, value) : answer == FACTS_HOLD);
}

static PyMethodDef facts_methods[] = {
    {"describe", (PyCFunction)facts_describe, METH_O,
     "describe($self, value, /)\n--\n\nThe first property of `value` that differs, phrased; '' when all facts hold."},
    {"check", (PyCFunction)facts_check, METH_O, "check($self, value, /)\n--\n\nWhether all facts hold of `value`."},
    {NULL},
};

static PyMemberDef facts_members[] = {
    {"description", T_OBJECT, offsetof(TensorFacts, description), READONLY, "the same facts as a compiler.tensor_facts.Description"},
    {"quick", T_BOOL, offsetof(TensorFacts, quick), READONLY, "whether memory is read directly"},
    {NULL},
};

PyTypeObject TensorFacts_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.TensorFacts",
    .tp_doc = PyDoc_STR("TensorFacts(example, *, dynamic_dims=(), check_leaf=False)\n--\n\n"
                        "The metadata of a tensor, to be checked against others."),
    .tp_basicsize = sizeof(TensorFacts),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = facts_new,
    .tp_dealloc = (destructor)facts_dealloc,
    .tp_traverse = (traverseproc)facts_traverse,
    .tp_methods = facts_methods,
    .tp_members = facts_members,
};

int
tensor_facts_ready(PyObject *module)
{
    return add_type(module, &TensorFacts_Type, "TensorFacts");
}
