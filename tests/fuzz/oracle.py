"""Runs a program in eager and compiled, and says how what a user can see differs.

Each side has a module of its own and gets fresh inputs for every call. After each call are
compared: what was returned or raised (type, message, the innermost line of the program, the
chain of causes), what was printed, torch's modes, the random numbers that come next, and the state
of the arguments and of the module's globals — values, types, dtypes, shapes, strides, gradients,
what iterators have left, and which objects and storages are shared.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import dataclasses
import functools
import io
import itertools
import linecache
import math
import random
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from tests.fuzz.generator import Program

SEED = 5

ITEMS_LEFT = 8
"""How many of an iterator's next items are compared; it may never end."""

Optimize = Callable[[Callable[..., Any]], Callable[..., Any]]

_numbers = itertools.count()


@dataclasses.dataclass
class Outcome:
    """What one call did."""

    arguments: Any
    state: dict[str, Any]
    printed: str
    returned: Any = None
    error: BaseException | None = None
    line: int | None = None
    grads: Any = None
    modes: Any = None
    randomness: Any = None

    def __str__(self) -> str:
        shown = f"returned {self.returned!r}"
        if self.error is not None:
            shown = f"raised {type(self.error).__name__}: {self.error} at line {self.line}"
        return f"{shown}\nprinted {self.printed!r}\narguments {self.arguments!r}\nglobals {self.state!r}"


@dataclasses.dataclass(frozen=True)
class Mismatch:
    """The first call whose outcomes differ."""

    program: Program
    call: int
    where: str
    eager: Outcome
    compiled: Outcome

    def __str__(self) -> str:
        numbered = "\n".join(f"{number:4} {line}" for number, line in enumerate(self.program.source.splitlines(), 1))
        variant = self.program.calls[self.call]
        trace = "".join(traceback.format_exception(self.compiled.error)) if self.compiled.error else ""
        return (
            f"{numbered}\n\ncall {self.call} (inputs({variant}) of {self.program.calls}) differs: {self.where}\n\n"
            f"--- eager\n{self.eager}\n\n--- compiled\n{self.compiled}\n{trace}"
        )


def mismatch(program: Program, optimize: Optimize) -> Mismatch | None:
    """Run every call of `program` both ways; the first difference, or None."""
    with _loaded(program) as eager, _loaded(program) as compiled:
        optimized = optimize(compiled.main)
        for call, variant in enumerate(program.calls):
            ours = _run(eager, eager.main, variant)
            theirs = _run(compiled, optimized, variant)
            where = difference(ours, theirs)
            if where is not None:
                return Mismatch(program, call, where, ours, theirs)
    return None


@contextlib.contextmanager
def _loaded(program: Program) -> Iterator[types.ModuleType]:
    """The program as a module; it lies on disk, so that tools can find its source."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"program_{next(_numbers)}.py"
        path.write_text(program.source)
        module = types.ModuleType(path.stem)
        module.__file__ = str(path)
        sys.modules[module.__name__] = module
        try:
            exec(compile(program.source, str(path), "exec"), vars(module))
            yield module
        finally:
            del sys.modules[module.__name__]
            linecache.cache.pop(str(path), None)


def _run(module: types.ModuleType, function: Callable[..., Any], variant: int) -> Outcome:
    args, kwargs = module.inputs(variant)
    outcome = Outcome((args, dict(kwargs)), {}, "")
    printed = io.StringIO()
    torch.manual_seed(SEED)
    random.seed(SEED)
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            outcome.returned = function(*args, **kwargs)
        except Exception as error:
            outcome.error = error
            outcome.line = _innermost(error, module.__file__)
    outcome.printed = printed.getvalue()
    outcome.modes = _modes()
    torch.set_grad_enabled(True)
    outcome.randomness = (torch.rand(()).item(), random.random())
    outcome.state = {
        name: value for name, value in vars(module).items() if _is_state(value) and not name.startswith("__")
    }
    outcome.grads = _gradients(outcome)
    return outcome


def _modes() -> tuple[bool, ...]:
    return (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu"))


def _is_state(value: object) -> bool:
    return not isinstance(value, types.ModuleType | types.FunctionType | type)


def _innermost(error: BaseException, path: str | None) -> int | None:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] if lines else None


def _gradients(outcome: Outcome) -> Any:
    """Gradients of the first argument under a sum of what was returned; None if there are none."""
    leaf = outcome.arguments[0][0]
    found = [tensor for tensor in _tensors(outcome.returned) if tensor.requires_grad]
    if not leaf.requires_grad or not found:
        return None
    try:
        return torch.autograd.grad(sum(tensor.sum() for tensor in found), leaf, allow_unused=True)
    except RuntimeError as error:
        return str(error)


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for item in value for tensor in _tensors(item)] if isinstance(value, list | tuple) else []


def difference(eager: Outcome, compiled: Outcome) -> str | None:
    """Where two outcomes differ first, in words; None where they agree."""
    return _Comparison().outcomes(eager, compiled)


class _Comparison:
    """A walk over two graphs of objects that keeps which object stands for which."""

    def __init__(self) -> None:
        self._partners: dict[int, int] = {}
        self._storages: dict[int, int] = {}
        self._kept: list[object] = []

    def outcomes(self, a: Outcome, b: Outcome) -> str | None:
        return (
            self._error(a, b)
            or self.values(a.arguments, b.arguments, "arguments")
            or self.values(a.state, b.state, "globals")
            or self.values(a.returned, b.returned, "returned")
            or self.values(a.printed, b.printed, "printed")
            or self.values(a.grads, b.grads, "gradients")
            or self.values(a.modes, b.modes, "modes")
            or self.values(a.randomness, b.randomness, "random numbers")
        )

    def _error(self, a: Outcome, b: Outcome) -> str | None:
        where = self.values(a.error, b.error, "raised")
        if where is None and a.line is not None and a.line != b.line:  # an except* that raises has none
            return f"raised at line {a.line} against {b.line}"
        return where

    def values(self, a: Any, b: Any, where: str) -> str | None:
        if type(a).__qualname__ != type(b).__qualname__:
            return f"{where}: {type(a).__name__} against {type(b).__name__}"
        if isinstance(a, float | complex | int | str | bytes | type(None) | torch.dtype | torch.device):
            same = a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))
            return None if same else f"{where}: {a!r} against {b!r}"
        if not isinstance(a, tuple):  # empty and constant tuples are shared at the interpreter's whim
            paired = self._pair(self._partners, id(a), id(b))
            if paired is None:
                return f"{where}: shared with another object on one side only"
            if paired:
                return None
            self._kept += [a, b]
        for kinds, compare in _COMPARISONS:
            if isinstance(a, kinds):
                return compare(self, a, b, where)
        return self._attributes(a, b, where)

    def _pair(self, partners: dict[int, int], a: int, b: int) -> bool | None:
        """True if already partners, False if they are new to each other, None if they clash."""
        before = partners.get(a), partners.get(~b)
        if before == (None, None):
            partners[a], partners[~b] = b, a
            return False
        return True if before == (b, a) else None

    def _items(self, a: Any, b: Any, where: str) -> str | None:
        if len(a) != len(b):
            return f"{where}: {len(a)} items against {len(b)}"
        return self._first(
            self.values(x, y, f"{where}[{index}]") for index, (x, y) in enumerate(zip(a, b, strict=True))
        )

    def _mapping(self, a: Any, b: Any, where: str) -> str | None:
        if any(isinstance(key, torch.Tensor) for key in [*a, *b]):  # as optimizers keep state; tensors equal themselves
            return self.values(list(a.items()), list(b.items()), f"{where}.items()")
        if list(a) != list(b):
            return f"{where}: keys {list(a)} against {list(b)}"
        return self._first(self.values(a[key], b[key], f"{where}[{key!r}]") for key in a)

    def _set(self, a: Any, b: Any, where: str) -> str | None:
        return None if a == b else f"{where}: {a} against {b}"

    def _tensor(self, a: torch.Tensor, b: torch.Tensor, where: str) -> str | None:
        for fact in ("dtype", "shape", "requires_grad", "is_leaf", "layout", "device"):
            if getattr(a, fact) != getattr(b, fact):
                return f"{where}.{fact}: {getattr(a, fact)} against {getattr(b, fact)}"
        if a.layout is not torch.strided:
            return None if _same_numbers(a.to_dense(), b.to_dense()) else f"{where}: {a} against {b}"
        if (a.stride(), a.storage_offset()) != (b.stride(), b.storage_offset()):
            return f"{where}: strides {a.stride()}+{a.storage_offset()} against {b.stride()}+{b.storage_offset()}"
        storages = a.untyped_storage().data_ptr(), b.untyped_storage().data_ptr()
        if storages[0] and self._pair(self._storages, *storages) is None:
            return f"{where}: storage shared with another tensor on one side only"
        if not a.is_meta and not _same_numbers(a, b):
            return f"{where}: {a} against {b}"
        return self.values(a.grad if a.is_leaf else None, b.grad if b.is_leaf else None, f"{where}.grad") or (
            self.values(vars(a), vars(b), f"{where}.__dict__")
        )

    def _keyed(self, a: Any, b: Any, where: str) -> str | None:
        return (
            self._mapping(a, b, where)
            or self.values(getattr(a, "default_factory", None), getattr(b, "default_factory", None), f"{where}.default")
            or self._attributes(a, b, where)
        )

    def _maps(self, a: Any, b: Any, where: str) -> str | None:
        return self.values(a.maps, b.maps, f"{where}.maps")

    def _queue(self, a: Any, b: Any, where: str) -> str | None:
        return self._items(a, b, where) or self.values(a.maxlen, b.maxlen, f"{where}.maxlen")

    def _equal(self, a: Any, b: Any, where: str) -> str | None:
        return None if a == b else f"{where}: {a} against {b}"

    def _class(self, a: type, b: type, where: str) -> str | None:
        return self._equal(a.__qualname__, b.__qualname__, where)

    def _dice(self, a: torch.Generator, b: torch.Generator, where: str) -> str | None:
        return self._equal(a.get_state().tolist(), b.get_state().tolist(), where)

    def _iterator(self, a: Iterator[Any], b: Iterator[Any], where: str) -> str | None:
        return self.values(_left(a), _left(b), f"left in {where}")

    def _partial(self, a: Any, b: Any, where: str) -> str | None:
        parts = ("func", "args", "keywords", "__dict__")
        return self._first(self.values(getattr(a, part), getattr(b, part), f"{where}.{part}") for part in parts)

    def _method(self, a: Any, b: Any, where: str) -> str | None:
        return self.values(a.__func__, b.__func__, f"{where}.__func__") or self.values(
            a.__self__, b.__self__, f"{where}.__self__"
        )

    def _cache(self, a: Any, b: Any, where: str) -> str | None:
        """How often a cache was asked is a statistic, which compiled code may change; what it holds is not."""
        return self._equal(a.cache_info().currsize, b.cache_info().currsize, f"{where}.cache_info().currsize")

    def _exception(self, a: BaseException, b: BaseException, where: str) -> str | None:
        if str(a) != str(b):
            return f"{where}: {type(a).__name__}: {a} against {b}"
        return (
            self.values(a.args, b.args, f"{where}.args")
            or self.values(a.__cause__, b.__cause__, f"{where}.__cause__")
            or self.values(a.__context__, b.__context__, f"{where}.__context__")
            or self.values(a.__suppress_context__, b.__suppress_context__, f"{where}.__suppress_context__")
            or self.values(vars(a), vars(b), f"{where}.__dict__")
        )

    def _function(self, a: Any, b: Any, where: str) -> str | None:
        if a.__qualname__ != b.__qualname__:
            return f"{where}: {a.__qualname__} against {b.__qualname__}"
        return (
            self.values(a.__defaults__, b.__defaults__, f"{where}.__defaults__")
            or self.values(a.__kwdefaults__, b.__kwdefaults__, f"{where}.__kwdefaults__")
            or self.values(_cells(a), _cells(b), f"{where}.__closure__")
        )

    def _module(self, a: Any, b: Any, where: str) -> str | None:
        return self._mapping(vars(a), vars(b), f"{where}.__dict__")

    def _attributes(self, a: Any, b: Any, where: str) -> str | None:
        return self.values(getattr(a, "__dict__", None), getattr(b, "__dict__", None), f"{where}.__dict__") or (
            self.values(_slots(a), _slots(b), f"{where}.__slots__")
        )

    @staticmethod
    def _first(found: Iterator[str | None]) -> str | None:
        return next((where for where in found if where is not None), None)


def _same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a.detach().reshape(-1), b.detach().reshape(-1), rtol=0, atol=0, equal_nan=True)


def _left(iterator: Iterator[Any]) -> list[Any]:
    """The next items, and the exception that ended them, if any."""
    left: list[Any] = []
    try:
        left.extend(itertools.islice(iterator, ITEMS_LEFT))
    except Exception as error:
        left.append((type(error).__name__, str(error)))
    return left


def _slots(value: object) -> dict[str, Any] | None:
    names = [name for kind in type(value).__mro__ if kind.__module__ != "builtins" for name in _declared(kind)]
    return {name: getattr(value, name) for name in names if hasattr(value, name)} or None


def _declared(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _cells(function: Any) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: _cell_contents(cell) for name, cell in cells}


def _cell_contents(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return "<empty>"


_COMPARISONS: tuple[tuple[Any, Callable[..., str | None]], ...] = (
    (torch.Tensor, _Comparison._tensor),
    (list | tuple, _Comparison._items),
    (collections.deque, _Comparison._queue),
    (collections.Counter | collections.OrderedDict | collections.defaultdict, _Comparison._keyed),
    (dict, _Comparison._mapping),
    (collections.ChainMap, _Comparison._maps),
    (set | frozenset, _Comparison._set),
    (BaseException, _Comparison._exception),
    (types.FunctionType, _Comparison._function),
    (torch.nn.Module, _Comparison._module),
    (torch.Generator, _Comparison._dice),
    (collections.abc.Iterator, _Comparison._iterator),
    (functools.partial, _Comparison._partial),
    (types.MethodType, _Comparison._method),
    (functools._lru_cache_wrapper, _Comparison._cache),
    (range | slice, _Comparison._equal),
    (type, _Comparison._class),
)
