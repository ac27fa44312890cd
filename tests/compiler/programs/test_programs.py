"""Every program of the topics beside this file: compiled as in eager, in as few graphs as expected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import compiler
from tests.compiler.programs import (  # noqa: F401 - importing a topic registers its programs
    attention,
    changes,
    containers,
    data_classes,
    dispatch,
    functions,
    hooks,
    layers,
    losses,
    modes,
    modules,
    random_numbers,
    recurrent,
    stdlib,
    tensors,
    text,
    training,
)
from tests.compiler.programs.harness import PROGRAMS, Program, run


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    with compiler.config.patch(strict=True):
        yield


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
@pytest.mark.filterwarnings("ignore")
def test_program(program: Program) -> None:
    run(program)
