"""Modules and tensors in containers; containers given and returned."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import torch
from torch import nn

from tests.compiler.programs.harness import Made, call, program


@program()
def module_list() -> Made:
    class Stack(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
            self.layers.append(nn.Linear(4, 2))

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, int]:
            for index, layer in enumerate(self.layers[:-1]):
                x = torch.relu(layer(x)) + index
            for layer in self.layers[1:2]:
                x = layer(x)
            return self.layers[-1](x), len(self.layers)

    return Stack(), [call(torch.randn(3, 4))]


@program()
def module_dict() -> Made:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.heads = nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 3)})
            self.heads["c"] = nn.Identity()

        def forward(self, x: torch.Tensor, only: str | None = None) -> dict[str, torch.Tensor]:
            if only in self.heads:
                return {only: self.heads[only](x)}
            return {name: head(x) for name, head in self.heads.items()}

    x = torch.randn(3, 4)
    return Heads(), [call(x), call(x, only="b"), call(x, "z")]


@program()
def parameter_containers() -> Made:
    class Mixture(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.ParameterList([nn.Parameter(torch.randn(4, 4)) for _ in range(3)])
            self.biases = nn.ParameterDict({"x": nn.Parameter(torch.randn(4)), "y": nn.Parameter(torch.randn(4))})

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for weight in self.weights:
                x = x @ weight
            return x + self.biases["x"] * self.weights[0][0] + self.biases.y

    return Mixture(), [call(torch.randn(2, 4))]


@program()
def sequential_features() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(OrderedDict(a=nn.Linear(4, 4), act=nn.ReLU(), b=nn.Linear(4, 3)))

        def forward(self, x: torch.Tensor) -> Any:
            first = self.body[0](x)
            rest = self.body[1:](first)
            names = [name for name, _ in self.body.named_children()]
            return rest + self.body.b.bias, names, len(self.body)

    return Net(), [call(torch.randn(2, 4))]


@program()
def nested_arguments() -> Made:
    def add_all(batch: dict[str, Any], *more: torch.Tensor, **options: Any) -> dict[str, Any]:
        total = batch["x"] + sum(batch["list"])
        for item in more:
            total = total * item
        a, (b, c) = batch["pair"]
        return {"total": total * options.get("scale", 1), "pair": (a + b, [c]), **options}

    def batch() -> dict[str, Any]:
        x = torch.randn(2)
        return {"x": x, "list": [x + 1, x + 2], "pair": (torch.randn(2), (torch.randn(2), 3))}

    return add_all, [call(batch()), call(batch(), torch.ones(2), torch.ones(2), scale=2, name="n")]


@program(settles=False)
def growing_lists_and_dicts() -> Made:
    def collect(x: torch.Tensor, seen: list[torch.Tensor], stats: dict[str, Any]) -> int:
        seen.append(x * 2)
        stats.setdefault("calls", []).append(len(seen))
        stats["last"] = x.mean()
        return len(seen)

    return collect, [call(torch.randn(3), [], {})]


@program()
def collections_module() -> Made:
    def work(x: torch.Tensor) -> Any:
        queue = deque([x, x + 1], maxlen=3)
        queue.append(x + 2)
        queue.append(x + 3)
        queue.rotate(1)
        groups: defaultdict[str, list[torch.Tensor]] = defaultdict(list)
        for index, item in enumerate(queue):
            groups["even" if index % 2 == 0 else "odd"].append(item)
        counts = Counter("hello")
        counts.update(["l", "z"])
        ordered = OrderedDict(b=1, a=2)
        ordered.move_to_end("b")
        return list(queue), dict(groups), counts["l"], counts["q"], list(ordered), queue.popleft() + queue[-1]

    return work, [call(torch.randn(3))]


@program()
def counter_returned() -> Made:
    def work(x: torch.Tensor) -> Any:
        counts = Counter(a=2)
        counts["b"] += 1
        return counts, counts.most_common(1), x * sum(counts.values())

    return work, [call(torch.randn(3))]


@program()
def own_dict_class() -> Made:
    class Config(dict):
        def __getattr__(self, name: str) -> Any:
            try:
                return self[name]
            except KeyError as error:
                raise AttributeError(name) from error

    def work(x: torch.Tensor, config: Config) -> Any:
        made = Config(a=x * config.scale, **{"b": config["shift"]})
        made["c"] = made.a + made.b
        return made, len(made), "a" in made, hasattr(config, "missing"), list(made.keys())

    return work, [call(torch.randn(3), Config(scale=2, shift=torch.ones(3)))]


@program(settles=False)
def own_list_class() -> Made:
    class Stack(list):
        def push(self, item: Any) -> None:
            self.append(item)

        @property
        def top(self) -> Any:
            return self[-1]

    def work(x: torch.Tensor, given: Stack) -> Any:
        stack = Stack([x])
        stack.push(x + 1)
        stack.extend(given)
        given.push(x * 3)
        return stack, stack.top, len(stack), [item for item in stack], isinstance(stack, list)

    return work, [call(torch.randn(3), Stack([torch.ones(3)]))]


@program()
def own_ordered_dict_class() -> Made:
    class Output(OrderedDict):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.made = True

        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            super().__setattr__(key, value)

        def to_tuple(self) -> tuple[Any, ...]:
            return tuple(self[k] for k in self.keys())

    def work(x: torch.Tensor) -> Any:
        out = Output()
        out["logits"] = x * 2
        out["hidden"] = (x, x + 1)
        return out, out.to_tuple(), out.logits + out["logits"]

    return work, [call(torch.randn(3))]


@program()
def own_tuple_class() -> Made:
    class Pair(tuple):
        def swap(self) -> Pair:
            return Pair((self[1], self[0]))

    def work(x: torch.Tensor, pair: Pair) -> Any:
        a, b = pair.swap()
        return Pair((a + x, b)), len(pair)

    return work, [call(torch.randn(3), Pair((torch.ones(3), torch.zeros(3))))]


@program(settles=False)
def slices_and_unpacking() -> Made:
    def work(xs: list[torch.Tensor]) -> Any:
        first, *middle, last = xs
        xs[1:2] = [first, last]
        del xs[0]
        xs.insert(0, first + last)
        xs.reverse()
        return first + last, middle, xs[::-1], xs.pop(), max(range(3)), sorted([3, 1, 2], reverse=True)

    return work, [call([torch.randn(2) for _ in range(4)])]


@program(settles=False)
def sets() -> Made:
    def work(x: torch.Tensor, names: set[str]) -> Any:
        wanted = {"a", "b"} & names
        names.add("q")
        return x * len(wanted), sorted(wanted | {"z"}), "a" in names, frozenset([1, 2])

    return work, [call(torch.randn(2), {"a", "c"})]


@program()
def own_classes_with_builtin_operators() -> Made:
    class Stack(list):
        pass

    class Row(tuple):
        pass

    class Table(dict):
        def __missing__(self, key: str) -> Any:
            return key * 2

    def work(x: torch.Tensor) -> Any:
        stack, row, table = Stack([1, 2]), Row((x, 3)), Table(a=x)
        stack += [5]
        merged = {**table, "b": 1}
        return (
            [0] + stack, stack * 2, stack == [1, 2, 5], (1,) + row, row[0] + row[1], torch.stack(Stack([x, x])), table["zz"], merged, table | {"q": 2},
            sorted(stack, reverse=True), [*stack], len(row), stack[::-1], 5 in stack, table.get("zz"), bool(Stack()), stack, row, table,
        )  # fmt: skip

    return work, [call(torch.randn(3))]


@program(settles=False)
def own_dict_class_changed() -> Made:
    class Cache(dict):
        hits = 0

        def __setitem__(self, key: str, value: Any) -> None:
            self.hits += 1
            super().__setitem__(key, value)

        def __delitem__(self, key: str) -> None:
            super().__delitem__(key)

    def work(x: torch.Tensor, cache: Cache) -> Any:
        cache["new"] = x * 2
        cache.update(other=x)
        if "old" in cache:
            del cache["old"]
        cache.pop("none", None)
        return [(key, value + 1) for key, value in cache.items()], cache.hits

    return work, [call(torch.randn(3), Cache(old=torch.ones(3)))]


@program()
def modules_sliced_and_joined() -> Made:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(4)])
            self.body = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for layer in reversed(self.layers):
                x = layer(x)
            for layer in self.layers[::2]:
                x = layer(x)
            return self.body[:2](x) + sum(layer(x) for layer in self.layers[1:3])

    return Net(), [call(torch.randn(2, 3))]
