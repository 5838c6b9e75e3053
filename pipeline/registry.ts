// The steps that ship, by name, in the order of the usual pipeline. Names and order are known at once; a step's code is loaded when
// a manifest, a worker or a page asks for it, so a process starts with the steps it uses and no others. With tokenizers.ts,
// index-files.ts and url-lists.ts the only modules that import stages.
import type { AnyStep } from '../stages/contract/stage.js';

const LOADERS: ReadonlyMap<string, () => Promise<AnyStep>> = new Map(
  Object.entries<() => Promise<AnyStep>>({
    url: async () => (await import('../stages/url/url.js')).url,
    extract: async () => (await import('../stages/extract/extract.js')).extract,
    langid: async () => (await import('../stages/langid/langid.js')).langid,
    repetition: async () => (await import('../stages/repetition/repetition.js')).repetition,
    quality: async () => (await import('../stages/quality/quality.js')).quality,
    lines: async () => (await import('../stages/lines/lines.js')).lines,
    fasttext: async () => (await import('../stages/fasttext/fasttext.js')).fasttext,
    ngram: async () => (await import('../stages/ngram/ngram.js')).ngram,
    classify: async () => (await import('../stages/classify/classify.js')).classifyWith((await tokenizers()).loadTokenizer),
    perplexity: async () => (await import('../stages/perplexity/perplexity.js')).perplexityWith((await tokenizers()).loadTokenizer),
    rules: async () => (await import('../stages/rules/rules.js')).rules,
    pii: async () => (await import('../stages/pii/pii.js')).pii,
    decontaminate: async () => (await import('../stages/decontaminate/decontaminate.js')).decontaminate,
    'dedupe-url': async () => (await import('../stages/dedupe/url/dedupe-url.js')).dedupeUrl,
    'dedupe-exact': async () => (await import('../stages/dedupe/exact/dedupe-exact.js')).dedupeExact,
    'dedupe-minhash': async () => (await import('../stages/dedupe/minhash/dedupe-minhash.js')).dedupeMinhashWith((await tokenizers()).forDedupe),
    'dedupe-line': async () => (await import('../stages/dedupe/line/dedupe-line.js')).dedupeLine,
    'dedupe-bff': async () => (await import('../stages/dedupe/bff/dedupe-bff.js')).dedupeBff,
    'dedupe-substring': async () => (await import('../stages/dedupe/substring/dedupe-substring.js')).dedupeSubstringWith((await tokenizers()).forDedupe),
    'dedupe-semantic': async () => (await import('../stages/dedupe/semantic/dedupe-semantic.js')).dedupeSemanticWith((await tokenizers()).loadTokenizer),
    tokenize: async () => (await import('../stages/tokenize/tokenize.js')).tokenize,
  }),
);

/** A stage imports no other, so those that need tokenizers are handed them here. */
const tokenizers = () => import('./tokenizers.js');

const loaded = new Map<string, Promise<AnyStep>>();

/** In the order of the usual pipeline. */
export const STEP_NAMES: readonly string[] = [...LOADERS.keys()];

/** Undefined where no step that ships has the name. The same object each time. */
export async function loadStep(name: string): Promise<AnyStep | undefined> {
  const load = LOADERS.get(name);
  if (load === undefined) return undefined;
  let step = loaded.get(name);
  if (step === undefined) loaded.set(name, (step = load()));
  return await step;
}

/** Those of the names that ship, all of them where no names are given; in the order of the usual pipeline. */
export async function loadSteps(names: Iterable<string> = STEP_NAMES): Promise<ReadonlyMap<string, AnyStep>> {
  const wanted = new Set(names);
  const steps = new Map<string, AnyStep>();
  // One after another: each import opens its files all at once.
  for (const name of STEP_NAMES) if (wanted.has(name)) steps.set(name, (await loadStep(name))!);
  return steps;
}

/** Where manifests find steps: every name at once, a step when it is asked for. */
export interface StepSource {
  readonly names: readonly string[];
  load(name: string): Promise<AnyStep | undefined>;
}

export const shippedSteps: StepSource = { names: STEP_NAMES, load: loadStep };

/** Steps that are loaded already. */
export function stepSource(steps: ReadonlyMap<string, AnyStep>): StepSource {
  return { names: [...steps.keys()], load: async (name) => steps.get(name) };
}
