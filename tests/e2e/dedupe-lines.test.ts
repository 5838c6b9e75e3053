// dedupe-line and dedupe-bff in runs: after a barrier that drops, before one another, against brute force over what each of them
// sees; the same bytes for reversed inputs, any number of workers, and after every file of temporary results was thrown away.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { stringAt, type BytesColumn } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { promisedBytes, refine } from '../support/cli.js';
import { randomFrom } from '../support/random.js';
import { type SlowDocument, slowBff, slowCut, slowLineCopies } from '../support/slow-repeats.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-lines-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const WORDS = 'river stone cloud lamp tree bread glass wind horse paper night salt copper field song'.split(' ');
const FILES = 5;

/** Documents with shared lines, shared long paragraphs of which a word may differ, and whole copies. */
function made(): { id: string; text: string }[][] {
  const random = randomFrom(77);
  const words = (n: number) => Array.from({ length: n }, () => WORDS[random(WORDS.length)]!);
  const shared = Array.from({ length: 8 }, () => words(30));
  const lines = Array.from({ length: 10 }, () => `${words(6).join(' ')}.`);
  const texts: string[] = [];
  const paragraph = (): string => {
    const kind = random(4);
    if (kind === 0) return lines[random(lines.length)]!;
    if (kind === 1) return shared[random(shared.length)]!.with(random(30), 'other').join(' ');
    return `${words(20 + random(20)).join(' ')}. The ${words(8).join(' ')}.`;
  };
  return Array.from({ length: FILES }, (_, file) =>
    Array.from({ length: 30 }, (_, i) => {
      const text = texts.length > 5 && random(8) === 0 ? texts[random(texts.length)]! : Array.from({ length: random(7) }, paragraph).join('\n');
      texts.push(text);
      return { id: `f${file}-${i}`, text };
    }),
  );
}

const documents = made();
mkdirSync(join(folder, 'in'));
const names = documents.map((_, file) => `in/${file}.jsonl`);
for (const [file, rows] of documents.entries()) writeFileSync(join(folder, names[file]!), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));

const STEPS = `steps:
  - dedupe-exact: { normalise: none }
  - dedupe-line: { min-sentences: 2 }
  - dedupe-bff: { ngram: 5, paragraph-threshold: 0.6, document-threshold: 0.4 }
`;
async function run(out: string, files: readonly string[], ...args: string[]): Promise<string> {
  writeFileSync(join(folder, `${out}.yaml`), `name: lines\nsource: { jsonl: [${files.join(', ')}] }\n${STEPS}sink: { text: { keep: true } }\n`);
  const ran = await refine(['run', `${out}.yaml`, '--out', out, ...args], { cwd: folder });
  assert.equal(ran.code, 0, ran.stderr);
  return ran.stderr;
}

async function textsOf(out: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let file = 0; file < FILES; file++) {
    for await (const batch of readArrow(join(folder, out, 'text', `${String(file).padStart(6, '0')}.arrow`)))
      for (let row = 0; row < batch.rows; row++) found.set(stringAt(batch.columns.id as BytesColumn, row)!, stringAt(batch.columns.text as BytesColumn, row)!);
  }
  return found;
}

interface Named extends SlowDocument {
  readonly id: string;
}

async function expected(): Promise<{ texts: Map<string, string>; counts: number[] }> {
  const seen = new Set<string>();
  const all: Named[] = documents.flatMap((rows, file) => rows.map(({ id, text }, row) => ({ id, text, row: (BigInt(file) << 32n) | BigInt(row) })));
  const distinct = all.filter(({ text }) => !seen.has(text) && seen.add(text));
  const copies = await slowLineCopies(distinct, { form: 'c4', minWords: 5, maxCopies: 1, within: 'run' });
  const afterLines = distinct
    .map((one) => ({ ...one, text: slowCut(one.text, copies.get(one.row) ?? []) }))
    // Sentences here end with ". " or a line that ends in a full stop.
    .filter(({ row, text }) => !copies.has(row) || (text !== '' && text.split(/(?<=\.)\s|\n/).length >= 2));
  const { cut, dropped } = await slowBff(afterLines, { most: 5, least: 5, paragraph: 0.6, document: 0.4 });
  const gone = new Set(dropped);
  const left = afterLines.filter(({ row }) => !gone.has(row)).map(({ id, row, text }) => ({ id, row, text: slowCut(text, cut.get(row) ?? []) }));
  const texts = new Map(left.filter(({ row, text }) => !cut.has(row) || text !== '').map(({ id, text }) => [id, text]));
  return { texts, counts: [all.length, distinct.length, afterLines.length, texts.size, copies.size, cut.size] };
}

test('after dedupe-exact, lines and then paragraphs go as brute force says, and the funnel sums up', async () => {
  await run('one', names, '--workers', '1');
  const { texts, counts } = await expected();
  const found = await textsOf('one');
  assert.deepEqual([...found.keys()], [...texts.keys()]);
  for (const [id, text] of found) assert.equal(text, texts.get(id), id);
  const stats = JSON.parse((await refine(['stats', 'one', '--json'], { cwd: folder })).stdout) as {
    steps: { step: string; in: number; out: number; drops: Record<string, number> }[];
  };
  assert.deepEqual(
    stats.steps.map(({ in: reached, out }) => [reached, out]),
    [counts.slice(0, 2), counts.slice(1, 3), counts.slice(2, 4)],
  );
  for (const { in: reached, out, drops } of stats.steps) assert.equal(reached, out + Object.values(drops).reduce((sum, n) => sum + n, 0));
  assert.ok(stats.steps[1]!.drops['dedupe-line/too-short']! > 0);
  assert.ok(stats.steps[2]!.drops['dedupe-bff/copied-paragraphs']! > 0);
  assert.ok(counts[4]! > 20 && counts[5]! > 5, `lines of ${counts[4]} documents and paragraphs of ${counts[5]} were cut`);
});

test('reversed inputs and two workers give the same bytes', async () => {
  await run('two', [...names].reverse(), '--workers', '2');
  assert.deepEqual(promisedBytes(join(folder, 'two')), promisedBytes(join(folder, 'one')));
});

test('stats say what the steps found', async () => {
  const { stdout } = await refine(['stats', 'one'], { cwd: folder });
  assert.match(stdout, /dedupe-line.*\d+ of \d+ lines were copies/);
  assert.match(stdout, /dedupe-bff.*\d+ of \d+ n-grams stood before/);
});

test('try shows them too', async () => {
  const tried = await refine(['try', 'dedupe-line', '--with', '{"min-sentences": 0}', names[0]!, names[1]!], { cwd: folder });
  assert.equal(tried.code, 0, tried.stderr);
  const rows = tried.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; kept: boolean; text: string });
  const few: SlowDocument[] = documents.slice(0, 2).flatMap((list, file) => list.map(({ text }, row) => ({ text, row: (BigInt(file) << 32n) | BigInt(row) })));
  const copies = await slowLineCopies(few, { form: 'c4', minWords: 5, maxCopies: 1, within: 'run' });
  rows.forEach(({ kept, text }, at) => {
    const left = slowCut(few[at]!.text, copies.get(few[at]!.row) ?? []);
    assert.equal(kept, left !== '' || few[at]!.text === '');
    if (kept) assert.equal(text, left);
  });
});
