// The in-process driver of `refine try`: fates in input order, barriers over all documents at once. The expectations are
// written down by hand from the step's definition (first document of each key stays).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { type Batch, column, fixedColumn, stringAt, utf8Column } from '../../native/batch.js';
import { documentJson, shortestFloat32 } from '../../pipeline/json-lines.js';
import { sniff } from '../../pipeline/sniff.js';
import { type Outcome, type Rows, Trial } from '../../pipeline/trial.js';
import type { Step } from '../../pipeline/types.js';
import { ranksIn } from '../../stages/contract/ranks.js';
import { EVERYTHING, mergeRecords, RecordWriter } from '../../native/records.js';
import { VERDICT_SHAPE } from '../../stages/contract/barrier.js';
import type { Barrier, Stage } from '../../stages/contract/stage.js';

const options = z.strictObject({});
const env = { seed: 0n, baseDir: '.', device: 'cpu' } as const;
const signal = new AbortController().signal;

/** Drops texts that begin with "-", and counts characters. */
const dash: Stage<object> = {
  kind: 'stage',
  name: 'dash',
  version: 1,
  reads: ['text'],
  writes: ['length'],
  reasons: ['unused', 'begins-with-dash'],
  schema: options,
  open: async () => ({
    async process(batch) {
      const text = column(batch, 'text', 'utf8');
      const words = Array.from({ length: batch.rows }, (_, row) => stringAt(text, row) ?? '');
      return {
        columns: { length: fixedColumn(Uint32Array.from(words, (word) => word.length)) },
        drops: Uint16Array.from(words, (word) => (word.startsWith('-') ? 2 : 0)),
      };
    },
    close: async () => {},
  }),
};

const KEYS = { keyWords: 2, valueBytes: 0, tail: false };

/** Keeps the first document of each first letter. */
const firstLetter: Barrier<object> = {
  kind: 'barrier',
  name: 'first-letter',
  version: 1,
  reads: ['text'],
  writes: ['cluster', 'cluster_size'],
  reasons: ['duplicate'],
  schema: options,
  open: async () => ({
    map(files) {
      const writer = RecordWriter.open(files.path('keys'), KEYS, files.memoryBytes);
      return {
        async add(batch, rows) {
          const text = column(batch, 'text', 'utf8');
          await (await writer).add(BigUint64Array.from([...rows].flatMap((row, at) => [BigInt(stringAt(text, at)!.charCodeAt(0)), row])));
        },
        async finish() {
          await (await writer).finish();
          return {};
        },
        abort: async () => (await writer).abort(),
      };
    },
    close: async () => {},
  }),
  phases: () => [
    {
      name: 'letters',
      over: 'run',
      reads: [{ from: 'map', role: 'keys', match: 'all' }],
      writes: ['verdicts'],
      async run(_, task) {
        const groups = new Map<bigint, bigint[]>();
        const paths = task.files('map', 'keys').map(({ path }) => path);
        for await (const { keys, rows } of mergeRecords(paths, EVERYTHING, task.memoryBytes))
          for (let i = 0; i < rows; i++) groups.set(keys[2 * i]!, [...(groups.get(keys[2 * i]!) ?? []), keys[2 * i + 1]!]);
        const out = await RecordWriter.open(task.path('verdicts'), VERDICT_SHAPE, task.memoryBytes);
        for (const rows of groups.values()) {
          const value = new DataView(new ArrayBuffer(24));
          for (const at of [0, 8]) value.setBigUint64(at, rows[0]!, true);
          value.setUint32(16, rows.length, true);
          for (const row of rows.length === 1 ? [] : rows) {
            value.setUint16(20, row === rows[0] ? 0 : 1, true);
            await out.add(BigUint64Array.of(row), new Uint8Array(value.buffer.slice(0)));
          }
        }
        await out.finish();
        return { rowsIn: groups.size, rowsOut: groups.size };
      },
    },
  ],
};

async function* source(...inputs: readonly (readonly string[][])[]): AsyncGenerator<Rows> {
  for (const [input, batches] of inputs.entries()) {
    let row = 0;
    for (const texts of batches) {
      const batch: Batch = { rows: texts.length, columns: { id: utf8Column(texts.map((_, at) => `${input}.${row + at}`)), text: utf8Column(texts) } };
      yield { input, rows: Uint32Array.from({ length: texts.length }, (_, at) => row + at), batch };
      row += texts.length;
    }
  }
}

const step = (stage: Step['stage']): Step => ({ name: stage.name, stage, options: {} });

async function fates(steps: readonly Step[], ...inputs: readonly (readonly string[][])[]): Promise<Outcome[]> {
  const trial = await Trial.open(steps, env);
  try {
    const all: Outcome[] = [];
    for await (const outcome of trial.documents(source(...inputs), () => true, signal)) all.push(outcome);
    let reaching = all.length;
    for (const { name } of steps) {
      const dropped = all.filter(({ reason }) => reason?.startsWith(`${name}/`)).length;
      const { in: rowsIn, out } = trial.counts.get(name)!;
      assert.deepEqual({ rowsIn, out }, { rowsIn: reaching, out: reaching - dropped }, name);
      reaching -= dropped;
    }
    return all;
  } finally {
    await trial.close();
  }
}

const told = (all: readonly Outcome[]): string[] =>
  all.map(({ batch, at, reason, keptId }) => `${stringAt(column(batch, 'id', 'utf8'), at)} ${reason ?? 'kept'}${keptId === undefined ? '' : ` for ${keptId}`}`);

test('documents come out in input order with the reason of the step that dropped them', async () => {
  assert.deepEqual(
    told(
      await fates(
        [step(dash)],
        [
          ['a', '-b'],
          ['-c', 'd'],
        ],
        [['-e']],
      ),
    ),
    ['0.0 kept', '0.1 dash/begins-with-dash', '0.2 dash/begins-with-dash', '0.3 kept', '1.0 dash/begins-with-dash'],
  );
});

test('a barrier sees the documents of all inputs as one corpus, less those dropped before it', async () => {
  const all = await fates(
    [step(dash), step(firstLetter)],
    [
      ['ax', '-b'],
      ['by', 'ay'],
    ],
    [['bz', '-a', 'cw', 'aw']],
  );
  assert.deepEqual(told(all), [
    '0.0 kept',
    '0.1 dash/begins-with-dash',
    '0.2 kept',
    '0.3 first-letter/duplicate for 0.0',
    '1.0 first-letter/duplicate for 0.2',
    '1.1 dash/begins-with-dash',
    '1.2 kept',
    '1.3 first-letter/duplicate for 0.0',
  ]);
  const sizes = all
    .filter((one) => one.reason === null)
    .map(({ batch, at }) => [column(batch, 'cluster', 'fixed').values[at], column(batch, 'cluster_size', 'fixed').values[at]]);
  assert.deepEqual(sizes, [
    [0n, 3],
    [2n, 2],
    [(1n << 32n) | 2n, 1],
  ]);
});

test('a step after a barrier sees the survivors only', async () => {
  const all = await fates([step(firstLetter), step(dash)], [['-a', 'b', '-c', 'bb']]);
  assert.deepEqual(told(all), ['0.0 dash/begins-with-dash', '0.1 kept', '0.2 first-letter/duplicate for 0.0', '0.3 first-letter/duplicate for 0.1']);
});

/** Keeps the shorter half of what reaches it: the rank is over all inputs. */
const shorterHalf: Stage<object> = {
  kind: 'stage',
  name: 'shorter-half',
  version: 1,
  reads: ['text'],
  writes: [],
  reasons: ['long'],
  schema: options,
  ranks: () => [{ name: 'length_rank', column: '_length', scored: true }],
  open: async () => ({
    async score(batch) {
      const text = column(batch, 'text', 'utf8');
      return { _length: fixedColumn(Uint32Array.from({ length: batch.rows }, (_, row) => stringAt(text, row)!.length)) };
    },
    process: async (batch) => ({ drops: Uint16Array.from(ranksIn(batch, 'length_rank'), (rank) => (rank >= 0.5 ? 1 : 0)) }),
    close: async () => {},
  }),
};

test('a step with ranks sees the documents of all inputs as one corpus, ties by place', async () => {
  const all = await fates(
    [step(dash), step(firstLetter), step(shorterHalf)],
    [
      ['aaa', '-'],
      ['bb', 'cc'],
    ],
    [['dd', 'a', 'eeeee', 'f']],
  );
  assert.deepEqual(
    told(all).filter((line) => !line.includes(' for ')),
    ['0.0 shorter-half/long', '0.1 dash/begins-with-dash', '0.2 kept', '0.3 kept', '1.0 shorter-half/long', '1.2 shorter-half/long', '1.3 kept'],
  );
});

test('no document at all is no outcome and no failure', async () => {
  assert.deepEqual(await fates([step(dash), step(firstLetter)]), []);
  assert.deepEqual(await fates([step(dash), step(shorterHalf)]), []);
  assert.deepEqual(await fates([step(dash), step(firstLetter)], [[]]), []);
});

test('a document prints with the shortest float32 digits, all digits of 64-bit numbers, and nothing JSON cannot hold', () => {
  const batch: Batch = {
    rows: 1,
    columns: {
      text: utf8Column(['a "b"\n']),
      id: utf8Column(['x']),
      prob: fixedColumn(Float32Array.of(0.98)),
      none: fixedColumn(Float32Array.of(Number.NaN)),
      cluster: fixedColumn(BigUint64Array.of(18446744073709551615n)),
      tokens: { kind: 'list', values: Uint16Array.of(5, 6), offsets: Int32Array.of(0, 2) },
      html: { kind: 'binary', data: new Uint8Array(1), offsets: Int32Array.of(0, 1) },
    },
  };
  assert.equal(
    documentJson(batch, 0, ['text', 'prob', 'none', 'cluster', 'tokens', 'html', 'absent'], { kept: true, reason: null }),
    '{"id":"x","kept":true,"reason":null,"text":"a \\"b\\"\\n","prob":0.98,"none":null,"cluster":18446744073709551615,"tokens":[5,6]}',
  );
  for (const value of [0.1, 1 / 3, 1e-30, 16777217, 3.4e38, -0.0001]) assert.equal(Math.fround(shortestFloat32(Math.fround(value))), Math.fround(value));
});

test('inputs are told apart by magic, then by suffix, then by their first bytes', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const [text, name, format] of [
    ['WARC/1.0\r\nWARC-Type: warcinfo\r\n', 'x.txt', 'warc'],
    ['WARC/1.0\r\nWARC-Type: warcinfo\r\n\r\n\r\nWARC/1.0\r\nWARC-Type: conversion\r\n', 'x', 'wet'],
    ['WARC/1.0\r\nWARC-Type: response\r\n\r\n\r\nWARC/1.0\r\nWARC-Type: conversion\r\n', 'x', 'warc'],
    ['filedesc://x 0.0.0.0', 'x.gz', 'warc'],
    ['<html>', 'page.txt', 'text'],
    ['just text', 'page.html', 'html'],
    ['{"text": "a"}\n', 'x.jsonl.gz', 'jsonl'],
    ['{"text": "a"}\n{', 'x', 'jsonl'],
    ['{ not json', 'x', 'text'],
    ['\ufeff<!DOCTYPE html><p>', 'x', 'html'],
    ['<?xml version="1.0"?><html/>', 'x', 'html'],
    ['some words', 'x', 'text'],
    ['', 'empty', 'text'],
    ['a\0b', 'x', null],
  ] as const) {
    assert.equal(sniff(bytes(text), name), format, `${name}: ${text}`);
  }
});
