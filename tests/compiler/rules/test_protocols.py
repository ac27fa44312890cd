"""The rules by which classes answer: construction, descriptors, operators, patterns."""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import types

import compiler
from tests.compiler.plain import agree_plain


def errors_of(*calls):
    """The text of what each call raises, or what it gives."""
    found = []
    for call in calls:
        try:
            found.append(call())
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
    return found


class Plain:
    pass


class Made:
    def __new__(cls, *args):
        return super().__new__(cls)


class PassesOn:
    def __new__(cls, *args):
        return super().__new__(cls, *args)


class Gives:
    def __init__(self):
        return 10  # noqa: PLE0101


class Tuple(tuple):
    pass


class ByClassMethod:
    @classmethod
    def __new__(*args):
        return args


def test_arguments_that_nobody_takes():
    def main():
        return errors_of(
            lambda: Plain(1),
            lambda: Plain(key=1),
            lambda: type(Made(1, 2)),
            lambda: PassesOn(1),
            lambda: object.__new__(Plain, 1),
            lambda: object.__init__(Plain(), 1),
            Gives,
            lambda: Tuple(sequence=()),
            lambda: ByClassMethod(1) == (ByClassMethod, ByClassMethod, 1),
        )

    agree_plain(main)


def test_super_new_is_the_base_classs_own_after_a_break():
    """A bound ``super().__new__`` on the stack is not what the class itself has under that name."""

    class Meta(type):
        def __new__(cls, name, bases, names):
            return super().__new__(cls, name, bases, names)

    def main():
        made = Meta("Name", (), {"a": 1})
        return made.a, made.__name__

    agree_plain(main)


def test_super_of_something_else():
    class Base:
        def run(self):
            super()

    def deleted(x):
        del x
        super()

    def main():
        return errors_of(lambda: Base.run(3), lambda: deleted(1), lambda: type(super(Base)))

    agree_plain(main)


def test_descriptors_that_cannot_be_read():
    class Stores:
        def __set__(self, obj, value):
            obj.__dict__["a"] = value

    class Owner:
        a = Stores()

    def main():
        owner = Owner()
        before = owner.a is Owner.__dict__["a"]
        owner.a = 42
        return before, owner.a

    agree_plain(main)


def test_hooks_of_attributes_that_are_descriptors():
    class Finder:
        count = 0

        def __get__(self, obj, cls=None):
            def find(name):
                self.count += 1
                raise AttributeError(name)

            return find

    finder = Finder()

    class Asked:
        __getattribute__ = finder

    def main():
        finder.count = 0
        return errors_of(lambda: Asked().name), finder.count

    agree_plain(main)


def test_looking_at_arguments_asks_them_nothing():
    seen = []

    class Hooked(types.ModuleType):
        def __getattribute__(self, name):
            seen.append(name)
            return super().__getattribute__(name)

    def main(thing):
        return 1

    with compiler.config.patch(capture_all_frames=True):
        compiler.optimize(main)(Hooked("name"))
    assert not seen


def test_a_subclass_goes_first_only_with_an_answer_of_its_own():
    class Base:
        def __floordiv__(self, other):
            return "left"

        def __rfloordiv__(self, other):
            return "right"

        def __divmod__(self, other):
            return "divmod"

    class Same(Base):
        pass

    class Own(Base):
        def __rfloordiv__(self, other):
            return "own right"

    def main():
        return Base() // Same(), Base() // Own(), Own() // Base(), divmod(Base(), 1)

    agree_plain(main, whole=True)


def test_keys_that_hash_and_compare_themselves():
    asked = []

    class Key(str):
        __slots__ = ()

        def __hash__(self):
            asked.append("hash")
            return str.__hash__(self)

        def __eq__(self, other):
            asked.append("eq")
            return str.__eq__(self, other)

    table, keys = {Key("a"): 1}, {Key("b")}

    def main():
        asked.clear()
        return len(table), len(keys), table, list(asked)

    agree_plain(main)


def test_patterns_go_by_the_flags_of_classes():
    class Both(collections.abc.Mapping, collections.abc.Sequence):
        def __getitem__(self, key):
            return 1

        def __len__(self):
            return 1

        def __iter__(self):
            return iter([1])

    class Number(int):
        pass

    class Named(int):
        __match_args__ = ("real", "imag")

    def which(subject):
        match subject:
            case [*_]:
                return "sequence"
            case {}:
                return "mapping"
            case Number(3):
                return "three"
            case Named(1, 0):
                return "one"

    agree_plain(lambda: [which(subject) for subject in (Both(), [1], {}, "a", b"a", Number(3), Named(1), 3)])


def test_patterns_that_are_wrong_raise():
    class NoTuple:
        __match_args__ = None

    class NoNames:
        __match_args__ = (None,)

    class Twice:
        __match_args__ = ("a", "a")
        a = 1

    def match_one(subject, cls):
        match subject:
            case cls(_):
                return "one"

    def match_two(subject, cls):
        match subject:
            case cls(_, _):
                return "two"

    def match_keys(a):
        match {"x": 1, "y": 2}:
            case {a.key: _, "x": _}:
                return "keys"

    def main():
        return errors_of(
            lambda: match_one(NoTuple(), NoTuple),
            lambda: match_one(NoNames(), NoNames),
            lambda: match_two(Twice(), Twice),
            lambda: match_two(1, int),
            lambda: match_keys(types.SimpleNamespace(key="x")),
            lambda: match_keys(types.SimpleNamespace(key="y")),
        )

    agree_plain(main)


def test_inherited_methods_of_c_stay_the_inherited_ones():
    """``super().name`` on the stack at a break, or called, is not what the class itself has under that name."""

    class Items(list):
        def append(self, item):
            super().append(item + 1)

        def __len__(self):
            return super().__len__() + 10

    class Equal:
        def __eq__(self, other):
            return super().__eq__(other)

        def __hash__(self):
            return super().__hash__() * 0

    def main():
        items, equal = Items(), Equal()
        items.append(1)
        append = super(Items, items).append
        compiler.graph_break()
        append(7)
        return list(items), len(items), equal == equal, equal == 1, hash(equal)

    agree_plain(main)


def test_methods_under_another_name():
    class Table(dict):
        __setattr__ = dict.__setitem__

    class Number(int):
        __add__ = str.__add__

    def main():
        table = Table()
        table.name = 42
        return table, errors_of(lambda: Number(1) + Number(2))

    agree_plain(main)


def test_partials():
    def main():
        nested = functools.partial(functools.partial(max, 1), 2, key=abs)
        wrong = errors_of(functools.partial, lambda: functools.partial(3))
        return nested.func is max, nested(-3), wrong

    def outside(partial):
        keywords = partial.keywords
        compiler.graph_break()
        return partial.args is partial.args, keywords is partial.keywords, partial()

    agree_plain(main)
    agree_plain(outside, functools.partial(sorted, [1, 2], reverse=True))


def test_super_of_a_class_reads_what_the_class_has():
    class Base:
        fact = property(lambda self: "fact")

        def method(self, *args):
            return self, args

        @classmethod
        def made(cls):
            return cls.__name__

    class Derived(Base):
        @classmethod
        def read(cls):
            return super().fact is Base.fact, super().method(1), super(Derived, cls).method is Base.method

        @classmethod
        def made(cls):
            return super().made()

    agree_plain(lambda: (Derived.read(), Derived.made(), Derived().made()))


def test_values_that_are_not_followed_compare_themselves():
    class Number(int):
        __eq__ = str.__eq__
        __hash__ = int.__hash__

    number = Number(1)
    agree_plain(lambda: errors_of(lambda: number == number))


class Formatted:
    def __init__(self, amount):
        self.amount = amount

    def __repr__(self):
        return f"Formatted({self.amount})"

    def __format__(self, spec):
        return format(self.amount, spec)


class FormattedWrongly:
    def __format__(self, spec):
        return 3


def test_objects_that_format_themselves():
    def fn():
        held = Formatted(3)
        return (
            f"{held} {held:>4} {held!r:>13}",
            format(held),
            format(held, "03"),
            "{} {!r}".format(held, held),
            "{0.amount}".format(held),
            errors_of(lambda: f"{FormattedWrongly()}"),
        )

    agree_plain(fn)


def test_attributes_that_every_module_has():
    def fn():
        module = collections.abc
        return "Mapping" in module.__dict__, module.__class__, errors_of(lambda: module.missing)

    agree_plain(fn)


def test_a_dataclass_made_in_a_loop():
    def fn():
        made = []
        for size in range(2):
            try:

                @dataclasses.dataclass
                class Sized:
                    size: int

                made.append(Sized(size).size)
            except Exception as error:
                made.append(str(error))
        return made

    agree_plain(fn)
