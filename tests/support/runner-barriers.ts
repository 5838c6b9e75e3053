// Barriers for tests of the runner: duplicates by keys, with a phase of every kind, and a barrier that edits texts.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Batch, column, stringAt, utf8Column } from '../../native/batch.js';
import { mergeRecords, partitionStart, RecordWriter } from '../../native/records.js';
import { EDIT_SHAPE, VERDICT_SHAPE } from '../../stages/contract/barrier.js';
import { droppedRows } from '../../stages/contract/dropped-rows.js';
import type { Barrier, BarrierRun } from '../../stages/contract/stage.js';

const strings = (batch: Batch, name: string): string[] => Array.from({ length: batch.rows }, (_, row) => stringAt(column(batch, name, 'utf8'), row) ?? '');
const KEYS = { keyWords: 3, valueBytes: 0, tail: false };
const EDGES = { keyWords: 2, valueBytes: 0, tail: false };
const NONE = new Uint8Array();
const ALL = { lo: 0n, hi: 1n << 64n };
const MEMORY = 8 << 20;

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** A map that writes one file of three-word records. */
function keysRun(entries: (batch: Batch, rows: BigUint64Array) => bigint[]): BarrierRun {
  return {
    map(files) {
      const writer = RecordWriter.open(files.path('keys'), KEYS, files.memoryBytes);
      let count = 0;
      return {
        async add(batch, rows) {
          const poison = process.env.REFINE_TEST_POISON;
          if (poison !== undefined && strings(batch, 'id').some((id) => id === poison || (poison.endsWith('*') && id.startsWith(poison.slice(0, -1)))))
            process.abort();
          const words = entries(batch, rows);
          count += words.length / 3;
          await (await writer).add(BigUint64Array.from(words), NONE);
        },
        async finish() {
          await (await writer).finish();
          return { keys: count };
        },
        abort: async () => (await writer).abort(),
      };
    },
    async close() {},
  };
}

export interface KeyedOptions {
  /** Which document of a cluster stays. */
  readonly keep?: 'first' | 'last';
}

/** Documents that share a key are duplicates, transitively: fresh (own keys less dropped rows) -> groups -> clusters. */
function keyed(name: string, columnName: string, keysOf: (value: string) => string[], writes: readonly string[]): Barrier<KeyedOptions> {
  return {
    kind: 'barrier',
    name,
    version: 1,
    reads: [columnName],
    writes,
    reasons: ['duplicate'],
    schema: z.strictObject({ keep: z.enum(['first', 'last']).default('first') }),
    ...(writes.includes('cluster') ? { similarity: true } : {}),
    async open() {
      return keysRun((batch, rows) =>
        strings(batch, columnName).flatMap((value, row) =>
          keysOf(value).flatMap((key) => [hashOf(key).readBigUInt64LE(0), hashOf(key).readBigUInt64LE(8), rows[row]!]),
        ),
      );
    },
    phases: (_, totals, limits) => [
      {
        name: 'fresh',
        over: 'inputs',
        reads: [{ from: 'map', role: 'keys', match: 'own' }],
        writes: ['keys'],
        async run(_options, task) {
          const gone = await droppedRows(task.dropped());
          const out = await RecordWriter.open(task.path('keys'), KEYS, MEMORY);
          let seen = 0;
          let kept = 0;
          for await (const { keys, rows } of mergeRecords([task.files('map', 'keys')[0]!.path], ALL, MEMORY)) {
            for (let i = 0; i < rows; i++) {
              seen++;
              if (gone(keys[3 * i + 2]!)) continue;
              kept++;
              await out.add(keys.slice(3 * i, 3 * i + 3), NONE);
            }
          }
          await out.finish();
          return { rowsIn: seen, rowsOut: kept, notes: { keys: kept, max_keys: kept } };
        },
      },
      {
        name: 'groups',
        over: 'partitions',
        count: Math.max(1, Math.min(limits.partitions, totals.keys!)),
        reads: [{ from: 'fresh', role: 'keys', match: 'all' }],
        writes: ['edges', 'evidence'],
        async run(_options, task) {
          const out = await RecordWriter.open(task.path('edges'), EDGES, MEMORY);
          const evidence = await RecordWriter.open(task.path('evidence'), EDGES, MEMORY);
          const range = { lo: partitionStart(task.number, task.count), hi: partitionStart(task.number + 1, task.count) };
          let first: bigint | null = null;
          let key = '';
          let seen = 0;
          let edges = 0;
          const paths = task.files('fresh', 'keys').map(({ path }) => path);
          for await (const { keys, rows } of mergeRecords(paths, range, MEMORY)) {
            for (let i = 0; i < rows; i++, seen++) {
              const now = `${keys[3 * i]} ${keys[3 * i + 1]}`;
              if (now === key && first !== keys[3 * i + 2]) {
                await out.add(BigUint64Array.of(first!, keys[3 * i + 2]!), NONE);
                edges++;
              }
              if (now !== key) first = keys[3 * i + 2]!;
              key = now;
            }
          }
          await out.finish();
          await evidence.finish();
          return { rowsIn: seen, rowsOut: edges };
        },
      },
      {
        name: 'clusters',
        over: 'run',
        reads: [{ from: 'groups', role: 'edges', match: 'all' }],
        writes: ['verdicts'],
        async run(options, task) {
          const parent = new Map<bigint, bigint>();
          const find = (row: bigint): bigint => {
            let root = row;
            while (parent.get(root)! !== root) root = parent.get(root)!;
            return root;
          };
          const paths = task.files('groups', 'edges').map(({ path }) => path);
          for await (const { keys, rows } of mergeRecords(paths, ALL, MEMORY)) {
            for (let i = 0; i < 2 * rows; i += 2) {
              for (const row of [keys[i]!, keys[i + 1]!]) if (!parent.has(row)) parent.set(row, row);
              const [a, b] = [find(keys[i]!), find(keys[i + 1]!)];
              if (a < b) parent.set(b, a);
              else parent.set(a, b);
            }
          }
          const members = new Map<bigint, bigint[]>();
          for (const row of [...parent.keys()].sort((a, b) => (a < b ? -1 : 1))) members.set(find(row), [...(members.get(find(row)) ?? []), row]);
          const out = await RecordWriter.open(task.path('verdicts'), VERDICT_SHAPE, MEMORY);
          for (const rows of members.values()) {
            const stays = options.keep === 'last' ? rows.at(-1)! : rows[0]!;
            for (const row of rows) {
              const view = new DataView(new ArrayBuffer(24));
              view.setBigUint64(0, stays, true);
              view.setBigUint64(8, stays, true);
              view.setUint32(16, rows.length, true);
              view.setUint16(20, row === stays ? 0 : 1, true);
              view.setUint16(22, row === stays ? 0 : 1 + Math.floor(65534 * 0.75), true);
              await out.add(BigUint64Array.of(row), new Uint8Array(view.buffer));
            }
          }
          await out.finish();
          return { rowsIn: parent.size, rowsOut: members.size, notes: { clusters: members.size } };
        },
      },
    ],
    notices: (_, notes) => [`${notes.keys} keys, at most ${notes.max_keys} of one input, ${notes.clusters} clusters`],
  };
}

export const sameUrl = keyed('same-url', 'url', (url) => (url === '' ? [] : [url]), []);

/** Near duplicates: texts that share a first or a last word pair. */
export const nearText = keyed(
  'near-text',
  'text',
  (text) => {
    const list = text.split(' ');
    return list.length < 4 ? [] : [`first ${list.slice(0, 2).join(' ')}`, `last ${list.slice(-2).join(' ')}`];
  },
  ['cluster', 'cluster_size'],
);

/** Words of five letters or more, as byte ranges of the text's UTF-8. */
export function wordSpans(text: string): { word: string; start: number; end: number }[] {
  return [...text.matchAll(/\S{5,}/g)].map(({ 0: word, index }) => {
    const start = Buffer.byteLength(text.slice(0, index));
    return { word, start, end: start + Buffer.byteLength(word) };
  });
}

/** Cuts every long word that stood before in the corpus; a text of which no word is left is dropped. */
export const cutWords: Barrier<object> = {
  kind: 'barrier',
  name: 'cut-words',
  version: 1,
  reads: ['text'],
  writes: ['text', 'cut_bytes'],
  reasons: ['nothing-left'],
  schema: z.strictObject({}),
  async open() {
    return keysRun((batch, rows) =>
      strings(batch, 'text').flatMap((text, row) =>
        wordSpans(text).flatMap(({ word, start, end }) => [hashOf(word).readBigUInt64LE(0), rows[row]!, (BigInt(start) << 32n) | BigInt(end)]),
      ),
    );
  },
  phases: (_, __, limits) => [
    {
      name: 'repeats',
      over: 'partitions',
      count: limits.partitions,
      reads: [{ from: 'map', role: 'keys', match: 'all' }],
      writes: ['edits'],
      async run(_options, task) {
        const gone = await droppedRows(task.dropped());
        const out = await RecordWriter.open(task.path('edits'), EDIT_SHAPE, MEMORY);
        const range = { lo: partitionStart(task.number, task.count), hi: partitionStart(task.number + 1, task.count) };
        let before: bigint | null = null;
        let edits = 0;
        let seen = 0;
        const paths = task.files('map', 'keys').map(({ path }) => path);
        for await (const { keys, rows } of mergeRecords(paths, range, MEMORY)) {
          for (let i = 0; i < rows; i++, seen++) {
            if (gone(keys[3 * i + 1]!)) continue;
            if (keys[3 * i] === before) {
              await out.add(BigUint64Array.of(keys[3 * i + 1]!, keys[3 * i + 2]! >> 32n, keys[3 * i + 2]! & 0xffff_ffffn), NONE);
              edits++;
            }
            before = keys[3 * i]!;
          }
        }
        await out.finish();
        return { rowsIn: seen, rowsOut: edits, notes: { cuts: edits } };
      },
    },
  ],
  async apply(_, batch, { offsets, start, end }) {
    const cut = new Uint32Array(batch.rows);
    const texts = strings(batch, 'text').map((text, row) => {
      const bytes = Buffer.from(text);
      let left = '';
      let at = 0;
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        left += bytes.toString('utf8', at, start[i]);
        cut[row]! += end[i]! - start[i]!;
        at = end[i]!;
      }
      return left + bytes.toString('utf8', at);
    });
    const drops = Uint16Array.from(texts, (text, row) => (cut[row]! > 0 && text.trim() === '' ? 1 : 0));
    return { columns: { text: utf8Column(texts), cut_bytes: { kind: 'fixed', values: cut, width: 1 } }, drops };
  },
};
