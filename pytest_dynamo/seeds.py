"""The state of the random generators, so that both runs of a test draw the same numbers."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Generator:
    """A process-wide generator: the module it lives in, how to read its state and how to set it.

    `save` and `restore` are given the module.
    """

    module: str
    save: Callable[[Any], Any]
    restore: Callable[[Any, Any], None]


def _save_cuda(torch: Any) -> Any:
    return torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None


def _restore_cuda(torch: Any, states: Any) -> None:
    if states is not None:
        torch.cuda.set_rng_state_all(states)


GENERATORS = (
    Generator("random", lambda random: random.getstate(), lambda random, state: random.setstate(state)),
    Generator("numpy", lambda np: np.random.get_state(), lambda np, state: np.random.set_state(state)),
    Generator("torch", lambda torch: torch.get_rng_state(), lambda torch, state: torch.set_rng_state(state)),
    Generator("torch", _save_cuda, _restore_cuda),
)


def save() -> Callable[[], None]:
    """Remember the state of every generator that is loaded; the result puts it back."""
    loaded = [(one, sys.modules[one.module]) for one in GENERATORS if one.module in sys.modules]
    states = [(one, module, one.save(module)) for one, module in loaded]

    def restore() -> None:
        for one, module, state in states:
            one.restore(module, state)

    return restore
