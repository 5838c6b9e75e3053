"""Weights for tests from a counter: number i of a tensor is a hash of (seed, name, i). Bit for bit what
stages/contract/weights/random-weights.ts gives; tests/fixtures/model/random-weights.json binds both."""
import re

import numpy as np

NORM = re.compile(r"(norm|ln_\w+|LayerNorm)\.weight$", re.IGNORECASE)


def _finalise(h):
    h = ((h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)).astype(np.uint32)
    h = ((h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)).astype(np.uint32)
    return h ^ (h >> np.uint32(16))


def _key(text, basis):
    h = basis
    for byte in text.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return np.uint32(h)


def random_words(seed, name, count):
    first = _key(f"{seed}/{name}", 0x811C9DC5)
    second = _key(f"{seed}/{name}", 0x01234567)
    i = np.arange(count, dtype=np.uint32)
    with np.errstate(over="ignore"):
        return _finalise(_finalise((i * np.uint32(0x9E3779B9) + first).astype(np.uint32)) ^ second)


def random_tensor(seed, name, shape):
    count = int(np.prod(shape, dtype=np.int64))
    words = random_words(seed, name, count)
    even = ((words >> np.uint32(8)).astype(np.float64) - 2.0**23) / 2.0**23
    norm = NORM.search(name) is not None
    amplitude = 0.25 if len(shape) > 1 or norm else 0.125
    values = amplitude * even + (1.0 if norm else 0.0)
    return values.astype(np.float32).reshape(shape)


def random_ids(seed, name, count, least, vocab):
    return (least + random_words(seed, name, count).astype(np.int64) % (vocab - least)).astype(np.int64)
