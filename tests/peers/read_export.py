"""Opens one export by its format's own reader and prints what is in it: {"documents": [[id...] or {...}]} as JSON.

usage: read_export.py FORMAT DIR. A reader that is not installed: prints {"absent": name} and exits 0.
"""

import glob
import json
import sys


def sources(folder: str, suffix: str) -> list[str]:
    return sorted(path[: -len(suffix)] for path in glob.glob(f"{folder}/*{suffix}"))


def megatron(folder: str) -> list:
    from megatron.core.datasets.indexed_dataset import IndexedDataset

    found = []
    for prefix in sources(folder, ".idx"):
        dataset = IndexedDataset(prefix)
        assert list(dataset.document_indices) == list(range(len(dataset) + 1))
        found += [[int(token) for token in dataset[i]] for i in range(len(dataset))]
    return found


def ds(folder: str) -> list:
    """Documents by datatrove's index, and every window of its dataset against the same tokens."""
    import numpy as np
    from datatrove.utils.dataset import DatatroveFileDataset

    found = []
    for prefix in sources(folder, ".ds"):
        name, tokens, _ = open(f"{prefix}.ds.metadata", encoding="utf-8").read().split("\n")
        width = int(name.rsplit("|", 1)[1])
        ids = np.fromfile(f"{prefix}.ds", dtype={2: np.uint16, 4: np.uint32}[width])
        assert len(ids) == int(tokens)
        dataset = DatatroveFileDataset(f"{prefix}.ds", seq_len=63, token_size=width)
        for i in range(len(dataset)):
            assert dataset[i]["input_ids"].tolist() == ids[i * 64 : (i + 1) * 64].tolist(), i
        start = 0
        for end in np.fromfile(f"{prefix}.ds.index", dtype=np.uint64):
            found.append([int(token) for token in ids[start : int(end)]])
            start = int(end)
    return found


def mds(folder: str) -> list:
    from streaming.base.format import reader_from_json

    found = []
    for shard in json.load(open(f"{folder}/index.json"))["shards"]:
        reader = reader_from_json(folder, None, shard)
        found += [[int(token) for token in reader[i]["tokens"]] for i in range(len(reader))]
    return found


def parquet(folder: str) -> list:
    import pyarrow.parquet as pq

    found = []
    for prefix in sources(folder, ".parquet"):
        found += pq.read_table(f"{prefix}.parquet").to_pylist()
    return found


def duckdb(folder: str) -> list:
    import duckdb

    query = duckdb.sql(f"select * from read_parquet('{folder}/*.parquet', filename = true, file_row_number = true) order by filename, file_row_number")
    names = query.columns
    return [{name: cell for name, cell in zip(names, row) if name not in ("filename", "file_row_number")} for row in query.fetchall()]


def datasets(folder: str) -> list:
    """JSON lines as HuggingFace datasets loads them, compressed ones too."""
    from datasets import load_dataset

    files = sorted(glob.glob(f"{folder}/*.jsonl*"))
    return list(load_dataset("json", data_files=files, split="train", cache_dir=f"{folder}-cache"))


def jsonl_pyarrow(folder: str) -> list:
    import pyarrow as pa
    import pyarrow.json as pj

    found = []
    for path in sorted(glob.glob(f"{folder}/*.jsonl*")):
        with pa.input_stream(path, compression="zstd" if path.endswith(".zst") else None) as stream:
            found += pj.read_json(pa.BufferReader(stream.read())).to_pylist()
    return found


def jsonl_duckdb(folder: str) -> list:
    import duckdb

    found = []
    for path in sorted(glob.glob(f"{folder}/*.jsonl*")):
        # Times with a zone need pytz in Python: as text they do not.
        query = duckdb.sql(f"select * replace (cast(date as varchar) as date) from read_json('{path}', format = 'newline_delimited', convert_strings_to_integers = false)")
        found += [dict(zip(query.columns, row)) for row in query.fetchall()]
    return found


READERS = {"jsonl-pyarrow": jsonl_pyarrow, "jsonl-duckdb": jsonl_duckdb, "megatron": megatron, "ds": ds, "mds": mds, "parquet": parquet, "duckdb": duckdb, "jsonl": datasets, "jsonl.zst": datasets}
try:
    print(json.dumps({"documents": READERS[sys.argv[1]](sys.argv[2])}, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value)))
except ModuleNotFoundError as missing:
    print(json.dumps({"absent": missing.name}))
