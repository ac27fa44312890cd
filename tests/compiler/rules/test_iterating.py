"""Containers that change while they are iterated over, and what their iterators are."""

from __future__ import annotations

import collections

import compiler
from tests.compiler.plain import agree_plain


def test_values_written_meanwhile_are_seen():
    def main():
        table = {"a": 1, "b": 2}
        seen = []
        for key, value in table.items():
            table["b"] = 5
            seen.append((key, value))
        values = iter(table.values())
        seen.append(next(values))
        table["b"] = 7
        return seen, list(values)

    agree_plain(main, whole=True)


def test_a_dict_that_grows_meanwhile_raises():
    def main():
        table = {0: 0}
        try:
            for key in table:
                table[key + 1] = key
        except RuntimeError as error:
            return str(error)

    agree_plain(main)


def test_keys_that_leave_and_come_back():
    def alone():
        table = {0: 0}
        try:
            for _ in table:
                del table[0]
                table[0] = 0
        except RuntimeError as error:
            return str(error)

    def of_two():
        table = {0: 0, 1: 1}
        try:
            for _ in table:
                del table[0]
                table[0] = 0
        except RuntimeError as error:
            return str(error)

    def emptied():
        table = {0: 0, 1: 1}
        try:
            for _ in table:
                table.clear()
                table.update({0: 1, 1: 2})
        except RuntimeError as error:
            return str(error)

    for main in (alone, of_two, emptied):
        agree_plain(main)


def test_sets_that_change_meanwhile():
    def main():
        numbers = {1, 2, 3}
        seen = []
        try:
            for number in numbers:
                seen.append(number)
                numbers.discard(1)
                numbers.add(number + 8)
        except RuntimeError as error:
            return seen, str(error)

    agree_plain(main)


def test_dicts_keep_the_order_of_what_was_deleted_and_stored_again():
    def main(table):
        del table["a"]
        table["a"] = 4
        table.pop("b")
        table["new"] = 1
        return list(table)

    agree_plain(main, {"a": 1, "b": 2, "c": 3})


def test_reversed_is_live_and_of_its_own_class():
    def main():
        items, table = [1, 2, 3], {1: 1, 2: 2}
        seen = []
        for item in reversed(items):
            seen.append(item)
            items[0] = 9
        things = (items, (1,), range(3), table, table.values(), table.items(), "ab", collections.deque([1]))
        return seen, [type(reversed(thing)) for thing in things]

    agree_plain(main, whole=True)


def test_reversed_of_what_overrides_it():
    class Mine(list):
        def __reversed__(self):
            return iter(["mine"])

    agree_plain(lambda items: list(reversed(items)), Mine([1, 2]))


def test_iterators_go_on_after_a_break():
    def main():
        items, table = [1, 2, 3], {1: 10, 2: 20, 3: 30}
        iterators = [reversed(items), iter(table), iter(table.values()), reversed(table.items())]
        first = [next(iterator) for iterator in iterators]
        ended = iter(table)
        list(ended)
        compiler.graph_break()
        items[0] = table[1] = table[3] = 0
        return first, [list(iterator) for iterator in iterators], list(ended)

    agree_plain(main)


def test_lists_that_change_while_they_are_compared_and_searched():
    class Clears:
        def __init__(self, victim):
            self.victim = victim

        def __eq__(self, other):
            self.victim.clear()
            return NotImplemented

    def main():
        left, right = [], []
        left.append(Clears(right))
        right.append(Clears(left))
        equal = left == right
        items = []
        items += [Clears(items), 1, 2]
        return equal, 1 in items, len(items), items.count(1)

    agree_plain(main)


def test_list_index_takes_bounds():
    def main():
        items, found = [0, 1, 2, 1, 0], []
        for bounds in ((1,), (1, 2), (1, 2, 4), (0, -1), (0, 1, -1), (2, -100, 100), (0, 1, 2)):
            try:
                found.append(items.index(*bounds))
            except ValueError as error:
                found.append(str(error))
        return found, (1, 2, 1).index(1, 1)

    agree_plain(main, whole=True)


def test_keys_that_are_objects_leave_and_come_back():
    class Key:
        def __init__(self, name):
            self.name = name

    def main(table):
        first = next(iter(table))
        table[first] = table.pop(first)
        kept = [key.name for key in table]
        table.clear()
        return kept

    agree_plain(main, {Key("a"): 1, Key("b"): 2, Key("c"): 3})
    agree_plain(lambda table: table.clear(), {int: 1, str: 2, Key("c"): 3})
