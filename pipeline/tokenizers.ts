// What the rest of the pipeline uses of stages/tokenize: reading, opening and writing tokenizers, apart from the step.
import type { Tokenizers } from '../stages/dedupe/tokenizers.js';
import { loadTokenizer, TOKENIZER_KINDS, tokenizerFiles } from '../stages/tokenize/load-tokenizer.js';

/** As the dedupe steps are handed them. */
export const forDedupe: Tokenizers = {
  files: tokenizerFiles,
  open: (name, baseDir) => loadTokenizer(name, baseDir).handle,
  kinds: TOKENIZER_KINDS,
};

export { loadTokenizer, type LoadedTokenizer, SHIPPED_TOKENIZERS } from '../stages/tokenize/load-tokenizer.js';
export {
  alphabetTokenizer,
  isSpelled,
  NAMED_PRE_TOKENIZERS,
  splitTokenizerJson,
  type TokenizerJson,
  tokenizerJsonText,
  withMerges,
} from '../stages/tokenize/new-tokenizer.js';
export { readTokenizerJson } from '../stages/tokenize/tokenizer-json.js';
