"""Attribute reads on values that are not user objects."""

from __future__ import annotations

import enum
import types
from typing import TYPE_CHECKING, Any

import torch

from compiler import _C
from compiler.breaks import GraphBreak
from compiler.guards import ABSENT
from compiler.rules import torch_tensors
from compiler.rules.basics import from_const
from compiler.rules.classes import bind_class_attr, guarded_lookup, is_heap_type, lookup
from compiler.rules.names import pinned_entry
from compiler.rules.results import fresh
from compiler.rules.untraced import refused
from compiler.sources import InstanceDictSource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DequeValue, DictValue, SequenceValue, SliceValue, TupleValue
from compiler.values.functions import (
    BuiltinValue,
    ClassValue,
    FunctionValue,
    MethodValue,
    NestedFunctionValue,
    ObjectConstant,
    PartialValue,
    PythonModuleValue,
    SuperValue,
)
from compiler.values.objects import OpaqueValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture


def getattr_(cx: Capture, value: Value, name: str) -> Value:
    """``value.name`` for any value."""
    if name == "__class__" and not isinstance(value, ObjectConstant):
        return cx.wrap_constant(value.pytype())
    return value.getattr(cx, name)


def missing(cx: Capture, value: Value, name: str) -> Any:
    """Raise AttributeError inside the captured program, worded as CPython words it."""
    if isinstance(value, PythonModuleValue):
        message = f"module '{value.obj.__name__}' has no attribute '{name}'"
    elif isinstance(value, ClassValue):
        message = f"type object '{value.obj.__name__}' has no attribute '{name}'"
    else:
        message = f"'{value.pytype().__name__}' object has no attribute '{name}'"
    cx.raise_(AttributeError, message)


# -- constants and containers ----------------------------------------------------------------


def constant_attr(cx: Capture, value: ConstantValue, name: str) -> Value:
    obj = value.value
    found = lookup(type(obj), name)
    if (
        isinstance(obj, enum.Enum)
        and not isinstance(found, _C_METHODS)
        and all(found is not fact for fact in _MEMBER_FACTS)
    ):
        return _member_attr(cx, value, name, found)
    if found is ABSENT:
        missing(cx, value, name)
    if isinstance(found, types.MethodDescriptorType | types.WrapperDescriptorType):
        return MethodValue(value, name)
    if isinstance(found, types.BuiltinFunctionType | types.ClassMethodDescriptorType | staticmethod):
        return MethodValue(value, name)
    if isinstance(found, types.FunctionType):
        return bind_class_attr(cx, value, type(obj), name, found)
    return fresh(cx, getattr(obj, name))


_C_METHODS = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.BuiltinFunctionType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
_MEMBER_FACTS = tuple(vars(enum.Enum)[name] for name in ("name", "value"))
"""What a member is for; nobody changes that."""


def _member_attr(cx: Capture, value: ConstantValue, name: str, found: Any) -> Value:
    """Of an enum member: descriptors written in Python are traced, its own attributes are guarded."""
    obj = value.value
    cls = type(obj)
    is_data = hasattr(type(found), "__set__")
    at = cx.sources.constant(str(obj), obj)
    if not is_data and name in vars(obj):
        guarded_lookup(cx, cls, name)
        return cx.lazy(vars(obj)[name], at.instance_attr(name))
    if isinstance(found, types.DynamicClassAttribute) and found.fget is not None:
        guarded_lookup(cx, cls, name)
        return cx.call(cx.wrap_constant(found.fget, f"{cls.__qualname__}.{name}"), [value], {})
    if not is_data:
        cx.guards.entry(at.child(InstanceDictSource), name, ABSENT)
    if found is ABSENT:
        guarded_lookup(cx, cls, name)
        missing(cx, value, name)
    return bind_class_attr(cx, value, cls, name, found)


def container_attr(cx: Capture, value: Value, name: str) -> Value:
    cls = value.pytype()
    found = lookup(cls, name)
    if found is ABSENT:
        missing(cx, value, name)
    if isinstance(value, SliceValue) and name in ("start", "stop", "step"):
        return value.items[("start", "stop", "step").index(name)]
    if isinstance(value, DictValue) and name == "default_factory" and value.factory is not None:
        return value.factory
    if isinstance(value, TupleValue) and cls not in (tuple, torch.Size):
        fields: tuple[str, ...] = getattr(cls, "_fields", None) or getattr(cls, "__match_args__", None) or ()
        if name in fields:
            return value.items[fields.index(name)]
        if name in _NAMED_TUPLE_METHODS:
            return MethodValue(value, name)
        if isinstance(found, types.FunctionType | classmethod | property | staticmethod):
            return bind_class_attr(cx, value, cls, name, found)
    if isinstance(value, DequeValue) and name == "maxlen":
        return ConstantValue(value.maxlen)
    if isinstance(found, types.MethodDescriptorType | types.WrapperDescriptorType | types.ClassMethodDescriptorType):
        return MethodValue(value, name)
    if isinstance(value, SequenceValue) and name in ("_fields",):
        return from_const(cx, getattr(cls, name))
    if callable(found):
        return MethodValue(value, name)
    raise GraphBreak("unsupported attribute", f"{name!r} of {value.describe()}")


_NAMED_TUPLE_METHODS = frozenset({"_replace", "_asdict"})


FACTS_OF_C: dict[tuple[str, str], frozenset[str]] = {
    ("numpy", "ndarray"): frozenset({"shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides"}),
    ("torch._C", "_FunctionBase"): frozenset({"needs_input_grad"}),
}
"""Attributes of classes written in C that can be read at any time, and guarded by reading them again."""


def opaque_attr(cx: Capture, value: OpaqueValue, name: str) -> Value:
    """Of an object that is not followed: facts, what lies in its ``__dict__``, and its methods, not called."""
    cls, source = value.pytype(), value.source
    assert source is not None
    raw = guarded_lookup(cx, cls, name)
    if lookup(cls, "__getattribute__") is not object.__getattribute__:
        raise refused("unsupported attribute", f"{name!r} of {value.describe()}", value)
    if isinstance(raw, types.GetSetDescriptorType | types.MemberDescriptorType):
        owner: type = raw.__objclass__
        if name in FACTS_OF_C.get((owner.__module__, owner.__name__), ()):
            return cx.lazy(getattr(value.obj, name), source.attr(name))
    elif not hasattr(type(raw), "__set__"):
        own = getattr(value.obj, "__dict__", {}) if cls.__dictoffset__ else {}
        at = source.instance_attr(name)
        if name in own:
            cx.guards.exists(at)
            return cx.lazy(own[name], at)
        if callable(raw) and hasattr(type(raw), "__get__") and not isinstance(raw, type):
            if cls.__dictoffset__:
                assert at.base is not None
                cx.guards.entry(at.base, name, ABSENT)
            return MethodValue(value, name)
    raise refused("unsupported attribute", f"{name!r} of {value.describe()}", value)


# -- callables, classes, modules -------------------------------------------------------------

_FUNCTION_FACTS = frozenset({"__name__", "__qualname__", "__module__", "__doc__", "__annotations__"})


def function_attr(cx: Capture, value: FunctionValue, name: str) -> Value:
    source = value.source
    assert source is not None
    if name in _FUNCTION_FACTS:
        return cx.lazy(getattr(value.obj, name), source.attr(name))
    if name in ("__code__", "__globals__"):
        return cx.lazy(getattr(value.obj, name), source.attr(name))
    written = cx.known(vars(value.obj))
    if isinstance(written, DictValue) and name in written.entries:
        return written.entries[name][1]
    if name in vars(value.obj):
        return cx.lazy(vars(value.obj)[name], source.instance_attr(name))
    if name == "__wrapped__" or lookup(types.FunctionType, name) is ABSENT:
        dict_source = source.attr("__dict__")
        cx.guards.entry(dict_source, name, ABSENT)
        missing(cx, value, name)
    if name == "__get__":
        return MethodValue(value, name)
    raise GraphBreak("unsupported attribute", f"{name!r} of {value.describe()}")


def nested_function_attr(cx: Capture, value: NestedFunctionValue, name: str) -> Value:
    if name in value.attrs:
        return value.attrs[name]
    facts = {
        "__name__": value.code.co_name,
        "__qualname__": value.code.co_qualname,
        "__module__": value.globals.get("__name__"),
        "__code__": value.code,
        "__doc__": value.code.co_consts[0]
        if value.code.co_consts and isinstance(value.code.co_consts[0], str)
        else None,
    }
    if name in facts:
        return ConstantValue(facts[name])
    if name == "__annotations__":
        return _annotations(cx, value)
    if name == "__get__":
        return MethodValue(value, name)
    if lookup(types.FunctionType, name) is ABSENT:
        missing(cx, value, name)
    raise GraphBreak("unsupported attribute", f"{name!r} of {value.describe()}")


def _annotations(cx: Capture, value: NestedFunctionValue) -> Value:
    """The dict of annotations, made when first asked for: until then it is a flat tuple, or nothing."""
    found = value.annotations.realize(cx) if value.annotations is not None else TupleValue([])
    if isinstance(found, TupleValue):
        names = [name.realize(cx) for name in found.items[::2]]
        pairs = zip(names, found.items[1::2], strict=True)
        found = value.annotations = cx.new(DictValue({name.constant(): (name, item) for name, item in pairs}))
    return found


def method_fact(cx: Capture, method: MethodValue, name: str) -> Value:
    """What a method of C is called."""
    raw = method.through or lookup(method.owner.pytype(), method.name)
    found = getattr(raw, name, None)
    if not isinstance(raw, types.MethodDescriptorType | types.WrapperDescriptorType) or type(found) is not str:
        raise GraphBreak("unsupported attribute", f"{name!r} of {method.describe()}")
    return ConstantValue(found)


def partial_attr(cx: Capture, value: PartialValue, name: str) -> Value:
    if name == "func":
        return value.func
    if name == "args" and value.obj is not None and value.source is not None:
        return cx.lazy(value.obj.args, value.source.attr(name))
    if name == "keywords" and value.keywords is not None:
        return value.keywords
    raise GraphBreak("unsupported attribute", f"{name!r} of a functools.partial")


def object_constant_attr(cx: Capture, value: ObjectConstant, name: str) -> Value:
    obj = value.obj
    if isinstance(value, PythonModuleValue):
        return _module_attr(cx, value, name)
    if isinstance(value, ClassValue):
        return _class_attr(cx, value, name)
    if isinstance(value, BuiltinValue) and name in ("__name__", "__qualname__", "__module__", "__doc__", "__self__"):
        found = getattr(obj, name)
        return ConstantValue(found) if found is None or isinstance(found, str) else cx.wrap_constant(found)
    if isinstance(obj, torch._ops.OpOverloadPacket) and name in (*obj.overloads(), "default"):
        return cx.wrap_constant(getattr(obj, name))
    if obj is torch._C._VariableFunctions and hasattr(obj, name):
        return cx.wrap_constant(getattr(obj, name))
    if isinstance(obj, property) and name in ("fget", "fset", "fdel"):
        return cx.wrap_constant(getattr(obj, name))
    if isinstance(obj, staticmethod | classmethod) and name == "__func__":
        return cx.wrap_constant(obj.__func__)
    if isinstance(obj, types.UnionType | types.GenericAlias) and name in ("__args__", "__origin__", "__parameters__"):
        return fresh(cx, getattr(obj, name))
    if isinstance(obj, types.CodeType) and name.startswith("co_"):
        return fresh(cx, getattr(obj, name))
    return _other_attr(cx, value, name)


def _other_attr(cx: Capture, value: ObjectConstant, name: str) -> Value:
    obj = value.obj
    if isinstance(obj, types.MappingProxyType):
        return MethodValue(value, name)
    if isinstance(obj, _C.Optimized | _C.Disabled) and lookup(type(obj), name) is ABSENT:
        return _own_attr(cx, value, name)
    if not hasattr(obj, name):
        missing(cx, value, name)
    raise GraphBreak("unsupported attribute", f"{name!r} of {value.describe()}")


def _own_attr(cx: Capture, value: ObjectConstant, name: str) -> Value:
    """What somebody hung on an object whose class has no such attribute."""
    source, own = value.source, vars(value.obj)
    assert source is not None
    if name in own:
        cx.guards.exists(source.instance_attr(name))
        return cx.lazy(own[name], source.instance_attr(name))
    cx.guards.entry(source.child(InstanceDictSource), name, ABSENT)
    missing(cx, value, name)
    raise AssertionError


def _module_attr(cx: Capture, value: PythonModuleValue, name: str) -> Value:
    module = value.obj
    written = cx.ledger.load_global(vars(module), name)
    if written is not None:
        return written
    at = cx.sources.constant(f"{module.__name__}.__dict__", vars(module))
    if name in vars(module):
        return pinned_entry(cx, at, vars(module), name)
    if "__getattr__" in vars(module) or type(module) is not types.ModuleType:
        found = getattr(module, name, ABSENT)
        if found is ABSENT:
            raise GraphBreak(
                "unsupported attribute", f"{name!r} of module {module.__name__}, which computes its attributes"
            )
        return cx.lazy(found, cx.sources.constant(module.__name__, module).attr(name))
    if hasattr(types.ModuleType, name):
        raise GraphBreak("unsupported attribute", f"{name!r} of module {module.__name__}")
    cx.guards.entry(at, name, ABSENT)
    missing(cx, value, name)
    raise AssertionError


def _class_order(cx: Capture, cls: type, name: str) -> Value:
    """Its bases, or the order in which they are searched."""
    found = getattr(cls, name)
    if found is None:
        raise GraphBreak("unsupported attribute", f"{name} of a class that is being made")
    cx.guards.add(cx.sources.constant(cls.__qualname__, cls).attr(name), "is", found)
    return TupleValue([cx.wrap_constant(base) for base in found])


_CLASS_FACTS = frozenset({"__name__", "__qualname__", "__module__", "__doc__"})


def _class_attr(cx: Capture, value: ClassValue, name: str) -> Value:
    cls = value.obj
    if name in _CLASS_FACTS:
        return _class_fact(cx, cls, name)
    if name in ("__mro__", "__bases__"):
        return _class_order(cx, cls, name)
    if name == "__class__":
        return cx.wrap_constant(type(cls))
    if name in ("__dict__", "__subclasses__", "mro"):
        raise GraphBreak("unsupported attribute", f"{name!r} of a class")
    meta = lookup(type(cls), name)
    if isinstance(cls, enum.EnumType) and name in cls.__members__:
        return ConstantValue(cls.__members__[name])
    raw = lookup(cls, name)
    if raw is ABSENT:
        if meta is ABSENT and lookup(type(cls), "__getattr__") is ABSENT:
            cx.guards.class_attr(cx.sources.constant(cls.__qualname__, cls), cls, name, ABSENT)
            missing(cx, value, name)
        if isinstance(meta, types.FunctionType):
            return bind_class_attr(cx, value, type(cls), name, meta)
        raise GraphBreak("unsupported attribute", f"{name!r} of class {cls.__qualname__}")
    cx.guards.class_attr(cx.sources.constant(cls.__qualname__, cls), cls, name, raw)
    if isinstance(raw, classmethod):
        return bind_class_attr(cx, value, cls, name, raw)
    if isinstance(raw, types.ClassMethodDescriptorType):
        return MethodValue(value, name)
    if isinstance(raw, staticmethod):
        raw = raw.__func__
    elif hasattr(type(raw), "__get__") and not isinstance(raw, _READ_AS_THEY_ARE):
        raise GraphBreak("unsupported attribute", f"{name!r} of class {cls.__qualname__}")
    return cx.wrap_constant(raw, f"{cls.__qualname__}.{name}")


_READ_AS_THEY_ARE = (
    types.FunctionType,
    property,
    type,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
"""Classes of descriptor that reading them on the class gives as they are."""


def _class_fact(cx: Capture, cls: type, name: str) -> Value:
    """Names of classes can be assigned to, those of builtin types excepted."""
    found = getattr(cls, name)
    if is_heap_type(cls):
        cx.guards.add(cx.sources.constant(cls.__qualname__, cls).attr(name), "is", found)
    return ConstantValue(found)


def object_constant_setattr(cx: Capture, target: ObjectConstant, name: str, value: Value) -> None:
    if isinstance(target, PythonModuleValue) and type(target.obj) is types.ModuleType:
        cx.ledger.store_global(vars(target.obj), name, value)
        return
    raise GraphBreak("attribute write", f"{name!r} of {target.describe()}")


def super_attr(cx: Capture, value: SuperValue, name: str) -> Value:
    """Look up along the MRO of the object's class, after the class that `super` was given."""
    owner = value.owner
    start = owner.pytype()
    if isinstance(owner, ClassValue) and issubclass(owner.obj, value.cls):
        start = owner.obj
    mro = start.__mro__
    if mro is None:
        raise GraphBreak("unsupported attribute", f"super().{name} of a class that is being made")
    if is_heap_type(start):
        cx.guards.add(cx.sources.constant(start.__qualname__, start).attr("__mro__"), "is", mro)
    for cls in mro[mro.index(value.cls) + 1 :]:
        guarded_lookup(cx, cls, name)
        if name in vars(cls):
            found = bind_class_attr(cx, owner, start, name, vars(cls)[name], guarded=True)
            if isinstance(found, MethodValue):
                found.through = vars(cls)[name]
            return found
    cx.raise_(AttributeError, f"'super' object has no attribute '{name}'")


tensor_attr = torch_tensors.tensor_attr
