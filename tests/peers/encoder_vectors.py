"""Vectors of a BERT folder, or probabilities of refine's decoder with a head (FalconModel, mean of the positions, classifier), by HuggingFace
transformers in float32, texts one at a time. stdin: {"folder", "texts", "max_length"}; stdout: {"ids": [[..]], "values": [[..]]}"""
import importlib.util
import json
import sys

# transformers asks for torchvision, which such a machine may hold for another torch
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name.startswith("torchvision") else find(name, *more)

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModel

asked = json.load(sys.stdin)
folder = asked["folder"]
torch.set_num_threads(1)
tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
tokenizer.enable_truncation(asked["max_length"])
tokenizer.no_padding()
model = AutoModel.from_pretrained(folder).float().eval()
head = load_file(folder + "/model.safetensors") if model.config.model_type == "falcon" else None
ids, values = [], []
with torch.no_grad():
    for text in asked["texts"]:
        ids.append(tokenizer.encode(text).ids)
        mean = model(input_ids=torch.tensor([ids[-1]])).last_hidden_state[0].mean(0)
        if head is not None:
            mean = torch.softmax(head["classifier.weight"].float() @ mean + head["classifier.bias"].float(), 0)
        values.append(mean.tolist())
json.dump({"ids": ids, "values": values}, sys.stdout)
