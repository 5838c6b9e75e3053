// The choices of `refine tokenizer`, apart from what learns: the command knows them without loading that.

/** Kinds of tokens not to make: bits of Avoid in kernels/include/refine/bpe_train.h. */
export const AVOID = { digits: 1, scripts: 2, fragments: 4, symbols: 8 } as const;
export type Avoid = keyof typeof AVOID;

/** Names that `--pre-tokenizer` knows beside tokenizers: the keys of NAMED_PRE_TOKENIZERS (stages/tokenize/new-tokenizer.ts), in its order. */
export const PRE_TOKENIZERS: readonly string[] = ['gpt2', 'cl100k', 'qwen2', 'qwen35', 'o200k', 'tekken', 'falcon', 'llama3'];
