"""Graph modules leave nothing behind."""

from __future__ import annotations

import gc
import linecache

import torch
import torch.fx.graph_module

import compiler


def test_the_code_of_a_graph_is_forgotten_with_it():
    def compile_one(number: int) -> None:
        namespace: dict[str, object] = {}
        exec(f"def fn(x): return x + {number}", namespace)
        compiler.optimize(namespace["fn"])(torch.ones(2))

    def kept() -> tuple[int, int]:
        gc.collect()
        return len(torch.fx.graph_module._loader.eval_cache), sum("eval_with_key" in name for name in linecache.cache)

    compile_one(0)
    before = kept()
    for number in range(20):
        compile_one(number)
    assert kept() <= before
