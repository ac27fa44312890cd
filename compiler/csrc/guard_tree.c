/* Evaluates a guard tree: reaches each value from its parent's, in order, and stops at the first guard that fails.

   Values are borrowed as long as nothing but dict and tuple reads happens. Before the first step that may run Python code (an
   attribute, a predicate, the slow reading of a tensor) the walk is secured: values become strong references and the thread's
   context goes off, so that what runs is not compiled. */
#include "guards.h"

PyObject *absent;

typedef struct {
    PyObject **values; /* what has been reached: values[0 .. filled) */
    int filled;
    bool secured;
    PyObject *context; /* while secured: the thread's context */
    const Scope *scope;
} Walk;

static bool
secure(Walk *walk)
{
    if (!walk->secured) {
        if (hook_exchange(NULL, &walk->context) < 0) {
            PyErr_Clear();
            return false;
        }
        walk->secured = true;
        for (int i = 0; i < walk->filled; i++) {
            Py_INCREF(walk->values[i]);
        }
    }
    return true;
}

static void
finish(Walk *walk)
{
    if (UNLIKELY(walk->secured)) {
        PyObject *left;
        for (int i = 0; i < walk->filled; i++) {
            Py_DECREF(walk->values[i]);
        }
        if (hook_exchange(walk->context, &left) == 0) {
            Py_XDECREF(left);
        }
        Py_XDECREF(walk->context);
    }
}

/* ---- constants ---- */

bool
constant_is_comparable(PyObject *value)
{
    if (PyTuple_CheckExact(value)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); i++) {
            if (!constant_is_comparable(PyTuple_GET_ITEM(value, i))) {
                return false;
            }
        }
        return true;
    }
    return value == Py_None || value == Py_Ellipsis || value == Py_NotImplemented || PyBool_Check(value)
           || PyLong_CheckExact(value) || PyUnicode_CheckExact(value) || PyBytes_CheckExact(value) || PyFloat_CheckExact(value)
           || PyComplex_CheckExact(value) || PyType_Check(value);
}

/* `expected` is comparable. Neither runs Python code nor raises. */
bool
constants_equal(PyObject *expected, PyObject *value)
{
    if (expected == value) {
        return true;
    }
    if (Py_TYPE(expected) != Py_TYPE(value)) {
        return false;
    }
    if (PyFloat_CheckExact(expected)) {
        return memcmp(&((PyFloatObject *)expected)->ob_fval, &((PyFloatObject *)value)->ob_fval, sizeof(double)) == 0;
    }
    if (PyComplex_CheckExact(expected)) {
        return memcmp(&((PyComplexObject *)expected)->cval, &((PyComplexObject *)value)->cval, sizeof(Py_complex)) == 0;
    }
    if (PyTuple_CheckExact(expected)) {
        Py_ssize_t count = PyTuple_GET_SIZE(expected);
        bool equal = count == PyTuple_GET_SIZE(value);
        for (Py_ssize_t i = 0; equal && i < count; i++) {
            equal = constants_equal(PyTuple_GET_ITEM(expected, i), PyTuple_GET_ITEM(value, i));
        }
        return equal;
    }
    if (PyLong_CheckExact(expected) || PyUnicode_CheckExact(expected) || PyBytes_CheckExact(expected)) {
        PyObject *answer = Py_TYPE(expected)->tp_richcompare(expected, value, Py_EQ);
        Py_XDECREF(answer);
        if (answer == NULL) {
            PyErr_Clear();
        }
        return answer == Py_True;
    }
    return false; /* None, True, ..., types: identity */
}

/* ---- dicts ---- */

/* Borrowed, or NULL: absent. */
static inline PyObject *
dict_get(PyObject *dict, PyObject *key, Py_hash_t hash)
{
    PyObject *value = _PyDict_GetItem_KnownHash(dict, key, hash);
    if (UNLIKELY(value == NULL) && PyErr_Occurred()) {
        PyErr_Clear();
    }
    return value;
}

static inline PyObject *
dict_get_noted(PyObject *dict, Node *node)
{
    uint64_t version = dict_version(dict);
    if (LIKELY(version == node->version && version != 0)) {
        return node->memo;
    }
    PyObject *value = dict_get(dict, node->argument, node->hash);
    node->version = version; /* as it was before the lookup: should that have changed the dict, the note is void */
    node->memo = value;
    return value;
}

/* ---- accessors: a borrowed reference, or NULL; a new one when *owned ---- */

static PyObject *
reach_global(const Scope *scope, Node *node)
{
    if (!PyDict_CheckExact(scope->globals) || !PyDict_CheckExact(scope->builtins)) {
        return NULL;
    }
    PyObject *value = dict_get_noted(scope->globals, node);
    return value != NULL ? value : dict_get(scope->builtins, node->argument, node->hash);
}

static inline PyObject *
reach_key(Walk *walk, Node *node, PyObject *value)
{
    if (UNLIKELY(!PyDict_Check(value))) {
        return NULL;
    }
    if (UNLIKELY(node->key_may_run_code)) {
        return secure(walk) ? dict_get(value, node->argument, node->hash) : NULL;
    }
    return dict_get_noted(value, node);
}

static inline PyObject *
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

static inline PyObject *
reach_dict(PyObject *value)
{
    PyObject **place = _PyObject_GetDictPtr(value);
    if (place != NULL && *place == NULL) { /* CPython makes it when it is first looked at */
        Py_XDECREF(PyObject_GenericGetDict(value, NULL));
        PyErr_Clear();
    }
    return place == NULL || *place == NULL || !PyDict_Check(*place) ? NULL : *place;
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
reach_by_code(Walk *walk, Node *node, PyObject *value)
{
    if (!secure(walk)) {
        return NULL;
    }
    PyObject *result = node->accessor == ACCESS_ATTR ? PyObject_GetAttr(value, node->argument)
                                                     : PyObject_CallOneArg(node->argument, value);
    if (result == NULL) {
        PyErr_Clear();
    }
    return result;
}

static inline PyObject *
reach(Walk *walk, Node *node, PyObject *value, bool *owned)
{
    const Scope *scope = walk->scope;
    switch ((Accessor)node->accessor) {
    case ACCESS_LOCAL:
        return LIKELY((size_t)node->index < (size_t)scope->local_count) ? scope->locals[node->index] : NULL;
    case ACCESS_GLOBAL:
        return reach_global(scope, node);
    case ACCESS_FREE:
        return scope->closure != NULL && (size_t)node->index < (size_t)PyTuple_GET_SIZE(scope->closure)
                   ? PyTuple_GET_ITEM(scope->closure, node->index)
                   : NULL;
    case ACCESS_CONSTANT:
        return node->argument;
    case ACCESS_CELL:
        return PyCell_Check(value) ? PyCell_GET(value) : NULL;
    case ACCESS_DICT:
        return reach_dict(value);
    case ACCESS_KEY:
        return reach_key(walk, node, value);
    case ACCESS_ITEM:
        return reach_item(node, value);
    case ACCESS_TYPE:
        return (PyObject *)Py_TYPE(value);
    case ACCESS_LOOKUP:
        return _PyType_Lookup(Py_TYPE(value), node->argument);
    case ACCESS_FUNC_ATTR:
        return reach_func_attr(node, value);
    case ACCESS_ATTR:
    case ACCESS_CALL:
        *owned = true;
        return reach_by_code(walk, node, value);
    }
    Py_UNREACHABLE();
}

/* ---- checks ---- */

static bool
length_holds(PyObject *value, Py_ssize_t length)
{
    if (PyList_Check(value) || PyTuple_Check(value)) {
        return Py_SIZE(value) == length;
    }
    if (PyDict_Check(value)) {
        return PyDict_GET_SIZE(value) == length;
    }
    return PyAnySet_Check(value) && PySet_GET_SIZE(value) == length;
}

static bool
truth_holds(PyObject *value, Py_ssize_t truth)
{
    bool safe = value == Py_None || PyBool_Check(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value)
                || PyComplex_CheckExact(value) || PyUnicode_CheckExact(value) || PyBytes_CheckExact(value)
                || PyList_CheckExact(value) || PyTuple_CheckExact(value) || PyDict_CheckExact(value) || PyAnySet_CheckExact(value);
    return safe && PyObject_IsTrue(value) == truth;
}

/* The same key, not only an equal one: 1, True and 1.0 are different, and so are 0.0 and -0.0. May run Python code. */
static bool
key_is(PyObject *expected, PyObject *key)
{
    if (expected == key) {
        return true;
    }
    if (Py_TYPE(expected) != Py_TYPE(key)) {
        return false;
    }
    if (PyTuple_CheckExact(expected)) {
        Py_ssize_t count = PyTuple_GET_SIZE(expected);
        bool same = count == PyTuple_GET_SIZE(key);
        for (Py_ssize_t i = 0; same && i < count; i++) {
            same = key_is(PyTuple_GET_ITEM(expected, i), PyTuple_GET_ITEM(key, i));
        }
        return same;
    }
    return constant_is_comparable(expected) ? constants_equal(expected, key) : PyObject_RichCompareBool(expected, key, Py_EQ) > 0;
}

static bool
keys_are(PyObject *keys, PyObject *expected)
{
    Py_ssize_t count = PyTuple_GET_SIZE(expected);
    bool equal = PyList_GET_SIZE(keys) == count;
    for (Py_ssize_t i = 0; equal && i < count; i++) {
        equal = key_is(PyTuple_GET_ITEM(expected, i), PyList_GET_ITEM(keys, i)) && i + 1 <= PyList_GET_SIZE(keys);
    }
    return equal;
}

/* Exact dicts are compared in place when identity settles it; everything else is secured and compared by value. */
static bool
keys_hold(Walk *walk, Check *check, PyObject *value)
{
    if (!PyDict_Check(value) || PyDict_GET_SIZE(value) != PyTuple_GET_SIZE(check->payload)) {
        return false;
    }
    bool ordered = PyODict_Check(value); /* whose order is not the dict's own */
    uint64_t version = ordered ? 0 : dict_version(value);
    if (version != 0 && version == check->version) {
        return true;
    }
    Py_ssize_t position = 0, i = 0;
    PyObject *key;
    bool identical = !ordered;
    while (identical && PyDict_Next(value, &position, &key, NULL)) {
        identical = key == PyTuple_GET_ITEM(check->payload, i++);
    }
    if (identical) {
        check->version = version;
        return true;
    }
    if (!secure(walk)) {
        return false;
    }
    PyObject *iterator = ordered ? PyODict_Type.tp_iter(value) : NULL;
    PyObject *keys = !ordered ? PyDict_Keys(value) : iterator == NULL ? NULL : PySequence_List(iterator);
    bool equal = keys != NULL && keys_are(keys, check->payload);
    Py_XDECREF(iterator);
    Py_XDECREF(keys);
    PyErr_Clear();
    return equal;
}

static bool
items_hold(Check *check, PyObject *value)
{
    if (UNLIKELY(!PyDict_Check(value))) {
        return false;
    }
    uint64_t version = dict_version(value);
    if (LIKELY(version == check->version && version != 0)) {
        return true;
    }
    for (Expected *item = check->expected; item < check->expected + check->number; item++) {
        if (dict_get(value, item->key, item->hash) != item->value) {
            return false;
        }
    }
    check->version = version == dict_version(value) ? version : 0;
    return true;
}

/* The dicts under these keys are empty. Which dicts they are is noted per version of the dict that holds them. */
static bool
empty_holds(Check *check, PyObject *value)
{
    if (UNLIKELY(!PyDict_Check(value))) {
        return false;
    }
    uint64_t version = dict_version(value);
    Expected *end = check->expected + check->number;
    if (LIKELY(version == check->version && version != 0)) {
        for (Expected *item = check->expected; item < end; item++) {
            if (UNLIKELY(PyDict_GET_SIZE(item->value) != 0)) {
                return false;
            }
        }
        return true;
    }
    check->version = 0; /* until all are noted */
    for (Expected *item = check->expected; item < end; item++) {
        item->value = dict_get(value, item->key, item->hash);
        if (item->value == NULL || !PyDict_Check(item->value) || PyDict_GET_SIZE(item->value) != 0) {
            return false;
        }
    }
    check->version = version == dict_version(value) ? version : 0;
    return true;
}

static bool
has_key(Walk *walk, Check *check, PyObject *value)
{
    return PyDict_Check(value) && (!check->key_may_run_code || secure(walk))
           && dict_get(value, check->payload, check->hash) != NULL;
}

static bool
lacks_key(Walk *walk, Check *check, PyObject *value)
{
    return PyDict_Check(value) && (!check->key_may_run_code || secure(walk))
           && dict_get(value, check->payload, check->hash) == NULL;
}

static bool
class_attrs_hold(Check *check, PyObject *value)
{
    PyObject *cls = PyTuple_GET_ITEM(check->payload, 0);
    PyTypeObject *type = value == cls ? (PyTypeObject *)value : Py_TYPE(value); /* of an object, or of the class itself */
    if ((PyObject *)type != cls) {
        return false;
    }
    uint64_t version = type_version(type);
    if (LIKELY(version == check->version && version != 0)) {
        return true;
    }
    for (Expected *attr = check->expected; attr < check->expected + check->number; attr++) {
        if (_PyType_Lookup(type, attr->key) != attr->value) {
            return false;
        }
    }
    check->version = type_version(type); /* the lookups gave the type a version when it had none */
    return true;
}

static bool
predicate_holds(Walk *walk, Check *check, PyObject *value)
{
    if (!secure(walk)) {
        return false;
    }
    PyObject *answer = PyObject_CallOneArg(check->payload, value);
    int truth = answer == NULL ? -1 : PyObject_IsTrue(answer);
    Py_XDECREF(answer);
    if (truth < 0) {
        PyErr_Clear();
    }
    return truth > 0;
}

static inline bool
tensor_holds(Walk *walk, Check *check, PyObject *value)
{
    FactsAnswer answer = tensor_facts_quick((TensorFacts *)check->payload, value);
    if (LIKELY(answer != FACTS_UNKNOWN)) {
        return answer == FACTS_HOLD;
    }
    return secure(walk) && tensor_facts_slow((TensorFacts *)check->payload, value);
}

static inline bool
check_holds(Walk *walk, Check *check, PyObject *value)
{
    switch ((CheckKind)check->kind) {
    case CHECK_TYPE:
        return (PyObject *)Py_TYPE(value) == check->payload;
    case CHECK_IS:
        return value == check->payload;
    case CHECK_IS_NOT:
        return value != check->payload;
    case CHECK_IS_WEAK:
        return value == ((PyWeakReference *)check->payload)->wr_object && value != Py_None;
    case CHECK_EQUAL:
        return constants_equal(check->payload, value);
    case CHECK_LENGTH:
        return length_holds(value, check->number);
    case CHECK_KEYS:
        return keys_hold(walk, check, value);
    case CHECK_HAS_KEY:
        return has_key(walk, check, value);
    case CHECK_LACKS_KEY:
        return lacks_key(walk, check, value);
    case CHECK_TRUTH:
        return truth_holds(value, check->number);
    case CHECK_TENSOR:
        return tensor_holds(walk, check, value);
    case CHECK_CLASS_ATTRS:
        return class_attrs_hold(check, value);
    case CHECK_ITEMS:
        return items_hold(check, value);
    case CHECK_EMPTY:
        return empty_holds(check, value);
    case CHECK_PREDICATE:
        return predicate_holds(walk, check, value);
    case CHECK_SAME_AS:
    case CHECK_DISTINCT:
    case CHECK_STATE:
    case CHECK_MODES:
        break; /* not among a node's own checks */
    }
    Py_UNREACHABLE();
}

/* ---- relations between nodes, and the interpreter's state ---- */

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
    Py_ssize_t count = check->number, same = 0;
    while (same < count && check->seen[same] == values[check->nodes[same]]) {
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
        sorted[i] = values[check->nodes[i]];
    }
    qsort(sorted, (size_t)count, sizeof(PyObject *), compare_addresses);
    bool distinct = true;
    for (Py_ssize_t i = 1; distinct && i < count; i++) {
        distinct = sorted[i] != sorted[i - 1];
    }
    PyMem_Free(sorted);
    for (Py_ssize_t i = 0; distinct && i < count; i++) {
        check->seen[i] = values[check->nodes[i]];
    }
    return distinct;
}

static bool
relation_holds(Check *check, PyObject **values)
{
    return check->kind == CHECK_SAME_AS ? values[check->node] == values[check->number] : distinct_holds(check, values);
}

static bool
state_holds(Check *check)
{
    if (check->kind == CHECK_MODES) {
        return torch_modes_are(check->payload);
    }
    for (State *state = check->states; state < check->states + check->number; state++) {
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

/* ---- the walk ---- */

/* GUARDS_HOLD, or the guard of this node that fails. */
static inline int
visit_node(Walk *walk, GuardTree *tree, Node *node, PyObject *parent_value)
{
    bool owned = false;
    PyObject *value = reach(walk, node, parent_value, &owned);
    if (UNLIKELY(value == NULL)) {
        return node->fail_id;
    }
    if (UNLIKELY(walk->secured) && !owned) {
        Py_INCREF(value);
    }
    walk->values[walk->filled++] = value;
    for (Check *check = tree->checks + node->check_begin; check < tree->checks + node->check_end; check++) {
        if (UNLIKELY(!check_holds(walk, check, value))) {
            return check->id;
        }
    }
    return GUARDS_HOLD;
}

/* Only the node that failed last, and what leads to it. */
static int
check_hot_path(GuardTree *tree, const Scope *scope)
{
    enum { DEEP = 64 };
    int chain[DEEP], depth = 0;
    PyObject *values[DEEP];
    for (int i = tree->hot; i >= 0; i = tree->nodes[i].parent) {
        if (depth == DEEP) {
            return GUARDS_HOLD;
        }
        chain[depth++] = i;
    }
    Walk walk = {.values = values, .scope = scope};
    int failed = GUARDS_HOLD;
    while (failed == GUARDS_HOLD && depth > 0) {
        failed = visit_node(&walk, tree, &tree->nodes[chain[--depth]], walk.filled == 0 ? NULL : values[walk.filled - 1]);
    }
    finish(&walk);
    return failed;
}

static PyObject *
bring_along(GuardTree *tree, PyObject **values)
{
    PyObject *inputs = PyTuple_New(tree->input_count);
    for (int i = 0; inputs != NULL && i < tree->input_count; i++) {
        PyTuple_SET_ITEM(inputs, i, Py_NewRef(values[tree->inputs[i]]));
    }
    return inputs;
}

bool
guard_tree_brings_inputs(GuardTree *tree)
{
    return tree->input_count > 0;
}

static int
check_all(GuardTree *tree, Scope *scope, PyObject **values)
{
    Walk walk = {.values = values, .scope = scope};
    int failed = GUARDS_HOLD;
    for (int i = 0; i < tree->node_count && failed == GUARDS_HOLD; i++) {
        Node *node = &tree->nodes[i];
        failed = visit_node(&walk, tree, node, node->parent < 0 ? NULL : values[node->parent]);
        if (UNLIKELY(failed != GUARDS_HOLD)) {
            tree->hot = i;
            tree->hot_passes = 0;
        }
    }
    for (int i = 0; i < tree->relation_count && failed == GUARDS_HOLD; i++) {
        failed = relation_holds(&tree->relations[i], values) ? GUARDS_HOLD : tree->relations[i].id;
    }
    if (failed == GUARDS_HOLD && tree->input_count > 0 && (scope->inputs = bring_along(tree, values)) == NULL) {
        failed = GUARDS_ERROR;
    }
    finish(&walk);
    return failed;
}

/* The global state says nothing about a node, and may allocate: it is read before anything is borrowed. */
static int
check_states(GuardTree *tree)
{
    for (int i = 0; i < tree->state_count; i++) {
        if (!state_holds(&tree->states[i])) {
            return tree->states[i].id;
        }
    }
    return GUARDS_HOLD;
}

int
guard_tree_check(GuardTree *tree, Scope *scope)
{
    enum { PATIENCE = 16 };
    int failed = check_states(tree);
    if (failed == GUARDS_HOLD && UNLIKELY(tree->hot >= 0)) {
        failed = check_hot_path(tree, scope);
        if (failed == GUARDS_HOLD && ++tree->hot_passes > PATIENCE) {
            tree->hot = -1;
        }
    }
    if (failed != GUARDS_HOLD) {
        return failed;
    }
    PyObject **values = tree->scratch; /* lent: a predicate may come back here */
    tree->scratch = NULL;
    if (UNLIKELY(values == NULL) && (values = PyMem_New(PyObject *, tree->node_count + 1)) == NULL) {
        PyErr_NoMemory();
        return GUARDS_ERROR;
    }
    failed = check_all(tree, scope, values);
    if (LIKELY(tree->scratch == NULL)) {
        tree->scratch = values;
    }
    else {
        PyMem_Free(values);
    }
    return failed;
}

/* ---- the type ---- */

static PyObject *
tree_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"nodes", "inputs", NULL};
    PyObject *spec, *inputs = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:GuardTree", names, &spec, &inputs)) {
        return NULL;
    }
    GuardTree *self = (GuardTree *)type->tp_alloc(type, 0);
    if (self != NULL && guard_spec_read(self, spec, inputs) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static void
tree_dealloc(GuardTree *self)
{
    PyObject_GC_UnTrack(self);
    guard_spec_free(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *
tree_check(GuardTree *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 4 || !PyTuple_Check(args[0]) || !PyDict_Check(args[1]) || !PyDict_Check(args[2])
        || (args[3] != Py_None && !PyTuple_Check(args[3]))) {
        PyErr_SetString(PyExc_TypeError, "check takes a tuple of locals, globals, builtins and a tuple of cells or None");
        return NULL;
    }
    Scope scope = {&PyTuple_GET_ITEM(args[0], 0), PyTuple_GET_SIZE(args[0]), args[1], args[2],
                   args[3] == Py_None ? NULL : args[3], NULL};
    int failed = guard_tree_check(self, &scope);
    Py_XDECREF(scope.inputs);
    return failed == GUARDS_ERROR ? NULL : PyLong_FromLong(failed);
}

static PyMethodDef tree_methods[] = {
    {"check", (PyCFunction)(void (*)(void))tree_check, METH_FASTCALL,
     "check($self, locals, globals, builtins, closure, /)\n--\n\n-1 when all guards hold, else the id of the first that fails."},
    {NULL},
};

PyTypeObject GuardTree_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C.GuardTree",
    .tp_doc = PyDoc_STR("GuardTree(nodes, inputs=())\n--\n\nGuards of one entry: nodes (parent, accessor, argument, guard_id, checks) in "
                        "pre-order, each with checks (guard_id, kind, payload). With `inputs`, indices of nodes, the replacement "
                        "takes one more argument: the tuple of their values."),
    .tp_basicsize = sizeof(GuardTree),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = tree_new,
    .tp_dealloc = (destructor)tree_dealloc,
    .tp_traverse = (traverseproc)guard_spec_traverse,
    .tp_methods = tree_methods,
};

int
guard_tree_ready(PyObject *module)
{
    absent = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
    if (absent == NULL || PyModule_AddObjectRef(module, "ABSENT", absent) < 0) {
        return -1;
    }
    return add_type(module, &GuardTree_Type, "GuardTree");
}
