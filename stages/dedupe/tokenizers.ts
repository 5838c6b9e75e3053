// How dedupe steps find and open tokenizers: stages/tokenize has them, and a stage imports no other, so pipeline/registry.ts joins them.
import type { BpeHandle } from '../../native/index.js';

export interface Tokenizers {
  /** Files of the tokenizer that an option names, null where there is none. */
  files(tokenizer: string, baseDir: string): readonly string[] | null;
  open(tokenizer: string, baseDir: string): BpeHandle;
  /** What such an option may name, for errors. */
  readonly kinds: string;
}
