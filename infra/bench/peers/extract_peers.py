"""Main text of pages by PyPI trafilatura and resiliparse, and parsing alone by selectolax's lexbor, with their CPU time.

  extract_peers.py versions                 one JSON object: tool -> version, or null where it is not installed
  extract_peers.py TOOL < LIST > TEXTS      LIST: a path of a .html.gz a line; TEXTS: {"text", "cpuMs"} a line, in order

Settings are those of a corpus builder: comments left out, everything else as the tool ships it. Bytes in, text out, so each
tool's own charset detection is part of its time. One page alone must not stop the rest: an exception is empty text.
"""
import gzip
import json
import logging
import sys
import time
from importlib import metadata

PACKAGES = {"trafilatura": "trafilatura", "resiliparse": "Resiliparse", "lexbor": "selectolax", "rs-trafilatura": "rs-trafilatura"}


def trafilatura():
    from trafilatura import extract

    return lambda page: extract(page, include_comments=False) or ""


def trafilatura_comments():
    from trafilatura import extract

    return lambda page: extract(page) or ""


def resiliparse():
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import detect_encoding
    from resiliparse.parse.html import HTMLTree

    return lambda page: extract_plain_text(HTMLTree.parse_from_bytes(page, detect_encoding(page)), main_content=True)


def rs_trafilatura():
    from rs_trafilatura import extract_bytes

    return lambda page: extract_bytes(page).main_content or ""


def lexbor():
    from selectolax.lexbor import LexborHTMLParser

    def run(page):
        LexborHTMLParser(page)
        return ""

    return run


TOOLS = {
    "trafilatura": trafilatura,
    "trafilatura-comments": trafilatura_comments,
    "resiliparse": resiliparse,
    "rs-trafilatura": rs_trafilatura,
    "lexbor": lexbor,
}


def versions():
    found = {}
    for tool, package in PACKAGES.items():
        try:
            found[tool] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[tool] = None
    return found


if sys.argv[1] == "versions":
    print(json.dumps(versions()))
    sys.exit(0)

logging.disable(logging.CRITICAL)  # trafilatura writes of pages it finds empty
extract = TOOLS[sys.argv[1]]()
extract(b"<html><body><p>Lazy imports and tables are loaded by a first page.</p></body></html>")
for line in sys.stdin:
    with gzip.open(line.rstrip("\n"), "rb") as file:
        page = file.read()
    start = time.process_time()
    try:
        text = extract(page)
    except Exception:  # noqa: BLE001
        text = ""
    print(json.dumps({"text": text, "cpuMs": (time.process_time() - start) * 1000}), flush=True)
