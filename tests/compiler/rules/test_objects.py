"""Attributes of user objects."""

from __future__ import annotations

import torch

import compiler
from tests.compiler.agreement import agree


class Box:
    def __init__(self, **attributes):
        vars(self).update(attributes)


def test_an_attribute_that_came_and_went_is_not_deleted():
    def main(box):
        box.extra = 1
        del box.extra
        return vars(box)

    agree(main, lambda: (Box(),))


def test_an_attribute_deleted_and_set_again_moves_to_the_end():
    def main(box):
        del box.first
        box.first = 3

    agree(main, lambda: (Box(first=1, second=2),))


def test_a_deleted_attribute_is_deleted():
    def main(box):
        box.first = 5
        del box.first
        return hasattr(box, "first")

    agree(main, lambda: (Box(first=1),))


def test_the_dict_of_an_object_is_where_its_attributes_are():
    def main(box):
        box.second = 4
        box.__dict__["first"] = 2
        total = box.first + box.second
        box.first = 7
        del box.second
        box.third = total
        return box.__dict__["first"], box.__dict__

    agree(main, lambda: (Box(first=1),))


def test_a_key_deleted_and_stored_again_is_the_new_key():
    def main(entries):
        value = entries[1]
        del entries[1]
        entries[True] = value
        return [type(key) for key in entries]

    entries = {1: 5}
    assert compiler.optimize(main)(entries) == [bool]
    assert [type(key) for key in entries] == [bool]


class Finalized:
    dropped: list[int] = []  # noqa: RUF012

    def __del__(self):
        self.dropped.append(1)


def test_an_object_made_in_the_frame_is_finalized():
    def main():
        Finalized()
        return 1

    compiled = compiler.optimize(main)
    for count in (1, 2):
        compiled()
        assert len(Finalized.dropped) == count


class _Meta(type):
    pass


class _OfMeta(metaclass=_Meta):
    pass


class _Deciding(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, int)


class _Decided(metaclass=_Deciding):
    pass


def test_instances_of_classes_with_a_metaclass_of_the_users():
    def main(x):
        made = _OfMeta()
        return isinstance(made, _OfMeta), isinstance(3, _OfMeta), issubclass(_OfMeta, _OfMeta), x + 1

    records = agree(main, lambda: (torch.ones(2),))
    assert [record.outcome for record in records] == ["compiled"]

    compiled = compiler.optimize(main)
    compiled(torch.ones(2))
    _Meta.__instancecheck__ = lambda cls, instance: True
    try:
        assert compiled(torch.ones(2))[1] is True
    finally:
        del _Meta.__instancecheck__


def test_a_metaclass_that_decides():
    def main(x):
        return isinstance(3, _Decided), isinstance("", _Decided), x + 1

    agree(main, lambda: (torch.ones(2),))
