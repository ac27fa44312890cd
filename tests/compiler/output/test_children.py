"""What can be rebuilt, and what cannot."""

from __future__ import annotations

import torch

from tests.compiler.agreement import agree


def test_an_exception_that_was_raised_keeps_its_traceback():
    def main(x, text):
        x.sum().item()
        try:
            int(text)
        except KeyError:
            pass

    agree(main, lambda: (torch.ones(3), "no number"))


def test_an_exception_kept_after_it_was_caught():
    def main(text):
        try:
            int(text)
        except ValueError as error:
            kept = error
        return kept.__traceback__.tb_lineno

    agree(main, lambda: ("no number",))
