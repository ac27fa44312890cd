"""The frame hook, the guards and the cache of compiled code."""

from collections.abc import Callable, Sequence
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any, Final, Generic, Literal, ParamSpec, TypeAlias, TypeVar, final, overload

from torch import Tensor

from compiler.guards import Guard
from compiler.tensor_facts import Description

_P = ParamSpec("_P")
_R = TypeVar("_R")
_O = TypeVar("_O", bound=Optimized[Any, Any] | Disabled[Any, Any])

_Check: TypeAlias = tuple[int, str, Any]
_Node: TypeAlias = tuple[int, str, Any, int, Sequence[_Check]]

ABSENT: Final[object]
"""In the payloads of "items" and "class_attrs": there must be no such key or attribute."""

class Context:
    """What the hook does on this thread while a compiled call runs."""

    def __init__(
        self,
        on_miss: Callable[[Request], Entry | None],
        on_error: Callable[[BaseException], object] | None = None,
    ) -> None:
        """``on_error`` is called with an exception that leaves a call of `Optimized`, and may change its traceback."""

    @property
    def on_miss(self) -> Callable[[Request], Entry | None]:
        """Called without a context, with a frame that no entry fits. None: the original runs, with the context kept.
        An entry runs without its guards being checked; nothing adds it to the cache. An exception reaches the
        frame's caller."""

def set_context(context: Context | None, /) -> Context | None:
    """Make ``context`` this thread's; return the previous one."""

def get_context() -> Context | None:
    """This thread's context."""

class Optimized(Generic[_P, _R]):
    """Calls ``fn`` with ``context`` on this thread. A positional call that an entry fits makes no frame of ``fn``."""

    def __init__(
        self, fn: Callable[_P, _R], context: Context, watched: object = ..., renew: Callable[[], Callable[_P, _R]] = ...
    ) -> None:
        """Once ``watched`` has another class, what ``renew`` gives is called instead of ``fn``."""
    @property
    def __wrapped__(self) -> Callable[_P, _R]: ...
    @property
    def context(self) -> Context: ...
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...
    @overload
    def __get__(self: _O, instance: None, owner: type | None = None, /) -> _O: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None, /) -> MethodType: ...

class Disabled(Generic[_P, _R]):
    """Calls ``fn`` with no context on this thread."""

    def __init__(self, fn: Callable[_P, _R]) -> None: ...
    @property
    def __wrapped__(self) -> Callable[_P, _R]: ...
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...
    @overload
    def __get__(self: _O, instance: None, owner: type | None = None, /) -> _O: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None, /) -> MethodType: ...

@final
class Request:
    """A frame that no entry fits. It owns what it refers to, and may be kept."""

    code: Final[CodeType]
    func: Final[FunctionType]
    globals: Final[dict[str, Any]]
    builtins: Final[dict[str, Any]]
    closure: Final[tuple[CellType, ...] | None]
    locals: Final[tuple[Any, ...]]
    """The argument slots in the order of ``co_varnames``: positional, keyword-only, ``*args``, ``**kwargs``."""
    cache: Final[CodeCache]
    failures: Final[list[tuple[Entry, int]]]
    """The entries of this context, each with the id of the guard that failed."""

@final
class CodeCache:
    """The entries of one code object. It dies with the code object, which gives its entries up first."""

    @property
    def entries(self) -> list[Entry]:
        """A copy, in the order they are tried."""
    skip: Literal[0, 1, 2]
    """0: no; 1: this frame runs as it is; 2: so does all it calls. Whatever the context."""
    def add(self, entry: Entry, /) -> None:
        """Try ``entry`` after the others."""
    def remove(self, entry: Entry, /) -> None:
        """Forget ``entry``. ValueError when it is not here."""
    def clear(self) -> None:
        """Forget every entry."""

def code_cache(code: CodeType, /) -> CodeCache:
    """The cache of a code object, made when it has none."""

class Entry:
    """One way to run a frame: when the guards hold, ``code`` runs in its place.

    A subclass may declare attributes of its own; instances have a ``__dict__``.
    """

    def __init__(
        self,
        context: Context,
        guards: GuardTree | None,
        code: CodeType | None,
        *,
        keep_hook: bool,
        original: int = 0,
        graph: GraphCall | None = None,
    ) -> None:
        """``code`` takes the frame's argument slots as plain positional parameters, and has as many free variables
        as the original; None runs the original. ``keep_hook``: whether the context stays on underneath.
        ``graph``: what ``code`` calls first; when its ``on_error`` says so, the original runs in place of an
        exception."""
    checks: list[Guard]
    context: Final[Context]
    guards: Final[GuardTree | None]
    code: Final[CodeType | None]
    hits: Final[int]
    original: Final[int]
    keep_hook: Final[bool]

@final
class GuardTree:
    """Guards of one entry: nodes ``(parent, accessor, argument, guard_id, checks)`` in pre-order.

    ``parent`` is the index of an earlier node, or -1: the frame. ``guard_id`` is what fails when the value cannot be
    reached. ``checks`` are ``(guard_id, kind, payload)``. A node is reached only when its ancestors' checks hold.

    From the frame: "local" slot, "global" name, "free" index (the cell), "constant" object. From a value: "cell",
    "attr" name, "dict", "key" constant, "item" index, "type", "call" callable,
    "func_attr" one of ``__code__ __defaults__ __kwdefaults__ __closure__ __globals__``.

    Kinds: "type", "is", "is_not", "is_weak" (identity, holding the object weakly), "equal" (constants and tuples of
    them, of the same type, floats by their bits), "length", "keys", "has_key", "lacks_key", "truth", "tensor"
    TensorFacts, "class_attrs" (type, {name: object or ABSENT}), "items" {key: object or ABSENT}, "empty" keys of
    empty dicts, "same_as" node index,
    "distinct" node indices, "predicate" callable, "state" ((callable, expected), ...).

    "state" checks of all nodes come before everything else, "same_as" and "distinct" after it. Predicates, attributes
    and calls run without a context; an exception of theirs is a guard that fails.
    """

    def __init__(self, nodes: Sequence[_Node], inputs: Sequence[int] = ()) -> None: ...
    def check(
        self,
        locals: tuple[Any, ...],
        globals: dict[str, Any],
        builtins: dict[str, Any],
        closure: tuple[CellType, ...] | None,
        /,
    ) -> int:
        """-1 when all guards hold, else the id of the first that fails."""

@final
class TensorFacts:
    """The metadata of a tensor: type, dtype, device, layout, sizes, strides, requires_grad, conj and neg bits.

    Not the storage offset. Sizes in ``dynamic_dims`` are free, and the strides that follow from them follow.
    """

    def __init__(self, example: Tensor, *, dynamic_dims: tuple[int, ...] = (), check_leaf: bool = False) -> None: ...
    description: Final[Description]
    quick: Final[bool]
    """Whether memory is read directly instead of attributes."""
    def check(self, value: object, /) -> bool:
        """Whether all facts hold of ``value``."""
    def describe(self, value: object, /) -> str:
        """The first property that differs, phrased; '' when all facts hold."""

@final
class GraphCall:
    """Calls a compiled graph with no context; it must return a tuple or list of ``outputs`` tensors.

    ``before``, or None, is called with the inputs first. When the graph raises, ``on_error`` is told this call, the
    exception, the inputs and what ``before`` gave; it has outputs in its place (a tuple or list), or says whether the
    frame can run from its start in eager. ``on_result`` is told the same of results, until it settles, and of a wrong
    number of outputs ever after; it gives the outputs, raises, or says True: the frame runs from its start in eager.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        outputs: int,
        before: Callable[..., Any] | None,
        on_error: Callable[[GraphCall, BaseException, tuple[Any, ...], Any], Any],
        on_result: Callable[[GraphCall, Any, tuple[Any, ...], Any], Any],
    ) -> None: ...
    __wrapped__: Final[Callable[..., Any] | None]
    outputs: Final[int]
    def settle(self, fn: Callable[..., Any] | None, before: Callable[..., Any] | None, /) -> None:
        """Call ``fn`` from now on, and trust its results; None: every frame begins anew in eager."""
    def __call__(self, *inputs: Any) -> Any: ...

@final
class TailCall:
    """A resume function's answer: ``run_continuation`` goes on with ``fn(*args)``."""

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], /) -> None: ...
    fn: Final[Callable[..., Any]]
    args: Final[tuple[Any, ...]]

def run_continuation(fn: Callable[..., Any], /, *args: Any) -> Any:
    """``fn(*args)``, following each TailCall that comes back, on a flat stack."""

def torch_modes() -> bytes | None:
    """A snapshot of torch's modes on this thread, or None where this torch does not let them be read."""
