"""What torch takes for the rows of rows.json on the same device: cuBLAS through F.linear, _int_mm, SDPA, F.layer_norm and the like, and
transformers' models where it can be imported. JSON lines {"kind": "torch", "name", "seconds": [three runs], "what"}.

    python3 infra/gpu/torch_baseline.py --json FILE [--device cuda|cpu] [--tiny] [--only gemm,attention,memory,vocab,model,ceilings] [--seconds 120]

On a CPU with --tiny it is a dry run: the figures mean nothing. Inputs are random; those of small rows rotate through half a gigabyte.
"""
import argparse
import importlib.util
import json
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE.parents[1] / "stages/perplexity/models/reference"
SIZES = ("vocab_size", "hidden_size", "ffn_hidden_size", "num_hidden_layers", "num_attention_heads")


class Clock:
    def __init__(self, device, tiny):
        self.device, self.tiny = device, tiny

    def __call__(self, call, fill=0.02):
        """Three runs; call(i) is one launch's worth, i counts up."""
        turn = 0

        def once(launches):
            nonlocal turn
            if self.device == "cpu":
                start = time.perf_counter()
                for _ in range(launches):
                    call(turn)
                    turn += 1
                return time.perf_counter() - start
            start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for _ in range(launches):
                call(turn)
                turn += 1
            stop.record()
            stop.synchronize()
            return start.elapsed_time(stop) * 1e-3

        once(1)
        first = once(1 if self.tiny else 3) / (1 if self.tiny else 3)
        launches = 1 if self.tiny else max(3, min(10000, int(fill / max(first, 1e-7))))
        return [once(launches) / launches for _ in range(3)]


def rotated(tiny, each_bytes, make):
    count = 1 if tiny else max(1, min(64, int(5e8 / max(each_bytes, 1)) + 1))
    return [make() for _ in range(count)]


def gemm(row, args, device, clock, tiny):
    m, n, k = args["m"], args["n"], args["k"]
    if row["kind"] == "gemm_s8":
        make = lambda r, c: torch.randint(-127, 128, (r, c), dtype=torch.int8, device=device)
        sets = rotated(tiny, m * k + n * k + 4 * m * n, lambda: (make(m, k), make(n, k)))
        return "torch._int_mm", clock(lambda i: torch._int_mm(sets[i % len(sets)][0], sets[i % len(sets)][1].T))
    make = lambda r, c: torch.randn(r, c, device=device, dtype=torch.bfloat16)
    shapes = {"gemm_bf16": ((m, k), (n, k)), "gemm_nn": ((m, k), (k, n)), "gemm_tn": ((k, m), (k, n))}[row["kind"]]
    sets = rotated(tiny, 2 * (m * k + n * k + m * n), lambda: tuple(make(*shape) for shape in shapes))
    product = {"gemm_bf16": lambda a, w: F.linear(a, w), "gemm_nn": lambda a, b: a @ b, "gemm_tn": lambda a, b: a.T @ b}[row["kind"]]
    return "cuBLAS through torch, without the epilogue", clock(lambda i: product(*sets[i % len(sets)]))


def attention(row, args, device, clock, tiny):
    length, documents, heads, kv, dim = (args[name] for name in ("length", "documents", "heads", "kv_heads", "dim"))
    make = lambda h: torch.randn(documents, h, length, dim, device=device, dtype=torch.bfloat16)
    sets = rotated(tiny, 2 * documents * length * dim * (2 * heads + 2 * kv), lambda: (make(heads), make(kv), make(kv)))
    causal = bool(args["causal"])
    return "scaled_dot_product_attention, documents of one length as a batch", clock(lambda i: F.scaled_dot_product_attention(*sets[i % len(sets)], is_causal=causal, enable_gqa=heads != kv))


def memory(row, args, device, clock, tiny):
    make = lambda *shape: torch.randn(*shape, device=device, dtype=torch.bfloat16)
    kind = row["kind"]
    if kind in ("layer_norm", "rms_norm"):
        rows, width = args["rows"], args["width"]
        weight, bias = make(width), make(width)
        sets = rotated(tiny, 4 * rows * width, lambda: (make(rows, width), make(rows, width)))
        if args.get("add"):
            return "x + before, then F.layer_norm: two passes", clock(lambda i: F.layer_norm(sets[i % len(sets)][0] + sets[i % len(sets)][1], (width,), weight, bias))
        if kind == "rms_norm":
            return "F.rms_norm", clock(lambda i: F.rms_norm(sets[i % len(sets)][0], (width,), weight))
        return "F.layer_norm", clock(lambda i: F.layer_norm(sets[i % len(sets)][0], (width,), weight, bias))
    if kind == "rotary":
        rows, heads, dim = args["rows"], args["heads"], args["dim"]
        cos, sin = make(rows, 1, dim), make(rows, 1, dim)
        sets = rotated(tiny, 2 * rows * heads * dim, lambda: make(rows, heads, dim))
        half = lambda x: torch.cat([-x[..., dim // 2 :], x[..., : dim // 2]], -1)
        return "x cos + half(x) sin, as transformers does", clock(lambda i: sets[i % len(sets)] * cos + half(sets[i % len(sets)]) * sin)
    if kind == "activation":
        sets = rotated(tiny, 2 * args["count"], lambda: make(args["count"]))
        return "F.gelu", clock(lambda i: F.gelu(sets[i % len(sets)]))
    if kind == "gate":
        sets = rotated(tiny, 4 * args["rows"] * args["width"], lambda: make(args["rows"], 2, args["width"]))
        return "F.silu(gate) * up: two passes", clock(lambda i: F.silu(sets[i % len(sets)][:, 0]) * sets[i % len(sets)][:, 1])
    if kind == "adamw":
        parameter = torch.nn.Parameter(torch.randn(args["count"], device=device))
        parameter.grad = torch.randn_like(parameter)
        optimiser = torch.optim.AdamW([parameter], lr=1e-4, fused=device != "cpu")
        return "torch.optim.AdamW(fused=True), fp32 without the bf16 copy", clock(lambda i: optimiser.step())
    return None, None


def vocab(row, args, device, clock, tiny):
    t, c, v = args["t"], args["c"], args["v"]
    x, head = (torch.randn(n, c, device=device, dtype=torch.bfloat16) for n in (t, v))
    targets = torch.randint(0, v, (t,), device=device)
    return "F.cross_entropy(F.linear(x, head).float()), logits in memory", clock(lambda i: F.cross_entropy(F.linear(x, head).float(), targets, reduction="none"))


def without_torchvision():
    """transformers imports it where it can be found, whole or not; text models need none."""
    find = importlib.util.find_spec
    importlib.util.find_spec = lambda name, *rest: None if name.split(".")[0] == "torchvision" else find(name, *rest)


def model(row, args, device, clock, tiny):
    without_torchvision()
    import transformers

    length, documents = args["length"], args["documents"]
    if row["kind"] == "minilm":
        config = transformers.BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, vocab_size=30522)
        kind, batch = transformers.BertModel, 512
    else:
        seven = row["kind"] == "falcon-7b"
        shipped = json.loads((REFERENCE / "config.json").read_text())
        sizes = {"vocab_size": 65024, "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71} if seven else {name: shipped[name] for name in SIZES}
        if tiny:
            sizes = {"vocab_size": 200, "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
        config = transformers.FalconConfig(**sizes, multi_query=True, parallel_attn=True, bias=False, alibi=False, new_decoder_architecture=False)
        kind, batch = transformers.FalconForCausalLM, 4 if seven else 64
    config._attn_implementation = "sdpa"
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        net = kind(config).eval()
    torch.set_default_dtype(torch.float32)
    ids = torch.randint(0, config.vocab_size, (documents, length), device=device)
    batch = min(batch, documents)

    @torch.no_grad()
    def score(_):
        for at in range(0, documents, batch):
            part = ids[at : at + batch]
            if row["kind"] == "minilm":
                net(part).last_hidden_state.mean(1)
            else:
                logits = net(part).logits[:, :-1].float()
                F.cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten(), reduction="none")

    seconds = clock(score, fill=0)
    return f"transformers {transformers.__version__}, bf16, SDPA, batches of {batch} documents of one length, losses from its logits", seconds


def ceilings(device, tiny, clock, write):
    """The card's ceilings: a copy, and the best bf16 rate over several shapes."""
    count = 1 << (16 if tiny else 30)
    a, b = (torch.empty(count, dtype=torch.uint8, device=device).random_() for _ in range(2))
    seconds = clock(lambda i: b.copy_(a))
    write({"kind": "ceiling", "name": "copy", "what": "torch copy_", "seconds": seconds, "value": 2 * count / statistics.median(seconds)})
    best = None
    for m, n, k in ((64, 64, 64),) if tiny else ((8192, 8192, 8192), (16384, 4096, 4096), (16384, 16384, 4096), (16384, 18176, 4544), (4096, 16384, 16384)):
        a, w = (torch.randn(r, k, device=device, dtype=torch.bfloat16) for r in (m, n))
        seconds = clock(lambda i: F.linear(a, w), fill=0.1)
        rate = 2 * m * n * k / statistics.median(seconds)
        if best is None or rate > best["value"]:
            best = {"kind": "ceiling", "name": "bf16", "what": f"F.linear {m} x {n} x {k}", "seconds": seconds, "value": rate}
    write(best)
    m, n, k = (64, 64, 64) if tiny else (8192, 8192, 8192)
    a, w = (torch.randint(-127, 128, (r, k), dtype=torch.int8, device=device) for r in (m, n))
    seconds = clock(lambda i: torch._int_mm(a, w.T), fill=0.1)
    write({"kind": "ceiling", "name": "int8", "what": f"torch._int_mm {m} x {n} x {k}", "seconds": seconds, "value": 2 * m * n * k / statistics.median(seconds)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--only", default="ceilings,gemm,attention,memory,vocab,model")
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    torch.manual_seed(9)
    if options.device == "cpu":
        torch.set_num_threads(1)
    deadline = time.monotonic() + options.seconds
    groups = {"gemm": gemm, "attention": attention, "memory": memory, "vocab": vocab, "model": model}
    wanted = options.only.split(",")
    clock = Clock(options.device, options.tiny)

    def write(line):
        with open(options.json, "a") as file:
            file.write(json.dumps(line) + "\n")

    if "ceilings" in wanted:
        try:
            ceilings(options.device, options.tiny, clock, write)
        except Exception as error:  # what a build of torch lacks is said, not fatal
            write({"kind": "note", "name": "ceilings", "what": f"{type(error).__name__}: {error}"[:300]})
    for row in json.loads((HERE / "rows.json").read_text())["rows"]:
        if row["group"] not in wanted or row["group"] not in groups or row["kind"] == "pipeline":
            continue
        if time.monotonic() > deadline:
            write({"kind": "note", "name": row["id"], "what": "no time was left"})
            continue
        try:
            what, seconds = groups[row["group"]](row, row["tiny" if options.tiny else "args"], options.device, clock, options.tiny)
            if seconds:
                write({"kind": "torch", "name": row["id"], "what": what, "seconds": seconds})
        except Exception as error:
            write({"kind": "note", "name": row["id"], "what": f"{type(error).__name__}: {error}"[:300]})
        if options.device != "cpu":
            torch.cuda.empty_cache()


if __name__ == "__main__":
    sys.exit(main())
