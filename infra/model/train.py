"""Trains a reference decoder of recipes.json with PyTorch (opt-in), on a GPU in minutes, on a CPU for as long as --minutes allows:

    python infra/model/train.py reference-18m --ids train.bin --held-out held.bin --tokenizer stages/perplexity/models/reference --out DIR

Reads what encode.ts writes (16-bit ids, 0 before each document) and writes a HuggingFace Falcon folder (config.json, model.safetensors,
tokenizer files, loss.jsonl). The block is Falcon-7B's: one LayerNorm, attention of one key-value head beside the MLP, rotary positions, no
biases in the matrices, GELU, the head tied to the embedding. Documents packed in a row do not see each other. Same seed, same order of
data; CUDA's sums differ from run to run in their last bits, so do the weights.
"""

import argparse
import json
import math
import os
import shutil
import time

import numpy as np
import torch
import torch.nn.functional as F

EOS = 0


def init(recipe, generator):
    """HuggingFace's names and shapes; normal of 0.02, what adds to the stream scaled down by its depth."""
    c, h, d = recipe["channels"], recipe["heads"], recipe["channels"] // recipe["heads"]
    g, f = recipe["kv_heads"], recipe["hidden"]
    assert g == 1, "the fused matrix below is multi-query's"

    def normal(*shape, scale=1.0):
        return torch.randn(*shape, generator=generator) * 0.02 * scale

    weights = {"transformer.word_embeddings.weight": normal(recipe["vocab"], c)}
    deep = 1 / math.sqrt(2 * recipe["layers"])
    for layer in range(recipe["layers"]):
        at = f"transformer.h.{layer}."
        weights[at + "input_layernorm.weight"] = torch.ones(c)
        weights[at + "input_layernorm.bias"] = torch.zeros(c)
        weights[at + "self_attention.query_key_value.weight"] = normal((h + 2 * g) * d, c)
        weights[at + "self_attention.dense.weight"] = normal(c, h * d, scale=deep)
        weights[at + "mlp.dense_h_to_4h.weight"] = normal(f, c)
        weights[at + "mlp.dense_4h_to_h.weight"] = normal(c, f, scale=deep)
    weights["transformer.ln_f.weight"] = torch.ones(c)
    weights["transformer.ln_f.bias"] = torch.zeros(c)
    return weights


def rotary(length, d, device):
    frequency = 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angle = torch.outer(torch.arange(length, dtype=torch.float64), frequency).repeat(1, 2)
    return angle.cos().float().to(device), angle.sin().float().to(device)


def turn(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def losses(w, recipe, ids, targets, tables):
    """ids, targets (B, T) -> nats (B, T). A position sees the earlier ones of its own document."""
    c, h, d = recipe["channels"], recipe["heads"], recipe["channels"] // recipe["heads"]
    b, t = ids.shape
    cos, sin = (table[:t].to(torch.bfloat16 if torch.is_autocast_enabled(ids.device.type) else torch.float32) for table in tables)
    document = (ids == EOS).cumsum(1)
    mask = (document[:, :, None] == document[:, None, :]).tril()[:, None]  # (B, 1, T, T)
    x = F.embedding(ids, w["transformer.word_embeddings.weight"])
    for layer in range(recipe["layers"]):
        at = f"transformer.h.{layer}."
        y = F.layer_norm(x, (c,), w[at + "input_layernorm.weight"], w[at + "input_layernorm.bias"], 1e-5)
        fused = F.linear(y, w[at + "self_attention.query_key_value.weight"]).view(b, t, h + 2, d).transpose(1, 2)
        q, k, v = fused[:, :h], fused[:, h : h + 1], fused[:, h + 1 :]
        q, k = turn(q, cos, sin), turn(k, cos, sin)
        a = F.scaled_dot_product_attention(q, k.expand_as(q), v.to(q.dtype).expand_as(q), attn_mask=mask)
        a = F.linear(a.transpose(1, 2).reshape(b, t, h * d), w[at + "self_attention.dense.weight"])
        m = F.linear(F.gelu(F.linear(y, w[at + "mlp.dense_h_to_4h.weight"])), w[at + "mlp.dense_4h_to_h.weight"])
        x = x + a + m
    x = F.layer_norm(x, (c,), w["transformer.ln_f.weight"], w["transformer.ln_f.bias"], 1e-5)
    logits = F.linear(x, w["transformer.word_embeddings.weight"]).float()
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view(b, t)


def batch(ids, step, rows, length, device):
    """Step's rows of the stream, which begins anew where it ends; a target that begins a document is not predicted."""
    total = (len(ids) - 1) // length
    first = np.array([(step * rows + row) % total for row in range(rows)]) * length
    at = first[:, None] + np.arange(length + 1)[None]
    block = torch.from_numpy(ids[at].astype(np.int64))
    return block[:, :-1].to(device), block[:, 1:].to(device)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--ids", required=True)
    parser.add_argument("--held-out", required=True)
    parser.add_argument("--tokenizer", help="folder whose tokenizer files go along")
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--rows", type=int, help="sequences at a time (accumulated to batch_tokens)")
    parser.add_argument("--minutes", type=float, help="the schedule ends here, whatever is done: steps are set from the first twenty")
    args = parser.parse_args()
    with open(os.path.join(os.path.dirname(__file__), "recipes.json"), encoding="utf-8") as file:
        recipe = json.load(file)[args.name]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    os.makedirs(args.out, exist_ok=True)
    torch.set_float32_matmul_precision("high")
    generator = torch.Generator().manual_seed(recipe["seed"])
    w = {name: torch.nn.Parameter(value.to(device)) for name, value in init(recipe, generator).items()}
    ids, held = np.memmap(args.ids, np.uint16, "r"), np.memmap(args.held_out, np.uint16, "r")
    length = recipe["context"]
    rows = args.rows or (64 if device == "cuda" else 8)
    accumulate = max(1, recipe["batch_tokens"] // (rows * length))
    steps = args.steps or recipe["steps"]
    matrices = [value for value in w.values() if value.dim() == 2]
    vectors = [value for value in w.values() if value.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": recipe["weight_decay"]}, {"params": vectors, "weight_decay": 0.0}],
        lr=recipe["learning_rate"], betas=tuple(recipe["betas"]), eps=1e-8,
    )
    tables = rotary(length, recipe["channels"] // recipe["heads"], device)
    forward = torch.compile(losses) if device == "cuda" else losses
    autocast = torch.autocast("cuda", torch.bfloat16) if device == "cuda" else torch.autocast("cpu", enabled=False)

    def rate(step):
        if step < recipe["warmup"]:
            return recipe["learning_rate"] * (step + 1) / recipe["warmup"]
        done = min(1.0, (step - recipe["warmup"]) / max(1, steps - recipe["warmup"]))
        low = recipe["final_share"]
        return recipe["learning_rate"] * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * done)))

    def mean(x, y, sum_only=False):
        with autocast:
            nats = forward(w, recipe, x, y, tables)
        predicted = (y != EOS).float()
        total = (nats * predicted).sum()
        return (total, predicted.sum()) if sum_only else total / predicted.sum()

    @torch.no_grad()
    def held_out_loss():
        total = count = 0.0
        for step in range(min(16, (len(held) - 1) // length // rows)):
            nats, predicted = mean(*batch(held, step, rows, length, device), sum_only=True)
            total, count = total + nats.item(), count + predicted.item()
        return total / max(1.0, count)

    began = time.time()
    with open(os.path.join(args.out, "loss.jsonl"), "w", encoding="utf-8") as log:
        step = 0
        while step < steps:
            for group in optimizer.param_groups:
                group["lr"] = rate(step)
            loss = 0.0
            for part in range(accumulate):
                value = mean(*batch(ids, step * accumulate + part, rows, length, device)) / accumulate
                value.backward()
                loss += value.detach()
            norm = torch.nn.utils.clip_grad_norm_(list(w.values()), recipe["clip"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            if args.minutes and step == 20:
                steps = max(20, min(steps, int(args.minutes * 60 / ((time.time() - began) / 20))))
            if step % 20 == 0 or step == steps:
                row = {"step": step, "tokens": step * accumulate * rows * length, "loss": round(float(loss), 4), "grad_norm": round(float(norm), 4), "rate": rate(step - 1)}
                if step % 200 == 0 or step == steps:
                    row["held_out"] = round(held_out_loss(), 4)
                log.write(json.dumps(row) + "\n")
                log.flush()
                print(row, f"{step * accumulate * rows * length / (time.time() - began):.0f} tokens/s", flush=True)
            if not math.isfinite(float(norm)):
                raise SystemExit(f"step {step}: the gradient is not finite")
    write(args, recipe, w)


def write(args, recipe, w):
    from safetensors.torch import save_file

    save_file({name: value.detach().to(torch.bfloat16).cpu().contiguous() for name, value in w.items()}, os.path.join(args.out, "model.safetensors"), {"format": "pt"})
    config = {
        "architectures": ["FalconForCausalLM"], "model_type": "falcon", "torch_dtype": "bfloat16",
        "vocab_size": recipe["vocab"], "hidden_size": recipe["channels"], "num_hidden_layers": recipe["layers"],
        "num_attention_heads": recipe["heads"], "num_kv_heads": recipe["kv_heads"], "ffn_hidden_size": recipe["hidden"],
        "multi_query": True, "parallel_attn": True, "new_decoder_architecture": False, "bias": False, "alibi": False,
        "layer_norm_epsilon": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": recipe["context"], "activation": "gelu",
        "tie_word_embeddings": True, "bos_token_id": EOS, "eos_token_id": EOS, "initializer_range": 0.02, "use_cache": True,
    }
    with open(os.path.join(args.out, "config.json"), "w", encoding="utf-8") as file:
        file.write(json.dumps(config, indent=2) + "\n")
    if args.tokenizer:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            if os.path.exists(os.path.join(args.tokenizer, name)):
                shutil.copyfile(os.path.join(args.tokenizer, name), os.path.join(args.out, name))


if __name__ == "__main__":
    main()
