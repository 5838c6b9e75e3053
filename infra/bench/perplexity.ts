// What bits per byte and loss tell apart: AUCs with 95 % intervals over sites of every shipped decoder, on the texts of infra/model/eval-sets.ts
// (made once into build/model/eval; REFINE_EVAL_SETS names another folder), and of an n-gram model where REFINE_EVAL_NGRAM names one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';
import { shippedModels } from '../../stages/contract/weights/shipped.js';
import { areasOfSet, decoderScores, ngramScores, readSet, type ScoreTexts, SET_NAMES } from '../model/eval-perplexity.js';
import type { Figure } from './main.js';

export async function figures(): Promise<readonly Figure[]> {
  const folder = process.env.REFINE_EVAL_SETS ?? packagePath('build', 'model', 'eval');
  const models = shippedModels().filter(({ step }) => step === 'perplexity');
  const absent = (note: string): Figure[] => [{ bench: 'perplexity', what: 'AUC of bits per byte', unit: 'AUC', value: null, note }];
  if (!SET_NAMES.every((name) => existsSync(join(folder, `${name}.jsonl`)))) return absent(`no texts: node dist/infra/model/eval-sets.js --out ${folder}`);
  if (models.length === 0) return absent('no decoder is shipped');
  const scorers: [string, ScoreTexts][] = [];
  for (const { name } of models) for (const dtype of ['f32', 'int8'] as const) scorers.push([`${name} ${dtype}`, await decoderScores(name, dtype)]);
  const ngram = process.env.REFINE_EVAL_NGRAM;
  if (ngram !== undefined) scorers.push(['n-gram', await ngramScores(ngram)]);
  const all: Figure[] = [];
  for (const set of SET_NAMES) {
    const texts = readSet(folder, set);
    for (const [tool, score] of scorers) {
      for (const { by, auc, low, high, good, bad, sites, target } of await areasOfSet(set, texts, score))
        all.push({
          bench: 'perplexity',
          what: `${set}, ${tool}, ${by}`,
          unit: 'AUC',
          value: auc,
          tool: `${tool}, ${by}`,
          row: set,
          interval: [low, high],
          groups: sites,
          note: `${good} good, ${bad} bad texts; wanted ${target}`,
        });
    }
  }
  return all;
}
