"""Holes that stand for one of a few words."""

from __future__ import annotations

LITERALS: dict[str, tuple[str, ...]] = {
    "digit": ("0", "1", "2", "3", "4", "7", "-1", "-2"),
    "count": ("2", "1", "3", "4", "0"),
    "real": ("0.5", "1.0", "2.0", "-1.5", "0.0", "0.25", "1e-3"),
    "word": ("'a'", "'b'", "'key'", "''", "'Tensor'", "'x y'"),
    "truthvalue": ("True", "False"),
    "unary": ("sin", "cos", "relu", "tanh", "neg", "abs", "exp", "sigmoid", "clone", "square"),
    "inplace": ("add_", "mul_", "sub_"),
    "reduce": ("sum", "mean", "max", "min"),
    "exception": ("ValueError", "KeyError", "RuntimeError", "Stop", "TypeError"),
    "caught": (
        "ValueError",
        "Exception",
        "(KeyError, IndexError)",
        "Stop",
        "RuntimeError",
        "LookupError",
        "ArithmeticError",
    ),
    "compare": ("==", "!=", "<", "<=", ">", ">="),
    "dtype": ("torch.float32", "torch.float64", "torch.int64"),
}
