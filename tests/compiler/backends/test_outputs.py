"""What a graph must return."""

from __future__ import annotations

import pytest
import torch

from compiler.backends.outputs import Output, misfit

CPU = torch.device("cpu")
WANTED = (Output(torch.Size([2]), torch.float32, CPU), Output(torch.Size([]), torch.int64, CPU))
GOOD = (torch.zeros(2), torch.tensor(3))


@pytest.mark.parametrize("result", [GOOD, list(GOOD), (torch.nn.Parameter(torch.zeros(2)), torch.tensor(3))])
def test_as_it_should_be(result):
    assert misfit(result, WANTED) is None


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (None, "a NoneType instead of a tuple or list of 2 tensors"),
        (GOOD[:1], "1 values instead of a tuple or list of 2 tensors"),
        ((GOOD[0], 3), "an int instead of a tensor of shape (), torch.int64, on cpu as output 1"),
        (
            (torch.zeros(1, 2), GOOD[1]),
            "a tensor of shape (1, 2), torch.float32, on cpu instead of a tensor of shape (2,), torch.float32, on cpu as output 0",
        ),
        ((GOOD[0].half(), GOOD[1]), "a tensor of shape (2,), torch.float16, on cpu instead of"),
        ((GOOD[0].to("meta"), GOOD[1]), "a tensor of shape (2,), torch.float32, on meta instead of"),
    ],
)
def test_misfits(result, text):
    found = misfit(result, WANTED)
    assert found is not None
    assert found.startswith(text)


def test_a_device_without_a_number_is_the_current_one():
    given = torch.zeros(2, device="meta")
    assert misfit((given,), (Output(torch.Size([2]), torch.float32, torch.device("meta", 0)),)) is None
