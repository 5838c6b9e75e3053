// The tokenizer that wrote a run's ids, found again: lock files hold its name as the manifest spelled it, and token shards the
// sha256 of its file, so what is found is known to be it. Tried in order: --tokenizer, names the package ships, the option as a
// path from the run folder and from here.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RefineError } from '../../native/index.js';
import { type LoadedTokenizer, loadTokenizer, SHIPPED_TOKENIZERS } from '../tokenizers.js';
import type { RunState } from '../run-folder.js';

export interface Contract {
  readonly sha256?: string;
  readonly vocab_size: number;
  readonly eos_id: number | null;
  readonly bos_id: number | null;
}

export interface TokenizeOptions {
  readonly tokenizer: string;
  readonly eos: boolean | string;
  readonly bos: boolean | string;
  readonly special: 'text' | 'parse';
  readonly pattern?: string;
}

/** The options of the run's last tokenize step; null where it has none. */
export function tokenizeOptions(run: RunState): TokenizeOptions | null {
  const steps = (run.lock.resolved.steps ?? []) as readonly { readonly stage: string; readonly options: Partial<TokenizeOptions> }[];
  const step = steps.findLast(({ stage }) => stage === 'tokenize');
  return step === undefined ? null : { tokenizer: 'falcon', eos: true, bos: false, special: 'text', ...step.options };
}

/** The tokenizer, or why it is not there. */
export function runTokenizer(run: RunState, contract: Contract | null, given: string | undefined): LoadedTokenizer | string {
  const options = tokenizeOptions(run);
  if (options === null) return 'the run has no step tokenize';
  const names = { ...(options.pattern === undefined ? {} : { pattern: options.pattern as never }) };
  const wanted = contract?.sha256;
  if (given !== undefined) {
    const loaded = loadTokenizer(given, process.cwd(), names);
    if (wanted !== undefined && loaded.contract.sha256 !== wanted)
      throw new RefineError(
        'ERR_REFINE_ASSET',
        `its sha256 is ${loaded.contract.sha256.slice(0, 12)}…, the run's shards name ${wanted.slice(0, 12)}…: it is not the tokenizer that wrote them`,
        { place: given },
      );
    return loaded;
  }
  const shipped = SHIPPED_TOKENIZERS as readonly string[];
  const places: readonly (readonly [string, string])[] = shipped.includes(options.tokenizer)
    ? [[options.tokenizer, run.folder]]
    : [
        [options.tokenizer, run.folder],
        [options.tokenizer, process.cwd()],
        [options.tokenizer, dirname(run.folder)],
        ...shipped.map((name) => [name, run.folder] as const),
      ];
  for (const [name, base] of places) {
    const loaded = tryLoad(name, base, names);
    if (loaded !== null && (wanted === undefined || loaded.contract.sha256 === wanted)) return loaded;
  }
  return `the run's tokenizer "${options.tokenizer}" (sha256 ${wanted?.slice(0, 12) ?? 'unknown'}…) is not found from here; name it with --tokenizer DIR`;
}

/** Shipped tokenizers that were opened: half a second each, and the same for every run. */
const opened = new Map<string, LoadedTokenizer>();

export function shippedTokenizer(name: string): LoadedTokenizer {
  let tokenizer = opened.get(name);
  if (tokenizer === undefined) opened.set(name, (tokenizer = loadTokenizer(name, '.')));
  return tokenizer;
}

function tryLoad(name: string, base: string, names: object): LoadedTokenizer | null {
  try {
    return (SHIPPED_TOKENIZERS as readonly string[]).includes(name) ? shippedTokenizer(name) : loadTokenizer(name, base, names);
  } catch {
    return null;
  }
}

/** Whether a tokenizer, used as its own library uses it, begins each text with BOS: tokenizer_config.json, else the post-processor of tokenizer.json. */
export function addsBos({ path, contract, file }: LoadedTokenizer): boolean {
  if (contract.bos_id === null) return false;
  const config = readJson(join(dirname(path), 'tokenizer_config.json'));
  if (typeof config?.add_bos_token === 'boolean') return config.add_bos_token;
  const post = path.endsWith('.json') ? (readJson(path)?.post_processor as PostProcessor | null | undefined) : undefined;
  for (const one of post?.processors ?? [post]) {
    const first = one?.type === 'TemplateProcessing' ? one.single?.[0]?.SpecialToken?.id : undefined;
    if (first !== undefined && file.idOf(first) === contract.bos_id) return true;
  }
  return false;
}

interface PostProcessor {
  readonly type?: string;
  readonly processors?: readonly PostProcessor[];
  readonly single?: readonly { readonly SpecialToken?: { readonly id: string } }[];
}

function readJson(path: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
