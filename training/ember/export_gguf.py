#!/usr/bin/env python3
"""Write a checkpoint as a GGUF file for llama.cpp, its matrices quantized to Q8_0."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from model import Ember, EmberConfig
from tokenizer import BOS_ID, CHAT_TEMPLATE, END_ID, SPECIALS, Tokenizer

DESCRIPTION = (
    "The tiny embedded default model of Inferno, trained from scratch by the project on text it wrote itself: "
    "small talk, counting, simple sums, short stories and facts about Inferno. English only."
)

# Our names within a block, and llama.cpp's.
BLOCK_TENSORS = {
    "attention_norm": "attn_norm", "attention.q": "attn_q", "attention.k": "attn_k", "attention.v": "attn_v",
    "attention.o": "attn_output", "ffn_norm": "ffn_norm", "ffn.gate": "ffn_gate", "ffn.up": "ffn_up", "ffn.down": "ffn_down",
}


def gguf_name(name: str) -> str:
    if name == "embedding.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, index, inner = name.split(".", 2)
    return f"blk.{index}.{BLOCK_TENSORS[inner.removesuffix('.weight')]}.weight"


def export(checkpoint: Path, tokenizer: Tokenizer, out: Path, version: str) -> None:
    import gguf  # found through --gguf-py

    saved = torch.load(checkpoint, map_location="cpu")
    config = EmberConfig(**saved["config"])
    model = Ember(config)
    model.load_state_dict(saved["model"])

    partial = out.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, "llama")
    writer.add_name("Ember")
    writer.add_basename("ember")
    writer.add_author("Inferno")
    writer.add_version(version)
    writer.add_license("mit")
    writer.add_description(DESCRIPTION)
    writer.add_size_label(f"{model.parameter_count() / 1e6:.1f}M")
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)

    writer.add_context_length(config.context)
    writer.add_embedding_length(config.dim)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.ffn_dim)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_vocab_size(config.vocab_size)

    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokenizer.tokens)
    kinds = [gguf.TokenType.CONTROL if token in SPECIALS else gguf.TokenType.NORMAL for token in tokenizer.tokens]
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in tokenizer.merges])
    writer.add_bos_token_id(BOS_ID)
    writer.add_eos_token_id(END_ID)
    writer.add_eot_token_id(END_ID)
    writer.add_pad_token_id(END_ID)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    for name, parameter in model.named_parameters():
        data = parameter.detach().numpy().astype(np.float32)
        if data.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(gguf_name(name), gguf.quants.quantize(data, kind), raw_dtype=kind)
        else:
            writer.add_tensor(gguf_name(name), data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    # Whoever has the old file open keeps it; nobody ever sees half of the new one.
    partial.replace(out)
    print(f"{out}: {out.stat().st_size} bytes, {model.parameter_count()} parameters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("build/ember/checkpoint.pt"))
    parser.add_argument("--tokenizer", type=Path, default=Path("build/ember/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("models/ember.gguf"))
    parser.add_argument("--gguf-py", type=Path, default=Path("native/vendor/llama.cpp/gguf-py"))
    parser.add_argument("--model-version", default="1.0")
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.gguf_py))
    export(arguments.checkpoint, Tokenizer.load(arguments.tokenizer), arguments.out, arguments.model_version)


if __name__ == "__main__":
    main()
