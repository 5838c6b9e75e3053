// `npm run bench -- dedupe-real`: what each dedupe step removes of real.warc.gz (../shared), alone and after one another, and the near
// duplicates that are left in the end, by brute force over the kept texts' sets of word 5-grams. With REFINE_LIST=FILE the dropped
// documents and the pairs that are left go there as JSON lines of ids and URLs, to be looked at.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { column, native, stringAt } from '../../native/index.js';
import { parseManifest } from '../../pipeline/manifest.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { loadSteps } from '../../pipeline/registry.js';
import { readArrow } from '../../pipeline/store.js';
import type { Figure } from './main.js';

const steps = await loadSteps();
const FILE = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data', 'real.warc.gz');
const STEPS = ['dedupe-url', 'dedupe-exact', 'dedupe-minhash', 'dedupe-substring'];

export async function figures(): Promise<readonly Figure[]> {
  const file = process.env.REFINE_REAL ?? FILE;
  const base = mkdtempSync(join(tmpdir(), 'refine-dedupe-real-'));
  const list: object[] = [];
  const found: Figure[] = [];
  const add = (what: string, unit: string, value: number, note?: string) =>
    found.push({ bench: 'dedupe-real', what, unit, value, ...(note === undefined ? {} : { note }) });
  try {
    for (const asked of [...STEPS.map((step) => [step]), STEPS]) {
      const out = join(base, asked.length === 1 ? asked[0]! : 'all');
      const name = asked.length === 1 ? `${asked[0]} alone` : 'one after another';
      const text = JSON.stringify({ name: 'dedupe-real', seed: 1, source: { warc: [file] }, steps: ['extract', ...asked], sink: { text: { keep: true } } });
      await runManifest(await parseManifest(text, { path: 'dedupe-real.yaml', registry: steps }), { out, workers: 1 });
      const run = await readRun(out);
      const counts = new Map<string, number>();
      for (const entry of run.entries) {
        if (entry.state !== 'done') continue;
        for (const step of entry.steps) for (const [reason, count] of Object.entries(step.drops)) counts.set(reason, (counts.get(reason) ?? 0) + count);
      }
      for (const [reason, count] of counts) add(`${name}: ${reason}`, 'documents', count);
      for (const shard of run.features) {
        for await (const batch of readArrow(join(out, shard.path), ['id', 'url', 'step', 'reason', 'kept_id', 'similarity'])) {
          for (let row = 0; row < batch.rows; row++) {
            const keptId = stringAt(column(batch, 'kept_id', 'utf8'), row);
            if (keptId === null) continue;
            const alike = batch.columns.similarity?.kind === 'fixed' ? Number(batch.columns.similarity.values[row]) : null;
            list.push({ run: name, id: stringAt(column(batch, 'id', 'utf8'), row), url: stringAt(column(batch, 'url', 'utf8'), row), keptId, alike });
          }
        }
      }
      if (asked.length === 1) continue;
      const pairs = await leftPairs(run.text.map((shard) => join(out, shard.path)));
      for (const [from, to] of [
        [0.3, 0.5],
        [0.5, 0.8],
        [0.8, 1.01],
      ] as const) {
        const between = pairs.filter(({ jaccard }) => jaccard >= from && jaccard < to);
        add(`left: pairs of Jaccard ${from} .. ${Math.min(to, 1)}`, 'pairs', between.length, 'word 5-grams of the kept texts, every pair');
      }
      list.push(...pairs.map((pair) => ({ run: 'left', ...pair })));
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
  if (process.env.REFINE_LIST !== undefined) writeFileSync(process.env.REFINE_LIST, list.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return found;
}

interface Pair {
  readonly one: string;
  readonly other: string;
  readonly jaccard: number;
}

/** All pairs of kept documents at .3 or more: overlaps counted through an inverted index, so none is missed. */
async function leftPairs(paths: readonly string[]): Promise<Pair[]> {
  const names: string[] = [];
  const sizes: number[] = [];
  const postings = new Map<bigint, number[]>();
  for (const path of paths) {
    for await (const batch of readArrow(path, ['id', 'url', 'text'])) {
      const sets = await native.shingles(column(batch, 'text', 'utf8'), { size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64' });
      for (let row = 0; row < batch.rows; row++) {
        const document = names.length;
        names.push(`${stringAt(column(batch, 'id', 'utf8'), row)} ${stringAt(column(batch, 'url', 'utf8'), row)}`);
        sizes.push(sets.offsets[row + 1]! - sets.offsets[row]!);
        for (let i = sets.offsets[row]!; i < sets.offsets[row + 1]!; i++) {
          const shingle = (sets.values as BigUint64Array)[i]!;
          const held = postings.get(shingle);
          if (held === undefined) postings.set(shingle, [document]);
          else held.push(document);
        }
      }
    }
  }
  const common = new Map<number, number>();
  for (const documents of postings.values()) {
    for (let i = 0; i < documents.length; i++) {
      for (let j = i + 1; j < documents.length; j++) {
        const pair = documents[i]! * names.length + documents[j]!;
        common.set(pair, (common.get(pair) ?? 0) + 1);
      }
    }
  }
  const pairs: Pair[] = [];
  for (const [pair, both] of common) {
    const [i, j] = [Math.floor(pair / names.length), pair % names.length];
    const jaccard = both / (sizes[i]! + sizes[j]! - both);
    if (jaccard >= 0.3) pairs.push({ one: names[i]!, other: names[j]!, jaccard });
  }
  return pairs.sort((a, b) => b.jaccard - a.jaccard || (a.one < b.one ? -1 : 1));
}
