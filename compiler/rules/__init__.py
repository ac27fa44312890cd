"""What Python's builtins, methods, operators and torch's functions do to values, as tables.

The interpreter and the values reach every rule through this package; each function here is
one door of a file below.
"""

import compiler.rules.autograd
import compiler.rules.operators
import compiler.rules.torch_modes  # noqa: F401 - fill tables
from compiler.rules.arithmetic import binary, unary
from compiler.rules.attributes import (
    constant_attr,
    container_attr,
    function_attr,
    getattr_,
    method_fact,
    nested_function_attr,
    object_constant_attr,
    object_constant_setattr,
    opaque_attr,
    partial_attr,
    super_attr,
    tensor_attr,
)
from compiler.rules.basics import (
    class_of,
    exception_matches,
    from_const,
    graph_argument,
    identity_key,
    is_exception_class,
    is_none,
    is_object,
    traceback_of,
)
from compiler.rules.builtins.questions import is_instance
from compiler.rules.calls import call_class_method, call_object, call_python
from compiler.rules.comparison import compare, identical
from compiler.rules.instances import construct_plainly
from compiler.rules.iteration import advance, elements, iterate, unpack_exactly
from compiler.rules.methods import call_inherited, call_method, dict_store, merge_keywords, method
from compiler.rules.names import load_global
from compiler.rules.objects import (
    default_attr,
    instance_store,
    object_attr,
    object_call,
    object_delattr,
    object_setattr,
    object_truth,
    plain_delattr,
    plain_setattr,
    special_method,
)
from compiler.rules.overrides import call_override
from compiler.rules.patterns import match_class, match_keys, matches_pattern
from compiler.rules.subclasses import call_on_part, is_plain_mapping, iterated_part
from compiler.rules.subscripts import contains, delitem, getitem, length, setitem
from compiler.rules.text import convert, format_value
from compiler.rules.torch_tensors import call_tensor_method

__all__ = [
    "advance",
    "binary",
    "call_class_method",
    "call_inherited",
    "call_method",
    "call_object",
    "call_on_part",
    "call_override",
    "call_python",
    "call_tensor_method",
    "class_of",
    "compare",
    "constant_attr",
    "construct_plainly",
    "container_attr",
    "contains",
    "convert",
    "default_attr",
    "delitem",
    "dict_store",
    "elements",
    "exception_matches",
    "format_value",
    "from_const",
    "function_attr",
    "getattr_",
    "getitem",
    "graph_argument",
    "identical",
    "identity_key",
    "instance_store",
    "is_exception_class",
    "is_instance",
    "is_none",
    "is_object",
    "is_plain_mapping",
    "iterate",
    "iterated_part",
    "length",
    "load_global",
    "match_class",
    "match_keys",
    "matches_pattern",
    "merge_keywords",
    "method",
    "method_fact",
    "nested_function_attr",
    "object_attr",
    "object_call",
    "object_constant_attr",
    "object_constant_setattr",
    "object_delattr",
    "object_setattr",
    "object_truth",
    "opaque_attr",
    "partial_attr",
    "plain_delattr",
    "plain_setattr",
    "setitem",
    "special_method",
    "super_attr",
    "tensor_attr",
    "traceback_of",
    "unary",
    "unpack_exactly",
]
