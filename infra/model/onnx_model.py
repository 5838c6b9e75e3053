"""A tiny BERT classifier as ONNX and safetensors, with what transformers computes for its golden texts: tests/fixtures/model/tiny-onnx.

    python infra/model/onnx_model.py tests/fixtures/model/tiny-onnx

Needs torch, transformers, tokenizers (infra/test/peers.txt) and onnx. Weights: random_weights.py, so the file is the same every time.
"""

import importlib.util
import json
import sys
from pathlib import Path

if importlib.util.find_spec("torchvision"):  # text models need none, and a broken one stops transformers
    find = importlib.util.find_spec
    importlib.util.find_spec = lambda name, *rest: None if name.split(".")[0] == "torchvision" else find(name, *rest)

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification

from random_weights import random_tensor

SEED = 8
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "the of and to in a is it that was for on with as by page home contact cookie login free click here read more science history model data".split()
ENDS = "s ed ing ly er es al tion ment ness".split()
TEXTS = [
    "The history of science is more than data.",
    "Click here to login! FREE free free",
    "a",
    "Über die Geschichte, 中文 and naïve cafés in 1999: it was on page 42.",
    "unbelievable " * 80,
    "\u0000 \u200d ...",
]
LABELS = ["boilerplate", "prose", "spam"]


def tokenizer():
    letters = [chr(c) for c in range(33, 127)] + list("äöüß中文")
    vocab = {}
    for token in [*SPECIAL, *letters, *WORDS, *(f"##{c}" for c in letters), *(f"##{end}" for end in ENDS)]:
        vocab.setdefault(token, len(vocab))
    made = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(SPECIAL)
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    made.decoder = decoders.WordPiece()
    return made


def main(folder):
    made = tokenizer()
    config = BertConfig(vocab_size=made.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
                        max_position_embeddings=64, id2label=dict(enumerate(LABELS)), label2id={label: i for i, label in enumerate(LABELS)})
    model = BertForSequenceClassification(config).eval()
    state = {name: torch.from_numpy(random_tensor(SEED, name, list(value.shape))).to(value.dtype) if value.is_floating_point() else value for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    folder.mkdir(parents=True, exist_ok=True)
    floats = {name: value.contiguous() for name, value in state.items() if value.is_floating_point()}
    save_file(floats, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config.to_dict() | {"model_type": "bert", "id2label": dict(enumerate(LABELS)), "max_position_embeddings": 64}, indent=1, sort_keys=True, default=str) + "\n")
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "model_max_length": 64, "do_lower_case": True}, indent=1) + "\n")
    example = torch.tensor([made.encode(TEXTS[0]).ids])
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"logits": {0: "batch"}}
    with torch.no_grad():
        torch.onnx.export(model, (example, torch.ones_like(example), torch.zeros_like(example)), str(folder / "model.onnx"),
                          input_names=names, output_names=["logits"], dynamic_axes=axes, opset_version=14, dynamo=False)
    made.enable_truncation(64)
    cases = []
    for text in TEXTS:
        ids = made.encode(text).ids
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0]
        probabilities = torch.softmax(logits.double(), -1)
        cases.append({"text": text, "ids": ids, "logits": [float(f"{x:.7g}") for x in logits], "probabilities": [float(f"{x:.7g}") for x in probabilities]})
    (folder / "golden.json").write_text(json.dumps({"labels": LABELS, "cases": cases}, indent=1, ensure_ascii=True) + "\n")


main(Path(sys.argv[1]))
