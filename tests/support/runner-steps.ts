// Steps for tests of the runner, small enough to predict: a rule, two barriers, a tokenizer of bytes, and trouble on demand.
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { type Batch, column, fixedColumn, stringAt, utf8Column } from '../../native/batch.js';
import { ranksIn } from '../../stages/contract/ranks.js';
import type { Edges, KeyedBarrier, KeyGroup, Verdicts } from '../../stages/contract/keyed.js';
import type { AnyStep, Stage } from '../../stages/contract/stage.js';

const strings = (batch: Batch, name: string): string[] => Array.from({ length: batch.rows }, (_, row) => stringAt(column(batch, name, 'utf8'), row) ?? '');

export interface WordsOptions {
  readonly 'min-words': number;
}

/** Drops texts of too few words or with "spam" in them. */
const words: Stage<WordsOptions> = {
  kind: 'stage',
  name: 'words',
  version: 1,
  reads: ['text'],
  writes: ['word_count', 'mean_length'],
  reasons: ['min-words', 'spam'],
  rules: true,
  consumes: ['html'],
  schema: z.strictObject({ 'min-words': z.number().default(3) }),
  async open(options) {
    return {
      async process(batch) {
        const texts = strings(batch, 'text');
        const counts = texts.map((text) => text.split(/\s+/).filter((word) => word !== '').length);
        const drops = Uint16Array.from(texts, (text, i) => (counts[i]! < options['min-words'] ? 1 : text.includes('spam') ? 2 : 0));
        const mean = Float32Array.from(texts, (text, i) => text.length / Math.max(1, counts[i]!));
        return { columns: { word_count: fixedColumn(Uint32Array.from(counts)), mean_length: fixedColumn(mean) }, drops };
      },
      async close() {},
    };
  },
};

export interface TroubleOptions {
  /** Kills its own process at this id; only once where `once` names a file to note it in. */
  readonly 'crash-at'?: string;
  readonly once?: string;
  readonly 'throw-at'?: string;
  readonly 'hoard-at'?: string;
  readonly 'sleep-ms'?: number;
}

const trouble: Stage<TroubleOptions> = {
  kind: 'stage',
  name: 'trouble',
  version: 1,
  reads: ['id'],
  writes: [],
  reasons: [],
  schema: z.any(),
  async open(options) {
    const hoard: Uint8Array[] = [];
    return {
      async process(batch, signal) {
        const ids = strings(batch, 'id');
        if (options['sleep-ms'] !== undefined) await new Promise((resolve) => setTimeout(resolve, options['sleep-ms']));
        signal.throwIfAborted();
        if (options['throw-at'] !== undefined && ids.includes(options['throw-at'])) throw new Error('a stage went wrong');
        if (options['hoard-at'] !== undefined && ids.includes(options['hoard-at'])) {
          for (;;) {
            hoard.push(new Uint8Array(16 << 20).fill(1));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
        if (options['crash-at'] !== undefined && ids.includes(options['crash-at'])) {
          if (options.once === undefined || !existsSync(options.once)) {
            if (options.once !== undefined) writeFileSync(options.once, '');
            process.kill(process.pid, 'SIGKILL');
            await new Promise(() => undefined);
          }
        }
        return {};
      },
      async close() {},
    };
  },
};

/** Tokens are the text's bytes and 256 at the end. */
const bytes: Stage<Record<never, never>> = {
  kind: 'stage',
  name: 'bytes',
  version: 1,
  reads: ['text'],
  writes: ['tokens', 'token_count'],
  reasons: [],
  schema: z.strictObject({}),
  async open() {
    return {
      metadata: { 'refine.contract': JSON.stringify({ format: 1, vocab_size: 257, eos_id: 256, dtype: 'uint16' }) },
      async process(batch) {
        const rows = strings(batch, 'text').map((text) => [...new TextEncoder().encode(text), 256]);
        const offsets = new Int32Array(rows.length + 1);
        rows.forEach((row, i) => {
          offsets[i + 1] = offsets[i]! + row.length;
        });
        return {
          columns: {
            tokens: { kind: 'list', values: Uint16Array.from(rows.flat()), offsets },
            token_count: fixedColumn(Uint32Array.from(rows, (row) => row.length)),
          },
        };
      },
      async close() {},
    };
  },
};

/** Union-find over edges; the lowest row of a cluster stays. */
export async function lowestStays(edges: AsyncIterable<Edges>): Promise<Verdicts> {
  const parent = new Map<bigint, bigint>();
  const find = (row: bigint): bigint => {
    let root = row;
    while (parent.get(root)! !== root) root = parent.get(root)!;
    return root;
  };
  for await (const { left, right } of edges) {
    for (let i = 0; i < left.length; i++) {
      for (const row of [left[i]!, right[i]!]) if (!parent.has(row)) parent.set(row, row);
      const [a, b] = [find(left[i]!), find(right[i]!)];
      if (a < b) parent.set(b, a);
      else parent.set(a, b);
    }
  }
  const rows = BigUint64Array.from(parent.keys()).sort();
  const kept = rows.map(find);
  const sizes = new Map<bigint, number>();
  for (const root of kept) sizes.set(root, (sizes.get(root) ?? 0) + 1);
  return { rows, drops: Uint16Array.from(rows, (row, i) => (row === kept[i] ? 0 : 1)), kept, clusterSize: Uint32Array.from(kept, (root) => sizes.get(root)!) };
}

/** Every entry of a group is a duplicate of its first; payload must say how many keys its text had. */
export function star(group: KeyGroup, payloadBytes: number): Edges {
  const others = group.rows.length - 1;
  const payload = (entry: number): Uint8Array => group.payload.subarray(entry * payloadBytes, (entry + 1) * payloadBytes);
  const leftPayload = new Uint8Array(others * payloadBytes);
  for (let i = 0; i < others; i++) leftPayload.set(payload(0), i * payloadBytes);
  return { left: new BigUint64Array(others).fill(group.rows[0]!), right: group.rows.slice(1), leftPayload, rightPayload: group.payload.slice(payloadBytes) };
}

function barrier(
  name: string,
  columnName: string,
  keysOf: (value: string) => string[],
  payloadBytes: number,
  writes: readonly string[],
): KeyedBarrier<Record<never, never>> {
  return {
    kind: 'keyed',
    name,
    version: 1,
    reads: [columnName],
    writes,
    reasons: ['duplicate'],
    schema: z.strictObject({}),
    payloadBytes,
    async openMap() {
      return {
        async map(batch) {
          const keys: bigint[] = [];
          const rows: number[] = [];
          strings(batch, columnName).forEach((value, row) => {
            for (const key of keysOf(value)) {
              const hash = createHash('sha256').update(key).digest();
              keys.push(hash.readBigUInt64LE(0), hash.readBigUInt64LE(8));
              rows.push(row);
            }
          });
          return { keys: BigUint64Array.from(keys), rows: Uint32Array.from(rows), payload: new Uint8Array(rows.length * payloadBytes).fill(7) };
        },
        async close() {},
      };
    },
    reduce: (_, group) => star(group, payloadBytes),
    resolve: (_, edges) => lowestStays(edges),
  };
}

const sameUrl = barrier('same-url', 'url', (url) => (url === '' ? [] : [url]), 0, []);
/** Near duplicates: texts that share a first or a last word pair. */
const nearText = barrier(
  'near-text',
  'text',
  (text) => {
    const list = text.split(' ');
    return list.length < 4 ? [] : [`first ${list.slice(0, 2).join(' ')}`, `last ${list.slice(-2).join(' ')}`];
  },
  3,
  ['cluster', 'cluster_size'],
);

export interface RankedOptions {
  readonly max: number;
  readonly by?: 'kind';
  /** Ranks mean_length of an earlier step instead of what it scores itself. */
  readonly 'earlier-column'?: boolean;
}

/** What `ranked` scores: few values, so that many are equal, and none for some texts. */
export const scoreOf = (text: string): number | null => (text.length % 11 === 0 ? null : (text.length % 5) - 2);
export const kindOf = (text: string): string | null => [null, 'a', 'a-kind-of-more-than-8-bytes'][text.length % 3]!;

/** Drops the documents above a quantile of the run. */
const ranked: Stage<RankedOptions> = {
  kind: 'stage',
  name: 'ranked',
  version: 1,
  reads: ['text'],
  writes: ['score'],
  reasons: ['score'],
  rules: true,
  schema: z.any(),
  ranks: (options) => [
    {
      name: 'score_rank',
      column: options['earlier-column'] === true ? 'mean_length' : 'score',
      scored: options['earlier-column'] !== true,
      ...(options.by === undefined ? {} : { by: '_kind' }),
      cuts: [options.max],
    },
  ],
  scoring: () => null,
  async open(options) {
    return {
      async score(batch) {
        const values = strings(batch, 'text').map(scoreOf);
        return {
          score: fixedColumn(Float64Array.from(values, (value) => value ?? Number.NaN)),
          _kind: utf8Column(strings(batch, 'text').map(kindOf)),
        };
      },
      async process(batch) {
        const ranks = ranksIn(batch, 'score_rank');
        return { columns: { score: column(batch, 'score', 'fixed') }, drops: Uint16Array.from(ranks, (rank) => (rank >= options.max ? 1 : 0)) };
      },
      async close() {},
    };
  },
};

const all: readonly AnyStep[] = [words, trouble, bytes, sameUrl, nearText, ranked];
export const steps: ReadonlyMap<string, AnyStep> = new Map(all.map((step) => [step.name, step]));
