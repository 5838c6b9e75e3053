"""What trafilatura says of pages' metadata, for infra/bench/metadata.ts: reads lines {id, path, url} (path: an .html.gz),
prints one JSON line a page with title, author, date, sitename, then the CPU seconds they took."""
import gzip
import json
import sys
import time

import trafilatura
from trafilatura.metadata import extract_metadata

pages = [json.loads(line) for line in sys.stdin if line.strip()]
bodies = [gzip.open(page["path"]).read() for page in pages]
start = time.process_time()
for page, body in zip(pages, bodies):
    found = {}
    try:
        document = extract_metadata(body, default_url=page["url"])
        if document is not None:
            found = {name: getattr(document, name) for name in ("title", "author", "date", "sitename", "license")}
    except Exception as error:  # a page it cannot read counts as one without metadata
        found = {"error": str(error)[:80]}
    print(json.dumps({"id": page["id"], **found}))
print(json.dumps({"version": trafilatura.__version__, "cpuSeconds": time.process_time() - start}))
