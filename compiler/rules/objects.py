"""Objects of Python classes: attribute protocol, truth, calls, nn.Module's own protocol."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules.attributes import FACTS_OF_C, missing
from compiler.rules.basics import checked_result
from compiler.rules.classes import bind_class_attr, guarded_lookup, is_data_descriptor, lookup
from compiler.rules.exceptions import EXCEPTION_ATTRS, EXCEPTION_WRITES
from compiler.rules.methods import dict_store
from compiler.rules.untraced import refused
from compiler.sources import InstanceDictSource, RawInstanceDictSource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DictValue
from compiler.values.namespaces import namespace_of
from compiler.values.objects import DELETED, Deleted, ExceptionValue, ObjectValue, ObservedException
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.sources import Source

_REGISTRIES = ("_parameters", "_buffers", "_modules")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_UNTRACED_HOOKS = ("_backward_hooks", "_backward_pre_hooks", "_forward_hooks_always_called")
_MODULE_SETATTR = torch.nn.Module.__setattr__
_MODULE_GETATTR = torch.nn.Module.__getattr__
_MODULE_CALL = torch.nn.Module.__call__
_SIMPLE_SETATTR = (object.__setattr__, BaseException.__setattr__, types.SimpleNamespace.__setattr__)
_MODULE_GLOBALS = vars(torch.nn.modules.module)
_GLOBAL_HOOKS = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


def object_attr(cx: Capture, value: ObjectValue, name: str) -> Value:
    """``obj.name`` by the default protocol: data descriptors, the instance, the class, ``__getattr__``."""
    if isinstance(value, ExceptionValue) and name in EXCEPTION_ATTRS:
        return EXCEPTION_ATTRS[name](cx, value)
    value = _shared(cx, value)
    cls = value.cls
    hook = guarded_lookup(cx, cls, "__getattribute__")
    if isinstance(hook, types.WrapperDescriptorType):
        return default_attr(cx, value, name, _fallback)
    if not isinstance(hook, types.FunctionType):
        raise GraphBreak("unsupported attribute", f"{name!r} through {type(hook).__name__} __getattribute__")
    getter = bind_class_attr(cx, value, cls, "__getattribute__", cls.__getattribute__)
    try:
        return cx.call(getter, [ConstantValue(name)], {})
    except ObservedException as exc:
        if not issubclass(exc.value.cls, AttributeError) or lookup(cls, "__getattr__") is ABSENT:
            raise
        return _fallback(cx, value, name)


def default_attr(cx: Capture, value: ObjectValue, name: str, fallback: Callable[..., Value] = missing) -> Value:
    """``object.__getattribute__``: data descriptors of the class, the instance, the class, else `fallback`."""
    cls = value.cls
    raw = guarded_lookup(cx, cls, name)
    if name == "__dict__":
        return _instance_dict(cx, value)
    if raw is not ABSENT and is_data_descriptor(raw) and hasattr(type(raw), "__get__"):
        if isinstance(raw, types.MemberDescriptorType):
            return _slot(cx, value, name)
        if isinstance(raw, types.GetSetDescriptorType):
            return _computed_in_c(cx, value, name, raw)
        return bind_class_attr(cx, value, cls, name, raw, guarded=True)
    own = instance_attr(cx, value, name)
    if own is not None:
        return own
    if raw is not ABSENT:
        return bind_class_attr(cx, value, cls, name, raw, guarded=True)
    return fallback(cx, value, name)


def _shared(cx: Capture, value: ObjectValue) -> ObjectValue:
    """An optimised module shares its attributes with the original, which stands for both."""
    original = value.cls.__dict__.get("_compiler_original")
    if original is None:
        return value
    shared = cx.wrap_constant(original)
    assert isinstance(shared, ObjectValue)
    return shared


def instance_attr(cx: Capture, value: ObjectValue, name: str) -> Value | None:
    """The entry of the instance's ``__dict__``, or ``None``, with the guard that says so."""
    mapping = _namespace(cx, value)
    if mapping is not None:
        entry = mapping.entries.get(name)
        return entry[1] if entry else None
    written = value.attrs.get(name)
    if written is not None:
        return None if isinstance(written, Deleted) else written
    if value.obj is None:
        return None
    own = namespace_of(value.obj)
    if own is None:
        if _has_dict(value.cls):
            raise GraphBreak("unsupported attribute", f"{name!r} of {value.describe()}, which hides its __dict__")
        return None
    assert value.source is not None
    hooked = isinstance(value.cls.__getattribute__, types.FunctionType)
    source = _dict_source(value).key(name) if hooked else value.source.instance_attr(name)
    if name in own:
        cx.guards.exists(source)
        return cx.lazy(own[name], source)
    assert source.base is not None
    cx.guards.entry(source.base, name, ABSENT)
    return None


def _slot(cx: Capture, value: ObjectValue, name: str) -> Value:
    written = value.attrs.get(name)
    if isinstance(written, Value):
        return written
    found = ABSENT if value.obj is None else getattr(value.obj, name, ABSENT)
    if written is DELETED or found is ABSENT:
        if value.obj is None or written is DELETED:
            missing(cx, value, name)
        raise GraphBreak("unsupported attribute", f"empty slot {name!r} of {value.describe()}")
    assert value.source is not None
    guarded_lookup(cx, value.cls, name)
    return cx.lazy(found, value.source.attr(name))


_STORED_IN_C = {
    ("torch._C", "_FunctionBase"): frozenset({"to_save", "non_differentiable", "dirty_tensors", "saved_for_forward"})
}
"""Attributes of classes written in C that hold what was stored, whatever it is."""


def _is_stored_in_c(raw: Any, name: str) -> bool:
    if not isinstance(raw, types.GetSetDescriptorType):
        return False
    owner: type = raw.__objclass__
    return name in _STORED_IN_C.get((owner.__module__, owner.__name__), ())


def _computed_in_c(cx: Capture, value: ObjectValue, name: str, raw: types.GetSetDescriptorType) -> Value:
    """What the frame has stored, or a fact that can be read again at any time."""
    guarded_lookup(cx, value.cls, name)
    written = value.attrs.get(name)
    if isinstance(written, Value):
        return written
    owner: type = raw.__objclass__
    if value.source is None or name not in FACTS_OF_C.get((owner.__module__, owner.__name__), ()):
        raise refused("unsupported attribute", f"{name!r} of {value.describe()}", value)
    return cx.lazy(getattr(value.obj, name), value.source.attr(name))


def _is_beside_dict(cls: type, name: str) -> bool:
    """Whether an attribute is not kept in the instance's ``__dict__``."""
    raw = lookup(cls, name)
    return isinstance(raw, types.MemberDescriptorType) or _is_stored_in_c(raw, name)


def _dict_source(value: ObjectValue) -> Source:
    assert value.source is not None
    hooked = isinstance(value.cls.__getattribute__, types.FunctionType)
    return value.source.child(RawInstanceDictSource if hooked else InstanceDictSource)


def _instance_dict(cx: Capture, value: ObjectValue) -> Value:
    """``obj.__dict__`` as a dict value; from now on the attributes live there."""
    known = _namespace(cx, value)
    if known is not None:
        return known
    if not _has_dict(value.cls) or isinstance(value, ExceptionValue):
        raise GraphBreak("unsupported attribute", f"__dict__ of {value.describe()}")
    if value.obj is None:
        mapping: Value = cx.new(DictValue({}))
    else:
        mapping = cx.wrap(namespace_of(value.obj), _dict_source(value))
    assert isinstance(mapping, DictValue)
    _move_to_dict(cx, value, mapping)
    return mapping


def _namespace(cx: Capture, value: ObjectValue) -> DictValue | None:
    """The instance's ``__dict__``, when the program has looked at it."""
    if value.namespace is None and value.obj is not None:
        mapping = cx.known(namespace_of(value.obj))
        if isinstance(mapping, DictValue):
            _move_to_dict(cx, value, mapping)
    return value.namespace


def _move_to_dict(cx: Capture, value: ObjectValue, mapping: DictValue) -> None:
    """Once the program has the ``__dict__`` in hand, that is where the instance's attributes are."""
    value.namespace = mapping
    mapping.holder = value
    for name, item in list(value.attrs.items()):
        if _is_beside_dict(value.cls, name):
            continue
        if name in value.recreated or not isinstance(item, Value):
            mapping.entries.pop(name, None)
        if isinstance(item, Value):
            dict_store(cx, mapping, ConstantValue(name), item)
        cx.ledger.touch(mapping)
        del value.attrs[name]


def _dict_in_hand(cx: Capture, value: ObjectValue, name: str) -> DictValue | None:
    """The instance's ``__dict__``, when the program has looked at it and `name` is kept in it."""
    if _is_beside_dict(value.cls, name):
        return None
    return _namespace(cx, value)


def _fallback(cx: Capture, value: ObjectValue, name: str) -> Value:
    handler = lookup(value.cls, "__getattr__")
    if handler is _MODULE_GETATTR:
        for registry in _REGISTRIES:
            found = _registered(cx, value, registry, name)
            if found is not None:
                return found
        cx.raise_(AttributeError, f"'{value.cls.__name__}' object has no attribute '{name}'")
    if isinstance(handler, types.FunctionType):
        return cx.call(bind_class_attr(cx, value, value.cls, "__getattr__", handler), [ConstantValue(name)], {})
    if handler is not ABSENT:
        raise GraphBreak("unsupported attribute", f"{name!r} through {type(handler).__name__} __getattr__")
    return missing(cx, value, name)


def registry_of(cx: Capture, value: ObjectValue, registry: str) -> DictValue | None:
    """``_parameters``, ``_buffers`` or ``_modules`` of a module as a value, when it was looked at or written."""
    own = instance_attr(cx, value, registry)
    if own is None:
        return None
    realized = own.realize(cx)
    return realized if isinstance(realized, DictValue) else None


def _registered(cx: Capture, value: ObjectValue, registry: str, name: str) -> Value | None:
    """A parameter, buffer or submodule, guarding only that this name is there (or not)."""
    mapping = None if value.obj is None else value.obj.__dict__.get(registry)
    if type(mapping) is not dict or cx.known(mapping) is not None:
        known = registry_of(cx, value, registry)
        entry = known.entries.get(name) if known is not None else None
        return entry[1] if entry else None
    assert value.source is not None
    at = value.source.instance_attr(registry)
    if name not in mapping:
        cx.guards.entry(at, name, ABSENT)
        return None
    cx.guards.exists(at.key(name))
    return cx.lazy(mapping[name], at.key(name))


# -- writes ----------------------------------------------------------------------------------


def object_setattr(cx: Capture, value: ObjectValue, name: str, new: Value) -> None:
    if isinstance(value, ExceptionValue) and name in EXCEPTION_WRITES:
        EXCEPTION_WRITES[name](value, new.realize(cx))
        return
    value = _shared(cx, value)
    handler = guarded_lookup(cx, value.cls, "__setattr__")
    if handler is _MODULE_SETATTR:
        _module_setattr(cx, value, name, new)
    elif handler in _SIMPLE_SETATTR:
        plain_setattr(cx, value, name, new)
    elif isinstance(handler, types.FunctionType):
        bound = bind_class_attr(cx, value, value.cls, "__setattr__", handler)
        cx.call(bound, [ConstantValue(name), new], {})
    else:
        raise GraphBreak("attribute write", f"{name!r} of {value.describe()}")


def plain_setattr(cx: Capture, value: ObjectValue, name: str, new: Value) -> None:
    """``object.__setattr__``: data descriptors of the class, else the instance."""
    raw = guarded_lookup(cx, value.cls, name)
    if raw is not ABSENT and is_data_descriptor(raw):
        if isinstance(raw, property) and isinstance(raw.fset, types.FunctionType):
            cx.call(cx.wrap_constant(raw.fset), [value, new], {})
            return
        setter = lookup(type(raw), "__set__")
        if isinstance(setter, types.FunctionType):
            cx.call(cx.wrap_constant(setter), [cx.wrap_constant(raw), value, new], {})
            return
        if not isinstance(raw, types.MemberDescriptorType) and not _is_stored_in_c(raw, name):
            raise GraphBreak("attribute write", f"{name!r} of {value.describe()} is a {type(raw).__name__}")
    elif not _has_dict(value.cls):
        missing(cx, value, name)
    mapping = _dict_in_hand(cx, value, name)
    if mapping is not None:
        dict_store(cx, mapping, ConstantValue(name), new)
        return
    if value.attrs.get(name) is DELETED:
        del value.attrs[name]
        value.recreated.add(name)
    value.attrs[name] = new
    cx.ledger.touch(value)


def instance_store(cx: Capture, value: ObjectValue, name: str, new: Value) -> None:
    """``value.__dict__[name] = new``."""
    mapping = _namespace(cx, value)
    if mapping is not None:
        dict_store(cx, mapping, ConstantValue(name), new)
    else:
        value.attrs[name] = new
        cx.ledger.touch(value)


def _has_dict(cls: type) -> bool:
    return cls.__dictoffset__ != 0


def _module_setattr(cx: Capture, value: ObjectValue, name: str, new: Value) -> None:
    """nn.Module's own rule: registries first, for what belongs there."""
    realized = new.realize(cx)
    known = any(_registered(cx, value, registry, name) is not None for registry in ("_parameters", "_modules"))
    if value.obj is None or known or _is_registered(realized):
        cx.call(bind_class_attr(cx, value, value.cls, "__setattr__", _MODULE_SETATTR), [ConstantValue(name), new], {})
        return
    if name in value.obj.__dict__.get("_buffers", {}):
        buffers = registry_of(cx, value, "_buffers")
        assert buffers is not None
        dict_store(cx, buffers, ConstantValue(name), new)
        return
    _registered(cx, value, "_buffers", name)
    plain_setattr(cx, value, name, new)


def _is_registered(value: Value) -> bool:
    """Whether nn.Module keeps the value in a registry under any name."""
    if isinstance(value, TensorValue):
        return value.cls is torch.nn.Parameter
    return isinstance(value, ObjectValue) and issubclass(value.cls, torch.nn.Module)


def object_delattr(cx: Capture, value: ObjectValue, name: str) -> None:
    value = _shared(cx, value)
    handler = guarded_lookup(cx, value.cls, "__delattr__")
    if isinstance(handler, types.FunctionType):
        cx.call(bind_class_attr(cx, value, value.cls, "__delattr__", handler), [ConstantValue(name)], {})
    elif handler is not object.__delattr__:
        raise GraphBreak("attribute write", f"del {name!r} of {value.describe()}")
    else:
        plain_delattr(cx, value, name)


def plain_delattr(cx: Capture, value: ObjectValue, name: str) -> None:
    """``object.__delattr__``."""
    raw = guarded_lookup(cx, value.cls, name)
    if raw is not ABSENT and is_data_descriptor(raw):
        raise GraphBreak("attribute write", f"del of descriptor {name!r}")
    if instance_attr(cx, value, name) is None:
        missing(cx, value, name)
    mapping = _dict_in_hand(cx, value, name)
    if mapping is not None:
        del mapping.entries[name]
        cx.ledger.touch(mapping)
        return
    value.attrs.pop(name, None)
    value.recreated.discard(name)
    if instance_attr(cx, value, name) is not None:
        value.attrs[name] = DELETED
    cx.ledger.touch(value)


# -- special methods -------------------------------------------------------------------------


def special_method(cx: Capture, value: Value, name: str) -> Value | None:
    """A dunder looked up on the class, bound; ``None`` when there is none."""
    raw = lookup(value.pytype(), name)
    if raw is ABSENT or raw is None:
        guarded_lookup(cx, value.pytype(), name)
        return None
    if isinstance(value, ObjectValue):
        return bind_class_attr(cx, value, value.cls, name, raw)
    return value.getattr(cx, name)


def object_truth(cx: Capture, value: ObjectValue) -> bool:
    for name, cls in (("__bool__", bool), ("__len__", int)):
        raw = lookup(value.cls, name)
        if raw is ABSENT:
            guarded_lookup(cx, value.cls, name)
            continue
        method = special_method(cx, value, name)
        assert method is not None
        found: int = checked_result(cx.call(method, [], {}).realize(cx), cls, name).constant()
        if found < 0:
            raise GraphBreak("operator refused", f"{name}, which gives {found}")
        return bool(found)
    return True


def object_call(cx: Capture, value: ObjectValue, args: list[Value], kwargs: dict[str, Value]) -> Value:
    value = _shared(cx, value)
    raw = lookup(value.cls, "__call__")
    if raw is ABSENT:
        cx.raise_(TypeError, f"'{value.cls.__name__}' object is not callable")
    if raw is _MODULE_CALL:
        return _call_module(cx, value, args, kwargs)
    if not isinstance(raw, types.FunctionType | staticmethod | classmethod):
        raise GraphBreak("unsupported call", value.describe())
    return cx.call(bind_class_attr(cx, value, value.cls, "__call__", raw), args, kwargs)


def _call_module(cx: Capture, value: ObjectValue, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``module(...)``: without hooks that is ``module.forward(...)``."""
    at = cx.sources.constant("torch.nn.modules.module.__dict__", _MODULE_GLOBALS)
    for name in _GLOBAL_HOOKS:
        if _MODULE_GLOBALS[name]:
            raise GraphBreak("unsupported call", f"a module while {name} are registered")
        cx.guards.add(at.key(name), "length", 0)
    if not _has_hooks(cx, value):
        return cx.call(object_attr(cx, value, "forward"), args, kwargs)
    for name in _UNTRACED_HOOKS:
        if object_attr(cx, value, name).realize(cx).truth(cx):
            raise GraphBreak("unsupported call", f"{value.describe()} with {name}")
    return cx.call(object_attr(cx, value, "_call_impl"), args, kwargs)


def _has_hooks(cx: Capture, value: ObjectValue) -> bool:
    """Whether a call runs more than ``forward``; for an untouched module one guard says that it does not."""
    if value.obj is None or value.namespace is not None or value.attrs.keys() & _HOOKS:
        return True
    own = value.obj.__dict__
    if own.get("_compiled_call_impl") is not None:
        raise GraphBreak("unsupported call", "a module compiled in place by torch")
    if any(own.get(name) or cx.known(own.get(name)) is not None for name in _HOOKS):
        return True
    assert value.source is not None
    cx.guards.add(value.source.child(InstanceDictSource), "empty", _HOOKS)
    return False
