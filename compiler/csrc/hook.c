/* The frame evaluator: which frames it takes, when it is installed, and how a replacement runs. */
#define Py_BUILD_CORE 1
#include "common.h"
#include "frame.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_pystate.h"

/* What one thread does with its frames. Owned by the dict of its thread state, so that it ends with the thread. */
typedef struct {
    PyObject_HEAD
    PyObject *context;      /* or NULL: frames go to the next evaluator */
    PyCodeObject *expected; /* borrowed: the replacement whose frame comes next */
    Frame *passing;         /* the frame handed to the next evaluator last */
    void *failed_graph;     /* the graph that raised, while its exception is on its way: compared only */
} Thread;

static _Thread_local Thread *this_thread;
static PyTypeObject Thread_Type;
static PyObject *thread_key;

static Py_ssize_t active_threads;      /* threads that have a context */
static _PyFrameEvalFunction next_evaluator; /* what was installed before ours */
static bool installed;                 /* we put ours in place and have not taken it back: it is on top, or under another one */

static PyObject *evaluate(PyThreadState *tstate, Frame *frame, int throwflag);

/* ---- installing ---- */

/* Another evaluator was put on top of ours, and hands frames down to us. */
static inline bool
is_buried(_PyFrameEvalFunction current)
{
    return installed && current != evaluate && current != next_evaluator && current != _PyEval_EvalFrameDefault;
}

static void
install(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    _PyFrameEvalFunction current = _PyInterpreterState_GetEvalFrameFunc(interpreter);
    if (current != evaluate && !is_buried(current)) {
        next_evaluator = current;
        _PyInterpreterState_SetEvalFrameFunc(interpreter, evaluate);
    }
    installed = true;
}

static void
uninstall(void)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    _PyFrameEvalFunction current = _PyInterpreterState_GetEvalFrameFunc(interpreter);
    if (is_buried(current)) {
        return; /* whoever is on top would not survive it; we pass frames on, and leave when we come to the top again */
    }
    if (current == evaluate) {
        _PyInterpreterState_SetEvalFrameFunc(interpreter, next_evaluator);
    }
    installed = false;
}

/* ---- threads ---- */

static Thread *
thread_demand(void)
{
    if (LIKELY(this_thread != NULL)) {
        return this_thread;
    }
    PyObject *dict = PyThreadState_GetDict();
    if (dict == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "this thread has no thread state");
        return NULL;
    }
    Thread *thread = PyObject_New(Thread, &Thread_Type);
    if (thread == NULL) {
        return NULL;
    }
    thread->context = NULL;
    thread->expected = NULL;
    thread->passing = NULL;
    thread->failed_graph = NULL;
    int status = PyDict_SetItem(dict, thread_key, (PyObject *)thread);
    Py_DECREF(thread);
    if (status < 0) {
        return NULL;
    }
    this_thread = thread;
    return thread;
}

/* Steals `context`, gives the previous one away. */
static inline PyObject *
thread_exchange(Thread *thread, PyObject *context)
{
    PyObject *previous = thread->context;
    thread->context = context;
    if (context != NULL) {
        active_threads += previous == NULL;
        install();
    }
    else if (previous != NULL && --active_threads == 0) {
        uninstall();
    }
    return previous;
}

/* While compiled code or the compiler itself runs: no context, and no evaluator unless another thread needs it. */
static inline PyObject *
thread_silence(Thread *thread)
{
    return thread_exchange(thread, NULL);
}

static inline void
thread_restore(Thread *thread, PyObject *context)
{
    Py_XDECREF(thread_exchange(thread, context));
}

static void
thread_dealloc(Thread *thread)
{
    if (this_thread == thread) {
        this_thread = NULL;
    }
    PyObject *context = thread_exchange(thread, NULL);
    PyObject_Free(thread);
    Py_XDECREF(context);
}

static PyTypeObject Thread_Type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "compiler._C._Thread",
    .tp_basicsize = sizeof(Thread),
    .tp_dealloc = (destructor)thread_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
};

int
hook_exchange(PyObject *context, PyObject **previous)
{
    Thread *thread = thread_demand();
    if (UNLIKELY(thread == NULL)) {
        return -1;
    }
    *previous = thread_exchange(thread, Py_XNewRef(context));
    return 0;
}

PyObject *
hook_current(void)
{
    return this_thread == NULL ? NULL : this_thread->context;
}

void
hook_note_failed_graph(PyObject *graph)
{
    if (this_thread != NULL) {
        this_thread->failed_graph = graph;
    }
}

/* ---- running ---- */

/* Another evaluator comes next: its frames must be told apart, on threads without a context too. Keeps a thrown exception. */
static Thread *
thread_for_passing(Thread *thread)
{
    if (thread == NULL) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        thread = thread_demand();
        PyErr_Restore(type, value, traceback);
    }
    return thread;
}

static PyObject *
pass_down(PyThreadState *tstate, Thread *thread, Frame *frame, int throwflag)
{
    if (LIKELY(next_evaluator == _PyEval_EvalFrameDefault) || UNLIKELY((thread = thread_for_passing(thread)) == NULL)) {
        return _PyEval_EvalFrameDefault(tstate, frame, throwflag);
    }
    Frame *outer = thread->passing;
    if (UNLIKELY(outer == frame)) { /* it came back: the next evaluator had found ours below itself */
        return _PyEval_EvalFrameDefault(tstate, frame, throwflag);
    }
    thread->passing = frame;
    PyObject *result = next_evaluator(tstate, frame, throwflag);
    thread->passing = outer;
    return result;
}

/* Runs the original frame with no context underneath. */
static PyObject *
pass_silently(PyThreadState *tstate, Thread *thread, Frame *frame)
{
    PyObject *context = thread_silence(thread);
    PyObject *result = pass_down(tstate, thread, frame, 0);
    thread_restore(thread, context);
    return result;
}

/* A function of the entry's code bound to the frame's globals and closure. The entry keeps it unbound between calls, so that it
   keeps no module and no cell alive; while it is lent, another call makes its own. */
static PyFunctionObject *
borrow_function(Entry *entry, const Scope *scope)
{
    PyFunctionObject *function = (PyFunctionObject *)entry->spare;
    if (LIKELY(function != NULL)) {
        entry->spare = NULL;
        function->func_globals = Py_NewRef(scope->globals);
        function->func_builtins = Py_NewRef(scope->builtins);
    }
    else {
        function = (PyFunctionObject *)PyFunction_New(entry->code, scope->globals);
        if (function == NULL) {
            return NULL;
        }
        Py_SETREF(function->func_builtins, Py_NewRef(scope->builtins));
    }
    function->func_closure = Py_XNewRef(scope->closure);
    return function;
}

static void
return_function(Entry *entry, PyFunctionObject *function)
{
    if (UNLIKELY(Py_REFCNT(function) != 1 || entry->spare != NULL || entry->code != function->func_code
                 || function->func_weakreflist != NULL || function->func_dict != NULL)) {
        Py_DECREF(function);
        return;
    }
    PyObject *globals = function->func_globals, *builtins = function->func_builtins, *closure = function->func_closure;
    function->func_globals = NULL;
    function->func_builtins = NULL;
    function->func_closure = NULL;
    entry->spare = (PyObject *)function;
    Py_DECREF(globals);
    Py_DECREF(builtins);
    Py_XDECREF(closure);
}

/* A new entry runs without a check of its guards; one that takes inputs needs them all the same. */
static bool
bring_inputs(Entry *entry, Scope *scope)
{
    if (scope->inputs == NULL && guard_tree_check(entry->guards, scope) != GUARDS_HOLD && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_SystemError, "the guards of a new entry do not hold for the frame it was made for");
    }
    return scope->inputs != NULL;
}

static PyObject *
call_replacement(Thread *thread, Entry *entry, Scope *scope, bool *again)
{
    PyCodeObject *code = (PyCodeObject *)entry->code;
    Py_ssize_t free_count = scope->closure == NULL ? 0 : PyTuple_GET_SIZE(scope->closure);
    bool with_inputs = entry->guards != NULL && guard_tree_brings_inputs(entry->guards);
    Py_ssize_t count = scope->local_count + with_inputs;
    if (UNLIKELY(code->co_argcount != count || code->co_nfreevars != free_count)) {
        PyErr_Format(PyExc_SystemError, "replacement code %U takes %d slots and %d free variables, the frame has %zd and %zd",
                     code->co_name, code->co_argcount, code->co_nfreevars, count, free_count);
        return NULL;
    }
    PyObject *const *slots = scope->locals;
    PyObject *extended[count + 1];
    if (with_inputs) {
        if (UNLIKELY(!bring_inputs(entry, scope))) {
            return NULL;
        }
        memcpy(extended, scope->locals, (size_t)scope->local_count * sizeof(PyObject *));
        extended[scope->local_count] = scope->inputs;
        slots = extended;
    }
    PyFunctionObject *function = borrow_function(entry, scope);
    if (UNLIKELY(function == NULL)) {
        return NULL;
    }
    entry->hits++;
    PyObject *result;
    if (entry->keep_hook && thread->context != NULL) {
        PyCodeObject *outer = thread->expected; /* not NULL when an evaluator on top runs code before a frame comes to us */
        thread->expected = code;
        result = function->vectorcall((PyObject *)function, slots, (size_t)count, NULL);
        thread->expected = outer;
    }
    else {
        PyObject *context = thread_silence(thread);
        result = function->vectorcall((PyObject *)function, slots, (size_t)count, NULL);
        thread_restore(thread, context);
    }
    return_function(entry, function);
    if (UNLIKELY(result == NULL)) {
        *again = entry->graph != NULL && thread->failed_graph == entry->graph;
        thread->failed_graph = NULL;
    }
    return result;
}

PyObject *
hook_call_replacement(Entry *entry, Scope *scope, bool *again)
{
    Thread *thread = thread_demand();
    return thread == NULL ? NULL : call_replacement(thread, entry, scope, again);
}

static PyObject *
run_entry(PyThreadState *tstate, Thread *thread, Frame *frame, Entry *entry, Scope *scope)
{
    if (entry->code == NULL) {
        entry->hits++;
        return entry->keep_hook ? pass_down(tstate, thread, frame, 0) : pass_silently(tstate, thread, frame);
    }
    bool again = false;
    PyObject *result = call_replacement(thread, entry, scope, &again);
    if (UNLIKELY(again)) {
        PyErr_Clear();
        return pass_silently(tstate, thread, frame);
    }
    return frame_finish(tstate, frame, result);
}

/* Asks the context what to do with a frame that no entry fits: a new reference to an Entry, None, or NULL with an exception. */
static PyObject *
ask(Thread *thread, PyObject *function, const Scope *scope, CodeCache *cache, PyObject *failures)
{
    PyObject *request = request_new(function, scope, cache, failures);
    if (request == NULL) {
        return NULL;
    }
    PyObject *context = thread_silence(thread);
    PyObject *on_miss = Py_NewRef(((Context *)context)->on_miss);
    PyObject *answer = PyObject_CallOneArg(on_miss, request);
    Py_DECREF(on_miss);
    thread_restore(thread, context);
    Py_DECREF(request);
    if (answer != NULL && answer != Py_None && !PyObject_TypeCheck(answer, &Entry_Type)) {
        PyErr_Format(PyExc_TypeError, "on_miss must return an Entry or None, not %.200s", Py_TYPE(answer)->tp_name);
        Py_CLEAR(answer);
    }
    return answer;
}

static PyObject *
take_frame(PyThreadState *tstate, Thread *thread, Frame *frame, PyCodeObject *code, PyObject *function)
{
    CodeCache *cache = code_cache_find(code);
    if (cache == NULL) {
        cache = code_cache_demand(code);
        if (cache == NULL) {
            return frame_finish(tstate, frame, NULL);
        }
    }
    if (cache->skip != SKIP_NONE) {
        return cache->skip == SKIP_FRAME ? pass_down(tstate, thread, frame, 0) : pass_silently(tstate, thread, frame);
    }
    int slots = code->co_argcount + code->co_kwonlyargcount;
    slots += !!(code->co_flags & CO_VARARGS) + !!(code->co_flags & CO_VARKEYWORDS);
    Scope scope = {frame->localsplus, slots, frame->f_globals, frame->f_builtins, ((PyFunctionObject *)function)->func_closure,
                   NULL};
    PyObject *failures = NULL;
    PyObject *context = Py_NewRef(thread->context);
    PyObject *entry = (PyObject *)dispatch_find(cache, context, &scope, &failures);
    if (entry == NULL && failures != NULL) {
        entry = ask(thread, function, &scope, cache, failures);
        Py_DECREF(failures);
    }
    Py_DECREF(context);
    PyObject *result;
    if (UNLIKELY(entry == NULL)) {
        result = frame_finish(tstate, frame, NULL);
    }
    else if (entry == Py_None) {
        result = pass_down(tstate, thread, frame, 0);
    }
    else {
        result = run_entry(tstate, thread, frame, (Entry *)entry, &scope);
    }
    Py_XDECREF(scope.inputs);
    Py_XDECREF(entry);
    return result;
}

static PyObject *
evaluate(PyThreadState *tstate, Frame *frame, int throwflag)
{
    enum { SUSPENDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR | CO_ITERABLE_COROUTINE };
    Thread *thread = this_thread;
    if (thread == NULL || thread->context == NULL || throwflag) {
        if (UNLIKELY(active_threads == 0)) {
            uninstall();
        }
        return pass_down(tstate, thread, frame, throwflag);
    }
    PyCodeObject *code = frame_code(frame);
    if (thread->expected == code) {
        thread->expected = NULL;
        return pass_down(tstate, thread, frame, 0);
    }
    PyObject *function = frame_function(frame);
    if ((code->co_flags & SUSPENDS) || !(code->co_flags & CO_OPTIMIZED) || frame->f_locals != NULL || !frame_can_finish(code)
        || function == NULL || !PyFunction_Check(function) || ((PyFunctionObject *)function)->func_code != (PyObject *)code) {
        return pass_down(tstate, thread, frame, 0);
    }
    return take_frame(tstate, thread, frame, code, function);
}

int
hook_ready(PyObject *Py_UNUSED(module))
{
    next_evaluator = _PyEval_EvalFrameDefault;
    thread_key = PyUnicode_InternFromString("compiler._C.thread");
    return thread_key == NULL ? -1 : PyType_Ready(&Thread_Type);
}
