"""CPU seconds that PyPI fastwarc and warcio take for one WARC file: a JSON line each, for infra/bench/warc.ts."""
import json
import sys
import time


def timed(what, work):
    work()
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    print(json.dumps({"what": what, "cpuSeconds": sorted(seconds)[1]}), flush=True)


path = sys.argv[1]

try:
    from fastwarc.warc import ArchiveIterator as FastIterator

    def fast(digests):
        with open(path, "rb") as stream:
            for record in FastIterator(stream, parse_http=True, verify_digests=False):
                if digests:
                    record.freeze()
                    record.verify_block_digest()
                    record.verify_payload_digest()
                record.reader.read()

    timed("PyPI fastwarc, payloads read", lambda: fast(False))
    timed("PyPI fastwarc, digests checked", lambda: fast(True))
except ImportError:
    pass

try:
    from warcio.archiveiterator import ArchiveIterator

    def slow(digests):
        with open(path, "rb") as stream:
            for record in ArchiveIterator(stream, check_digests=digests):
                record.content_stream().read()

    timed("PyPI warcio, payloads read", lambda: slow(False))
    timed("PyPI warcio, digests checked", lambda: slow(True))
except ImportError:
    pass
