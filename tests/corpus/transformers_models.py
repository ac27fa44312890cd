"""Tiny random models of `transformers`, one of each family: compiled forward passes against eager ones.

Needs the package, which is none of our dependencies::

    python -m tests.corpus.transformers_models [--train] [name ...]
    pytest -m slow tests/corpus/transformers_models.py

Each row says how many graphs and breaks the first call gave, and whether the results are equal.
"""

from __future__ import annotations

import dataclasses
import random
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import compiler
from compiler.events import FrameRecord

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 99,
    "max_position_embeddings": 64,
}


def _ids() -> dict[str, torch.Tensor]:
    return {"input_ids": torch.randint(3, 90, (2, 10)), "attention_mask": torch.ones(2, 10, dtype=torch.long)}


def _pixels() -> dict[str, torch.Tensor]:
    return {"pixel_values": torch.randn(2, 3, 32, 32)}


def _encoder_decoder() -> dict[str, torch.Tensor]:
    return {"input_ids": torch.randint(3, 90, (2, 10)), "decoder_input_ids": torch.randint(3, 90, (2, 6))}


def _clip() -> dict[str, torch.Tensor]:
    return _ids() | _pixels()


def _speech() -> dict[str, torch.Tensor]:
    return {"input_features": torch.randn(2, 16, 40), "decoder_input_ids": torch.randint(3, 90, (2, 6))}


def _waveform() -> dict[str, torch.Tensor]:
    return {"input_values": torch.randn(2, 800)}


def _whisper(t: Any) -> Any:
    return t.WhisperConfig(
        d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=48, decoder_ffn_dim=48, vocab_size=99, num_mel_bins=16, max_source_positions=20,
        max_target_positions=32, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip


def _clip_config(t: Any) -> Any:
    text = {**SMALL, "eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 0}
    return t.CLIPConfig(text_config=text, vision_config=SMALL | {"image_size": 32, "patch_size": 8}, projection_dim=16)


FAMILIES: dict[str, tuple[str, Callable[[Any], Any], Callable[[], dict[str, torch.Tensor]]]] = {
    "bert": ("BertForMaskedLM", lambda t: t.BertConfig(**SMALL), _ids),
    "gpt2": ("GPT2LMHeadModel", lambda t: t.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=99, n_positions=64), _ids),
    "llama": ("LlamaForCausalLM", lambda t: t.LlamaConfig(**SMALL, num_key_value_heads=2), _ids),
    "t5": ("T5ForConditionalGeneration", lambda t: t.T5Config(
        d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, vocab_size=99), _encoder_decoder),
    "vit": ("ViTForImageClassification", lambda t: t.ViTConfig(**SMALL, image_size=32, patch_size=8), _pixels),
    "clip": ("CLIPModel", _clip_config, _clip),
    "whisper": ("WhisperForConditionalGeneration", _whisper, _speech),
    "mixtral": ("MixtralForCausalLM", lambda t: t.MixtralConfig(
        **SMALL, num_key_value_heads=2, num_local_experts=4, num_experts_per_tok=2), _ids),
    "mamba": ("MambaForCausalLM", lambda t: t.MambaConfig(
        hidden_size=32, num_hidden_layers=2, vocab_size=99, state_size=8), _ids),
    "opt": ("OPTForCausalLM", lambda t: t.OPTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=48, vocab_size=99,
        max_position_embeddings=64, word_embed_proj_dim=32), _ids),
    "distilbert": ("DistilBertForSequenceClassification", lambda t: t.DistilBertConfig(
        dim=32, n_layers=2, n_heads=4, hidden_dim=48, vocab_size=99, max_position_embeddings=64), _ids),
    "albert": ("AlbertForMaskedLM", lambda t: t.AlbertConfig(**SMALL, embedding_size=16), _ids),
    "roberta": ("RobertaForTokenClassification", lambda t: t.RobertaConfig(**SMALL), _ids),
    "qwen2": ("Qwen2ForCausalLM", lambda t: t.Qwen2Config(**SMALL, num_key_value_heads=2), _ids),
    "bart": ("BartForConditionalGeneration", lambda t: t.BartConfig(
        d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=48, decoder_ffn_dim=48, vocab_size=99, max_position_embeddings=64), _encoder_decoder),
    "convnext": ("ConvNextForImageClassification", lambda t: t.ConvNextConfig(
        hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], num_stages=4), _pixels),
    "wav2vec2": ("Wav2Vec2Model", lambda t: t.Wav2Vec2Config(
        **SMALL, conv_dim=(16, 16), conv_stride=(5, 2), conv_kernel=(10, 3), num_feat_extract_layers=2,
        num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2), _waveform),
}  # fmt: skip
"""Family → class, configuration, inputs."""


@dataclasses.dataclass
class Row:
    """What is reported of one model."""

    name: str
    equal: bool
    records: list[FrameRecord]
    seconds: float
    error: str = ""

    @property
    def graphs(self) -> int:
        return sum(record.graph_ops > 0 for record in self.records)

    @property
    def breaks(self) -> list[str]:
        return [
            f"{record.reason.kind}: {record.reason.context}  [{record.reason.location}]"
            for record in self.records
            if record.outcome in ("broken", "fell_back") and record.reason is not None
        ]

    def __str__(self) -> str:
        ops = sum(record.graph_ops for record in self.records)
        verdict = "equal" if self.equal else f"DIFFERS {self.error}"
        head = f"{self.name:12} {verdict:8} graphs {self.graphs:3} breaks {len(self.breaks):3} ops {ops:4} {self.seconds:5.1f} s"
        return "\n".join([head, *[f"    {line}" for line in self.breaks]])


def run(name: str) -> Row:
    """One model: eager, then compiled, twice."""
    import transformers

    cls, config, inputs = FAMILIES[name]
    torch.manual_seed(0)
    model = getattr(transformers, cls)(config(transformers)).eval()
    batch = inputs()
    compiler.reset()
    with torch.no_grad():
        expected = model(**batch)
        compiled = compiler.optimize(model)
        with compiler.events.collect() as records:
            started = time.perf_counter()
            try:
                first = compiled(**batch)
                seconds = time.perf_counter() - started
                row = Row(name, same(expected, first), list(records), seconds)
                row.equal = row.equal and same(expected, compiled(**batch))
            except Exception:
                return Row(name, False, list(records), 0.0, traceback.format_exc())
    return row


def run_training(name: str) -> Row:
    """One model in training mode, dropout and all: outputs, gradients and random numbers; eager, then compiled, twice."""
    import transformers

    cls, config, inputs = FAMILIES[name]
    torch.manual_seed(0)
    model = getattr(transformers, cls)(config(transformers)).train()
    batch = inputs()
    compiler.reset()
    expected = _step(model, model, batch)
    compiled = compiler.optimize(model)
    with compiler.events.collect() as records:
        started = time.perf_counter()
        try:
            found = _step(model, compiled, batch)
            seconds = time.perf_counter() - started
            row = Row(name, same(expected, found), list(records), seconds)
            row.equal = row.equal and same(expected, _step(model, compiled, batch))
        except Exception:
            return Row(name, False, list(records), 0.0, traceback.format_exc())
    return row


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
@pytest.mark.parametrize("name", FAMILIES)
def test_model_computes_the_same(name: str) -> None:
    pytest.importorskip("transformers")
    row = run(name)
    assert row.equal, str(row)
    assert all(record.outcome != "fell_back" for record in row.records), str(row)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_model_trains_the_same(name: str) -> None:
    pytest.importorskip("transformers")
    row = run_training(name)
    assert row.equal, str(row)
    assert all(record.outcome != "fell_back" for record in row.records), str(row)


if __name__ == "__main__":
    how = run_training if "--train" in sys.argv else run
    for chosen in [arg for arg in sys.argv[1:] if arg != "--train"] or FAMILIES:
        print(how(chosen), flush=True)
