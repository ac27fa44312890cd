"""Code objects, in and out: the only room that knows CPython's version.

In the order data visits it: `tables` (what each opcode means), `native` (code taken apart), `decode`
(canonical programs), `stack` and `flow` (facts about them), `emit` (pieces of new code), `render` and
`replica` (copies of existing code), `assemble` (new code objects).
"""
