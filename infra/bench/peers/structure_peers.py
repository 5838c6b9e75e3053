"""What trafilatura (as Markdown, tables and formatting on) and resiliparse write of pages, for infra/bench/structure.ts:
reads a path a line (.html or .html.gz), prints a JSON line a page, then the versions. An exception is empty text."""
import gzip
import json
import logging
import sys
from importlib import metadata

logging.disable(logging.CRITICAL)


def read(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as stream:
        return stream.read()


def guarded(work):
    def run(page):
        try:
            return work(page) or ""
        except Exception:
            return ""

    return run


from resiliparse.extract.html2text import extract_plain_text  # noqa: E402
from resiliparse.parse.encoding import detect_encoding  # noqa: E402
from resiliparse.parse.html import HTMLTree  # noqa: E402
from trafilatura import extract  # noqa: E402

tools = {
    "trafilatura": guarded(lambda page: extract(page, output_format="markdown", include_tables=True, include_formatting=True, include_comments=False)),
    "resiliparse": guarded(lambda page: extract_plain_text(HTMLTree.parse_from_bytes(page, detect_encoding(page)), main_content=True, preserve_formatting=True)),
}
for path in (line.rstrip("\n") for line in sys.stdin):
    page = read(path)
    print(json.dumps({name: tool(page) for name, tool in tools.items()}))
print(json.dumps({name: metadata.version(name) for name in tools}))
