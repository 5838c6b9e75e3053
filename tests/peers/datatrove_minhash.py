# datatrove's MinHash signature stage on texts: one JSON text a line in; argument 1 is a folder, which gets a folder of
# signature files for each hash and precision; out come the words of each text as it hashes them, one JSON list a line. Named so
# that it does not hide the package datatrove.
import json
import sys

from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import simplify_text

texts = [json.loads(line) for line in sys.stdin]
stdout, sys.stdout = sys.stdout, sys.stderr
for name in ("xxhash", "sha1"):
    for precision in (64, 32):
        config = MinhashConfig(hash_config=HashConfig(precision=precision, hash_fc=name))
        stage = MinhashDedupSignature(f"{sys.argv[1]}/{name}-{precision}", config=config)
        stage.run((Document(text=text, id=str(i)) for i, text in enumerate(texts)), rank=7)
for text in texts:
    print(json.dumps(stage.word_tokenizer.word_tokenize(simplify_text(text))), file=stdout)
