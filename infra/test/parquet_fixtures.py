# Writes tests/fixtures/parquet/*: what `source.parquet` and `decontaminate` are tested against, by pyarrow (pip install pyarrow), as datasets are written
# (FineWeb's columns) and as they are not. Run it from the checkout: python infra/test/parquet_fixtures.py. Texts are made here.
import datetime
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq

OUT = os.path.join("tests", "fixtures", "parquet")
ROWS = 700


def text(i):
    return f"Document {i}. " + " ".join(f"word{(i * 31 + k * 7) % 97}" for k in range(i % 23)) + (" \u00e9\u4e2d\U0001f600" if i % 5 == 0 else "")


def rows():
    out = []
    for i in range(ROWS):
        out.append(
            {
                "text": None if i % 101 == 50 else text(i),
                "id": f"<urn:uuid:{i:032x}>",
                "dump": "CC-MAIN-2013-20",
                "url": None if i % 97 == 3 else f"http://host{i % 13}.example/page/{i}",
                "date": f"2013-05-{1 + i % 28:02d}T{i % 24:02d}:48:54Z",
                "file_path": f"s3://commoncrawl/crawl-data/CC-MAIN-2013-20/segments/x/warc/{i % 4}.warc.gz",
                "language": "en",
                "language_score": 0.5 + (i % 50) / 100,
                "token_count": i,
            }
        )
    return out


def main():
    os.makedirs(OUT, exist_ok=True)
    data = rows()
    table = pa.Table.from_pylist(data)
    with open(os.path.join(OUT, "rows.jsonl"), "w", encoding="utf-8") as file:
        for row in data:
            file.write(json.dumps({k: row[k] for k in ("text", "id", "url", "date")}, ensure_ascii=False) + "\n")

    def write(name, of=table, **options):
        pq.write_table(of, os.path.join(OUT, name + ".parquet"), **options)

    for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
        write(codec, compression=codec, row_group_size=300)
    write("pages-v2", compression="zstd", data_page_version="2.0", data_page_size=2000, row_group_size=350, write_page_index=True)
    write("plain", use_dictionary=False, data_page_size=3000)
    write(
        "delta",
        use_dictionary=False,
        column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY", "id": "DELTA_BYTE_ARRAY", "url": "DELTA_BYTE_ARRAY", "date": "DELTA_LENGTH_BYTE_ARRAY", "token_count": "DELTA_BINARY_PACKED"},
    )
    write("large", of=table.set_column(0, "text", table["text"].cast(pa.large_string())).set_column(2, "dump", table["dump"].dictionary_encode()))
    required = pa.schema([pa.field("text", pa.string(), nullable=False)])
    write("required", of=pa.table({"text": [text(i) for i in range(50)]}, schema=required))
    nested = [{"doc": None if i == 7 else {"body": None if i == 9 else text(i), "meta": {"url": f"http://n.example/{i}"}}, "n": i, "tags": ["a", "b"][: i % 3]} for i in range(60)]
    write("nested", of=pa.Table.from_pylist(nested))
    # What `decontaminate` reads beside flat columns: lists longer than a page, maps, and nulls on every level.
    items = [
        {
            "tags": None if i == 3 else [text(k) if k % 5 else None for k in range((i * 7) % 60)],
            "options": None if i % 9 == 4 else {chr(65 + k): text(i + k) if k != 2 else None for k in range(i % 4)},
            "turns": [{"role": "user", "said": [text(i), text(i + 1)][: k % 3]} if k != 1 else None for k in range(i % 4)],
        }
        for i in range(90)
    ]
    with open(os.path.join(OUT, "lists.jsonl"), "w", encoding="utf-8") as file:
        for row in items:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    said = pa.list_(pa.struct([("role", pa.string()), ("said", pa.list_(pa.string()))]))
    shape = pa.schema([("n", pa.int64()), ("tags", pa.list_(pa.string())), ("options", pa.map_(pa.string(), pa.string())), ("turns", said)])
    made = [{**row, "n": n, "options": None if row["options"] is None else list(row["options"].items())} for n, row in enumerate(items)]
    lists = pa.Table.from_pylist(made, schema=shape)
    write("lists", of=lists, data_page_size=500, write_batch_size=16, row_group_size=40)
    write("lists-v2", of=lists, compression="gzip", data_page_version="2.0", data_page_size=500, write_batch_size=16, use_dictionary=False)
    when = datetime.datetime(2020, 2, 29, 12, 30, 15, 987654, tzinfo=datetime.timezone.utc)
    base = {"text": ["one", "two", "three"], "id": [11, 12, 13]}
    for unit in ("ms", "us", "ns"):
        write(f"time-{unit}", of=pa.table({**base, "date": pa.array([when, None, datetime.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=datetime.timezone.utc)], pa.timestamp(unit, "UTC"))}))
    write("time-int96", of=pa.table({**base, "date": pa.array([when, None, when], pa.timestamp("ns"))}), use_deprecated_int96_timestamps=True)
    write("time-date", of=pa.table({**base, "date": pa.array([datetime.date(2020, 2, 29), None, datetime.date(1969, 12, 31)])}))
    write("empty", of=table.slice(0, 0))


main()
