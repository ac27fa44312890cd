/* torch's modes of this thread, read in a few nanoseconds through symbols of the libraries that the process has loaded.

   One word pair tells most of them apart: the dispatch keys that the thread includes and excludes (autocast, inference, tracing,
   functorch and dispatch modes all set some). The names are C++ symbols and not an interface: compiler.state tests what is read
   against torch's own Python functions before it is relied on, and goes without where that fails. */
#include "common.h"
#include <dlfcn.h>

typedef struct {
    uint64_t included, excluded;
    int64_t function_modes, dispatch_modes;
    uint32_t grad, dtype;
} Modes;

typedef struct {
    bool (*grad)(void);
    uint16_t (*dtype)(void);
    int64_t (*function_modes)(void);
    int64_t (*dispatch_modes)(void);
    void *c10; /* the library, for the thread-local keys */
} Symbols;

static Symbols symbols;
static bool available;
static _Thread_local const uint64_t *keys; /* this thread's pair */

static void *
find(void *library, const char *name)
{
    return library == NULL ? NULL : dlsym(library, name);
}

static bool
load(void)
{
    void *c10 = dlopen("libc10.so", RTLD_LAZY | RTLD_NOLOAD), *cpu = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
    symbols.c10 = c10;
    *(void **)&symbols.grad = find(c10, "_ZN3c108GradMode10is_enabledEv");
    *(void **)&symbols.dtype = find(c10, "_ZN3c1017get_default_dtypeEv");
    *(void **)&symbols.dispatch_modes = find(c10, "_ZN3c104impl20TorchDispatchModeTLS9stack_lenEv");
    *(void **)&symbols.function_modes = find(cpu, "_ZN2at4impl22PythonTorchFunctionTLS9stack_lenEv");
    return symbols.grad != NULL && symbols.dtype != NULL && symbols.dispatch_modes != NULL && symbols.function_modes != NULL;
}

static bool
read_modes(Modes *modes)
{
    if (UNLIKELY(keys == NULL)) {
        keys = find(symbols.c10, "_ZN3c104impl26raw_local_dispatch_key_setE"); /* of this thread, as for any TLS symbol */
        if (keys == NULL) {
            return false;
        }
    }
    *modes = (Modes){keys[0], keys[1], symbols.function_modes(), symbols.dispatch_modes(), symbols.grad(), symbols.dtype()};
    return true;
}

/* `expected` is a snapshot that torch_modes gave. */
bool
torch_modes_are(PyObject *expected)
{
    Modes modes;
    return read_modes(&modes) && memcmp(PyBytes_AS_STRING(expected), &modes, sizeof modes) == 0;
}

bool
torch_modes_is_snapshot(PyObject *object)
{
    return PyBytes_CheckExact(object) && PyBytes_GET_SIZE(object) == sizeof(Modes);
}

static PyObject *
torch_modes(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    Modes modes;
    if (!available && !(available = load())) {
        Py_RETURN_NONE;
    }
    if (!read_modes(&modes)) {
        Py_RETURN_NONE;
    }
    return PyBytes_FromStringAndSize((const char *)&modes, sizeof modes);
}

static PyMethodDef functions[] = {
    {"torch_modes", torch_modes, METH_NOARGS,
     "torch_modes()\n--\n\nA snapshot (bytes) of torch's modes on this thread, or None where this torch does not let them be read."},
    {NULL},
};

int
torch_modes_ready(PyObject *module)
{
    return PyModule_AddFunctions(module, functions);
}
