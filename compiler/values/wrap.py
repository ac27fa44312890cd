"""From a Python object with a source to a value: one table by exact type, then a few by kind of class.

Wrapping is a first look at an object: it adds the guards that make the look valid for later
calls (type, length, constant), and leaves the parts of containers lazy.
"""

from __future__ import annotations

import collections
import enum
import functools
import sys
import types
import typing
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from compiler import _C
from compiler.breaks import GraphBreak
from compiler.sources import CallSource, ConstantSource, DequeItemSource, DictItemsSource, RawItemSource, RawKeySource
from compiler.values.base import ConstantValue, Value
from compiler.values.containers import DequeValue, DictValue, ListValue, SequenceValue, SetValue, SliceValue, TupleValue
from compiler.values.functions import (
    BoundMethodValue,
    BuiltinValue,
    ClassValue,
    FunctionValue,
    MethodValue,
    ObjectConstant,
    PartialValue,
    PythonModuleValue,
)
from compiler.values.objects import ObjectValue, OpaqueValue, WeakReferenceValue
from compiler.values.tensor import TensorValue

if TYPE_CHECKING:
    from compiler.interpreter.capture import Capture
    from compiler.sources import Source

Answer = TypeVar("Answer")
Wrapper = Callable[["Capture", Any, "Source"], Value]

WRAPPERS: dict[type, Wrapper] = {}

PLAIN_TYPES = (bool, int, float, complex, str, bytes)
IDENTITY_TYPES = (type(None), type(Ellipsis), type(NotImplemented), torch.dtype, torch.layout, torch.memory_format)
CODE_TYPES = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
KEYS_ARE_CONSTANTS = (
    *PLAIN_TYPES,
    type(None),
    torch.dtype,
    torch.device,
    types.FunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)


def wraps(*kinds: type) -> Callable[[Wrapper], Wrapper]:
    def register(wrapper: Wrapper) -> Wrapper:
        for kind in kinds:
            assert kind not in WRAPPERS, kind
            WRAPPERS[kind] = wrapper
        return wrapper

    return register


def wrap(cx: Capture, obj: Any, source: Source) -> Value:
    """The value of `obj`, with the guards of a first look."""
    wrapper = WRAPPERS.get(type(obj))
    if wrapper is not None:
        return wrapper(cx, obj, source)
    if _is_hooked_module(type(obj)):
        return _opaque(cx, obj, source)
    for kind, wrapper in _BY_BASE:
        if issubclass(type(obj), kind):  # isinstance would ask the object for its __class__
            return wrapper(cx, obj, source)
    cls: Any = type(obj)
    cx.guards.add(source, "type", cls)
    if is_plain_python(cls):
        return ObjectValue(cls, obj, source)
    if container_base(cls) is not None:
        return _container_object(cx, obj, source)
    return OpaqueValue(obj, source)


def _is_hooked_module(cls: type) -> bool:
    """A user's class of modules that decides itself what an attribute is."""
    return issubclass(cls, types.ModuleType) and isinstance(cls.__getattribute__, types.FunctionType)


def has_identity(value: Value) -> bool:
    """Whether two references to the object must become one value (constants need not)."""
    return not isinstance(value, ConstantValue | BoundMethodValue | MethodValue)


def _known(source: Source) -> bool:
    return isinstance(source, ConstantSource)


@wraps(*PLAIN_TYPES)
def _plain(cx: Capture, obj: Any, source: Source) -> Value:
    if not _known(source):
        cx.guards.add(source, "equal", obj)
    return ConstantValue(obj, source)


@wraps(*IDENTITY_TYPES)
def _identity(cx: Capture, obj: Any, source: Source) -> Value:
    if not _known(source):
        cx.guards.add(source, "is", obj)
    return ConstantValue(obj, source)


_COMPARED_BY: dict[type, tuple[str, ...]] = {range: ("start", "stop", "step"), torch.device: ("type", "index")}


@wraps(*_COMPARED_BY)
def _by_parts(cx: Capture, obj: Any, source: Source) -> Value:
    if not _known(source):
        cx.guards.add(source, "type", type(obj))
        for name in _COMPARED_BY[type(obj)]:
            cx.guards.add(source.attr(name), "equal", getattr(obj, name))
    return ConstantValue(obj, source)


@wraps(slice)
def _slice(cx: Capture, obj: slice, source: Source) -> Value:
    cx.guards.add(source, "type", slice)
    return SliceValue([cx.lazy(getattr(obj, name), source.attr(name)) for name in ("start", "stop", "step")], source)


@wraps(tuple, torch.Size)
def _tuple(cx: Capture, obj: tuple[Any, ...], source: Source) -> Value:
    cx.guards.add(source, "type", type(obj))
    cx.guards.add(source, "length", len(obj))
    return TupleValue([cx.lazy(item, source.item(index)) for index, item in enumerate(obj)], type(obj), source)


@wraps(list)
def _list(cx: Capture, obj: list[Any], source: Source) -> Value:
    cx.guards.add(source, "type", list)
    cx.guards.add(source, "length", len(obj))
    return ListValue([cx.lazy(item, source.item(index)) for index, item in enumerate(obj)], list, source)


@wraps(dict, collections.OrderedDict)
def _dict(cx: Capture, obj: dict[Any, Any], source: Source) -> Value:
    cx.guards.add(source, "type", type(obj))
    for key in obj:
        if not (_is_constant_key(key) or _hashes_by_identity(type(key))):
            _refuse_key(key)
    cx.guards.add(source, "keys", tuple(obj))
    entries: dict[Any, tuple[Value, Value]] = {}
    keys = [_key_object(cx, key, source, position) for position, key in enumerate(obj)]  # no __hash__ of theirs has run
    for position, (key, item) in enumerate(obj.items()):
        at = source.key(key)
        entries[keys[position]] = (_key_value(cx, key, source, position), cx.lazy(item, at))
    value = DictValue(entries, type(obj), source)
    if "__builtins__" in obj or ("__spec__" in obj and "__loader__" in obj):
        cx.ledger.namespace(value, obj)
    return value


@wraps(types.MappingProxyType)
def _mapping_proxy(cx: Capture, obj: Any, source: Source) -> Value:
    """The read-only view of a dict that belongs to an object known by identity, such as a signature's parameters."""
    root = source
    while root.base is not None:
        root = root.base
    if not _known(root) or not all(isinstance(key, str) for key in obj):
        return _opaque(cx, obj, source)
    entries: dict[Any, tuple[Value, Value]] = {
        key: (ConstantValue(key), cx.lazy(item, source.key(key))) for key, item in obj.items()
    }
    return DictValue(entries, types.MappingProxyType, source)


@wraps(collections.defaultdict)
def _defaultdict(cx: Capture, obj: collections.defaultdict[Any, Any], source: Source) -> Value:
    value = _dict(cx, obj, source)
    assert isinstance(value, DictValue)
    value.factory = cx.lazy(obj.default_factory, source.attr("default_factory"))
    return value


def _hashes_by_identity(cls: Any) -> bool:
    by_default = cls.__hash__ is object.__hash__ and cls.__eq__ is object.__eq__
    return by_default or issubclass(cls, torch.Tensor)


def _key_object(cx: Capture, key: Any, source: Source, position: int) -> Any:
    if _is_constant_key(key):
        return key
    return cx.rules.identity_key(cx, cx.wrap(key, source.child(DictItemsSource, position))) or _refuse_key(key)


def _key_value(cx: Capture, key: Any, source: Source, position: int) -> Value:
    if type(key) in PLAIN_TYPES or key is None:
        return ConstantValue(key)
    if type(key) is tuple and _is_constant_key(key):
        return cx.rules.from_const(cx, key)
    return cx.wrap(key, source.child(DictItemsSource, position))


def _is_constant_key(key: Any) -> bool:
    """Whether a key that equals this one is as good as this one, and to compare them runs nobody's Python (that of enum
    members is known)."""
    kind: Any = type(key)
    if kind is tuple:
        return all(map(_is_constant_key, key))
    if issubclass(kind, type):
        return kind.__hash__ is object.__hash__ and kind.__eq__ is object.__eq__
    if kind is types.BuiltinFunctionType:
        return isinstance(key.__self__, types.ModuleType | type | None)
    return kind in KEYS_ARE_CONSTANTS or issubclass(kind, enum.Enum)


def _refuse_key(key: Any) -> Any:
    raise GraphBreak("unsupported value", f"a dict with a key of type {type(key).__qualname__}")


@wraps(set, frozenset)
def _set(cx: Capture, obj: Any, source: Source) -> Value:
    if not all(map(_is_constant_key, obj)):
        cx.guards.add(source, "type", type(obj))
        return OpaqueValue(obj, source)
    expected = list(obj)
    if not (_known(source) and type(obj) is frozenset):
        cx.guards.add(source, "type", type(obj))
        cx.guards.add(source, "length", len(expected))
        cx.guards.add(source, "predicate", _same_elements(expected))
    order = obj if _known(source) and type(obj) is frozenset else None
    return SetValue({item: cx.rules.from_const(cx, item) for item in expected}, type(obj), source, order)


def _same_key(a: Any, b: Any) -> bool:
    """The same key, not only an equal one: ``1`` is not ``True``, and ``0.0`` is not ``-0.0``."""
    if a is b or type(a) is not type(b):
        return a is b
    if type(a) is tuple:
        return len(a) == len(b) and all(map(_same_key, a, b))
    return repr(a) == repr(b) if isinstance(a, float | complex) else bool(a == b)


def _same_elements(expected: list[Any]) -> Callable[[Any], bool]:
    def same(found: Any) -> bool:
        return all(map(_same_key, found, expected))

    same.__doc__ = f"elements are {expected!r} in this order"
    return same


@wraps(collections.deque)
def _deque(cx: Capture, obj: Any, source: Source) -> Value:
    cx.guards.add(source, "type", collections.deque)
    cx.guards.add(source, "predicate", _as_long(len(obj), obj.maxlen))
    at = [source.child(DequeItemSource, index) for index in range(len(obj))]
    items = [cx.lazy(item, place) for item, place in zip(obj, at, strict=True)]
    value = DequeValue(items, collections.deque, source)
    value.maxlen = obj.maxlen
    return value


def _as_long(count: int, maxlen: int | None) -> Callable[[Any], bool]:
    def same(found: Any) -> bool:
        return len(found) == count and found.maxlen == maxlen

    same.__doc__ = f"a deque of {count} items with maxlen={maxlen}"
    return same


@wraps(types.FunctionType)
def _function(cx: Capture, obj: types.FunctionType, source: Source) -> Value:
    if not _known(source):
        cx.guards.add(source, "type", types.FunctionType)
        cx.guards.add(source.attr("__code__"), "is", obj.__code__)
        cx.guards.add(source.attr("__globals__"), "is", obj.__globals__)
    return FunctionValue(obj, source)


@wraps(types.MethodType)
def _bound_method(cx: Capture, obj: types.MethodType, source: Source) -> Value:
    cx.guards.add(source, "type", types.MethodType)
    func = cx.lazy(obj.__func__, source.attr("__func__"))
    return BoundMethodValue(func.realize(cx), cx.lazy(obj.__self__, source.attr("__self__")), source)


@wraps(weakref.ReferenceType)
def _weak_reference(cx: Capture, obj: Any, source: Source) -> Value:
    cx.guards.add(source, "type", weakref.ReferenceType)
    return WeakReferenceValue(cx.lazy(obj(), source.child(CallSource)), source)


def _by_identity(make: type[ObjectConstant]) -> Wrapper:
    def wrapper(cx: Capture, obj: Any, source: Source) -> Value:
        if not _known(source):
            cx.guards.add(source, "is", obj)
        return make(obj, source)

    return wrapper


WRAPPERS[type(torch._C._VariableFunctions)] = _by_identity(ObjectConstant)
WRAPPERS |= dict.fromkeys(CODE_TYPES, _by_identity(BuiltinValue))


@wraps(types.BuiltinFunctionType, types.MethodWrapperType)
def _c_function(cx: Capture, obj: Any, source: Source) -> Value:
    """A method bound to an object is that object's method of that name; other functions of C are known by identity."""
    if _known(source) or not _is_own_method(obj):
        return _by_identity(BuiltinValue)(cx, obj, source)
    cx.guards.add(source, "type", type(obj))
    cx.guards.add(source.attr("__name__"), "equal", obj.__name__)
    method = MethodValue(cx.lazy(obj.__self__, source.attr("__self__")), obj.__name__)
    method.source = source
    return method


def _is_own_method(obj: Any) -> bool:
    """Whether the class of the object that `obj` is bound to has one method of that name, and `obj` is it."""
    owner = obj.__self__
    if owner is None or isinstance(owner, types.ModuleType | type):
        return False
    found = [vars(base)[obj.__name__] for base in type(owner).__mro__ if obj.__name__ in vars(base)]
    if len(found) != 1 or not isinstance(found[0], types.MethodDescriptorType | types.WrapperDescriptorType):
        return False
    return bool(found[0].__get__(owner) == obj)


WRAPPERS[functools._lru_cache_wrapper] = _by_identity(ObjectConstant)
WRAPPERS[types.ModuleType] = _by_identity(PythonModuleValue)
for _kind in (
    _C.Optimized,
    _C.Disabled,
    types.CodeType,
    types.GenericAlias,
    types.UnionType,
    property,
    staticmethod,
    classmethod,
    object,
    typing.TypeVar,
    typing.ParamSpec,
):
    WRAPPERS[_kind] = _by_identity(ObjectConstant)


@wraps(types.CellType)
def _cell(cx: Capture, obj: types.CellType, source: Source) -> Value:
    return cx.wrap_cell(obj, source)


@wraps(functools.partial)
def _partial(cx: Capture, obj: functools.partial[Any], source: Source) -> Value:
    cx.guards.add(source, "type", functools.partial)
    if not all(type(name) is str for name in obj.keywords) or vars(obj):
        return OpaqueValue(obj, source)
    at_args, at_keywords = source.attr("args"), source.attr("keywords")
    cx.guards.add(at_args, "length", len(obj.args))
    args = [cx.lazy(item, at_args.item(index)) for index, item in enumerate(obj.args)]
    value = PartialValue(cx.lazy(obj.func, source.attr("func")), args, {}, obj, source)
    keywords = cx.wrap(obj.keywords, at_keywords)
    assert isinstance(keywords, DictValue)
    value.keywords = keywords
    return value


@wraps(torch.Tensor, torch.nn.Parameter)
def _tensor(cx: Capture, obj: torch.Tensor, source: Source) -> Value:
    if obj.layout is not torch.strided or obj.is_quantized or obj.is_conj() or obj.is_neg() or obj.is_nested:
        cx.guards.add(source, "type", type(obj))
        return OpaqueValue(obj, source)
    cx.guards.add(source, "tensor", _C.TensorFacts(obj))
    value = TensorValue(None, _example(obj), obj.device, type(obj), source)
    cx.graph.input(obj, value)
    return value


def _example(obj: torch.Tensor) -> torch.Tensor:
    """A meta tensor like `obj`, with the same requires_grad and is_leaf."""
    with torch._C.DisableTorchFunctionSubclass():
        example = torch.empty_strided(obj.shape, obj.stride(), dtype=obj.dtype, device="meta")
        if obj.requires_grad:
            example.requires_grad_()
            if not obj.is_leaf:
                example = _non_leaf(example)
        return example


def _non_leaf(example: torch.Tensor) -> torch.Tensor:
    before = torch.is_grad_enabled()
    torch._C._set_grad_enabled(True)
    try:
        made = example.clone(memory_format=torch.preserve_format)
        if made.stride() == example.stride():
            return made
        # Strides that leave gaps, or let elements share memory, are kept by views only.
        size = example.untyped_storage().nbytes() // example.itemsize
        memory = torch.empty(size, dtype=example.dtype, device="meta", requires_grad=True).clone()
        return memory.as_strided(example.shape, example.stride())
    finally:
        torch._C._set_grad_enabled(before)


def _named_tuple_or_object(cx: Capture, obj: Any, source: Source) -> Value:
    cx.guards.add(source, "type", type(obj))
    if type(obj).__module__ == "torch.return_types":
        return TupleValue([cx.lazy(item, source.item(index)) for index, item in enumerate(obj)], type(obj), source)
    if not hasattr(type(obj), "_fields"):
        cls: Any = type(obj)
        return _container_object(cx, obj, source) if container_base(cls) else OpaqueValue(obj, source)
    if getattr(obj, "__dict__", None) or any(_raw(type(obj), name) is not vars(tuple)[name] for name in _TUPLE_WAYS):
        return OpaqueValue(obj, source)
    return TupleValue([cx.lazy(item, source.item(index)) for index, item in enumerate(obj)], type(obj), source)


_TUPLE_WAYS = ("__iter__", "__getitem__", "__len__", "__contains__", "__eq__", "__add__", "__hash__")


def _raw(cls: type, name: str) -> Any:
    """The raw attribute along the MRO, or ``None``."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _container_object(cx: Capture, obj: Any, source: Source) -> Value:
    """An object of a user's subclass of a container: attributes beside a container part."""
    cls: Any = type(obj)
    base = container_base(cls)
    assert base is not None
    cx.guards.add(source, "type", cls)
    value = ObjectValue(cls, obj, source)
    make = _mapping_part if issubclass(base, dict) else _items_part
    value.base = part = make(cx, obj, base, source)
    part.holder = value
    return value


def _items_part(cx: Capture, obj: Any, base: Any, source: Source) -> SequenceValue:
    count = base.__len__(obj)
    cx.guards.add(source, "length", count)
    at = [source.child(RawItemSource, (base, index)) for index in range(count)]
    items = [cx.lazy(base.__getitem__(obj, index), at[index]) for index in range(count)]
    part: SequenceValue = TupleValue(items) if base is tuple else ListValue(items)
    part.original = list(items) if base is list else []
    return part


def _mapping_part(cx: Capture, obj: Any, base: Any, source: Source) -> DictValue:
    keys = tuple(base.keys(obj))
    if not all(type(key) in PLAIN_TYPES or key is None for key in keys):
        text = f"an object of class {type(obj).__qualname__} with keys that are not plain"
        raise GraphBreak("unsupported value", text)
    cx.guards.add(source, "keys", keys)
    entries: dict[Any, tuple[Value, Value]] = {}
    for key in keys:
        at = source.child(RawKeySource, (base, key))
        entries[key] = (ConstantValue(key), cx.lazy(base.__getitem__(obj, key), at))
    part = DictValue(entries, base)
    part.original = dict(entries)
    return part


def _opaque(cx: Capture, obj: Any, source: Source) -> Value:
    cx.guards.add(source, "type", type(obj))
    return OpaqueValue(obj, source)


def _array_dtype(cx: Capture, obj: Any, source: Source) -> Value:
    return (_by_identity(ObjectConstant) if obj.isbuiltin == 1 else _opaque)(cx, obj, source)


def _of_numpy() -> list[tuple[Any, Wrapper]]:
    """NumPy's functions and dtypes are known by identity; torch has loaded it where there is one."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return []
    functions = (numpy.ufunc, type(numpy.concatenate))
    return [(functions, _by_identity(ObjectConstant)), (numpy.dtype, _array_dtype)]


def _autograd_context(cx: Capture, obj: Any, source: Source) -> Value:
    """The ``ctx`` of a torch.autograd.Function: an object with a ``__dict__``, and a few attributes in C."""
    cx.guards.add(source, "type", type(obj))
    return ObjectValue(type(obj), obj, source)


_BY_BASE: list[tuple[Any, Wrapper]] = [
    (enum.Enum, _identity),
    (type, _by_identity(ClassValue)),
    (types.ModuleType, _by_identity(PythonModuleValue)),
    (torch._ops.OpOverload, _by_identity(BuiltinValue)),
    (torch._ops.OpOverloadPacket, _by_identity(BuiltinValue)),
    (torch.Tensor, _opaque),
    (torch._C._FunctionBase, _autograd_context),
    (tuple, _named_tuple_or_object),
    *_of_numpy(),
]


_HEAP_TYPE = 1 << 9
_NOT_PYTHON = 1 << 7 | 1 << 8
"""Flags of classes made in C: not instantiable, immutable."""


def _no_hook() -> None:
    """Stands for a ``__getattribute__`` that a class does not define."""


def _per_class(ask: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """Ask once per class, without keeping the class alive."""
    answers: weakref.WeakKeyDictionary[type, Answer] = weakref.WeakKeyDictionary()

    @functools.wraps(ask)
    def remembered(cls: Any) -> Answer:
        try:
            return answers[cls]
        except KeyError:
            answer = answers[cls] = ask(cls)
            return answer

    return remembered


@_per_class
def is_plain_python(cls: Any) -> bool:
    """Whether objects of the class are attributes in a ``__dict__`` or slots and nothing else."""
    if issubclass(cls, torch.overrides.TorchFunctionMode):
        return False
    bases = cls.__mro__[:-1]
    return all(_written_in_python(base) for base in bases) and cls.__itemsize__ == 0


_CONTAINER_BASES = (list, dict, tuple, collections.OrderedDict)


@_per_class
def container_base(cls: type) -> type | None:
    """The builtin container that a class written in Python derives from, unless there is more to it."""
    base = next((base for base in cls.__mro__ if base in _CONTAINER_BASES), None)
    if base is None or hasattr(cls, "_fields"):
        return None
    rest = [other for other in cls.__mro__ if other not in base.__mro__]
    if hasattr(cls, "__torch_function__"):
        return None
    return base if rest and all(_written_in_python(other) for other in rest) else None


@_per_class
def overrides_torch(cls: Any) -> bool:
    """Whether torch's functions hand calls with an object of the class, which is no tensor's, over to the class."""
    hook = getattr(cls, "__torch_function__", torch._C._disabled_torch_function_impl)
    return hook is not torch._C._disabled_torch_function_impl and not issubclass(cls, torch.Tensor)


def _written_in_python(base: type) -> bool:
    if base is types.SimpleNamespace:
        return True
    flags = base.__flags__
    own = vars(base)
    return (
        bool(flags & _HEAP_TYPE)
        and not flags & _NOT_PYTHON
        and not isinstance(own.get("__new__"), types.BuiltinFunctionType)
        and isinstance(own.get("__getattribute__", _no_hook), types.FunctionType)
        and not ("__getattribute__" in own and issubclass(base, torch.nn.Module))
    )
