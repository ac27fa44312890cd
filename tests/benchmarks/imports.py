"""What importing costs after torch, in fresh processes, and what it drags in.

Both are compiled to bytecode beforehand, as packages are that pip has installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.benchmarks.harness import Row, Target, interleave, report

ROUNDS = 5

SCRIPT = """
import json, sys, time
import torch
before = set(sys.modules)
started = time.perf_counter_ns()
import {name}
took = time.perf_counter_ns() - started
heavy = [name for name in ("sympy", "torch._dynamo", "torch._inductor") if name in set(sys.modules) - before]
print(json.dumps([took, heavy]))
"""


def _import(name: str) -> tuple[float, list[str]]:
    command = [sys.executable, "-c", SCRIPT.format(name=name)]
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    took, heavy = json.loads(done.stdout)
    return took, heavy


def run() -> bool:
    ours, theirs = [], []
    _import("compiler")  # which writes the bytecode
    heavy: set[str] = set()

    def measure_ours() -> None:
        took, dragged = _import("compiler")
        ours.append(took)
        heavy.update(dragged)

    interleave({"ours": measure_ours, "theirs": lambda: theirs.append(_import("torch._dynamo")[0])}, ROUNDS)
    name = "import after torch"
    row = Row(name, sorted(ours)[len(ours) // 2], sorted(theirs)[len(theirs) // 2])
    met = report("Imports: compiler, and torch._dynamo, after torch", [row], [Target(name, 200e6)])
    print(f"heavy modules that ours loads: {', '.join(sorted(heavy)) or 'none'}")
    return met and not heavy
