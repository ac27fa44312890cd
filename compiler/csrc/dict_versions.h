/* Versions of dicts: what was noted of a dict holds as long as its version is the same. */
#ifndef COMPILER_DICT_VERSIONS_H
#define COMPILER_DICT_VERSIONS_H

#include "common.h"

/* 3.13 stores attributes into inline values, which are part of the object, behind the back of its dict: no new version, and
   (seen in 3.13.0) no watcher called. */
static inline bool
dict_has_inline_values(PyObject *dict)
{
#if PY_VERSION_HEX >= 0x030D0000
    return ((PyDictObject *)dict)->ma_values != NULL;
#else
    (void)dict;
    return false;
#endif
}

/* Moves what an object's dict holds from inline values into a table of the dict's own, where it has versions. The dict has the
   same items in the same order as before. Runs no Python code; leaves no exception. */
void dict_leave_inline_values(PyObject *dict);

/* A dict with the same version has the same items as when it was noted; 0: this dict's version tells nothing. */
static inline uint64_t
dict_version(PyObject *dict)
{
    PyDictObject *self = (PyDictObject *)dict;
    if (dict_has_inline_values(dict)) {
        return 0;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    return self->ma_version_tag;
#pragma GCC diagnostic pop
}

#endif
