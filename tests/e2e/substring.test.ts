// dedupe-substring through `refine run`: what is cut, listed and dropped, equal bytes for any workers and file order, and tokens of any tokenizer.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Batch, valueAt } from '../../native/index.js';
import { ArrowFile } from '../../pipeline/store.js';
import { promisedBytes, refine } from '../support/cli.js';
import { randomFrom } from '../support/random.js';
import { corpusOf, coveredByWindows } from '../support/substring-driver.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-substring-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SPAN = 60;
const SYLLABLES = ['ba', 'ne', 'ko', 'ři', 'süd', '中文', 'lo', 'ta', '😀', 'wé'];
const draw = randomFrom(77);
const words = (count: number): string =>
  Array.from({ length: count }, () => Array.from({ length: 2 + draw(3) }, () => SYLLABLES[draw(SYLLABLES.length)]).join('')).join(' ');

/** Texts by input file: own words around paragraphs that several share. */
const paragraphs = Array.from({ length: 6 }, () => words(20));
const inputs = ['a', 'b', 'c'].map((name) => ({
  name: `${name}.jsonl`,
  texts: Array.from({ length: 30 }, (_, i) =>
    [words(15), ...(i % 3 === 0 ? [paragraphs[draw(6)]!] : []), ...(i % 10 === 9 ? [] : [words(12)])].join(i % 2 === 0 ? '\n' : ' '),
  ),
}));
inputs[2]!.texts.push(`${paragraphs[0]} tail.`); // short once its paragraph is gone

before(() => {
  for (const { name, texts } of inputs) writeFileSync(join(folder, name), texts.map((text, i) => `${JSON.stringify({ id: `${name}-${i}`, text })}\n`).join(''));
});

async function run(name: string, options: Record<string, unknown>, args: readonly string[] = [], order = ['a', 'b', 'c']): Promise<string> {
  const manifest = join(folder, `${name}.yaml`);
  const files = order.map((one) => `"${one}.jsonl"`).join(', ');
  writeFileSync(manifest, `name: x\nsource: { jsonl: [${files}] }\nsteps:\n  - dedupe-substring: ${JSON.stringify(options)}\n`);
  const out = join(folder, name);
  const done = await refine(['run', manifest, '--out', out, ...args]);
  assert.equal(done.code, 0, done.stderr);
  return out;
}

async function rowsOf(out: string, ...columns: string[]): Promise<Map<string, unknown[]>> {
  const rows = new Map<string, unknown[]>();
  for (const name of readdirSync(join(out, 'text')).sort()) {
    const file = await ArrowFile.open(join(out, 'text', name));
    for await (const batch of file.batches() as AsyncIterable<Batch>)
      for (let row = 0; row < batch.rows; row++)
        rows.set(
          String(valueAt(batch.columns.id!, row)),
          columns.map((column) => valueAt(batch.columns[column]!, row)),
        );
    await file.close();
  }
  return rows;
}

/** What stays by brute force: bytes of no repeated window, whole characters of which any byte stays, no white space at the ends. */
function expected(keep: 'first' | 'none'): Map<string, { left: string; spans: number[]; share: number }> {
  const documents = inputs.flatMap(({ name, texts }) => texts.map((text, i) => ({ id: `${name}-${i}`, text })));
  const bytes = documents.map(({ text }) => new TextEncoder().encode(text));
  const corpus = corpusOf(bytes);
  const covered = coveredByWindows(corpus, SPAN, keep);
  return new Map(
    documents.map(({ id, text }, d) => {
      let at = corpus.offsets[d]!;
      let left = '';
      const spans: number[] = [];
      let gone = 0;
      for (const character of text) {
        const size = Buffer.byteLength(character);
        const all = covered.subarray(at, at + size).every((one) => one === 1);
        const start = at - corpus.offsets[d]!;
        at += size;
        if (!all) {
          left += character;
          continue;
        }
        gone++;
        if (spans.at(-1) === start) spans[spans.length - 1] = start + size;
        else spans.push(start, start + size);
      }
      return [id, { left: spans.length === 0 ? text : left.trim(), spans, share: gone / [...text].length }];
    }),
  );
}

const length = (text: string): number => [...text].length;

for (const keep of ['first', 'none'] as const) {
  test(`cut, keep ${keep}: the texts less every repeated window; what is left too short is dropped; equal bytes for any workers and file order`, async () => {
    const options = { unit: 'bytes', 'min-bytes': SPAN, keep };
    const out = await run(`cut-${keep}`, options, ['--workers', '1']);
    const found = await rowsOf(out, 'text');
    let cut = 0;
    for (const [id, { left, spans }] of expected(keep)) {
      const dropped = spans.length > 0 && length(left) < 50;
      assert.equal(found.has(id), !dropped, id);
      if (!dropped) assert.equal(found.get(id)![0], left, id);
      if (spans.length > 0) cut++;
    }
    assert.ok(cut > 10);
    const stats = JSON.parse((await refine(['stats', out, '--json'])).stdout) as { steps: { step: string; drops: Record<string, number> }[] };
    const drops = stats.steps.find(({ step }) => step === 'dedupe-substring')!.drops;
    assert.ok(drops['dedupe-substring/too-short']! >= 1, JSON.stringify(drops));
    const other = await run(`cut-${keep}-2`, options, ['--workers', '2'], ['c', 'a', 'b']);
    assert.deepEqual(promisedBytes(other), promisedBytes(out));
  });
}

test('mask: texts stay whole, column repeated_spans has the spans in bytes', async () => {
  const found = await rowsOf(await run('mask', { unit: 'bytes', 'min-bytes': SPAN, action: 'mask' }), 'text', 'repeated_spans');
  for (const [id, { left, spans }] of expected('first')) {
    if (spans.length > 0 && length(left) < 50) assert.ok(!found.has(id));
    else assert.deepEqual(found.get(id)![1], spans, id);
  }
});

test('drop: documents go of which more than the share is repeated', async () => {
  for (const share of [0, 0.3]) {
    const found = await rowsOf(await run(`drop-${share}`, { unit: 'bytes', 'min-bytes': SPAN, action: 'drop', 'repeated-share': share }), 'text');
    for (const [id, { share: repeated }] of expected('first')) assert.equal(found.has(id), !(repeated > share), `${id} ${repeated}`);
  }
});

test('tokens are the default unit, and a step after it sees the cut text', async () => {
  const manifest = join(folder, 'tokens.yaml');
  writeFileSync(
    manifest,
    'name: x\nsource: { jsonl: ["a.jsonl", "b.jsonl", "c.jsonl"] }\nsteps:\n  - dedupe-substring: { min-tokens: 20, snap: line }\n  - dedupe-exact\n  - tokenize\n',
  );
  const done = await refine(['run', manifest, '--out', join(folder, 'tokens')]);
  assert.equal(done.code, 0, done.stderr);
  const found = await rowsOf(join(folder, 'tokens'), 'text');
  const original = new Map<string, string>(inputs.flatMap(({ name, texts }) => texts.map((text, i): [string, string] => [`${name}-${i}`, text])));
  let cut = 0;
  for (const [id, [text]] of found) {
    const lines = new Set(original.get(id)!.split('\n'));
    assert.ok((text as string).split('\n').every((line) => lines.has(line)));
    if (text !== original.get(id)) cut++;
  }
  assert.ok(cut > 3, `${cut}`);
});

test('min-bytes without unit: bytes is a mistake that is told', async () => {
  const manifest = join(folder, 'wrong.yaml');
  writeFileSync(manifest, 'name: x\nsource: { jsonl: ["a.jsonl"] }\nsteps:\n  - dedupe-substring: { min-bytes: 100 }\n');
  const done = await refine(['validate', manifest]);
  assert.equal(done.code, 1);
  assert.match(done.stderr + done.stdout, /min-bytes.*is for "unit: bytes"; this step counts tokens/s);
});
