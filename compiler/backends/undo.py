"""What is noted before a graph runs, so that its frame can begin anew: random states and inputs that will change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class _Memory:
    """What a tensor was. Made before each run of the graphs concerned, so it is written for speed."""

    __slots__ = ("contents", "facts", "tensor", "version")

    def __init__(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        self.tensor = tensor
        self.facts = _facts(tensor)
        self.version = None if tensor.is_inference() else tensor._version
        # Whichever has the same bytes; the copy of a tensor is twice as fast.
        alone = (
            tensor.is_contiguous() and tensor.nbytes == storage.nbytes() and not (tensor.is_conj() or tensor.is_neg())
        )
        self.contents = tensor.data.clone() if alone else storage.clone()

    def can_be_put_back(self) -> bool:
        return all(now is before or now == before for now, before in zip(_facts(self.tensor), self.facts, strict=True))

    def put_back(self) -> None:
        contents = self.contents
        storage = contents.untyped_storage() if isinstance(contents, torch.Tensor) else contents
        self.tensor.untyped_storage().copy_(storage)
        if self.version is not None:
            torch._C._autograd._unsafe_set_version_counter((self.tensor,), (self.version,))


def _facts(tensor: torch.Tensor) -> tuple[Any, ...]:
    """What no copy of a tensor's contents puts back."""
    return tensor.shape, tensor.stride(), tensor.data_ptr(), tensor.requires_grad, tensor.grad_fn


class Undo:
    """The state before one run of a graph.

    `put_back` undoes what the graph has done since to the inputs `inputs` and to the generators of random numbers.
    """

    def __init__(
        self,
        memories: dict[int, _Memory],
        states: list[tuple[Any, torch.Tensor]],
        versions: list[tuple[torch.Tensor, int]],
    ) -> None:
        self._memories = memories
        self._states = states
        self._versions = versions

    @property
    def inputs(self) -> frozenset[int]:
        """Indices of the inputs that can be put back."""
        return frozenset(index for index, memory in self._memories.items() if memory.can_be_put_back())

    def sees_a_change(self) -> bool:
        """Whether an operator has changed an input since, of any that the graph takes."""
        return any(tensor._version != version for tensor, version in self._versions)

    def put_back(self) -> None:
        for memory in self._memories.values():
            memory.put_back()
        for generator, state in self._states:
            generator.set_state(state)


NOTHING = Undo({}, [], [])


class Keeper:
    """What of a graph's calls has to be noted, before each of them."""

    def __init__(
        self,
        inputs: Iterable[int],
        generators: Iterable[torch.Generator],
        devices: Iterable[torch.device],
        *,
        watch: bool,
    ) -> None:
        self._inputs = tuple(inputs)
        self._generators = tuple(generators)
        self._devices = tuple(devices)
        self._watch = watch

    def __bool__(self) -> bool:
        return bool(self._inputs or self._generators or self._devices or self._watch)

    def __call__(self, *inputs: Any) -> Undo:
        """The state before a call with these inputs; without their contents where memory is short."""
        generators = [*self._generators, *_default_generators(self._devices)]
        states = [(generator, generator.get_state()) for generator in generators]
        versions = [(tensor, tensor._version) for tensor in inputs if not tensor.is_inference()] if self._watch else []
        try:
            return Undo({index: _Memory(inputs[index]) for index in self._inputs}, states, versions)
        except (MemoryError, RuntimeError):  # torch's lack of memory is one of the latter
            return Undo({}, states, versions)


def _default_generators(devices: Iterable[torch.device]) -> list[Any]:
    """Those that operators use when they are given none. A device that nothing has used yet has none to put back."""
    return [generator for device in devices for generator in _default_generators_of(device)]


def _default_generators_of(device: torch.device) -> list[Any]:
    if device.type == "cpu":
        return [torch.default_generator]
    generators = getattr(torch.get_device_module(device), "default_generators", ())
    if not generators:
        return []
    return [generators[device.index]] if device.index is not None else list(generators)
