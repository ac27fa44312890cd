"""Methods of builtin types, a file for each family: rows of (kind of value, name) → rule."""

import compiler.rules.methods.objects
import compiler.rules.methods.strings  # noqa: F401 - fill the table
from compiler.rules.methods.dicts import dict_get, dict_store, merge_keywords, pairs_of
from compiler.rules.methods.equality import same_or_equal
from compiler.rules.methods.lists import live_items, sorted_items
from compiler.rules.methods.sets import SET_ALGEBRA, SET_TESTS, refuse_unlogged, set_entries, set_order
from compiler.rules.methods.table import METHODS, OPERATOR_METHODS, call_inherited, call_method, method, method_of

__all__ = [
    "METHODS",
    "OPERATOR_METHODS",
    "SET_ALGEBRA",
    "SET_TESTS",
    "call_inherited",
    "call_method",
    "dict_get",
    "dict_store",
    "live_items",
    "merge_keywords",
    "method",
    "method_of",
    "pairs_of",
    "refuse_unlogged",
    "same_or_equal",
    "set_entries",
    "set_order",
    "sorted_items",
]
