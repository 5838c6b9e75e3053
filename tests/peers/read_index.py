"""What other tools make of a WARC file and of our index of it, as JSON.

usage: read_index.py warcio WARC | cdxj WARC | pyarrow INDEX.parquet. A tool that is not installed: prints {"absent": name} and exits 0.
"""

import io
import json
import sys


def warcio(path):
    from warcio.indexer import Indexer

    out = io.StringIO()
    fields = ["offset", "length", "warc-type", "warc-target-uri", "http:status", "warc-payload-digest", "filename"]
    indexer = Indexer(fields, [path], "-")
    for input_ in [path]:
        with open(input_, "rb") as file:
            indexer.process_one(file, out, input_)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def cdxj(path):
    from cdxj_indexer.main import CDXJIndexer

    out = io.StringIO()
    CDXJIndexer(out, [path], sort=True).process_all()
    return out.getvalue().splitlines()


def pyarrow(path):
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    groups = []
    for number in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(number)
        columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
        status = columns["fetch_status"].statistics
        groups.append([group.num_rows, status.min, status.max])
    return {"rows": file.read().to_pylist(), "groups": groups}


try:
    print(json.dumps({"found": {"warcio": warcio, "cdxj": cdxj, "pyarrow": pyarrow}[sys.argv[1]](sys.argv[2])}, default=str))
except ImportError as error:
    print(json.dumps({"absent": error.name}))
