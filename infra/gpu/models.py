"""Falcon-shaped models for the card's run: read from a folder or made from a seed, handed to model_host as text and raw numbers, and an
fp32 forward in plain torch as their oracle (transformers' FalconForCausalLM where test_models compares). Also the token shards.
Invariant: everything is a function of the folder and the seed; needs torch and nothing else.
"""
import json
import math
import pathlib
import random
import struct

import torch

DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16, "I8": torch.int8}


def read_safetensors(folder):
    """All tensors of a folder as float32, by name; int8 tensors times their `.scale` factors of rows."""
    folder = pathlib.Path(folder)
    files = sorted(folder.glob("*.safetensors"))
    raw = {}
    for file in files:
        data = file.read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        for name, entry in json.loads(data[8 : 8 + length]).items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            buffer = bytearray(data[8 + length + begin : 8 + length + end])
            raw[name] = torch.frombuffer(buffer, dtype=DTYPES[entry["dtype"]]).reshape(entry["shape"])
    tensors = {}
    for name, tensor in raw.items():
        if name.endswith(".scale") and raw.get(name[:-6], tensor).dtype == torch.int8:
            continue
        value = tensor.float()
        if tensor.dtype == torch.int8:
            value = value * raw[name + ".scale"].float().reshape(-1, *[1] * (value.dim() - 1))
        tensors[name.removeprefix("transformer.")] = value
    return tensors


def read_config(folder):
    held = json.loads((pathlib.Path(folder) / "config.json").read_text())
    if held["model_type"] != "falcon" or held.get("new_decoder_architecture") or not held.get("parallel_attn", True) or held.get("alibi") or held.get("bias"):
        raise ValueError(f"{folder}: the suite packs Falcon-7B-like models only")
    channels, heads = held["hidden_size"], held["num_attention_heads"]
    return {
        "vocab": held["vocab_size"], "channels": channels, "layers": held["num_hidden_layers"], "heads": heads,
        "kv_heads": 1 if held.get("multi_query", True) else heads, "head_dim": channels // heads,
        "hidden": held.get("ffn_hidden_size") or 4 * channels, "context": held.get("max_position_embeddings", 2048),
        "norm_eps": held.get("layer_norm_epsilon", 1e-5), "theta": float(held.get("rope_theta", 10000.0)), "bos": held.get("bos_token_id", 0),
    }  # fmt: skip


def shaped(vocab, channels, layers, heads, kv_heads, hidden, context):
    return {"vocab": vocab, "channels": channels, "layers": layers, "heads": heads, "kv_heads": kv_heads, "head_dim": channels // heads,
            "hidden": hidden, "context": context, "norm_eps": 1e-5, "theta": 10000.0, "bos": 0}  # fmt: skip


def role_shapes(config):
    c, d = config["channels"], config["head_dim"]
    queries, keys = config["heads"] * d, config["kv_heads"] * d
    yield "embed", config["vocab"], c
    for layer in range(config["layers"]):
        at = f"layers.{layer}."
        for role, rows, columns in (("norm1.weight", 1, c), ("norm1.bias", 1, c), ("q.weight", queries, c), ("k.weight", keys, c),
                                    ("v.weight", keys, c), ("o.weight", c, queries), ("up.weight", config["hidden"], c), ("down.weight", c, config["hidden"])):  # fmt: skip
            yield at + role, rows, columns
    yield "final_norm.weight", 1, c
    yield "final_norm.bias", 1, c


def roles_of(config, tensors):
    """The weights of a checkpoint by role."""
    d, heads, kv = config["head_dim"], config["heads"], config["kv_heads"]
    roles = {"embed": tensors["word_embeddings.weight"], "final_norm.weight": tensors["ln_f.weight"], "final_norm.bias": tensors["ln_f.bias"]}
    for layer in range(config["layers"]):
        at, h = f"layers.{layer}.", f"h.{layer}."
        fused = tensors[h + "self_attention.query_key_value.weight"]
        if kv == 1:
            q, k, v = fused.split([heads * d, d, d])
        else:  # multi-head: q, k, v of each head stand together
            q, k, v = (part.reshape(heads * d, -1) for part in fused.reshape(heads, 3, d, -1).unbind(1))
        roles |= {at + "norm1.weight": tensors[h + "input_layernorm.weight"], at + "norm1.bias": tensors[h + "input_layernorm.bias"], at + "q.weight": q, at + "k.weight": k,
                  at + "v.weight": v, at + "o.weight": tensors[h + "self_attention.dense.weight"], at + "up.weight": tensors[h + "mlp.dense_h_to_4h.weight"],
                  at + "down.weight": tensors[h + "mlp.dense_4h_to_h.weight"]}  # fmt: skip
    return roles


def random_roles(config, seed):
    generator = torch.Generator().manual_seed(seed)
    roles = {}
    for role, rows, columns in role_shapes(config):
        if role.endswith("norm1.weight") or role == "final_norm.weight":
            roles[role] = torch.ones(columns)
        elif role.endswith(".bias"):
            roles[role] = torch.zeros(columns)
        else:
            roles[role] = (torch.randn(rows, columns, generator=generator) * 0.02).bfloat16().float()
    return roles


def frequencies(config):
    d = config["head_dim"]
    return 1.0 / (config["theta"] ** (torch.arange(0, d, 2, dtype=torch.int64).float() / d))


def write_description(config, path, roles=None, weights=None, deviation=0.02):
    """model.txt, and the weights beside it where they are given; without, model_host draws them."""
    lines = [f"field {name} {config[name]}" for name in ("vocab", "channels", "layers", "heads", "kv_heads", "head_dim", "hidden", "context")]
    lines += ["field layout 1", "field two_norms 0", "field norm 0", "field activation 0", "field gated 0", "field position 0", "field causal 1", "field final_norm 1",
              f"field norm_eps {config['norm_eps']}"]  # fmt: skip
    lines.append("rotary " + " ".join(repr(float(f)) for f in frequencies(config)))
    offset = 0
    with open(weights, "wb") if weights else open("/dev/null", "wb") as file:
        for role, rows, columns in role_shapes(config):
            if roles is None:
                kind = "ones" if role.endswith("norm1.weight") or role == "final_norm.weight" else f"random {0 if role.endswith('.bias') else round(deviation * 1e6)}"
                lines.append(f"role {role} {rows} {columns} {kind}")
            else:
                value = roles[role].contiguous().float().reshape(-1)
                assert value.numel() == rows * columns, role
                file.write(memoryview(value.numpy()).cast("B"))
                lines.append(f"role {role} {rows} {columns} f32 {offset}")
                offset += value.numel() * 4
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def write_encoder(config, path, deviation=0.02):
    """A BERT-shaped encoder (MiniLM's sizes by the caller) whose weights model_host draws."""
    c, hidden = config["channels"], config["hidden"]
    fields = {"layout": 2, "two_norms": 1, "norm": 0, "activation": 0, "gated": 0, "position": 2, "causal": 0, "segments": 2, "embedding_norm": 1, "final_norm": 0, "norm_eps": 1e-12}
    lines = [f"field {name} {config[name]}" for name in ("vocab", "channels", "layers", "heads", "kv_heads", "head_dim", "hidden", "context")]
    lines += [f"field {name} {value}" for name, value in fields.items()]
    drawn = lambda role, rows, columns: lines.append(f"role {role} {rows} {columns} random {round(deviation * 1e6)}")
    ones = lambda role: lines.extend([f"role {role}.weight 1 {c} ones", f"role {role}.bias 1 {c} random 0"])
    for role, rows in (("embed", config["vocab"]), ("positions", config["context"]), ("segments", 2)):
        drawn(role, rows, c)
    ones("embed_norm")
    for layer in range(config["layers"]):
        at = f"layers.{layer}."
        ones(at + "norm1")
        ones(at + "norm2")
        for role, rows, columns in (("q", c, c), ("k", c, c), ("v", c, c), ("o", c, c), ("up", hidden, c), ("down", c, hidden)):
            drawn(at + role + ".weight", rows, columns)
            drawn(at + role + ".bias", 1, rows)
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def losses(config, roles, documents, bos, dtype=torch.float32):
    """-ln p of every id, documents apart, `bos` before each: the oracle. Logits exist for one document at a time."""
    d, heads, kv = config["head_dim"], config["heads"], config["kv_heads"]
    roles = {name: value.to(dtype) for name, value in roles.items()}
    norm = lambda x, name: torch.nn.functional.layer_norm(x, x.shape[-1:], roles[name + ".weight"], roles[name + ".bias"], config["norm_eps"])
    out = []
    for ids in documents:
        ids = torch.as_tensor([bos, *ids], dtype=torch.long)
        length = len(ids) - 1
        if length == 0:
            continue
        x = roles["embed"][ids[:-1]]
        angles = torch.outer(torch.arange(length).float(), frequencies(config))
        cos, sin = (torch.cat([f(angles)] * 2, dim=-1).to(dtype) for f in (torch.cos, torch.sin))
        turn = lambda t: t * cos + torch.cat([-t[..., d // 2 :], t[..., : d // 2]], dim=-1) * sin
        for layer in range(config["layers"]):
            at = f"layers.{layer}."
            h = norm(x, at + "norm1")
            q = turn((h @ roles[at + "q.weight"].T).view(length, heads, d).transpose(0, 1))
            k = turn((h @ roles[at + "k.weight"].T).view(length, kv, d).transpose(0, 1))
            v = (h @ roles[at + "v.weight"].T).view(length, kv, d).transpose(0, 1)
            k, v = (t.repeat_interleave(heads // kv, 0) for t in (k, v))
            scores = (q @ k.transpose(1, 2)) / math.sqrt(d)
            scores = scores.masked_fill(torch.ones(length, length, dtype=torch.bool).triu(1), float("-inf"))
            attended = (scores.softmax(-1) @ v).transpose(0, 1).reshape(length, heads * d)
            mlp = torch.nn.functional.gelu(h @ roles[at + "up.weight"].T) @ roles[at + "down.weight"].T
            x = x + attended @ roles[at + "o.weight"].T + mlp
        logits = norm(x, "final_norm") @ roles["embed"].T
        out.append(torch.nn.functional.cross_entropy(logits.float(), ids[1:], reduction="none"))
    return torch.cat(out)


def random_documents(vocab, count, shortest, longest, seed):
    """Ids with Zipf's frequencies, so that losses are not those of noise alone."""
    draw = random.Random(seed)
    skewed = lambda: min(int(vocab ** draw.random()), vocab - 1)
    return [[skewed() for _ in range(draw.randint(shortest, longest))] for _ in range(count)]


def greedy_documents(folder, texts, limit):
    """Texts as ids of the folder's byte-level BPE by the longest entry that matches: a valid reading, if not the tokenizer's own."""
    held = json.loads((pathlib.Path(folder) / "tokenizer.json").read_text())
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spelled = {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(b for b in range(256) if b not in set(printable))}
    vocab = held["model"]["vocab"]
    longest = max(map(len, vocab))
    documents = []
    for text in texts:
        spelling = "".join(spelled[byte] for byte in text.encode())
        ids, at = [], 0
        while at < len(spelling) and len(ids) < limit:
            for size in range(min(longest, len(spelling) - at), 0, -1):
                if (found := vocab.get(spelling[at : at + size])) is not None:
                    ids.append(found)
                    at += size
                    break
            else:
                at += 1
        documents.append(ids)
    return documents


def write_shard(path, documents):
    offsets = [0]
    for ids in documents:
        offsets.append(offsets[-1] + len(ids))
    with open(path, "wb") as file:
        file.write(struct.pack("<I", len(documents)))
        file.write(torch.tensor(offsets, dtype=torch.int32).numpy().tobytes())
        file.write(torch.tensor([i for ids in documents for i in ids], dtype=torch.int32).numpy().tobytes())
