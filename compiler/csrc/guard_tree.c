/* Evaluates a guard tree: reaches each value from its parent's, in order, and stops at the first guard that fails.

   Values are borrowed as long as nothing but dict and tuple reads happens. Before the first step that may run Python code (an
   attribute, a predicate, the slow reading of a tensor) the walk is secured: values become strong references and the thread's
   context goes off, so that what runs is not compiled. */
#include "guards.h"

PyObject *absent;

bool
guard_secure(Walk *walk)
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

/* ---- one node ---- */

static bool
merged_holds(Walk *walk, Node *node, PyObject *value)
{
    Check merged = {.kind = node->merged, .payload = node->payload};
    return node->merged == CHECK_NONE || guard_check_holds(walk, &merged, value);
}

/* GUARDS_HOLD, or the guard of this node that fails. `next` is at the node's first check, and then at the first of another. */
static int
visit_node(Walk *walk, GuardTree *tree, int index, PyObject *parent, Check **next)
{
    Node *node = &tree->nodes[index];
    bool owned = false;
    PyObject *value = guard_reach(walk, node, &tree->infos[index], parent, &owned);
    if (UNLIKELY(value == NULL)) {
        return tree->infos[index].fail_id;
    }
    if (UNLIKELY(walk->secured) && !owned) {
        Py_INCREF(value);
    }
    walk->values[walk->filled++] = value;
    if (UNLIKELY(!merged_holds(walk, node, value))) {
        return tree->infos[index].merged_id;
    }
    Check *check = *next;
    for (; check->node == index; check++) {
        if (UNLIKELY(!guard_check_holds(walk, check, value))) {
            return check->id;
        }
    }
    *next = check;
    return GUARDS_HOLD;
}

/* ---- the walk ---- */

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
        int index = chain[--depth];
        Check *check = tree->checks + tree->infos[index].check_begin;
        failed = visit_node(&walk, tree, index, walk.filled == 0 ? NULL : values[walk.filled - 1], &check);
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
    Check *check = tree->checks;
    int failed = GUARDS_HOLD;
    for (int i = 0; failed == GUARDS_HOLD; i++) {
        if (LIKELY(!walk.secured)) {
            i = walk.filled = guard_skim(tree, scope, values, i, &check);
        }
        if (i == tree->node_count) {
            break;
        }
        int parent = tree->nodes[i].parent;
        failed = visit_node(&walk, tree, i, parent < 0 ? NULL : values[parent], &check);
        if (UNLIKELY(failed != GUARDS_HOLD)) {
            tree->hot = i;
            tree->hot_passes = 0;
        }
    }
    for (int i = 0; i < tree->relation_count && failed == GUARDS_HOLD; i++) {
        failed = guard_relation_holds(&tree->relations[i], values) ? GUARDS_HOLD : tree->relations[i].id;
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
        if (!guard_state_holds(&tree->states[i])) {
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

static int
tree_traverse(GuardTree *self, visitproc visit, void *arg)
{
    Py_VISIT(self->owned);
    return 0;
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
    .tp_traverse = (traverseproc)tree_traverse,
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
