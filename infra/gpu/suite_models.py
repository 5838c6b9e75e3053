"""Whole models on the card through the C ABI: against the fp32 forward of models.py, the same bytes in two processes, and the timed rows.
Bits per byte are compared as sums of losses: bytes of text are the same on both sides and cancel.
"""
import hashlib
import json
import pathlib
import time

import models
import torch

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "stages/perplexity/models"
LIMITS = {"bf16": 0.005, "f32": 1e-4, "int8": 0.03}  # of the summed loss; f32 also of the losses one by one


def host(run, deadline, environment=None, **options):
    """model_host's JSON line, or None after a failure that is recorded."""
    options = {"library": run.programs["library"], "out": run.work / f"{options['id']}.f32", "json": run.work / "model.jsonl", **options}
    command = [run.programs["model_host"]] + [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    (run.work / "model.jsonl").unlink(missing_ok=True)
    code, said = run.execute(command, deadline - time.monotonic(), environment=environment)
    if code != 0:
        run.fail(f"model {options['id']}", said or f"exit code {code}")
        return None
    return json.loads((run.work / "model.jsonl").read_text().splitlines()[-1]), options["out"]


def keep(run, line):
    with open(run.lines, "a") as file:
        file.write(json.dumps(line) + "\n")


def parity(run, name, config, roles, documents, dtypes, deadline):
    description, weights, shard = (run.work / f"{name}.{kind}" for kind in ("txt", "bin", "ids"))
    models.write_description(config, description, roles, weights)
    models.write_shard(shard, documents)
    reference = models.losses(config, roles, documents, config["bos"]).double()
    for dtype in dtypes:
        answer = host(run, deadline, id=f"{name}-{dtype}", model=description, weights=weights, shard=shard, dtype=dtype, bos=config["bos"], runs=1)
        if not answer:
            continue
        line, path = answer
        losses = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.float32).double()
        finite = bool(torch.isfinite(losses).all()) and len(losses) == len(reference)
        summed = abs(float(losses.sum() - reference.sum()) / float(reference.sum())) if finite else float("nan")
        each = float((losses - reference).norm() / reference.norm()) if finite else float("nan")
        ok = finite and summed <= LIMITS[dtype] and (dtype != "f32" or each <= LIMITS[dtype])
        keep(run, {"kind": "check", "operator": f"model {name}", "path": dtype, "case": f"{len(documents)} documents, {len(reference)} losses against fp32 on the CPU; one by one {each:.3g}",
                   "ok": ok, "error": summed, "worst": each, "limit": LIMITS[dtype]})  # fmt: skip
        print(f"{name} {dtype}: summed loss off by {summed:.2e}, one by one {each:.2e} (limit {LIMITS[dtype]})")
        if not ok:
            run.fail(f"model {name} in {dtype}", f"summed loss off by {summed}, limit {LIMITS[dtype]}; one by one {each}; finite {finite}")


def texts():
    root = FOLDER.parents[2]
    paths = [root / "README.md", root / "ARCHITECTURE.md", *sorted((root / "infra/docs").glob("*.md"))]
    return [part for path in paths if path.exists() for part in path.read_text().split("\n\n") if len(part) > 200]


def run(run, deadline):
    tiny = run.options.emulate
    small = FOLDER / "reference-small"
    if tiny:
        config = models.shaped(200, 64, 2, 2, 1, 128, 64)
        parity(run, "tiny-falcon", config, models.random_roles(config, run.options.seed & 0xFFFF), models.random_documents(200, 3, 1, 20, 5), ("f32", "bf16"), deadline)
    else:
        for folder in (small, FOLDER / "reference"):
            if not any(folder.glob("*.safetensors")):
                run.note(f"{folder.name} has no weights in this checkout")
                continue
            config = models.read_config(folder)
            parity(run, folder.name, config, models.roles_of(config, models.read_safetensors(folder)), models.greedy_documents(folder, texts()[:120], min(500, config["context"] - 1)), ("f32", "bf16", "int8"), deadline)
        config = models.shaped(65024, 4544, 1, 71, 1, 18176, 2048)  # the 7B width, one layer: real sizes, an oracle that fits a CPU
        parity(run, "falcon-7b-one-layer", config, models.random_roles(config, run.options.seed & 0xFFFF), models.random_documents(65024, 6, 1, 300, 5), ("bf16",), deadline)
    for name in ("reference", "encoder-22m"):
        graphs(run, name, tiny, deadline)
    for row in run.rows():
        if row["group"] == "model":
            timed(run, row, deadline)


def graphs(run, name, tiny, deadline):
    """Batches of 1,024 tokens, each forward launched and each replayed: the same bytes, and what a graph saves where launching is the time."""
    description, shard = run.work / f"graphs-{name}.txt", run.work / f"graphs-{name}.ids"
    options = {"model": description, "shard": shard, "runs": 1 if tiny else 3, "dtype": "bf16", "batch_tokens": 128 if tiny else 1024}
    if name == "encoder-22m":
        config = models.shaped(200 if tiny else 30522, 64 if tiny else 384, 2 if tiny else 6, 2 if tiny else 12, 2 if tiny else 12, 128 if tiny else 1536, 512)
        models.write_encoder(config, description)
        options["encode"] = 1
    else:
        config = models.shaped(200, 64, 2, 2, 1, 128, 64) if tiny else models.read_config(FOLDER / "reference")
        models.write_description(config, description)
        options["bos"] = config["bos"]
    models.write_shard(shard, models.random_documents(config["vocab"], 24 if tiny else 4000, 1, 20 if tiny else 128, run.options.seed & 0xFFFF))
    answers = {which: host(run, deadline, {"REFINE_CUDA_GRAPHS": value}, id=f"graphs-{name}-{which}", **options) for which, value in (("launched", "0"), ("replayed", "1"))}
    if None in answers.values():
        return
    (launched, plain), (replayed, again) = answers["launched"], answers["replayed"]
    if plain.read_bytes() != again.read_bytes():
        run.fail(f"graphs {name}: replayed forwards gave other bytes than launched ones")
    if launched["replays"] != 0 or replayed["replays"] == 0 or replayed["graphs"] == 0:
        run.fail(f"graphs {name}: {launched['replays']} replays without graphs, {replayed['replays']} of {replayed['graphs']} with")
    keep(run, {"kind": "graphs", "name": name, "launches": replayed["launches"], "replays": replayed["replays"], "launched_seconds": launched["call_seconds"], "replayed_seconds": replayed["call_seconds"]})
    print(f"{name}: {replayed['launches']} kernels a forward, the same bytes launched and replayed ({replayed['replays']} replays); {launched['call_seconds']} s and {replayed['call_seconds']} s")


def timed(run, row, deadline):
    tiny = run.options.emulate
    if deadline - time.monotonic() < 5:
        return run.note(f"{row['id']}: no time was left")
    args = row["tiny" if tiny else "args"]
    description, shard = run.work / f"{row['id']}.txt", run.work / f"{row['id']}.ids"
    options = {"id": row["id"], "model": description, "shard": shard, "runs": 1 if tiny else 3, "dtype": "bf16"}
    if row["kind"] == "minilm":
        config = models.shaped(200 if tiny else 30522, 64 if tiny else 384, 2 if tiny else 6, 2 if tiny else 12, 2 if tiny else 12, 128 if tiny else 1536, 512)
        models.write_encoder(config, description)
        options["encode"] = 1
    else:
        folder = FOLDER / "reference"
        if row["kind"] == "falcon-7b":
            config = models.shaped(65024, 4544, 32, 71, 1, 18176, 2048)
        else:
            config = models.read_config(folder)
        if tiny:
            config = models.shaped(200, 64, 2, 2, 1, 128, 64)
        if not tiny and row["kind"] != "falcon-7b" and any(folder.glob("*.safetensors")):
            models.write_description(config, description, models.roles_of(config, models.read_safetensors(folder)), run.work / "reference.bin")
            options["weights"] = run.work / "reference.bin"
        else:
            models.write_description(config, description)
        options["bos"] = config["bos"]
    generator = torch.Generator().manual_seed(run.options.seed & 0xFFFF)
    documents = torch.randint(0, config["vocab"], (args["documents"], args["length"]), generator=generator).tolist()
    models.write_shard(shard, documents)
    answer = host(run, deadline, **options)
    if not answer:
        return
    line, path = answer
    line["row"] = True
    keep(run, line)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if row["kind"] in ("pipeline", "minilm"):  # again in a fresh process, packed otherwise: the same bytes
        again = host(run, deadline, **{**options, "runs": 1, "out": run.work / "again.f32", "batch_tokens": 64 if tiny else 5000})
        if again and hashlib.sha256(again[1].read_bytes()).hexdigest() != digest:
            run.fail(f"{row['id']}: another process, packing batches of another size, gave other bytes")
        elif again:
            print(f"{row['id']}: the same bytes from a fresh process with other batches")
    if not torch.isfinite(torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.float32)).all():
        run.fail(f"{row['id']}: not all numbers are finite")
