"""Golden gradients of the trainer: torch autograd through transformers' own models on counter-based weights.
  python infra/model/train_gradients.py > tests/fixtures/model/train-gradients.json
Each case: config.json, the tensors' shapes, documents, labels; loss and, by role, the gradient's norm and eight of its numbers."""
import json
import sys

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification, FalconConfig, FalconForCausalLM, LlamaConfig, LlamaForCausalLM

from random_weights import random_ids, random_tensor, random_words

SEED = 11
LENGTHS = [33, 2, 17, 48]


def falcon(**more):
    return FalconForCausalLM, FalconConfig(
        vocab_size=97, hidden_size=48, num_hidden_layers=2, num_attention_heads=3, ffn_hidden_size=80, max_position_embeddings=64, bias=False,
        alibi=False, parallel_attn=True, hidden_dropout=0.0, attention_dropout=0.0, bos_token_id=0, eos_token_id=0, architectures=["FalconForCausalLM"], **more)


CASES = {
    "falcon": falcon(multi_query=True, new_decoder_architecture=False),
    "llama": (LlamaForCausalLM, LlamaConfig(
        vocab_size=97, hidden_size=48, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2, intermediate_size=72, max_position_embeddings=64,
        tie_word_embeddings=False, bos_token_id=0, eos_token_id=0, architectures=["LlamaForCausalLM"])),
    "bert": (BertForSequenceClassification, BertConfig(
        vocab_size=97, hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=80, max_position_embeddings=64, num_labels=3,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, architectures=["BertForSequenceClassification"])),
}


def roles(kind, config, gradients):
    """(role, gradient) in the trainer's terms."""
    heads, dim = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    g = gradients
    if kind == "falcon":
        yield "embed", g["transformer.word_embeddings.weight"]
        for layer in range(config.num_hidden_layers):
            h = f"transformer.h.{layer}."
            for part in ("weight", "bias"):
                yield f"layers.{layer}.norm1.{part}", g[h + "input_layernorm." + part]
            fused = g[h + "self_attention.query_key_value.weight"]
            yield f"layers.{layer}.q.weight", fused[: heads * dim]
            yield f"layers.{layer}.k.weight", fused[heads * dim : (heads + 1) * dim]
            yield f"layers.{layer}.v.weight", fused[(heads + 1) * dim :]
            yield f"layers.{layer}.o.weight", g[h + "self_attention.dense.weight"]
            yield f"layers.{layer}.up.weight", g[h + "mlp.dense_h_to_4h.weight"]
            yield f"layers.{layer}.down.weight", g[h + "mlp.dense_4h_to_h.weight"]
        for part in ("weight", "bias"):
            yield "final_norm." + part, g["transformer.ln_f." + part]
    elif kind == "llama":
        yield "embed", g["model.embed_tokens.weight"]
        for layer in range(config.num_hidden_layers):
            h = f"model.layers.{layer}."
            yield f"layers.{layer}.norm1.weight", g[h + "input_layernorm.weight"]
            yield f"layers.{layer}.norm2.weight", g[h + "post_attention_layernorm.weight"]
            for part in "qkvo":
                yield f"layers.{layer}.{part}.weight", g[h + f"self_attn.{part}_proj.weight"]
            for part in ("gate", "up", "down"):
                yield f"layers.{layer}.{part}.weight", g[h + f"mlp.{part}_proj.weight"]
        yield "final_norm.weight", g["model.norm.weight"]
        yield "head", g["lm_head.weight"]
    else:
        e = "bert.embeddings."
        yield "embed", g[e + "word_embeddings.weight"]
        yield "positions", g[e + "position_embeddings.weight"]
        yield "segments", g[e + "token_type_embeddings.weight"]
        names = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "o": "attention.output.dense",
                 "norm1": "attention.output.LayerNorm", "up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm"}
        for part in ("weight", "bias"):
            yield "embed_norm." + part, g[e + "LayerNorm." + part]
            for layer in range(config.num_hidden_layers):
                for role, name in names.items():
                    yield f"layers.{layer}.{role}.{part}", g[f"bert.encoder.layer.{layer}.{name}.{part}"]
            yield "pooler." + part, g["bert.pooler.dense." + part]
            yield "classifier." + part, g["classifier." + part]


def case(kind):
    model_class, config = CASES[kind]
    model = model_class(config).double().eval()
    shapes = []
    with torch.no_grad():
        for name, value in model.named_parameters():
            shapes.append([name, list(value.shape)])
            value.copy_(torch.from_numpy(random_tensor(SEED, name, tuple(value.shape)).astype(np.float64)))
    ids = random_ids(SEED, "ids", sum(LENGTHS), 1, config.vocab_size)
    at, total, targets, labels = 0, 0.0, 0, []
    for document, length in enumerate(LENGTHS):
        part = torch.from_numpy(ids[at : at + length])[None]
        at += length
        if kind == "bert":
            labels.append(document % 3)
            logits = model(part).logits
            total = total + torch.nn.functional.cross_entropy(logits, torch.tensor([labels[-1]]), reduction="sum")
            targets += 1
        else:
            logits = model(part).logits[0, :-1]
            total = total + torch.nn.functional.cross_entropy(logits, part[0, 1:], reduction="sum")
            targets += length - 1
    loss = total / targets
    loss.backward()
    gradients = {name: value.grad.numpy() for name, value in model.named_parameters()}
    out = {}
    for role, gradient in roles(kind, config, gradients):
        flat = gradient.reshape(-1)
        at_most = np.argsort(-np.abs(flat), kind="stable")[:2]
        picked = np.unique(np.concatenate([at_most, random_words(SEED, role, 6).astype(np.int64) % flat.size]))
        out[role] = {"norm": float(np.sqrt((flat**2).sum())), "at": picked.tolist(), "values": [float(f"{x:.9g}") for x in flat[picked]]}
    return {"config": config.to_diff_dict(), "tensors": shapes, "seed": SEED, "lengths": LENGTHS, "labels": labels, "loss": loss.item(), "gradients": out}


json.dump({kind: case(kind) for kind in CASES}, sys.stdout, indent=None, separators=(",", ":"))
print()
