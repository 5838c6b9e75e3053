"""Words of resiliparse's main text of each page of a WARC, in lower case and one space apart: one JSON text a line.

  resiliparse_words.py REAL.warc.gz REAL.index.tsv
"""
import csv
import gzip
import json
import re
import sys

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree

with open(sys.argv[1], "rb") as warc, open(sys.argv[2], encoding="utf8", newline="") as index:
    for row in csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE):
        warc.seek(int(row["offset"]))
        record = gzip.decompress(warc.read(int(row["length"])))
        http = record.index(b"\r\n\r\n") + 4
        body = record.index(b"\r\n\r\n", http) + 4
        length = int(re.search(rb"(?im)^content-length: *(\d+)", record[:http])[1])
        page = record[body : http + length]
        text = extract_plain_text(HTMLTree.parse_from_bytes(page, detect_encoding(page)), main_content=True)
        print(json.dumps(" ".join(re.findall(r"\w+", text.lower()))))
