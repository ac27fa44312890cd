"""The rewritten code of frames."""

from __future__ import annotations

import torch

import compiler
from tests.compiler.agreement import agree


def test_a_cell_that_is_empty_after_a_break():
    def main(x, flag):
        print("break")
        if flag:
            y = x + 1
        try:
            return (lambda: y)(), y  # noqa: F821
        except NameError as error:
            kept = type(error).__name__
        del y
        return kept

    agree(main, lambda: (torch.ones(3), True))
    agree(main, lambda: (torch.ones(3), False))


def test_a_cell_that_was_deleted_before_it_is_read():
    def main(x):
        y = x + 1
        print((lambda: y)().shape)  # noqa: F821
        del y
        try:
            return y  # noqa: F821
        except UnboundLocalError as error:
            return str(error)

    agree(main, lambda: (torch.ones(3),))


def test_a_cell_that_every_way_fills_is_no_hindrance():
    def main(x, n):
        print("break")
        for i in range(n):
            y = x + i
            print("break")
            x = (lambda: y * 2)()
        return x

    records = agree(main, lambda: (torch.ones(3), 3), calls=1)
    assert sum(record.outcome == "broken" for record in records) >= 3


class _Base:
    def __init__(self, given):
        print("base", given)


class _Derived(_Base):
    def __init__(self, given, size):
        for _ in range(2):
            print("loop")
        super().__init__(given)
        print("break")
        self.size = size


def test_after_super_was_called_a_resume_function_gets_its_arguments_in_its_own_order():
    def main(x):
        made = _Derived(x, 3)
        return made.size, x + 1

    agree(main, lambda: (torch.ones(3),))


def test_the_receiver_stays_first_after_super():
    """A rest that no longer calls super() takes its arguments in the order that the first one had them."""

    class Base:
        def grow(self, x):
            compiler.graph_break()
            return x + 1

    class Derived(Base):
        def grow(self, x):
            more = super().grow(x)
            compiler.graph_break()
            more = self.add(more, x)
            compiler.graph_break()
            return self.add(more, x)

        def add(self, a, b):
            return a + b

    agree(Derived().grow, lambda: (torch.ones(2),))


def test_what_lies_on_the_stack_is_loaded_before_locals_change():
    def shown(*args):
        print("break")
        return args

    def main(x, given):
        y = x + 1
        *before, last = (given, 7)
        kept, given = given, (last, 2)
        return shown(x, kept, *before), given, y

    for given in (1, [3], torch.ones(1)):
        agree(main, lambda given=given: (torch.ones(2), given))


class _Counted(type):
    def __call__(cls, *args):
        made = super().__call__(*args, "more")
        made.counted = True
        return made


class _Made(metaclass=_Counted):
    def __init__(self, *args):
        self.args = args


class _Plain(type):
    def __call__(cls, given):
        return given if isinstance(given, cls) else type.__call__(cls, given)


class _Wrapped(metaclass=_Plain):
    def __init__(self, given):
        self.given = given


class _Finalised(_Made):
    def __del__(self):
        pass


class _Loud(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, (value, "loud"))

    def update(self, other):
        put = super().update
        print("break")
        put(other)

    def __new__(cls, *args):
        make = super().__new__
        print("break")
        return make(cls, *args)


def test_methods_that_super_gives_are_not_those_of_the_class():
    def main(x):
        made, finalised = _Made(x), _Finalised(x)
        table = _Loud(a=1)
        table.update({"b": 2})
        table["c"] = 3
        wrapped = _Wrapped(_Wrapped(x))
        return wrapped.given, made.args, made.counted, finalised.args, finalised.counted, dict(table), x + 1

    agree(main, lambda: (torch.ones(2),))
