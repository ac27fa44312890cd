"""Tiny random models of `transformers`: compiled forward passes against eager ones.

Needs the package, which is none of our dependencies::

    python -m tests.corpus.transformers_models [--train] [--report PATH] [name ...]
    pytest -m slow tests/corpus/transformers_models.py

Each row says how many graphs and breaks the first call gave, whether the results are equal, and how long the first
call took beyond a later one, beside ``torch.compile(backend="eager")`` in the same process.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import statistics
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tabulate import tabulate

import compiler
from compiler.events import FrameRecord
from tests.corpus.architectures import ARCHITECTURES


@dataclasses.dataclass
class Row:
    """What is reported of one model.

    Attributes:
        compile_s: What the first call took beyond the second one, in seconds.
        torch_compile_s: The same under torch.compile with its eager backend; ``None`` where that was not asked for or
            failed.
    """

    name: str
    equal: bool
    records: list[FrameRecord]
    compile_s: float = 0.0
    error: str = ""
    torch_compile_s: float | None = None

    @property
    def family(self) -> str:
        return ARCHITECTURES[self.name].family

    @property
    def graphs(self) -> int:
        return sum(record.graph_ops > 0 for record in self.records)

    @property
    def ops(self) -> int:
        return sum(record.graph_ops for record in self.records)

    @property
    def breaks(self) -> list[str]:
        return [
            f"{record.reason.kind}: {record.reason.context}  [{record.reason.location}]"
            for record in self.records
            if record.outcome in ("broken", "fell_back") and record.reason is not None
        ]

    @property
    def whole(self) -> bool:
        return self.graphs == 1 and not self.breaks

    def __str__(self) -> str:
        verdict = "equal" if self.equal else f"DIFFERS {self.error}"
        head = (
            f"{self.name:16} {verdict:8} graphs {self.graphs:3} breaks {len(self.breaks):3} "
            f"ops {self.ops:4} {1e3 * self.compile_s:7.1f} ms"
        )
        return "\n".join([head, *[f"    {line}" for line in self.breaks]])


def build(name: str) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    """A model with random weights, and inputs for it."""
    import transformers

    architecture = ARCHITECTURES[name]
    torch.manual_seed(0)
    model = getattr(transformers, architecture.model)(architecture.config(transformers))
    return model, architecture.inputs()


def run(name: str) -> Row:
    """One model: eager, then compiled, twice."""
    model, batch = build(name)
    model.eval()
    return _compare(name, model, lambda call: _forward(call, batch), torch.no_grad())


def run_training(name: str) -> Row:
    """One model in training mode, dropout and all: outputs, gradients and random numbers; eager, then compiled, twice."""
    model, batch = build(name)
    model.train()
    return _compare(name, model, lambda call: _step(model, call, batch), torch.enable_grad())


def _compare(name: str, model: torch.nn.Module, use: Callable[[Any], Any], mode: Any) -> Row:
    compiler.reset()
    with mode:
        expected = use(model)
        compiled = compiler.optimize(model)
        with compiler.events.collect() as records:
            try:
                times, found = _twice(lambda: use(compiled))
            except Exception:
                return Row(name, False, list(records), error=traceback.format_exc())
    equal = all(same(expected, result) for result in found)
    return Row(name, equal, list(records), times[0] - times[1])


def torch_compile_s(name: str) -> float | None:
    """What torch.compile's first call takes beyond its second one, in seconds; ``None`` where it fails."""
    model, batch = build(name)
    model.eval()
    torch.compiler.reset()
    compiled = torch.compile(model, backend="eager")
    with torch.no_grad():
        try:
            times, _ = _twice(lambda: compiled(**batch))
        except Exception:
            return None
    return times[0] - times[1]


def _twice(call: Callable[[], Any]) -> tuple[list[float], list[Any]]:
    times, results = [], []
    for _ in range(2):
        started = time.perf_counter()
        results.append(call())
        times.append(time.perf_counter() - started)
    return times, results


def _forward(call: Callable[..., Any], batch: dict[str, torch.Tensor]) -> Any:
    torch.manual_seed(1)  # some draw random numbers in inference too
    return call(**batch)


def _step(model: torch.nn.Module, call: Callable[..., Any], batch: dict[str, torch.Tensor]) -> Any:
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    model.zero_grad()
    output = call(**batch)
    tensors = [value for value in output.values() if isinstance(value, torch.Tensor) and value.requires_grad]
    sum(tensor.float().square().mean() for tensor in tensors).backward()
    grads = {name: parameter.grad for name, parameter in model.named_parameters()}
    return [tensor.detach() for tensor in tensors], grads, torch.get_rng_state()


def same(a: Any, b: Any) -> bool:
    """Equal types, and tensors equal up to rounding."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.shape == b.shape and torch.allclose(a, b, rtol=1e-5, atol=1e-6, equal_nan=True)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if hasattr(a, "__dict__"):
        return same(vars(a), vars(b))
    return bool(a == b)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_model_computes_the_same(name: str) -> None:
    pytest.importorskip("transformers")
    row = run(name)
    assert row.equal, str(row)
    assert all(record.outcome != "fell_back" for record in row.records), str(row)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_model_trains_the_same(name: str) -> None:
    pytest.importorskip("transformers")
    row = run_training(name)
    assert row.equal, str(row)
    assert all(record.outcome != "fell_back" for record in row.records), str(row)


# -- the report ------------------------------------------------------------------------------


def summary(rows: list[Row]) -> str:
    """One line: how many are equal, how many are one graph, and what compiling took."""
    whole = sum(row.whole for row in rows)
    ours = statistics.median(row.compile_s for row in rows)
    line = (
        f"{len(rows)} architectures of {len({row.family for row in rows})} families: "
        f"{sum(row.equal for row in rows)} equal to eager, {whole} in exactly one graph; "
        f"median capture {1e3 * ours:.0f} ms"
    )
    both = [(row.compile_s, row.torch_compile_s) for row in rows if row.torch_compile_s is not None]
    if both:
        ratio = statistics.median(one / other for one, other in both)
        line += f", torch.compile(backend='eager') {1e3 * statistics.median(other for _, other in both):.0f} ms"
        line += f", median ratio {ratio:.2f}, ratio of sums {sum(a for a, _ in both) / sum(b for _, b in both):.2f}"
    return line


def report(rows: list[Row], command: str) -> str:
    """The results as Markdown."""
    import transformers

    headers = ("architecture", "family", "equal", "graphs", "breaks", "operators", "capture ms", "torch.compile ms")
    table = [
        (
            row.name,
            row.family,
            "yes" if row.equal else "no",
            row.graphs,
            len(row.breaks),
            row.ops,
            f"{1e3 * row.compile_s:.0f}",
            "" if row.torch_compile_s is None else f"{1e3 * row.torch_compile_s:.0f}",
        )
        for row in rows
    ]
    lines = [
        "# Architectures of transformers",
        "",
        f"transformers {transformers.__version__}, torch {torch.__version__}; made by `{command}`.",
        "",
        summary(rows) + ".",
        "",
        tabulate(table, headers, tablefmt="github"),
        "",
    ]
    broken = [row for row in rows if row.breaks]
    if broken:
        lines += ["## Graph breaks", ""]
        lines += [f"- {row.name}: {_portable(reason)}" for row in broken for reason in dict.fromkeys(row.breaks)]
        lines += [""]
    return "\n".join(lines)


def _portable(reason: str) -> str:
    """A reason whose place is told from the package's folder on."""
    head, bracket, place = reason.rpartition("  [")
    _, found, inside = place.rpartition("site-packages/")
    return f"{head}{bracket}{inside if found else place}"


def _rows(names: list[str], measure: Callable[[str], Row], beside: bool) -> Iterator[Row]:
    if beside:  # imports torch's own compiler, which is no part of any model's time
        torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1))
    for name in names:
        row = measure(name)
        if beside:
            row.torch_compile_s = torch_compile_s(name)
        print(row, flush=True)
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", action="store_true", help="training steps instead of inference")
    parser.add_argument("--beside", action="store_true", help="time torch.compile(backend='eager') too")
    parser.add_argument("--report", type=Path, help="write the results as Markdown")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ARCHITECTURES)}")
    args = parser.parse_args()
    names = args.names or list(ARCHITECTURES)
    rows = list(_rows(names, run_training if args.train else run, args.beside))
    print(summary(rows))
    if args.report:
        args.report.write_text(report(rows, "tox -e transformers"))


if __name__ == "__main__":
    main()
