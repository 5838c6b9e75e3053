"""Answers of other detectors for samples, for infra/bench/encoding.ts.

stdin: for each sample a little-endian uint32 length and the bytes. stdout: JSON {tool: {"version", "cpuSeconds", "answers": [name or null]}}.
CPU time is of the detection calls alone (time.process_time).
"""
import json
import struct
import sys
import time


def read_samples():
    data = sys.stdin.buffer.read()
    at, out = 0, []
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        out.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return out


def tools():
    try:
        import chardet

        yield "chardet", chardet.__version__, lambda b: chardet.detect(b)["encoding"]
    except ImportError:
        pass
    try:
        import charset_normalizer

        def normalizer(b):
            best = charset_normalizer.from_bytes(b).best()
            return best.encoding if best is not None else None

        yield "charset-normalizer", charset_normalizer.__version__, normalizer
    except ImportError:
        pass
    try:
        from importlib.metadata import version

        from resiliparse.parse.encoding import detect_encoding

        yield "resiliparse", version("resiliparse"), lambda b: detect_encoding(b)
    except ImportError:
        pass


def main():
    samples = read_samples()
    wanted = sys.argv[1:]
    out = {}
    for name, version, detect in tools():
        if wanted and name not in wanted:
            continue
        answers = []
        start = time.process_time()
        for sample in samples:
            answers.append(detect(sample))
        out[name] = {"version": version, "cpuSeconds": time.process_time() - start, "answers": answers}
    json.dump(out, sys.stdout)


main()
