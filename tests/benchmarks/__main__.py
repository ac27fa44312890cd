"""``python -m tests.benchmarks [--check] [NAME ...]``."""

from __future__ import annotations

import argparse
import platform
import sys

import torch

from tests.benchmarks import calls, capture, guards, imports

BENCHMARKS = {"imports": imports.run, "calls": calls.run, "guards": guards.run, "capture": capture.run}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all of them without")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    print(f"CPython {platform.python_version()}, torch {torch.__version__}, {torch.get_num_threads()} threads")
    met = [BENCHMARKS[name]() for name in given.names or BENCHMARKS]
    return int(given.check and not all(met))


if __name__ == "__main__":
    sys.exit(main())
