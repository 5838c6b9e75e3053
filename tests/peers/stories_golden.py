"""What HuggingFace's LlamaForCausalLM says about stories260K: tests/fixtures/model/stories-float64.json, read by tests/kernels/model-stories.test.ts.

    python tests/peers/stories_golden.py ../shared/data/models/stories260K > tests/fixtures/model/stories-float64.json

Float64, one thread: in float32 its own losses on noise (up to 31 nats) are 1.4e-5 from these, ours 6e-6. `cases`: a document's ids, the loss of each next token, 64 logits at drawn (position, id);
`greedy`: 255 tokens after <s>, the likeliest each time.
"""

import json
import random
import sys

sys.modules["torchvision"] = None  # transformers imports it where it can be found, whole or not
import torch
from transformers import LlamaForCausalLM

torch.set_num_threads(1)
model = LlamaForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float64, attn_implementation="eager").eval()
draw = random.Random(8)


def rounded(values):
    return [float(f"{value:.9g}") for value in values]


with torch.no_grad():
    greedy = model.generate(torch.tensor([[1]]), max_new_tokens=255, do_sample=False, eos_token_id=2, pad_token_id=0)[0].tolist()
    noise = [draw.randrange(512) for _ in range(512)]
    cases = []
    for ids in (greedy[:1], greedy[:17], greedy[:63], noise):
        logits = model(torch.tensor([ids])).logits[0]
        losses = torch.nn.functional.cross_entropy(logits[:-1].double(), torch.tensor(ids[1:]), reduction="none").tolist() if len(ids) > 1 else []
        places = [[draw.randrange(len(ids)), draw.randrange(512)] for _ in range(64)]
        cases.append({"ids": ids, "losses": rounded(losses), "places": places, "logits": rounded(logits[t, v].item() for t, v in places)})
print(json.dumps({"cases": cases, "greedy": greedy}, separators=(",", ":")))
