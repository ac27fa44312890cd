"""CPython's own tests of the language, run in eager and under the compiler: ``python -m tests.cpython``."""
