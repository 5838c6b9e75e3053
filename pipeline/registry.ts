// The steps that ship, by name, in the order of the usual pipeline. The only module that imports stages.
import type { AnyStep } from '../stages/contract/stage.js';
import { classifyWith } from '../stages/classify/classify.js';
import { decontaminate } from '../stages/decontaminate/decontaminate.js';
import { dedupeBff } from '../stages/dedupe/bff/dedupe-bff.js';
import { dedupeExact } from '../stages/dedupe/exact/dedupe-exact.js';
import { dedupeLine } from '../stages/dedupe/line/dedupe-line.js';
import { dedupeMinhashWith } from '../stages/dedupe/minhash/dedupe-minhash.js';
import { dedupeSubstringWith } from '../stages/dedupe/substring/dedupe-substring.js';
import type { Tokenizers } from '../stages/dedupe/tokenizers.js';
import { dedupeSemanticWith } from '../stages/dedupe/semantic/dedupe-semantic.js';
import { dedupeUrl } from '../stages/dedupe/url/dedupe-url.js';
import { extract } from '../stages/extract/extract.js';
import { fasttext } from '../stages/fasttext/fasttext.js';
import { langid } from '../stages/langid/langid.js';
import { lines } from '../stages/lines/lines.js';
import { ngram } from '../stages/ngram/ngram.js';
import { perplexityWith } from '../stages/perplexity/perplexity.js';
import { pii } from '../stages/pii/pii.js';
import { quality } from '../stages/quality/quality.js';
import { repetition } from '../stages/repetition/repetition.js';
import { rules } from '../stages/rules/rules.js';
import { loadTokenizer, TOKENIZER_KINDS, tokenizerFiles } from '../stages/tokenize/load-tokenizer.js';
import { tokenize } from '../stages/tokenize/tokenize.js';
import { url } from '../stages/url/url.js';

const tokenizers: Tokenizers = {
  files: tokenizerFiles,
  open: (name, baseDir) => loadTokenizer(name, baseDir).handle,
  kinds: TOKENIZER_KINDS,
};

const shipped: readonly AnyStep[] = [
  url,
  extract,
  langid,
  repetition,
  quality,
  lines,
  fasttext,
  ngram,
  classifyWith(loadTokenizer),
  perplexityWith(loadTokenizer),
  rules,
  pii,
  decontaminate,
  dedupeUrl,
  dedupeExact,
  dedupeMinhashWith(tokenizers),
  dedupeLine,
  dedupeBff,
  dedupeSubstringWith(tokenizers),
  dedupeSemanticWith(loadTokenizer),
  tokenize,
];

export const steps: ReadonlyMap<string, AnyStep> = new Map(shipped.map((step) => [step.name, step]));

export { misfitOf } from '../stages/dedupe/index-against.js';
export {
  type Catalogue,
  catalogueText,
  findDamage,
  firstRow,
  IDS_SHAPE,
  type IndexedFile,
  type IndexSegment,
  isName,
  type KeySpace,
  readCatalogue,
  segmentFile,
  segmentFolder,
} from '../stages/dedupe/index-catalogue.js';
export { bandFiles } from '../stages/dedupe/minhash/minhash-index.js';
export { compiledInWords, compileUrlLists } from '../stages/url/compile.js';
export { PUBLISHED_LISTS, type PublishedList } from '../stages/url/lists-catalogue.js';
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
