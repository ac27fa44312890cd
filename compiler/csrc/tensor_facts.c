/* TensorFacts: a few words of at::TensorImpl read directly when compiler.tensor_layout has found and tested them, Python
   attributes through compiler.tensor_facts otherwise. */
#include "tensor_facts.h"

TensorLayout tensor_layout; /* one process has one torch */

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
    tensor_layout.tensor = torch == NULL ? NULL : (PyTypeObject *)PyObject_GetAttrString(torch, "Tensor");
    tensor_layout.parameter = nn == NULL ? NULL : (PyTypeObject *)PyObject_GetAttrString(nn, "Parameter");
    Py_XDECREF(torch);
    Py_XDECREF(nn);
    if (tensor_layout.tensor == NULL || tensor_layout.parameter == NULL) {
        return -1;
    }
    tensor_layout.requires_grad_getter = getter_of((PyObject *)tensor_layout.tensor, "requires_grad");
    tensor_layout.is_leaf_getter = getter_of((PyObject *)tensor_layout.tensor, "is_leaf");
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
    if (tensor_layout.measured) {
        return 0;
    }
    PyObject *words = find_types() < 0 ? NULL : call_python("compiler.tensor_layout", "measure");
    if (words == NULL) {
        return -1;
    }
    unsigned long long flags_mask = 0, vtable = 0, requires_grad = 0;
    if (words != Py_None
        && !PyArg_ParseTuple(words, "niiiKiKKii", &tensor_layout.impl_offset, &tensor_layout.extra, &tensor_layout.ndim, &tensor_layout.flags, &flags_mask,
                             &tensor_layout.keyset, &vtable, &requires_grad, &tensor_layout.grad_meta,
                             &tensor_layout.grad_byte)) {
        Py_DECREF(words);
        return -1;
    }
    tensor_layout.flags_mask = flags_mask;
    tensor_layout.vtable = vtable;
    tensor_layout.requires_grad = (bool (*)(const void *))(uintptr_t)requires_grad;
    tensor_layout.usable = words != Py_None && tensor_layout.requires_grad_getter != NULL
                           && tensor_layout.is_leaf_getter != NULL;
    tensor_layout.measured = true;
    Py_DECREF(words);
    return 0;
}

/* ---- reading ---- */

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

bool
tensor_moving_shape_holds(TensorFacts *facts, const int64_t *sizes, const int64_t *strides)
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

bool
tensor_requires_grad(const uint64_t *words, PyObject *value)
{
    return LIKELY(tensor_layout.requires_grad != NULL) ? tensor_layout.requires_grad(words)
                                                       : getter_says(tensor_layout.requires_grad_getter, value);
}

bool
tensor_is_leaf(PyObject *value)
{
    return getter_says(tensor_layout.is_leaf_getter, value);
}

static void
note_flags(TensorFacts *facts, PyObject *value)
{
    const uint64_t *words = impl_words(value);
    if (facts->quick && words_are_plain(words) && facts->known < KNOWN_PAIRS && !flags_are_known(facts, words)) {
        facts->good[facts->known].flags = words[tensor_layout.flags] & tensor_layout.flags_mask;
        facts->good[facts->known++].keyset = words[tensor_layout.keyset];
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
    self->quick = tensor_layout.usable && (self->type == tensor_layout.tensor || self->type == tensor_layout.parameter)
                  && words_are_plain(impl_words(example));
    if (!self->quick) {
        return 0;
    }
    const uint64_t *words = impl_words(example);
    self->ndim = (uint8_t)words[tensor_layout.ndim];
    for (int dim = 0; dim < self->ndim; dim++) {
        self->sizes[dim] = (int64_t)words[tensor_layout.ndim + 1 + dim];
        self->strides[dim] = (int64_t)words[tensor_layout.ndim + 1 + INLINE_DIMS + dim];
    }
    self->requires_grad = getter_says(tensor_layout.requires_grad_getter, example);
    self->is_leaf = getter_says(tensor_layout.is_leaf_getter, example);
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
    if (!PyObject_TypeCheck(example, tensor_layout.tensor)) {
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
