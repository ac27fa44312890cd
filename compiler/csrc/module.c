/* compiler._C: the frame hook, the guards and the cache. */
#include "common.h"

int
add_type(PyObject *module, PyTypeObject *type, const char *name)
{
    return PyType_Ready(type) < 0 ? -1 : PyModule_AddObjectRef(module, name, (PyObject *)type);
}

/* Single-phase on purpose: the evaluator and the types belong to the main interpreter. */
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "compiler._C",
    .m_doc = PyDoc_STR("The frame hook, the guards and the cache of compiled code."),
    .m_size = -1,
};

PyMODINIT_FUNC
PyInit__C(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) {
        return NULL;
    }
    if (hook_ready(module) < 0 || context_ready(module) < 0 || cache_ready(module) < 0 || request_ready(module) < 0
        || guard_tree_ready(module) < 0 || tensor_facts_ready(module) < 0 || trampoline_ready(module) < 0
        || graph_call_ready(module) < 0 || torch_modes_ready(module) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
