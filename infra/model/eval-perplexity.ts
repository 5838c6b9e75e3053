// How well do bits per byte, and loss a token, tell good text from bad? AUCs of decoders, and of an n-gram model on the same texts, with intervals.
//   node dist/infra/model/eval-sets.js --out DIR      makes the texts
//   node dist/infra/model/eval-perplexity.js --sets DIR [--model NAME|DIR]... [--dtype f32|bf16|int8]... [--ngram FILE.arpa]
//        [--most N]  the first N texts of each side
// One JSON object on stdout.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { native, utf8Column } from '../../native/index.js';
import { loadTokenizer } from '../../pipeline/tokenizers.js';
import { LOSS_DTYPES, type LossDtype, openScorer } from '../../stages/contract/model-score.js';
import { loadNgramModel } from '../../stages/ngram/ngram-model.js';
import { type Area, area } from './auc.js';

export interface EvalText {
  readonly label: 'good' | 'bad';
  readonly kind: string;
  readonly group: string;
  readonly text: string;
}

/** What the issue asks of a model of English, by set. */
export const TARGETS = { shuffled: 0.99, garbled: 0.97, discarded: 0.85 } as const;
export type SetName = keyof typeof TARGETS;
export const SET_NAMES = Object.keys(TARGETS) as readonly SetName[];

/** Scores by the name of what is scored; higher is thought worse. */
export type ScoreTexts = (texts: readonly string[]) => Promise<Readonly<Record<string, ArrayLike<number>>>>;

/** White space of the shuffled and garbled sets is one space on both sides, so that line ends tell nothing. */
export function readSet(folder: string, name: SetName): EvalText[] {
  const texts = readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as EvalText);
  return name === 'discarded' ? texts : texts.map((one) => ({ ...one, text: one.text.replace(/\s+/gu, ' ').trim() }));
}

/** The two columns of the step perplexity. */
export async function decoderScores(model: string, dtype: LossDtype): Promise<ScoreTexts> {
  const scorer = await openScorer(model, process.cwd(), { loadTokenizer, dtype });
  return async (texts) => {
    const { nats, bytes, tokens } = await scorer.score(utf8Column(texts));
    return { 'bits per byte': nats.map((sum, at) => sum / Math.LN2 / bytes[at]!), loss: nats.map((sum, at) => sum / tokens[at]!) };
  };
}

/** CCNet's perplexity, as the step ngram writes it. */
export async function ngramScores(path: string): Promise<ScoreTexts> {
  const { handle } = await loadNgramModel(path);
  return async (texts) => {
    const { perplexity, log10 } = await native.ngramScore(handle, utf8Column(texts), { words: 'white-space', normalise: 'ccnet', unit: 'line' });
    return { 'perplexity a word': perplexity, 'bits per byte': log10.map((value, at) => (-value * Math.log2(10)) / Buffer.byteLength(texts[at]!)) };
  };
}

export interface SetArea extends Area {
  readonly set: SetName;
  /** What was scored. */
  readonly by: string;
  readonly target: number;
  /** Of each kind of bad text against all good ones. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly meanGood: number;
  readonly meanBad: number;
}

export async function areasOfSet(set: SetName, texts: readonly EvalText[], score: ScoreTexts): Promise<SetArea[]> {
  const found = await score(texts.map(({ text }) => text));
  return Object.entries(found).map(([by, values]) => areaBy(set, by, texts, values));
}

function areaBy(set: SetName, by: string, texts: readonly EvalText[], values: ArrayLike<number>): SetArea {
  const scored = texts.map(({ label, kind, group }, at) => ({ label, kind, site: group, score: values[at]! }));
  const [good, bad] = ['good', 'bad'].map((label) => scored.filter((one) => one.label === label)) as [typeof scored, typeof scored];
  const mean = (list: typeof scored): number => list.reduce((sum, one) => sum + one.score, 0) / list.length;
  const kinds = [...new Set(bad.map(({ kind }) => kind))].sort();
  const ofKind = (kind: string): number =>
    area(
      good,
      bad.filter((one) => one.kind === kind),
      0,
    ).auc;
  return {
    set,
    by,
    target: TARGETS[set],
    ...area(good, bad),
    kinds: Object.fromEntries(kinds.map((kind) => [kind, ofKind(kind)])),
    meanGood: mean(good),
    meanBad: mean(bad),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sets: { type: 'string' },
      model: { type: 'string', multiple: true, default: [] },
      dtype: { type: 'string', multiple: true, default: ['f32'] },
      ngram: { type: 'string' },
      most: { type: 'string', default: '1000000' },
    },
  });
  if (values.sets === undefined) throw new Error('--sets names the folder that eval-sets.js wrote');
  const scorers: [string, ScoreTexts][] = [];
  for (const model of values.model)
    for (const name of values.dtype) {
      const dtype = LOSS_DTYPES.find((known) => known === name);
      if (dtype === undefined) throw new Error(`--dtype is one of ${LOSS_DTYPES.join(', ')}`);
      scorers.push([`${model} ${dtype}`, await decoderScores(model, dtype)]);
    }
  if (values.ngram !== undefined) scorers.push(['n-gram', await ngramScores(values.ngram)]);
  const results: Record<string, SetArea[]> = {};
  for (const set of SET_NAMES) {
    const all = readSet(values.sets, set);
    const texts = ['good', 'bad'].flatMap((label) => all.filter((one) => one.label === label).slice(0, Number(values.most)));
    for (const [name, score] of scorers) {
      const found = await areasOfSet(set, texts, score);
      (results[name] ??= []).push(...found);
      for (const { by, auc, low, high } of found) process.stderr.write(`${set}, ${name}, ${by}: ${auc.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]\n`);
    }
  }
  console.log(JSON.stringify(results, null, 1));
}

if (import.meta.url === `file://${process.argv[1]}`) await main();
