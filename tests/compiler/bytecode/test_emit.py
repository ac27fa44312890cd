"""Every piece that the emitter writes, run."""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any

import pytest

from compiler.bytecode.assemble import whole
from compiler.bytecode.emit import Emitter


class Odd:
    """Neither hashable nor comparable nor true nor false."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __bool__(self) -> bool:
        raise RuntimeError("tested")


def evaluate(emit: Callable[[Emitter], None], *args: Any) -> Any:
    """What a function of ``a, b`` with this body returns; the body leaves its value on the stack."""

    def original(a=None, b=None):
        pass

    def body(e: Emitter) -> None:
        emit(e)
        e.return_value()

    return FunctionType(whole(original.__code__, body), {"g": 7, "__builtins__": {}})(*args, *[None] * (2 - len(args)))


def test_constants_are_themselves() -> None:
    odd = Odd()
    one, two = tuple([1, 2]), tuple([1, 2])
    first, second = [1], [1]
    values = [1, True, 1.0, 0.0, -0.0, one, two, first, second, odd, odd, float("nan"), bytearray(b"x"), b"x"]

    def emit(e: Emitter) -> None:
        for value in values:
            e.load_const(value)
        e.build_list(len(values))

    found = evaluate(emit)
    assert all(new is old for new, old in zip(found, values, strict=True))


def simple(*steps: tuple[Any, ...]) -> Callable[[Emitter], None]:
    """Steps as (method, arguments…)."""

    def emit(e: Emitter) -> None:
        for name, *args in steps:
            getattr(e, name)(*args)

    return emit


A, B = ("load_fast", "a"), ("load_fast", "b")


@pytest.mark.parametrize(
    ("steps", "args", "expected"),
    [
        ([("load_global", "g")], (), 7),
        ([A, B, ("build_tuple", 2)], (1, 2), (1, 2)),
        ([A, B, ("build_map", 1)], (1, 2), {1: 2}),
        ([A, B, ("build_set", 2)], (1, 2), {1, 2}),
        ([A, B, ("build_slice", 2)], (1, 2), slice(1, 2)),
        ([A, B, ("build_string", 2)], ("x", "y"), "xy"),
        ([A, B, ("load_item",)], ([5, 6], 1), 6),
        ([A, ("load_attr", "real")], (5,), 5),
        ([("load_const", 9), A, B, ("store_item",), A], ([5, 6], 1), [5, 9]),
        ([A, B, ("delete_item",), A], ([5, 6], 1), [5]),
        ([A, B, ("list_extend", 1)], ([1], (2,)), [1, 2]),
        ([A, B, ("list_append", 1)], ([1], 2), [1, 2]),
        ([A, B, ("dict_update", 1)], ({1: 1}, {2: 2}), {1: 1, 2: 2}),
        ([A, B, ("set_update", 1)], ({1}, {2}), {1, 2}),
        ([A, ("list_to_tuple",)], ([1],), (1,)),
        ([A, B, ("swap", 2), ("build_tuple", 2)], (1, 2), (2, 1)),
        ([A, B, ("copy", 2), ("build_tuple", 3)], (1, 2), (1, 2, 1)),
        ([A, B, ("pop_top",)], (1, 2), 1),
        ([A, B, ("binary_op", "-")], (1, 2), -1),
        ([A, B, ("compare_op", "<=")], (1, 2), True),
        ([A, B, ("is_op",)], (None, None), True),
        ([A, ("unpack_sequence", 2), ("build_tuple", 2)], ((1, 2),), (2, 1)),
        ([A, ("begin_method", "index"), B, ("end_call", 1)], ([5, 6], 6), 1),
    ],
    ids=lambda value: value[-1][0] if isinstance(value, list) and isinstance(value[0], tuple) else None,
)
def test_pieces(steps: list[tuple[Any, ...]], args: tuple[Any, ...], expected: Any) -> None:
    assert evaluate(simple(*steps), *args) == expected


def test_calls() -> None:
    def emit(e: Emitter) -> None:
        e.begin_call(lambda: e.load_const(dict))
        e.load_fast("a")
        e.load_const(2)
        e.load_const(3)
        e.end_call(3, ("x", "y"))

    assert evaluate(emit, {"w": 1}) == {"w": 1, "x": 2, "y": 3}


def test_star_calls() -> None:
    def emit(e: Emitter) -> None:
        e.begin_call(lambda: e.load_const(dict))
        e.load_fast("a")
        e.load_fast("b")
        e.call_function_ex(has_kwargs=True)

    assert evaluate(emit, ([("w", 1)],), {"x": 2}) == {"w": 1, "x": 2}


def test_jumps() -> None:
    def emit(e: Emitter) -> None:
        otherwise, end = e.new_label(), e.new_label()
        e.load_fast("a")
        e.pop_jump_if_false(otherwise)
        e.load_const("true")
        e.jump(end)
        e.place(otherwise)
        e.load_const("false")
        e.place(end)

    assert evaluate(emit, [1]) == "true"
    assert evaluate(emit, []) == "false"


def test_raising() -> None:
    def emit(e: Emitter) -> None:
        e.load_fast("a")
        e.raise_()
        e.load_const(None)

    with pytest.raises(KeyError):
        evaluate(emit, KeyError())


def test_functions_close_over_the_cells_of_the_frame() -> None:
    def original(x):
        return lambda: x

    inner = original(0).__code__

    def emit(e: Emitter) -> None:
        e.make_function(inner, inner.co_freevars, "renamed")
        e.load_closure("x")
        e.load_const(5)
        e.store_deref("x")
        e.build_tuple(2)
        e.return_value()

    function, cell = FunctionType(whole(original.__code__, emit), {})(1)
    assert function() == 5
    assert function.__name__ == "renamed"
    assert isinstance(cell, CellType)
    assert function.__closure__ == (cell,)


def test_large_bodies() -> None:
    """Arguments and jumps that need EXTENDED_ARG."""

    def emit(e: Emitter) -> None:
        end = e.new_label()
        e.load_const(0)
        e.load_fast("a")
        e.pop_jump_if_true(end)
        for i in range(700):
            e.load_const(object() if i % 2 else i)
            e.store_fast(f"t{i}")
            e.load_fast(f"t{i}")
            e.pop_top()
        e.load_fast("t698")
        e.binary_op("+")
        e.place(end)

    assert evaluate(emit, 1) == 0
    assert evaluate(emit, 0) == 698
