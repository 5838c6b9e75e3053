// Losses of sampled documents under a model, by shard and by source; blocks and sources that lie apart are named, with samples.
// Ids are decoded and encoded again by the model's own tokenizer, and what is compared is bits per byte, so that the run's
// tokenizer has no part in it. Documents are compared with those of their own language: a model that knows English alone finds
// every other language hard, but not one shard's more than another's.
import { native, utf8Column } from '../../native/index.js';
import { openScorer, type Scorer } from '../../stages/contract/model-score.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { resolveModel, shippedModels } from '../../stages/contract/weights/shipped.js';
import { type LoadedTokenizer, loadTokenizer } from '../tokenizers.js';
import type { RunState } from '../run-folder.js';
import { type Finding, MAX_ROWS, percent } from './finding.js';
import { hostsOf } from './hosts.js';
import { type Group, LEAST_DOCUMENTS, type Outlier, outliersAmong } from './loss-statistics.js';
import { excerpt } from './readable.js';
import { median, robustDeviation } from './statistics.js';
import type { SampledDocument, SampledShard } from './token-scan.js';

/** Documents of a block. */
const BLOCK = 256;
/** Over all shards, so that a check ends in minutes; each shard has a block of as many as are left for it, at least LEAST_BLOCK. */
const MOST_DOCUMENTS = 16_384;
const LEAST_BLOCK = 32;
/** Tokens of the model that are scored, from a document's beginning. */
const SCORED_TOKENS = 256;
/** A source is judged where it has so many sampled documents of a language. */
const SOURCE_DOCUMENTS = 24;
const SHOWN_OUTLIERS = 3;
const SHOWN_SOURCES = 20;

/** Where no model is named: the better model of English of the two that ship, and the faster (their cards); null where it was taken out. */
const DEFAULT_MODEL = 'reference-small';

export interface LossOutlier {
  readonly of: 'shard' | 'source';
  readonly name: string;
  readonly language: string;
  readonly kind: 'level' | 'tail';
  readonly z: number;
  readonly median: number;
  /** Median and robust deviation of all other documents of the language. */
  readonly usual: number;
  readonly deviation: number;
  readonly samples: readonly { readonly id: string; readonly shard: string; readonly row: number; readonly bitsPerByte: number; readonly text: string }[];
}

export interface LossFigures {
  readonly model: string;
  readonly documents: number;
  readonly tokens: number;
  /** Of all sampled documents. */
  readonly bitsPerByte: number;
  readonly languages: readonly { readonly language: string; readonly documents: number; readonly median: number; readonly deviation: number }[];
  readonly shards: readonly { readonly path: string; readonly documents: number; readonly bitsPerByte: number; readonly median: number }[];
  /** Sources with the most sampled documents. */
  readonly sources: readonly { readonly host: string; readonly documents: number; readonly median: number }[];
  readonly outliers: readonly LossOutlier[];
}

export interface LossCheck {
  readonly findings: readonly Finding[];
  readonly loss: LossFigures | null;
}

export interface OpenedModel {
  readonly scorer: Scorer | null;
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** The model that is named, or the package's; null where it ships none. Weights that are no numbers are a finding, and it is not asked. */
/** `maxTokens`: of a text, what the model scores; Infinity where the caller bounds the text. */
export async function openModel(named: string | undefined, device: 'cpu' | 'cuda' = 'cpu', maxTokens: number = SCORED_TOKENS): Promise<OpenedModel | null> {
  if (named === undefined && !shippedModels().some(({ name }) => name === DEFAULT_MODEL)) return null;
  const name = named ?? DEFAULT_MODEL;
  const plan = await readModelFolder(resolveModel(name, process.cwd()));
  const bad = await native.weightsNonFinite(native.weightsOpen(plan));
  const findings = bad.map(
    ({ role, count, first }): Finding => ({
      check: 'model',
      severity: 'error',
      shard: null,
      rows: [],
      message: `${count} weights of ${role} of the model ${name} are NaN or infinite, the first at ${first}`,
      next: 'Take an earlier checkpoint: a model with such weights says NaN of everything',
    }),
  );
  return {
    name,
    findings,
    scorer:
      bad.length > 0
        ? null
        : await openScorer(name, process.cwd(), { loadTokenizer, maxTokens, device, ...(device === 'cuda' ? { dtype: 'bf16' as const } : {}) }),
  };
}

interface Scored {
  readonly shard: string;
  readonly document: SampledDocument;
  readonly language: string;
  readonly host: string | null;
  readonly text: string;
  readonly nats: number;
  readonly bytes: number;
  readonly tokens: number;
}

const bitsPerByte = ({ nats, bytes }: Pick<Scored, 'nats' | 'bytes'>): number => nats / Math.LN2 / bytes;
const rounded = (value: number): number => Math.round(1e4 * value) / 1e4;

export async function checkLosses(
  run: RunState,
  samples: readonly SampledShard[],
  languageOf: (shard: string, row: number) => string,
  tokenizer: LoadedTokenizer,
  scorer: Scorer,
  signal: AbortSignal,
  progress: (words: string) => void,
): Promise<LossCheck> {
  const chosen = chooseBlocks(samples);
  const scored: Scored[] = [];
  let nan = 0;
  for (const [number, { path, documents }] of chosen.entries()) {
    progress(`loss: shard ${number + 1} of ${chosen.length}`);
    const texts = documents.map(({ ids }) => native.bpeDecode(tokenizer.handle, ids));
    const found = await scorer.score(utf8Column(texts), signal);
    const hosts = await hostsOf(run, path, documents);
    nan += found.nan;
    documents.forEach((document, at) => {
      const [nats, bytes, tokens] = [found.nats[at]!, found.bytes[at]!, found.tokens[at]!];
      if (bytes > 0 && tokens > 0 && Number.isFinite(nats))
        scored.push({
          shard: path,
          document,
          language: languageOf(path, document.row),
          host: hosts.get(document.row) ?? null,
          text: texts[at]!,
          nats,
          bytes,
          tokens,
        });
    });
  }
  const findings: Finding[] = [];
  if (nan > 0)
    findings.push({
      check: 'model',
      severity: 'error',
      shard: null,
      rows: [],
      message: `the model ${scorer.name} gives NaN for ${nan} of ${nan + scored.length} documents, though its weights are numbers`,
      next: 'Look at it: refine generate. In bf16 or int8, try f32',
    });
  const shards = chosen.map(({ path }) => path);
  const outliers = [...outliersBy('shard', scored, (one) => one.shard), ...outliersBy('source', scored, (one) => one.host)];
  for (const outlier of outliers) findings.push(findingOf(outlier, scored));
  return { findings, loss: scored.length === 0 ? null : figures(scorer.name, scored, shards, outliers) };
}

/** Documents that a model is asked of. */
export function chooseBlocks(samples: readonly SampledShard[]): SampledShard[] {
  const each = Math.min(BLOCK, Math.max(LEAST_BLOCK, Math.floor(MOST_DOCUMENTS / Math.max(1, samples.length))));
  const most = Math.ceil(MOST_DOCUMENTS / each);
  // sampled rows are a seeded choice already; every k-th of them, and of the shards, is one too
  return every(samples, most).map(({ path, documents }) => ({ path, documents: every(documents, each) }));
}

function every<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, at) => list[Math.floor((at * list.length) / most)]!);
}

function outliersBy(of: LossOutlier['of'], scored: readonly Scored[], nameOf: (one: Scored) => string | null): LossOutlier[] {
  const outliers: LossOutlier[] = [];
  for (const language of [...new Set(scored.map((one) => one.language))].sort()) {
    const groups = grouped(scored, (one) => (one.language === language ? nameOf(one) : null));
    const least = of === 'shard' ? LEAST_DOCUMENTS : SOURCE_DOCUMENTS;
    const compared: Group[] = [...groups].map(([name, list]) => ({ name, values: Float64Array.from(list, bitsPerByte) }));
    for (const found of outliersAmong(compared)) {
      if (groups.get(found.name)!.length < least) continue;
      outliers.push({
        of,
        name: found.name,
        language,
        kind: found.kind,
        z: Math.round(10 * found.z) / 10,
        median: rounded(found.median),
        usual: rounded(found.usual),
        deviation: rounded(found.deviation),
        samples: sampled(groups.get(found.name)!, found),
      });
    }
  }
  return outliers;
}

function grouped(scored: readonly Scored[], nameOf: (one: Scored) => string | null): Map<string, Scored[]> {
  const groups = new Map<string, Scored[]>();
  for (const one of scored) {
    const name = nameOf(one);
    if (name === null) continue;
    const known = groups.get(name);
    if (known === undefined) groups.set(name, [one]);
    else known.push(one);
  }
  return groups;
}

/** The documents nearest to what makes the group apart: its median, or its far end. */
function sampled(group: readonly Scored[], { kind, median: own, usual }: Outlier): LossOutlier['samples'] {
  const aim = (one: Scored): number => (kind === 'level' ? Math.abs(bitsPerByte(one) - own) : -Math.abs(bitsPerByte(one) - usual));
  return [...group]
    .sort((a, b) => aim(a) - aim(b) || (a.shard < b.shard ? -1 : a.shard > b.shard ? 1 : a.document.row - b.document.row))
    .slice(0, SHOWN_OUTLIERS)
    .map((one) => ({ id: one.document.id, shard: one.shard, row: one.document.row, bitsPerByte: rounded(bitsPerByte(one)), text: excerpt(one.text) }));
}

function findingOf(outlier: LossOutlier, scored: readonly Scored[]): Finding {
  const { of, name, language, kind, z, median: own, usual, deviation, samples } = outlier;
  const ours = scored.filter((one) => (of === 'shard' ? one.shard : one.host) === name && one.language === language);
  const beyond = ours.filter((one) => Math.abs(bitsPerByte(one) - usual) > 4 * deviation);
  const what =
    kind === 'level' ? `a median of ${own.toFixed(2)} bits a byte` : `${percent(beyond.length / ours.length)} of its documents beyond the usual range`;
  const next = z > 0 ? 'Read them: noise, another language, or what the model does not know' : 'Read them: repeated or templated text';
  return {
    check: 'loss-outlier',
    severity: of === 'shard' ? 'error' : 'warning',
    shard: of === 'shard' ? name : null,
    rows: of === 'shard' ? (beyond.length > 0 ? beyond : ours).slice(0, MAX_ROWS).map(({ document }) => document.row) : [],
    message: `${of === 'source' ? `source ${name}: ` : ''}${ours.length} sampled documents in ${language} have ${what}, all others ${usual.toFixed(2)} +- ${deviation.toFixed(2)} (z ${z.toFixed(1)}), such as ${samples[0]!.id}: "${samples[0]!.text}"`,
    next,
  };
}

function figures(model: string, scored: readonly Scored[], shards: readonly string[], outliers: readonly LossOutlier[]): LossFigures {
  const medianOf = (list: readonly Scored[]): number => rounded(median(list.map(bitsPerByte)));
  const whole = (list: readonly Scored[]): number =>
    rounded(bitsPerByte({ nats: list.reduce((sum, { nats }) => sum + nats, 0), bytes: list.reduce((sum, { bytes }) => sum + bytes, 0) }));
  const most = (list: [string, Scored[]][]): [string, Scored[]][] => list.sort(([a, m], [b, n]) => n.length - m.length || (a < b ? -1 : 1));
  return {
    model,
    documents: scored.length,
    tokens: scored.reduce((sum, { tokens }) => sum + tokens, 0),
    bitsPerByte: whole(scored),
    languages: most([...grouped(scored, ({ language }) => language)]).map(([language, list]) => ({
      language,
      documents: list.length,
      median: medianOf(list),
      deviation: rounded(robustDeviation(list.map(bitsPerByte))),
    })),
    shards: [...grouped(scored, ({ shard }) => shard)]
      .sort(([a], [b]) => shards.indexOf(a) - shards.indexOf(b))
      .map(([path, list]) => ({ path, documents: list.length, bitsPerByte: whole(list), median: medianOf(list) })),
    sources: most([...grouped(scored, ({ host }) => host)])
      .slice(0, SHOWN_SOURCES)
      .map(([host, list]) => ({ host, documents: list.length, median: medianOf(list) })),
    outliers,
  };
}
