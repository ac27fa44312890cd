"""Graph modules: FX graphs with their Python code."""

from __future__ import annotations

import linecache
import weakref

import torch
import torch.fx
import torch.fx.graph_module

from compiler import _C


def graph_module(holder: torch.nn.Module, graph: torch.fx.Graph, name: str) -> torch.fx.GraphModule:
    """The graph as a module of class `name`; this writes and compiles its Python code.

    That code is never captured as if it were the user's; and FX, which keeps the text of all code that it wrote,
    forgets it with the module.
    """
    module = torch.fx.GraphModule(holder, graph, class_name=name)
    for part in module.modules():  # their code has been written anew
        if isinstance(part, torch.fx.GraphModule):
            code = type(part).forward.__code__
            _C.code_cache(code).skip = 1
            weakref.finalize(part, _forget, code.co_filename).atexit = False
    return module


def _forget(filename: str) -> None:
    linecache.cache.pop(filename, None)
    torch.fx.graph_module._loader.eval_cache.pop(filename, None)
