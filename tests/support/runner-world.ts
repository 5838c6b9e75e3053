// A small corpus, manifests over the test steps, and digests of what a run wrote.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunModules, RunOptions } from '../../pipeline/runner.js';
import type { Manifest, Sink, Step } from '../../pipeline/types.js';
import { steps } from './runner-steps.js';

export const modules: RunModules = { steps: new URL('./runner-steps.js', import.meta.url).href, inputs: new URL('./runner-inputs.js', import.meta.url).href };

export interface Doc {
  readonly id: string;
  readonly url: string;
  readonly text: string;
}

const WORDS = 'river stone cloud lamp tree bread glass wind horse paper night salt copper field song'.split(' ');

/** `files` inputs of `each` documents: repeated URLs, shared beginnings and endings, spam, short texts. No randomness but the seed's. */
export function corpus(files: number, each: number, seed = 1): Map<string, Doc[]> {
  let state = seed;
  const next = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const out = new Map<string, Doc[]>();
  for (let file = 0; file < files; file++) {
    const documents: Doc[] = [];
    for (let i = 0; i < each; i++) {
      const length = next(12);
      const text = Array.from({ length }, () => (next(60) === 0 ? 'spam' : `${WORDS[next(WORDS.length)]!}${next(6)}`)).join(' ');
      documents.push({ id: `f${file}-${i}`, url: `http://h${next(5)}.example/${next(files * each)}`, text });
    }
    out.set(`in-${String(file).padStart(2, '0')}.jsonl`, documents);
  }
  return out;
}

export function writeCorpus(folder: string, documents: ReadonlyMap<string, readonly Doc[]>): string[] {
  mkdirSync(folder, { recursive: true });
  for (const [name, rows] of documents) writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return [...documents.keys()];
}

export type StepText = string | readonly [string, Record<string, unknown>] | readonly [string, Record<string, unknown>, string];

export function manifestOf(folder: string, paths: readonly string[], list: readonly StepText[], sink: Partial<Sink> = {}): Manifest {
  const parsed: Step[] = list.map((item) => {
    const [name, options, as] = typeof item === 'string' ? [item, {}, item] : [item[0], item[1], item[2] ?? item[0]];
    const stage = steps.get(name)!;
    return { name: as, stage, options: stage.schema.parse(options) };
  });
  const whole: Sink = { tokens: { perShard: 100_000_000 }, text: { keep: true }, samplesPerReason: 5, ...sink };
  const resolved = {
    format: 1,
    name: 'test',
    seed: '7',
    source: { kind: 'jsonl', paths: [...paths].sort() },
    steps: parsed.map((step) => ({ name: step.name, stage: step.stage.name, version: step.stage.version, options: step.options })),
    sink: whole,
  };
  return {
    name: 'test',
    seed: 7n,
    source: { kind: 'jsonl', paths, textField: 'text' },
    steps: parsed,
    sink: whole,
    spillBytes: 20 * 1024 ** 3,
    baseDir: folder,
    text: 'name: test\n',
    path: join(folder, 'test.yaml'),
    resolved,
  };
}

export const ALL_STEPS: readonly StepText[] = ['words', 'same-url', 'near-text', ['words', { 'min-words': 4 }, 'words-again'], 'bytes'];

export function runOptions(out: string, more: Partial<RunOptions> = {}): RunOptions {
  return { out, workers: 2, modules, partitions: 3, ...more };
}

/** sha256 of every final file: the bytes a run promises. */
export function finalBytes(out: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const folder of ['text', 'tokens', 'features', 'samples']) {
    for (const name of safeList(join(out, folder)))
      files[`${folder}/${name}`] = createHash('sha256')
        .update(readFileSync(join(out, folder, name)))
        .digest('hex');
  }
  for (const name of safeList(out).filter((entry) => entry === 'index.arrow'))
    files[name] = createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex');
  return files;
}

/** Everything below the run folder that no finished writer leaves. */
export function leftovers(out: string): string[] {
  return (readdirSync(out, { recursive: true }) as string[]).filter((name) => name.endsWith('.part') || name.includes('run.lock'));
}

function safeList(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
