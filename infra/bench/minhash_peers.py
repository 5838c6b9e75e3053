# CPU seconds of datatrove's and rensa's MinHash on texts: argument 1 is a file of JSON texts, one a line. Prints one JSON object;
# a peer that is not installed is left out. rensa has no normalisation or shingles of its own: it is given Python's cheapest.
import json
import sys
import time

texts = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
out = {}


def timed(name, documents, work):
    best = None
    for _ in range(3):
        start = time.process_time()
        work()
        took = time.process_time() - start
        best = took if best is None else min(best, took)
    out[name] = documents / best


try:
    from rensa import CMinHash, RMinHash

    def shingles(text):
        words = text.lower().split()
        return [" ".join(words[i : i + 5]) for i in range(len(words) - 4)]

    ready = [shingles(text) for text in texts]

    def sign(kind, sets):
        for items in sets:
            sketch = kind(num_perm=112, seed=1)
            sketch.update(items)
            sketch.digest()

    timed("rensa RMinHash, 112 hashes, word 5-grams of the text in lower case", len(texts), lambda: sign(RMinHash, [shingles(text) for text in texts]))
    timed("rensa RMinHash, 112 hashes of ready shingles", len(texts), lambda: sign(RMinHash, ready))
    timed("rensa CMinHash, 112 hashes of ready shingles (circulant: not the law of bands)", len(texts), lambda: sign(CMinHash, ready))
except ImportError:
    pass

try:
    import xxhash

    digest = xxhash.xxh64_intdigest  # xxhash 4 takes bytes alone, datatrove 0.10 gives it str
    xxhash.xxh64_intdigest = lambda data: digest(data.encode() if isinstance(data, str) else data)
    from datatrove.pipeline.dedup.minhash import MinhashDedupSignature

    stage = MinhashDedupSignature(sys.argv[2])
    few = texts[:50]
    stage.get_shingles(few[0])
    timed("datatrove 14 x 8, all of it", len(few), lambda: [stage.get_signature(stage.get_shingles(text)) for text in few])
    made = [stage.get_shingles(text) for text in few]
    timed("datatrove 14 x 8, signature alone", len(few), lambda: [stage.get_signature(s) for s in made])
except ImportError:
    pass
print(json.dumps(out))
