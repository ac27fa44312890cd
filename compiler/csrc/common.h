/* What the files of compiler._C share: the types, and the one door of each file. */
#ifndef COMPILER_COMMON_H
#define COMPILER_COMMON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <structmember.h>

#ifdef Py_GIL_DISABLED
#error "compiler._C needs the GIL: free-threaded CPython is not supported"
#endif

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* ---- what a guard can reach: the frame's variables, all borrowed (guard_reach.c) ---- */
typedef struct {
    PyObject *const *locals;
    Py_ssize_t local_count;
    PyObject *globals;
    PyObject *builtins;
    PyObject *closure; /* tuple or NULL */
    PyObject *inputs;  /* owned: the tuple that a guard tree with inputs found when it held, or NULL */
} Scope;

typedef struct GuardTree GuardTree;
extern PyTypeObject GuardTree_Type;
#define GUARDS_HOLD (-1)
#define GUARDS_ERROR (-2) /* an exception is set: no memory */
/* The id of the first guard that fails, GUARDS_HOLD or GUARDS_ERROR. Runs with no exception set and leaves none otherwise.
   When all hold, scope->inputs is what the tree was asked to bring along. */
int guard_tree_check(GuardTree *tree, Scope *scope);
bool guard_tree_brings_inputs(GuardTree *tree);
int guard_tree_ready(PyObject *module);

/* ---- facts of one tensor (tensor_facts.c) ---- */
typedef struct TensorFacts TensorFacts;
extern PyTypeObject TensorFacts_Type;
typedef enum { FACTS_DIFFER, FACTS_HOLD, FACTS_UNKNOWN } FactsAnswer; /* the quick reading: tensor_facts.h */
bool tensor_facts_slow(TensorFacts *facts, PyObject *value);         /* may run anything; leaves no exception */
int tensor_facts_ready(PyObject *module);

/* ---- torch's modes of this thread (torch_modes.c) ---- */
bool torch_modes_are(PyObject *expected);
bool torch_modes_is_snapshot(PyObject *object);
int torch_modes_ready(PyObject *module);

/* ---- entries and the cache of a code object (cache.c) ---- */
typedef struct {
    PyObject_HEAD
    PyObject *context;
    GuardTree *guards;      /* or NULL: always holds */
    PyObject *code;         /* replacement, or NULL: run the original */
    PyObject *spare;        /* a function of `code` with nothing bound, or NULL while it is lent */
    PyObject *graph;        /* the GraphCall in `code` that may ask for the original, or NULL */
    PyObject *dict;
    PyObject *weakrefs;
    unsigned long long hits;
    int original;
    char keep_hook;
} Entry;
extern PyTypeObject Entry_Type;

enum { SKIP_NONE = 0, SKIP_FRAME = 1, SKIP_RECURSIVE = 2 };
typedef struct {
    PyObject_HEAD
    PyObject *entries; /* an immutable tuple, replaced when it changes */
    int skip;
} CodeCache;
extern PyTypeObject CodeCache_Type;
CodeCache *code_cache_find(PyCodeObject *code);   /* borrowed, or NULL; sets no exception */
CodeCache *code_cache_demand(PyCodeObject *code); /* borrowed, or NULL with an exception */
int cache_ready(PyObject *module);

/* ---- the request to compile (request.c) ---- */
extern PyTypeObject Request_Type;
PyObject *request_new(PyObject *func, const Scope *scope, CodeCache *cache, PyObject *failures);
int request_ready(PyObject *module);

/* ---- contexts and the callables that switch them (context.c) ---- */
typedef struct {
    PyObject_HEAD
    PyObject *on_miss;
    PyObject *on_error; /* called with an exception that leaves a compiled call, or None */
    PyObject *dict;
    PyObject *weakrefs;
} Context;
extern PyTypeObject Context_Type;
int context_ready(PyObject *module);

/* ---- the evaluator (hook.c) ---- */
/* Makes `context` (NULL: none) this thread's; gives the previous one to the caller, who owns it. -1: no memory. */
int hook_exchange(PyObject *context, PyObject **previous);
PyObject *hook_current(void); /* borrowed, or NULL */
/* Calls what `entry` replaces, with the slots of its frame. NULL with *again: its graph raised before anything else had
   happened, so that the original is to run from its start, in place of the exception. */
PyObject *hook_call_replacement(Entry *entry, Scope *scope, bool *again);
/* The graph of the replacement that runs on this thread has raised, and the frame can begin anew. */
void hook_note_failed_graph(PyObject *graph);
int hook_ready(PyObject *module);

/* ---- what one frame meets (dispatch.c) ---- */
/* The entry of `context` whose guards hold, as a new reference; NULL with *failures a new list, unless `failures`
   is NULL; or NULL with an exception. */
Entry *dispatch_find(CodeCache *cache, PyObject *context, Scope *scope, PyObject **failures);

/* ---- calls of graphs (graph_call.c) ---- */
int graph_call_ready(PyObject *module);

/* ---- tail calls (trampoline.c) ---- */
int trampoline_ready(PyObject *module);

int add_type(PyObject *module, PyTypeObject *type, const char *name);

#endif
