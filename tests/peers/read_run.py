"""Opens everything a run leaves with pyarrow, fully validated, and prints what it saw as one JSON object.

read_run.py RUN            shards: rows, token sums, contract
read_run.py --stream FILE  a `refine load` stream: batches, shapes, states
"""
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.compute as pc


def shards(run: pathlib.Path) -> dict:
    out = {}
    for path in sorted(run.rglob("*.arrow")):
        if "scratch" in path.parts:
            continue
        with pa.memory_map(str(path)) as source:
            reader = pa.ipc.open_file(source)
            table = reader.read_all()
            table.validate(full=True)
            entry = {"rows": table.num_rows, "columns": {f.name: str(f.type) for f in table.schema}}
            if "tokens" in table.column_names and path.parent.name == "tokens":
                entry["tokens"] = int(pc.sum(pc.list_value_length(table["tokens"])).as_py() or 0)
                entry["contract"] = json.loads(table.schema.metadata[b"refine.contract"])
            out[path.relative_to(run).as_posix()] = entry
    return out


def stream(path: str) -> dict:
    with open(path, "rb") as source:
        reader = pa.ipc.open_stream(source)
        batches, states = [], []
        while True:
            try:
                batch, metadata = reader.read_next_batch_with_custom_metadata()
            except StopIteration:
                break
            batch.validate(full=True)
            ids = batch["input_ids"].flatten().to_numpy().reshape(batch.num_rows, -1)
            batches.append({"rows": batch.num_rows, "seq_len": int(ids.shape[1]), "sum": int(ids.astype("int64").sum()), "samples": batch["sample"].to_pylist()})
            states.append(json.loads(metadata[b"refine.state"]) if metadata else None)
        return {"types": {f.name: str(f.type) for f in reader.schema}, "contract": json.loads(reader.schema.metadata[b"refine.contract"]), "batches": batches, "states": states}


if __name__ == "__main__":
    print(json.dumps(stream(sys.argv[2]) if sys.argv[1] == "--stream" else shards(pathlib.Path(sys.argv[1]))))
