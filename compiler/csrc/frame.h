/* The only place that knows how CPython lays out and finishes a frame. Included by hook.c alone, under Py_BUILD_CORE. */
#ifndef COMPILER_FRAME_H
#define COMPILER_FRAME_H

#include "internal/pycore_frame.h"
#include <opcode.h>

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x030E0000
#error "compiler._C knows the frames of CPython 3.11, 3.12 and 3.13 only"
#endif

typedef struct _PyInterpreterFrame Frame;

static inline PyCodeObject *
frame_code(Frame *frame)
{
#if PY_VERSION_HEX >= 0x030D0000
    return (PyCodeObject *)frame->f_executable;
#else
    return frame->f_code;
#endif
}

static inline PyObject *
frame_function(Frame *frame)
{
#if PY_VERSION_HEX >= 0x030C0000
    return frame->f_funcobj;
#else
    return (PyObject *)frame->f_func;
#endif
}

/* Whether the frame has a place for a result that the evaluator returns for us (3.12 gives `def f(): pass` none). */
static inline bool
frame_can_finish(PyCodeObject *code)
{
    return code->co_stacksize > 0 || code->co_nlocalsplus > 0;
}

#if PY_VERSION_HEX < 0x030C0000

/* 3.11: whoever called the evaluator clears the frame. */
static PyObject *
frame_finish(PyThreadState *Py_UNUSED(tstate), Frame *Py_UNUSED(frame), PyObject *result)
{
    return result;
}

#else

/* 3.12 and later: the evaluator clears the frame, and how it does so is not exported. So let the default evaluator execute
   one RETURN_VALUE on it, or throw into it before its first instruction, where no handler and no traceback entry is. */
static PyObject *
frame_finish(PyThreadState *tstate, Frame *frame, PyObject *result)
{
    static _Py_CODEUNIT return_value[2];
    if (result == NULL) {
#if PY_VERSION_HEX >= 0x030D0000
        frame->instr_ptr = _PyCode_CODE(frame_code(frame)) - 1;
#endif
        return _PyEval_EvalFrameDefault(tstate, frame, 1);
    }
    if (frame_code(frame)->co_stacksize == 0) {
        Py_XDECREF(frame->localsplus[--frame->stacktop]);
    }
    frame->localsplus[frame->stacktop++] = result;
    return_value[1].op.code = RETURN_VALUE;
#if PY_VERSION_HEX >= 0x030D0000
    frame->instr_ptr = &return_value[1];
#else
    frame->prev_instr = &return_value[0];
#endif
    return _PyEval_EvalFrameDefault(tstate, frame, 0);
}

#endif
#endif
