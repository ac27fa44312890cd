"""What is noted before a graph runs, so that its frame can begin anew: random states and inputs that will change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

_Memory = tuple[torch.Tensor, torch.UntypedStorage, int | None]


class Undo:
    """The state before one run of a graph.

    Attributes:
        inputs: Indices of the inputs that `put_back` gives their contents back.
    """

    def __init__(
        self,
        inputs: Iterable[int],
        memories: list[_Memory],
        states: list[tuple[Any, torch.Tensor]],
        versions: list[tuple[torch.Tensor, int]],
    ) -> None:
        self.inputs = frozenset(inputs)
        self._memories = memories
        self._states = states
        self._versions = versions

    def sees_a_change(self) -> bool:
        """Whether an operator has changed an input since, of any that the graph takes."""
        return any(tensor._version != version for tensor, version in self._versions)

    def put_back(self) -> None:
        """Undo what the graph has done to the inputs and to the generators of random numbers."""
        for tensor, contents, version in self._memories:
            tensor.untyped_storage().copy_(contents)
            if version is not None:
                torch._C._autograd._unsafe_set_version_counter((tensor,), (version,))
        for generator, state in self._states:
            generator.set_state(state)


NOTHING = Undo((), [], [], [])


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
            return Undo(self._inputs, [_memory(inputs[index]) for index in self._inputs], states, versions)
        except (MemoryError, RuntimeError):  # torch's lack of memory is one of the latter
            return Undo((), [], states, versions)


def _memory(tensor: torch.Tensor) -> _Memory:
    storage = tensor.untyped_storage()
    plain = storage.nbytes() == tensor.numel() * tensor.element_size() and not (tensor.is_conj() or tensor.is_neg())
    copy = tensor.detach().clone().untyped_storage() if plain else storage.clone()  # the former is three times as fast
    if copy.nbytes() != storage.nbytes():  # overlapping elements beside gaps
        copy = storage.clone()
    return tensor, copy, None if tensor.is_inference() else tensor._version


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
