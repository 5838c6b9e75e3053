// Languages of sampled documents, as the tokens read, a shard at a time: against what the run's own langid kept, against the
// labels that stand beside the text, and against the other shards. The shipped lid.176 unless the run's langid names a model.
// A document of few words or an unsure label says nothing; a shard speaks from LEAST_DOCUMENTS on.
import { basename, join } from 'node:path';
import { type Column, type DictionaryColumn, type FixedColumn, isValid, native, utf8Column, valueAt } from '../../native/index.js';
import type { Stage, StageRun } from '../../stages/contract/stage.js';
import { loadStep } from '../registry.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import type { RunState } from '../run-folder.js';
import { readArrow } from '../store.js';
import { type Finding, MAX_ROWS, percent } from './finding.js';
import { excerpt } from './readable.js';
import { median, robustDeviation } from './statistics.js';
import type { SampledShard } from './token-scan.js';

const LEAST_DOCUMENTS = 8;
/** A label is sure from this probability on (CCNet and RefinedWeb ask .65). */
const SURE = 0.65;
/** Of a shard's sure documents: above it they are not in the languages that langid kept, or not in their label's. */
const WRONG_SHARE = 0.2;
/** Of a shard's documents: no language from here on, where in most shards at most TYPICAL_UNSURE are unsure. */
const UNSURE_SHARE = 0.5;
const TYPICAL_UNSURE = 0.2;
/**
 * A language stands out in a shard where its share p of n documents passes the other shards' q by more than
 * the larger of FAR_SHARE and FAR_SMALL / sqrt(n), and
 *   z = (p - q) / sqrt(q' (1 - q') / n + t^2) > FAR_Z,  q' = max(q, 1 / n),
 * t the robust deviation of its share from shard to shard times 1 + 8 / shards: shards that differ by design, as with a source a
 * language, widen it. Of 2,700 drawn runs of shards alike in languages none was told of (tests/unit/readiness-statistics.test.ts).
 */
const FAR_Z = 6;
const FAR_SHARE = 0.15;
const FAR_SMALL = 1.5;
const FEW = 8;

export interface ShardLanguages {
  readonly path: string;
  readonly documents: number;
  readonly unsure: number;
  /** Sure documents by label, most first. */
  readonly languages: Readonly<Record<string, number>>;
  /** Bytes of text a token, over the sample. */
  readonly bytesPerToken: number;
}

interface Judged {
  readonly row: number;
  readonly text: string;
  /** null where unsure. */
  readonly label: string | null;
  readonly unwanted: boolean;
  /** What stands in the column lang; null where there is none. */
  readonly declared: string | null;
}

export interface LanguageCheck {
  readonly findings: readonly Finding[];
  readonly shards: readonly ShardLanguages[];
  /** The language of a sampled document: its column lang, what it reads as, or where neither says, the run's most frequent one. */
  readonly languageOf: (shard: string, row: number) => string;
}

export async function checkLanguages(
  run: RunState,
  samples: readonly SampledShard[],
  { handle }: LoadedTokenizer,
  signal: AbortSignal,
): Promise<LanguageCheck> {
  const langid = await openLangid(run);
  const findings: Finding[] = [];
  const shards: ShardLanguages[] = [];
  const judgedBy = new Map<string, readonly Judged[]>();
  try {
    for (const sample of samples) {
      const texts = sample.documents.map(({ ids }) => native.bpeDecode(handle, ids));
      const declared = await declaredLabels(run, sample);
      const judged = await judge(langid, sample, texts, declared, signal);
      judgedBy.set(sample.path, judged);
      shards.push({
        path: sample.path,
        documents: judged.length,
        unsure: judged.filter(({ label }) => label === null).length,
        languages: counted(judged),
        bytesPerToken: rounded(
          texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) /
            Math.max(
              1,
              sample.documents.reduce((sum, { ids }) => sum + ids.length, 0),
            ),
        ),
      });
    }
  } finally {
    await langid.run.close();
  }
  for (const [path, judged] of judgedBy) findings.push(...againstRun(path, judged, langid.kept));
  for (const finding of [...unsureShards(shards, judgedBy), ...farShards(shards, judgedBy)])
    if (!findings.some(({ shard }) => shard === finding.shard)) findings.push(finding);
  const labels = new Map([...judgedBy].map(([path, judged]) => [path, new Map(judged.map(({ row, label, declared }) => [row, declared ?? label]))] as const));
  const usual = Object.keys(counted([...judgedBy.values()].flat()))[0] ?? 'unknown';
  return { findings, shards, languageOf: (shard, row) => labels.get(shard)?.get(row) ?? usual };
}

/** The languages of any texts, by the run's own langid; null where it is not sure. */
export async function languagesOfTexts(run: RunState, texts: readonly string[], signal: AbortSignal): Promise<(string | null)[]> {
  const langid = await openLangid(run);
  try {
    return (await labelled(langid, texts, signal)).map(({ label }) => label);
  } finally {
    await langid.run.close();
  }
}

const rounded = (value: number): number => Math.round(1000 * value) / 1000;

interface Langid {
  readonly run: StageRun;
  readonly reasons: readonly string[];
  /** What the run's langid was told to keep; empty where every language. */
  readonly kept: readonly string[];
}

async function openLangid(run: RunState): Promise<Langid> {
  const stage = (await loadStep('langid')) as Stage<unknown>;
  const locked = (run.lock.resolved.steps ?? []) as readonly { readonly stage: string; readonly options?: Readonly<Record<string, unknown>> }[];
  const options = locked.findLast((step) => step.stage === 'langid')?.options ?? {};
  const env = { seed: 0n, baseDir: run.folder, device: 'cpu' as const };
  const kept = (options.keep ?? []) as readonly string[];
  const asked = stage.schema.parse({ keep: kept, ...(typeof options.model === 'string' ? { model: options.model } : {}) });
  const usable = stage.check?.(asked, env).length === 0;
  // a model of one's own that is not found from here: the shipped one labels, and what was kept is not asked
  return { run: await stage.open(usable ? asked : stage.schema.parse({}), env), reasons: stage.reasons, kept: usable ? kept : [] };
}

async function judge(
  langid: Langid,
  sample: SampledShard,
  texts: readonly string[],
  declared: readonly (string | null)[],
  signal: AbortSignal,
): Promise<Judged[]> {
  const labels = await labelled(langid, texts, signal);
  return texts.map((text, row) => ({ row: sample.documents[row]!.row, text, ...labels[row]!, declared: declared[row]! }));
}

async function labelled(langid: Langid, texts: readonly string[], signal: AbortSignal): Promise<Pick<Judged, 'label' | 'unwanted'>[]> {
  const { columns = {}, drops } = await langid.run.process({ rows: texts.length, columns: { text: utf8Column(texts) } }, signal);
  const lang = columns.lang as DictionaryColumn;
  const prob = columns.lang_prob as FixedColumn;
  const wrong = langid.reasons.indexOf('wrong-language') + 1;
  return texts.map((_, row) => {
    const sure = isValid(lang, row) && Number(prob.values[row]) >= SURE;
    return { label: sure ? lang.labels[lang.indices[row]!]! : null, unwanted: sure && drops?.[row] === wrong };
  });
}

/** The column lang of the text shard's rows; a token shard NNNNNN-1 goes on where NNNNNN ends. */
async function declaredLabels(run: RunState, { path, documents }: SampledShard): Promise<(string | null)[]> {
  const [name, part] = basename(path, '.arrow')
    .replace(/-(\d+)$/, ' $1')
    .split(' ') as [string, string | undefined];
  const text = run.text.find((shard) => basename(shard.path, '.arrow') === name);
  const none = documents.map(() => null);
  if (text === undefined) return none;
  let first = 0;
  for (const shard of run.tokens) {
    const [otherName, otherPart = '0'] = basename(shard.path, '.arrow')
      .replace(/-(\d+)$/, ' $1')
      .split(' ') as [string, string | undefined];
    if (otherName === name && Number(otherPart) < Number(part ?? 0)) first += shard.rows;
  }
  const wanted = new Map(documents.map(({ row }, at) => [first + row, at]));
  const labels: (string | null)[] = none;
  let at = 0;
  try {
    for await (const batch of readArrow(join(run.folder, text.path), ['lang'])) {
      const lang: Column | undefined = batch.columns.lang;
      if (lang === undefined) return none;
      for (let row = 0; row < batch.rows; row++) {
        const place = wanted.get(at + row);
        if (place !== undefined) labels[place] = valueAt(lang, row) as string | null;
      }
      at += batch.rows;
    }
  } catch {
    return documents.map(() => null); // a damaged text shard is found by its digest
  }
  return labels;
}

function counted(judged: readonly Judged[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of judged) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

function againstRun(path: string, judged: readonly Judged[], kept: readonly string[]): Finding[] {
  const sure = judged.filter(({ label }) => label !== null);
  if (sure.length < LEAST_DOCUMENTS) return [];
  const unwanted = sure.filter((one) => one.unwanted);
  if (unwanted.length > WRONG_SHARE * sure.length)
    return [finding(path, unwanted, `${of(unwanted, sure)} are not in what langid kept (${kept.join(', ')}) but in ${names(unwanted)}`)];
  for (const label of [...new Set(sure.flatMap(({ declared }) => declared ?? []))].sort()) {
    const labelled = sure.filter(({ declared }) => declared === label);
    const other = labelled.filter((one) => one.label !== label);
    if (labelled.length >= LEAST_DOCUMENTS && other.length > WRONG_SHARE * labelled.length && other.length > 0.5 * labelled.length)
      return [finding(path, other, `${of(other, labelled)} whose column lang is ${label} read as ${names(other)}`)];
  }
  const other = sure.filter(({ label, declared }) => declared !== null && declared !== label);
  return other.length > WRONG_SHARE * sure.length
    ? [finding(path, other, `${of(other, sure)} are in another language than their column lang says: ${names(other)}`)]
    : [];
}

function unsureShards(shards: readonly ShardLanguages[], judgedBy: ReadonlyMap<string, readonly Judged[]>): Finding[] {
  const share = ({ unsure, documents }: ShardLanguages): number => unsure / Math.max(1, documents);
  if (shards.length < 3 || median(shards.map(share)) > TYPICAL_UNSURE) return [];
  return shards
    .filter((shard) => shard.documents >= LEAST_DOCUMENTS && share(shard) >= UNSURE_SHARE)
    .map((shard) => {
      const unsure = judgedBy.get(shard.path)!.filter(({ label }) => label === null);
      const typical = median(shards.filter((other) => other !== shard).map(({ bytesPerToken }) => bytesPerToken));
      return finding(
        shard.path,
        unsure,
        `${unsure.length} of ${shard.documents} sampled documents read as no language (in most shards ${percent(median(shards.map(share)))}; ${shard.bytesPerToken.toFixed(2)} bytes a token, elsewhere ${typical.toFixed(2)}): "${excerpt(unsure[0]!.text)}"`,
      );
    });
}

function farShards(shards: readonly ShardLanguages[], judgedBy: ReadonlyMap<string, readonly Judged[]>): Finding[] {
  const enough = shards.filter((shard) => sureOf(shard) >= LEAST_DOCUMENTS);
  return farFrom(enough.map((shard) => ({ documents: sureOf(shard), shares: sharesOf(shard) }))).map(({ shard: at, label, share, elsewhere }) => {
    const shard = enough[at]!;
    const foreign = judgedBy.get(shard.path)!.filter((one) => one.label === label);
    const message = `${percent(share)} of its documents are in ${label}, elsewhere ${percent(elsewhere)}: "${excerpt(foreign[0]!.text)}"`;
    return finding(shard.path, foreign, message);
  });
}

interface Far {
  readonly shard: number;
  readonly label: string;
  readonly share: number;
  readonly elsewhere: number;
}

/** Shards with a language that stands out in them, and the one that does most. */
export function farFrom(shards: readonly { readonly documents: number; readonly shares: ReadonlyMap<string, number> }[]): Far[] {
  if (shards.length < 4) return [];
  return shards.flatMap(({ documents: n, shares }, at): Far[] => {
    const others = shards.filter((_, other) => other !== at);
    let far: (Far & { readonly z: number }) | null = null;
    for (const [label, share] of shares) {
      const there = others.map((other) => other.shares.get(label) ?? 0);
      const elsewhere = there.reduce((sum, value) => sum + value, 0) / there.length;
      const least = Math.max(elsewhere, 1 / n);
      const z = (share - elsewhere) / Math.hypot(Math.sqrt((least * (1 - least)) / n), robustDeviation(there) * (1 + FEW / there.length));
      if (share - elsewhere > Math.max(FAR_SHARE, FAR_SMALL / Math.sqrt(n)) && z > FAR_Z && (far === null || z > far.z))
        far = { shard: at, label, share, elsewhere, z };
    }
    return far === null ? [] : [far];
  });
}

const sureOf = (shard: ShardLanguages): number => shard.documents - shard.unsure;
const sharesOf = (shard: ShardLanguages): Map<string, number> =>
  new Map(Object.entries(shard.languages).map(([label, count]) => [label, count / sureOf(shard)]));

const of = (part: { readonly length: number }, whole: { readonly length: number }): string => `${part.length} of ${whole.length} sampled documents`;

function names(judged: readonly Judged[]): string {
  const found = Object.entries(counted(judged)).slice(0, 3);
  return found.map(([label, count]) => `${label} (${count})`).join(', ');
}

function finding(shard: string, judged: readonly Judged[], message: string): Finding {
  return {
    check: 'language',
    severity: 'error',
    shard,
    rows: judged.slice(0, MAX_ROWS).map(({ row }) => row),
    message,
    next: 'Read some: refine inspect RUN. Then mend its input, or leave it out of the source',
  };
}
