// A model by name or folder, opened to score texts: its weights, its own tokenizer, the languages that its card states.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RefineError } from '../../native/index.js';
import { CALL_TOKENS, type LoadTokenizer, Scorer } from './loss-scorer.js';
import { type ModelPlace, openRunningModel } from './model-runtime.js';
import { readModelFolder } from './weights/read-model-folder.js';
import { resolveModel } from './weights/shipped.js';

export * from './loss-scorer.js';

export const LOSS_DTYPES = ['f32', 'bf16', 'int8'] as const;
export type LossDtype = (typeof LOSS_DTYPES)[number];

export interface ScorerOptions extends ModelPlace {
  readonly loadTokenizer: LoadTokenizer;
  readonly dtype?: LossDtype;
  readonly runtime?: 'fast' | 'reference';
  /** Tokens of a text that are scored, from its beginning; all where absent. */
  readonly maxTokens?: number;
}

/** `model`: a shipped name or a folder, from `baseDir`. */
export async function openScorer(model: string, baseDir: string, options: ScorerOptions): Promise<Scorer> {
  const folder = resolveModel(model, baseDir);
  const plan = await readModelFolder(folder);
  if (!plan.config.causal)
    throw new RefineError('ERR_REFINE_ASSET', 'is an encoder; a loss by token needs a decoder. Name one, such as reference', { place: model });
  if (plan.tokenizer === null) throw new RefineError('ERR_REFINE_ASSET', 'has no tokenizer beside its weights. Put its tokenizer.json there', { place: model });
  const tokenizer = options.loadTokenizer(plan.tokenizer, folder);
  const start = plan.special.bos ?? plan.special.eos ?? tokenizer.contract.bos_id ?? tokenizer.contract.eos_id;
  if (start === null)
    throw new RefineError('ERR_REFINE_ASSET', 'names neither bos_token_id nor eos_token_id, so nothing stands before a text. Add one to its config.json', {
      place: model,
    });
  const running = await openRunningModel(plan, { dtype: options.dtype, runtime: options.runtime, callTokens: CALL_TOKENS }, options);
  const { context, vocab } = plan.config;
  return new Scorer(model, tokenizer, running, {
    languages: cardLanguages(folder),
    context,
    start,
    vocab,
    maxTokens: options.maxTokens ?? Number.POSITIVE_INFINITY,
  });
}

/** `language:` of the card's front matter (README.md, HuggingFace's form): a word, a list in brackets or of lines. */
export function cardLanguages(folder: string): readonly string[] | null {
  const path = join(folder, 'README.md');
  if (!existsSync(path)) return null;
  const front = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readFileSync(path, 'utf8').slice(0, 65536))?.[1];
  const found = front === undefined ? null : /^language:[ \t]*(.*(?:\r?\n[ \t]*-[ \t]*\S+[ \t]*)*)/m.exec(front)?.[1];
  const words: readonly string[] = found?.match(/[A-Za-z][A-Za-z0-9-]*/g) ?? [];
  return words.length === 0 || words.includes('multilingual') ? null : [...new Set(words)].sort();
}
