"""Losses and logits of a model folder by HuggingFace transformers in float32.
stdin: a list of {"folder", "ids": [..], "greedy": n}; stdout: a list of {"ids", "dtype", "losses", "logits": [[position, id, value], ...]}"""
import json
import sys

import torch
from transformers import AutoModelForCausalLM


def answer(asked):
    model = AutoModelForCausalLM.from_pretrained(asked["folder"]).float().eval()
    ids = asked["ids"]
    with torch.no_grad():
        cache, last = None, torch.tensor([ids])
        for _ in range(asked.get("greedy", 0)):
            out = model(last, past_key_values=cache, use_cache=True)
            cache, last = out.past_key_values, out.logits[:, -1:].argmax(-1)
            ids.append(int(last))
        logits = model(torch.tensor([ids])).logits[0]
    logp = torch.log_softmax(logits.double(), -1)
    losses = [-float(logp[t - 1, ids[t]]) for t in range(1, len(ids))]
    picked = [[t, (t * 7919) % logits.shape[1]] for t in range(0, len(ids), max(1, len(ids) // 64))]
    with open(asked["folder"] + "/config.json") as file:
        dtype = json.load(file).get("dtype")
    return {"ids": ids, "dtype": dtype, "losses": losses, "logits": [[t, i, float(logits[t, i])] for t, i in picked]}


torch.set_num_threads(1)
json.dump([answer(one) for one in json.load(sys.stdin)], sys.stdout)
