# datatrove's MinHash signature stage on texts: one JSON text a line in; argument 1 is a folder, which gets a folder of
# signature files for each hash and precision; out come the words of each text as it hashes them, one JSON list a line. Named so
# that it does not hide the package datatrove.
import functools
import json
import sys

import xxhash
from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import simplify_text
from datatrove.utils.typeshelper import Languages
from datatrove.utils.word_tokenizers import load_word_tokenizer


def of_text(digest):  # xxhash 4 takes bytes alone, datatrove 0.10 gives it str
    return lambda data: digest(data.encode() if isinstance(data, str) else data)


xxhash.xxh64_intdigest, xxhash.xxh32_intdigest = of_text(xxhash.xxh64_intdigest), of_text(xxhash.xxh32_intdigest)
tokenizer = load_word_tokenizer(Languages.english)  # one object for all stages
tokenizer.word_tokenize = functools.lru_cache(maxsize=None)(tokenizer.word_tokenize)
texts = [json.loads(line) for line in sys.stdin]
stdout, sys.stdout = sys.stdout, sys.stderr
for name in ("xxhash", "sha1"):
    for precision in (64, 32):
        config = MinhashConfig(hash_config=HashConfig(precision=precision, hash_fc=name))
        stage = MinhashDedupSignature(f"{sys.argv[1]}/{name}-{precision}", config=config)
        stage.run((Document(text=text, id=str(i)) for i, text in enumerate(texts)), rank=7)
for text in texts:
    print(json.dumps(tokenizer.word_tokenize(simplify_text(text))), file=stdout)
