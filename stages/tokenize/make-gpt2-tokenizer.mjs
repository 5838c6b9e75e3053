// Writes tokenizers/gpt2/tokenizer.json.gz in HuggingFace's form from GPT-2's published vocabulary and merges.
//   node stages/tokenize/make-gpt2-tokenizer.mjs VOCAB_AND_MERGES.json
// The argument holds {vocab: string[] in id order, merges: string[]}, as read from llama.cpp's ggml-vocab-gpt-2.gguf
// (equal to OpenAI's encoder.json and vocab.bpe). The same input gives the same bytes.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const { vocab, merges } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const end = '<|endoftext|>';
const file = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [{ id: vocab.indexOf(end), content: end, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: '',
    end_of_word_suffix: '',
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries(vocab.map((token, id) => [token, id])),
    merges,
  },
};
// Object keys that look like integers move to the front in JavaScript; ids stand beside them, so order carries nothing.
const folder = join(dirname(fileURLToPath(import.meta.url)), 'tokenizers', 'gpt2');
writeFileSync(join(folder, 'tokenizer.json.gz'), gzipSync(JSON.stringify(file), { level: 9 }));
writeFileSync(join(folder, 'tokenizer_config.json'), `${JSON.stringify({ bos_token: end, eos_token: end, tokenizer_class: 'GPT2Tokenizer' })}\n`);
