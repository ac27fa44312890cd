"""Tiny random architectures of `transformers`: family, class, configuration, inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch

Inputs = Callable[[], dict[str, torch.Tensor]]

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 99,
    "max_position_embeddings": 64,
}
_VISION = {key: SMALL[key] for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")}
_IMAGE = _VISION | {"image_size": 32, "patch_size": 8}
_GROUPED = SMALL | {"num_key_value_heads": 2}
_PADDED = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
_SEQ2SEQ = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "vocab_size": 99,
    "max_position_embeddings": 64,
} | _PADDED
_CONV = {
    "conv_dim": (16, 16),
    "conv_stride": (5, 2),
    "conv_kernel": (10, 3),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}


def text() -> dict[str, torch.Tensor]:
    """Two rows of ten tokens."""
    return {"input_ids": torch.randint(3, 90, (2, 10)), "attention_mask": torch.ones(2, 10, dtype=torch.long)}


def image() -> dict[str, torch.Tensor]:
    """Two pictures of 32 × 32."""
    return {"pixel_values": torch.randn(2, 3, 32, 32)}


def pair() -> dict[str, torch.Tensor]:
    """Text in, text out."""
    return {"input_ids": torch.randint(3, 90, (2, 10)), "decoder_input_ids": torch.randint(3, 90, (2, 6))}


def text_and_image() -> dict[str, torch.Tensor]:
    """Text beside pictures."""
    return text() | image()


def spectrogram() -> dict[str, torch.Tensor]:
    """Features of speech in, text out."""
    return {"input_features": torch.randn(2, 16, 40), "decoder_input_ids": torch.randint(3, 90, (2, 6))}


def features() -> dict[str, torch.Tensor]:
    """Features of speech, time first, in; text out."""
    return {"input_features": torch.randn(2, 40, 16), "decoder_input_ids": torch.randint(3, 90, (2, 6))}


def waveform() -> dict[str, torch.Tensor]:
    """Two sounds of 800 samples."""
    return {"input_values": torch.randn(2, 800)}


def series() -> dict[str, torch.Tensor]:
    """Two series of 32 steps in three channels."""
    return {"past_values": torch.randn(2, 32, 3)}


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One model.

    Attributes:
        family: What kind of architecture it is.
        model: Class of `transformers`.
        config: Its configuration, made from the package.
        inputs: Makes the keyword arguments of a call.
    """

    family: str
    model: str
    config: Callable[[Any], Any]
    inputs: Inputs


def _with(name: str, **settings: Any) -> Callable[[Any], Any]:
    return lambda t: getattr(t, name)(**settings)


def _text_and_vision(name: str, **settings: Any) -> Callable[[Any], Any]:
    return _with(name, text_config=SMALL | _PADDED, vision_config=_IMAGE, **settings)


_TABLE: dict[str, tuple[str, str, Callable[[Any], Any], Inputs]] = {
    "bert": ("encoder", "BertForMaskedLM", _with("BertConfig", **SMALL), text),
    "roberta": ("encoder", "RobertaForTokenClassification", _with("RobertaConfig", **SMALL), text),
    "albert": ("encoder", "AlbertForMaskedLM", _with("AlbertConfig", **SMALL, embedding_size=16), text),
    "electra": ("encoder", "ElectraForPreTraining", _with("ElectraConfig", **SMALL, embedding_size=16), text),
    "mpnet": ("encoder", "MPNetForMaskedLM", _with("MPNetConfig", **SMALL), text),
    "roformer": ("encoder", "RoFormerForMaskedLM", _with("RoFormerConfig", **SMALL, embedding_size=16), text),
    "modernbert": ("encoder", "ModernBertForMaskedLM", _with(
        "ModernBertConfig", **SMALL, **_PADDED, cls_token_id=1, sep_token_id=2), text),
    "distilbert": ("encoder", "DistilBertForSequenceClassification", _with(
        "DistilBertConfig", dim=32, n_layers=2, n_heads=4, hidden_dim=48, vocab_size=99, max_position_embeddings=64), text),
    "deberta_v2": ("disentangled encoder", "DebertaV2ForMaskedLM", _with(
        "DebertaV2Config", **SMALL, relative_attention=True, pos_att_type=["p2c", "c2p"]), text),
    "fnet": ("Fourier encoder", "FNetForMaskedLM", _with(
        "FNetConfig", hidden_size=32, num_hidden_layers=2, intermediate_size=48, vocab_size=99, max_position_embeddings=64),
        lambda: {"input_ids": torch.randint(3, 90, (2, 10))}),
    "gpt2": ("decoder", "GPT2LMHeadModel", _with(
        "GPT2Config", n_embd=32, n_layer=2, n_head=4, vocab_size=99, n_positions=64), text),
    "gpt_neo": ("decoder", "GPTNeoForCausalLM", _with(
        "GPTNeoConfig", hidden_size=32, num_layers=2, num_heads=4, vocab_size=99, max_position_embeddings=64,
        intermediate_size=48, attention_types=[[["global", "local"], 1]], window_size=8), text),
    "gpt_neox": ("decoder", "GPTNeoXForCausalLM", _with("GPTNeoXConfig", **SMALL), text),
    "gptj": ("decoder", "GPTJForCausalLM", _with(
        "GPTJConfig", n_embd=32, n_layer=2, n_head=4, vocab_size=99, n_positions=64, rotary_dim=4), text),
    "bloom": ("alibi decoder", "BloomForCausalLM", _with(
        "BloomConfig", hidden_size=32, n_layer=2, n_head=4, vocab_size=99), text),
    "mpt": ("alibi decoder", "MptForCausalLM", _with(
        "MptConfig", d_model=32, n_layers=2, n_heads=4, vocab_size=99, max_seq_len=64), text),
    "opt": ("decoder", "OPTForCausalLM", _with(
        "OPTConfig", hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=48, vocab_size=99,
        max_position_embeddings=64, word_embed_proj_dim=32), text),
    "llama": ("rotary decoder", "LlamaForCausalLM", _with("LlamaConfig", **_GROUPED), text),
    "mistral": ("rotary decoder", "MistralForCausalLM", _with("MistralConfig", **_GROUPED, sliding_window=8), text),
    "qwen2": ("rotary decoder", "Qwen2ForCausalLM", _with("Qwen2Config", **_GROUPED), text),
    "qwen3": ("rotary decoder", "Qwen3ForCausalLM", _with("Qwen3Config", **_GROUPED, head_dim=8), text),
    "gemma2": ("rotary decoder", "Gemma2ForCausalLM", _with("Gemma2Config", **_GROUPED, head_dim=8, sliding_window=8), text),
    "phi": ("rotary decoder", "PhiForCausalLM", _with("PhiConfig", **SMALL), text),
    "falcon": ("rotary decoder", "FalconForCausalLM", _with(
        "FalconConfig", hidden_size=32, num_hidden_layers=2, num_attention_heads=4, vocab_size=99), text),
    "stablelm": ("rotary decoder", "StableLmForCausalLM", _with("StableLmConfig", **_GROUPED), text),
    "olmo2": ("rotary decoder", "Olmo2ForCausalLM", _with("Olmo2Config", **_GROUPED), text),
    "cohere": ("rotary decoder", "CohereForCausalLM", _with("CohereConfig", **_GROUPED), text),
    "t5": ("encoder-decoder", "T5ForConditionalGeneration", _with(
        "T5Config", d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, vocab_size=99), pair),
    "bart": ("encoder-decoder", "BartForConditionalGeneration", _with("BartConfig", **_SEQ2SEQ), pair),
    "pegasus": ("encoder-decoder", "PegasusForConditionalGeneration", _with("PegasusConfig", **_SEQ2SEQ), pair),
    "m2m100": ("encoder-decoder", "M2M100ForConditionalGeneration", _with("M2M100Config", **_SEQ2SEQ), pair),
    "mixtral": ("mixture of experts", "MixtralForCausalLM", _with(
        "MixtralConfig", **_GROUPED, num_local_experts=4, num_experts_per_tok=2), text),
    "qwen3_moe": ("mixture of experts", "Qwen3MoeForCausalLM", _with(
        "Qwen3MoeConfig", **_GROUPED, head_dim=8, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16), text),
    "olmoe": ("mixture of experts", "OlmoeForCausalLM", _with(
        "OlmoeConfig", **_GROUPED, num_experts=4, num_experts_per_tok=2), text),
    "mamba": ("state space", "MambaForCausalLM", _with(
        "MambaConfig", hidden_size=32, num_hidden_layers=2, vocab_size=99, state_size=8), text),
    "mamba2": ("state space", "Mamba2ForCausalLM", _with(
        "Mamba2Config", hidden_size=32, num_hidden_layers=2, vocab_size=99, state_size=8, num_heads=8, head_dim=8,
        n_groups=2, chunk_size=4), text),
    "recurrent_gemma": ("recurrent", "RecurrentGemmaForCausalLM", _with(
        "RecurrentGemmaConfig", **_GROUPED | {"num_hidden_layers": 3}, lru_width=32, attention_window_size=8), text),
    "vit": ("vision transformer", "ViTForImageClassification", _with("ViTConfig", **_IMAGE), image),
    "deit": ("vision transformer", "DeiTForImageClassification", _with("DeiTConfig", **_IMAGE), image),
    "beit": ("vision transformer", "BeitForImageClassification", _with("BeitConfig", **_IMAGE), image),
    "dinov2": ("vision transformer", "Dinov2ForImageClassification", _with(
        "Dinov2Config", hidden_size=32, num_hidden_layers=2, num_attention_heads=4, image_size=32, patch_size=8), image),
    "swin": ("windowed vision transformer", "SwinForImageClassification", _with(
        "SwinConfig", image_size=32, patch_size=2, embed_dim=16, depths=[1, 2], num_heads=[2, 4], window_size=4), image),
    "convnext": ("convolutional", "ConvNextForImageClassification", _with(
        "ConvNextConfig", hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], num_stages=4), image),
    "resnet": ("convolutional", "ResNetForImageClassification", _with(
        "ResNetConfig", embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1]), image),
    "regnet": ("convolutional", "RegNetForImageClassification", _with(
        "RegNetConfig", embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], groups_width=4), image),
    "mobilenet_v2": ("convolutional", "MobileNetV2ForImageClassification", _with(
        "MobileNetV2Config", image_size=32, depth_multiplier=0.25), image),
    "segformer": ("segmentation", "SegformerForSemanticSegmentation", _with(
        "SegformerConfig", num_encoder_blocks=2, depths=[1, 1], hidden_sizes=[16, 32], num_attention_heads=[2, 4],
        sr_ratios=[2, 1], patch_sizes=[7, 3], strides=[4, 2], mlp_ratios=[2, 2], decoder_hidden_size=16), image),
    "whisper": ("audio", "WhisperForConditionalGeneration", _with(
        "WhisperConfig", d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, vocab_size=99, num_mel_bins=16,
        max_source_positions=20, max_target_positions=32, **_PADDED, decoder_start_token_id=1), spectrogram),
    "speech_to_text": ("audio", "Speech2TextForConditionalGeneration", _with(
        "Speech2TextConfig", d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, vocab_size=99, input_feat_per_channel=16,
        conv_channels=24, max_source_positions=60, max_target_positions=32, **_PADDED), features),
    "wav2vec2": ("audio", "Wav2Vec2Model", _with("Wav2Vec2Config", **SMALL, **_CONV), waveform),
    "hubert": ("audio", "HubertModel", _with("HubertConfig", **SMALL, **_CONV), waveform),
    "ast": ("audio", "ASTForAudioClassification", _with(
        "ASTConfig", **_VISION, patch_size=4, frequency_stride=4, time_stride=4, max_length=24, num_mel_bins=16),
        lambda: {"input_values": torch.randn(2, 24, 16)}),
    "clip": ("multimodal", "CLIPModel", _text_and_vision("CLIPConfig", projection_dim=16), text_and_image),
    "siglip": ("multimodal", "SiglipModel", _text_and_vision("SiglipConfig"), text_and_image),
    "chinese_clip": ("multimodal", "ChineseCLIPModel", _text_and_vision("ChineseCLIPConfig", projection_dim=16), text_and_image),
    "vilt": ("multimodal", "ViltModel", _with("ViltConfig", **SMALL, image_size=32, patch_size=8), text_and_image),
    "patchtst": ("time series", "PatchTSTForPrediction", _with(
        "PatchTSTConfig", num_input_channels=3, context_length=32, patch_length=8, patch_stride=8, d_model=32,
        num_hidden_layers=2, num_attention_heads=4, ffn_dim=48, prediction_length=4), series),
}  # fmt: skip

ARCHITECTURES: dict[str, Architecture] = {name: Architecture(*row) for name, row in _TABLE.items()}
"""Name → what to build and call."""
