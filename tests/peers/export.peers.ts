// Exports as their own projects read them: megatron-core, datatrove, mosaicml-streaming, pyarrow, DuckDB, HuggingFace datasets.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { column, documentAt } from '../../native/index.js';
import { packagePath } from '../../native/package-root.js';
import { readArrow } from '../../pipeline/store.js';
import { refine } from '../support/cli.js';

const python = process.env.REFINE_PYTHON ?? 'python3';
const folder = mkdtempSync(join(tmpdir(), 'refine-export-peers-'));
const run = join(folder, 'run');
after(() => rmSync(folder, { recursive: true, force: true }));

const tokens: number[][] = [];
const texts: unknown[] = [];

before(async () => {
  const made = await refine(['run', packagePath('manifests', 'sample.yaml'), '--out', run, '--workers', '2']);
  assert.equal(made.code, 0, made.stderr);
  for (const name of readdirSync(join(run, 'tokens')).sort()) {
    for await (const batch of readArrow(join(run, 'tokens', name))) {
      const { values, offsets } = column(batch, 'tokens', 'list');
      for (let row = 0; row < batch.rows; row++) tokens.push([...values.subarray(offsets[row], offsets[row + 1])].map(Number));
    }
    for await (const batch of readArrow(join(run, 'text', name))) for (let row = 0; row < batch.rows; row++) texts.push(documentAt(batch, row));
  }
});

/** What the reader says is there; undefined where it is not installed. */
async function readBack(reader: string, format: string, ...more: string[]): Promise<unknown[] | undefined> {
  const out = join(folder, [reader, format, ...more].join('-'));
  const { code, stderr } = await refine(['export', run, '--format', format, '-o', out, ...more]);
  assert.equal(code, 0, stderr);
  const answer = execFileSync(python, [packagePath('tests', 'peers', 'read_export.py'), reader, out], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const { documents, absent } = JSON.parse(answer.trimEnd().split('\n').at(-1)!) as { documents: unknown[]; absent?: string };
  return absent === undefined ? documents : undefined;
}

for (const format of ['megatron', 'ds', 'mds']) {
  test(`${format}: the project's own reader finds every document's ids`, async (t) => {
    const found = await readBack(format, format);
    if (found === undefined) return t.skip('its reader is not installed');
    assert.deepEqual(found, tokens);
  });
}

test("mds by length: the project's own reader finds all ids end to end", async (t) => {
  const found = await readBack('mds', 'mds', '--seq-len', '256');
  if (found === undefined) return t.skip('mosaicml-streaming is not installed');
  assert.deepEqual(found.flat(), tokens.flat());
});

for (const [reader, format] of [
  ['parquet', 'parquet'],
  ['duckdb', 'parquet'],
  ['jsonl', 'jsonl'],
  ['jsonl.zst', 'jsonl.zst'],
  ['jsonl-pyarrow', 'jsonl'],
  ['jsonl-pyarrow', 'jsonl.zst'],
  ['jsonl-duckdb', 'jsonl'],
  ['jsonl-duckdb', 'jsonl.zst'],
]) {
  test(`${reader} of ${format}: every document's text, host and numbers are there`, async (t) => {
    const found = (await readBack(reader!, format!)) as Record<string, unknown>[] | undefined;
    if (found === undefined) return t.skip('its reader is not installed');
    const some = (list: readonly unknown[]) =>
      (list as Record<string, unknown>[]).map(({ id, text, host, lang, word_count, lang_prob, warc_offset }) =>
        [id, text, host, lang, word_count, Math.fround(Number(lang_prob)), Number(warc_offset)].map(String),
      );
    assert.deepEqual(some(found), some(texts));
  });
}
