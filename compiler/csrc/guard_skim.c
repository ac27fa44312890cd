/* The walk's short cut, which nearly all nodes of nearly all calls take: what was noted of a node still holds, as one
   comparison or two tell. What they do not tell is left to a visit (guard_tree.c), so nothing is decided here but that guards
   hold. */
#include "guards.h"
#include "tensor_facts.h"

static inline bool
dict_is_as_noted(PyObject *dict, uint64_t noted)
{
    uint64_t version = LIKELY(PyDict_Check(dict)) ? dict_version(dict) : 0;
    return LIKELY(version == noted && version != 0);
}

/* Borrowed, or NULL: not noted. A key that may run code never is. */
static inline PyObject *
noted_value(const Scope *scope, Node *node, PyObject **values)
{
    PyObject *dict;
    switch (node->accessor) {
    case ACCESS_KEY:
        return dict_is_as_noted(values[node->parent], node->version) ? node->memo : NULL;
    case ACCESS_DICT:
        dict = managed_dict(values[node->parent]);
        return LIKELY(dict != NULL && !dict_has_inline_values(dict)) ? dict : NULL;
    case ACCESS_LOCAL:
        return (size_t)node->index < (size_t)scope->local_count ? scope->locals[node->index] : NULL;
    case ACCESS_CONSTANT:
        return node->memo;
    default:
        return NULL;
    }
}

static inline bool
merged_surely_holds(Node *node, PyObject *value)
{
    switch (node->merged) {
    case CHECK_TENSOR:
        return tensor_facts_quick((TensorFacts *)node->payload, value) == FACTS_HOLD;
    case CHECK_TYPE:
        return (PyObject *)Py_TYPE(value) == node->payload;
    default:
        return node->merged == CHECK_NONE || value == node->payload;
    }
}

static inline bool
surely_holds(Check *check, PyObject *value)
{
    bool noted = (check->kind == CHECK_ITEMS || check->kind == CHECK_EMPTY) && dict_is_as_noted(value, check->version);
    return noted && (check->kind == CHECK_ITEMS || dicts_are_empty(check));
}

int
guard_skim(GuardTree *tree, const Scope *scope, PyObject **values, int index, Check **next)
{
    for (Check *check = *next; index < tree->node_count; index++) {
        Node *node = &tree->nodes[index];
        PyObject *value = noted_value(scope, node, values);
        if (UNLIKELY(value == NULL || !merged_surely_holds(node, value))) {
            break;
        }
        values[index] = value;
        for (; check->node == index; check++) {
            if (UNLIKELY(!surely_holds(check, value))) {
                return index;
            }
        }
        *next = check;
    }
    return index;
}
