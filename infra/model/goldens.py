"""Goldens of every architecture that refine reads, from HuggingFace transformers in float32.

    python infra/model/goldens.py OUT_FOLDER [NAME...]     writes NAME.json; tests/fixtures/model/goldens holds the committed ones
    python infra/model/goldens.py --stories FOLDER OUT     the same for the weights of a real folder (stories260K)

Each model is tiny and random (random_weights.py, seed 1). A golden has config.json as save_pretrained writes it, the names and
shapes of its tensors, and for texts of 1, 17, 63 and 1024 seeded ids the loss of each position and 64 seeded numbers:
logits (position, id, value) of decoders, hidden states (position, channel, value) of encoders with pooled vector and scores.
Deterministic for a version of torch on one machine; other machines differ in the last bits, far below what tests allow.
"""
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

from random_weights import random_ids, random_tensor, random_words

SEED = 1
LENGTHS = [1, 17, 63, 1024]
LEAST_ID = 4  # special tokens of small vocabularies lie below, RoBERTa's padding among them

YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 256}
LLAMA = dict(vocab_size=509, hidden_size=48, intermediate_size=100, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
             head_dim=8, max_position_embeddings=1024)
SQUARE = dict(vocab_size=509, hidden_size=48, intermediate_size=100, num_hidden_layers=2, num_attention_heads=6, max_position_embeddings=1024)
FALCON = dict(vocab_size=515, hidden_size=48, num_hidden_layers=2, num_attention_heads=6, max_position_embeddings=1024)
BERT = dict(vocab_size=301, hidden_size=48, intermediate_size=100, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=1024)
SHORT = [1.0, 1.1, 1.25, 1.5]

DECODERS = {
    "falcon-7b": ("falcon", dict(FALCON, multi_query=True, parallel_attn=True)),
    "falcon-40b": ("falcon", dict(FALCON, new_decoder_architecture=True, num_kv_heads=2)),
    "falcon-one-norm": ("falcon", dict(FALCON, new_decoder_architecture=True, num_kv_heads=3, num_ln_in_parallel_attn=1, ffn_hidden_size=101, bias=True)),
    "falcon-rw": ("falcon", dict(FALCON, alibi=True, multi_query=False, parallel_attn=False, bias=True, tie_word_embeddings=False)),
    "falcon-rw-8": ("falcon", dict(FALCON, num_attention_heads=8, alibi=True, multi_query=True, parallel_attn=False)),
    "falcon-sequential": ("falcon", dict(FALCON, multi_query=False, parallel_attn=False, rope_parameters={"rope_type": "default", "rope_theta": 500.0})),
    "llama": ("llama", dict(LLAMA)),
    "llama-wide-heads": ("llama", dict(LLAMA, head_dim=12, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, rms_norm_eps=1e-3)),
    "llama-linear": ("llama", dict(LLAMA, rope_parameters={"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0})),
    "llama-dynamic": ("llama", dict(LLAMA, rope_parameters={"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0})),
    "llama-llama3": ("llama", dict(LLAMA, rope_parameters={"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0,
                                                         "high_freq_factor": 4.0, "original_max_position_embeddings": 128})),
    "llama-yarn": ("llama", dict(LLAMA, rope_parameters=YARN)),
    "llama-yarn-mscale": ("llama", dict(LLAMA, rope_parameters=dict(YARN, mscale=0.8, mscale_all_dim=0.5, beta_fast=16.0, beta_slow=2.0, truncate=False))),
    "llama-longrope": ("llama", dict(LLAMA, max_position_embeddings=4096, rope_parameters={
        "rope_type": "longrope", "rope_theta": 10000.0, "original_max_position_embeddings": 1024, "short_factor": SHORT, "long_factor": [2.0, 4.0, 8.0, 16.0]})),
    "mistral": ("mistral", dict(LLAMA, sliding_window=2048)),
    "qwen2": ("qwen2", dict(SQUARE, num_key_value_heads=2)),
    "gpt-neox": ("gpt_neox", dict(SQUARE)),
    "gpt-neox-sequential": ("gpt_neox", dict(SQUARE, use_parallel_residual=False, attention_bias=False, hidden_act="gelu_new", tie_word_embeddings=True,
                                             rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5})),
    "gpt2": ("gpt2", dict(vocab_size=509, n_embd=48, n_layer=2, n_head=6, n_positions=1024)),
    "gpt2-inner": ("gpt2", dict(vocab_size=509, n_embd=48, n_layer=2, n_head=3, n_positions=1024, n_inner=90, activation_function="relu",
                                tie_word_embeddings=False, scale_attn_weights=False)),
    "olmo": ("olmo", dict(SQUARE, num_key_value_heads=3, clip_qkv=0.75, pad_token_id=1, eos_token_id=2)),
    "olmo2": ("olmo2", dict(SQUARE, num_key_value_heads=2, pad_token_id=1, eos_token_id=2)),
}
ENCODERS = {
    "bert": ("bert", dict(BERT, num_labels=3, id2label={0: "main", 1: "boilerplate", 2: "spam"})),
    "bert-regression": ("bert", dict(BERT, num_labels=1, hidden_act="relu", type_vocab_size=1)),
    "roberta": ("roberta", dict(BERT, max_position_embeddings=1026, pad_token_id=1, type_vocab_size=1, num_labels=2, layer_norm_eps=1e-5)),
    "deberta-v2": ("deberta-v2", dict(BERT, num_labels=4, relative_attention=True, position_buckets=32, max_relative_positions=-1, pos_att_type=["p2c", "c2p"],
                                      share_att_key=True, norm_rel_ebd="layer_norm", position_biased_input=False, type_vocab_size=0)),
}


def numbers(values):
    return [float(f"{float(v):.7g}") for v in np.asarray(values, dtype=np.float64).reshape(-1)]


def folder_of(model_type, settings, make, folder):
    """A folder as transformers writes it, with our weights in place of its own; names and shapes of its tensors."""
    torch.manual_seed(0)
    made = make.from_config(AutoConfig.for_model(model_type, **settings))
    made.save_pretrained(folder)
    with safe_open(folder / "model.safetensors", "pt") as file:
        shapes = [(name, list(file.get_slice(name).get_shape())) for name in sorted(file.keys())]
    tensors = {name: torch.from_numpy(random_tensor(SEED, name, shape)) for name, shape in shapes}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return shapes


def spots(name, length, width):
    at = random_words(SEED, f"{name}/positions/{length}", 64) % length
    of = random_words(SEED, f"{name}/columns/{length}", 64) % width
    return list(zip((int(a) for a in at), (int(o) for o in of)))


def decoder_case(model, name, ids):
    with torch.no_grad():
        logits = model(torch.from_numpy(ids)[None]).logits[0]
    logp = torch.log_softmax(logits.double(), -1)
    losses = [-float(logp[t - 1, ids[t]]) for t in range(1, len(ids))]
    picked = [[p, i, *numbers([logits[p, i]])] for p, i in spots(name, len(ids), logits.shape[1])]
    return {"length": len(ids), "losses": numbers(losses), "logits": picked}


def encoder_case(model, name, ids):
    with torch.no_grad():
        out = model(torch.from_numpy(ids)[None], output_hidden_states=True)
        hidden = out.hidden_states[-1][0]
        head = model.classifier
        if hasattr(head, "dense"):  # RoBERTa
            pooled = torch.tanh(head.dense(hidden[0]))
        elif hasattr(model, "pooler"):  # DeBERTa
            pooled = model.pooler(hidden[None])[0]
        else:
            pooled = model.base_model.pooler(hidden[None])[0]
    picked = [[p, c, *numbers([hidden[p, c]])] for p, c in spots(name, len(ids), hidden.shape[1])]
    return {"length": len(ids), "hidden": picked, "pooled": numbers(pooled), "scores": numbers(out.logits[0])}


def golden(name):
    encoder = name in ENCODERS
    model_type, settings = (ENCODERS if encoder else DECODERS)[name]
    make = AutoModelForSequenceClassification if encoder else AutoModelForCausalLM
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shapes = folder_of(model_type, settings, make, folder)
        model = make.from_pretrained(folder, dtype=torch.float32).eval()
        config = json.loads((folder / "config.json").read_text())
    config.pop("transformers_version", None)
    case = encoder_case if encoder else decoder_case
    vocab = settings["vocab_size"]
    cases = [case(model, name, random_ids(SEED, f"{name}/ids/{t}", t, LEAST_ID, vocab)) for t in LENGTHS]
    return {"name": name, "seed": SEED, "leastId": LEAST_ID, "config": config, "tensors": shapes, "cases": cases}


def written(value):
    """A line a field and a line a case: diffs stay readable."""
    cases = ",\n".join("    " + json.dumps(case, separators=(",", ":")) for case in value["cases"])
    rest = [f'  {json.dumps(key)}: {json.dumps(value[key], separators=(",", ":"))}' for key in value if key != "cases"]
    return "{\n" + ",\n".join([*rest, f'  "cases": [\n{cases}\n  ]']) + "\n}\n"


def stories(folder, out):
    """Greedy text of a real decoder and its losses: ids, losses and 64 logits."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = [1]
    with torch.no_grad():
        for _ in range(200):
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    seeded = random_ids(SEED, "stories260K/ids/512", 512, 3, model.config.vocab_size)
    cases = [{"ids": [int(i) for i in text], **decoder_case(model, "stories260K", np.asarray(text, dtype=np.int64))} for text in (ids, seeded)]
    Path(out).write_text(written({"name": "stories260K", "cases": cases}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "--stories":
        stories(sys.argv[2], sys.argv[3])
    else:
        target = Path(sys.argv[1])
        target.mkdir(parents=True, exist_ok=True)
        for one in sys.argv[2:] or [*DECODERS, *ENCODERS]:
            (target / f"{one}.json").write_text(written(golden(one)))
            print(one, file=sys.stderr)
