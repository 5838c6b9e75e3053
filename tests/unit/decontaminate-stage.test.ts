// The step `decontaminate`: benchmark files of every kind, actions, reasons by benchmark, and mistakes in the options.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { type Batch, documentAt, RefineError, utf8Column } from '../../native/index.js';
import { reasonsOf } from '../../stages/contract/stage.js';
import { decontaminate } from '../../stages/decontaminate/decontaminate.js';

const folder = mkdtempSync(join(tmpdir(), 'decontaminate-'));
after(() => rmSync(folder, { recursive: true }));
const env = { seed: 1n, baseDir: folder, device: 'cpu' as const };

const QUESTION = 'A train leaves the old station at nine and travels sixty miles in two hours; how fast does it go?';
const ANSWER = 'It goes thirty miles an hour, since sixty miles divided by two hours is thirty.';
const SHORT = 'Who wrote the ninth symphony of the year?';
const PASSAGE = 'Far out in the uncharted backwaters of the unfashionable end of the western arm lies a small unregarded yellow sun.';
const OTHER = 'Nothing of this stands in any benchmark, although the train leaves the station every day at nine and goes far.';
writeFileSync(
  join(folder, 'math.test.jsonl.gz'),
  gzipSync(`${JSON.stringify({ id: 'm1', question: QUESTION, solution: { steps: [ANSWER] } })}\n\n${JSON.stringify({ question: SHORT })}\n`),
);
writeFileSync(join(folder, 'passages.txt'), `${PASSAGE}\n \nThe second paragraph\nover two lines is an item of its own, and it is long enough.\n`);
writeFileSync(
  join(folder, 'table.parquet'),
  Buffer.from(
    parquetWriteBuffer({
      columnData: [{ name: 'prompt', data: ['short', 'A prompt that stands in a table of a column and is long enough to match here'], type: 'STRING' }],
    }),
  ),
);
writeFileSync(join(folder, 'empty.jsonl'), '');
writeFileSync(join(folder, 'broken.jsonl'), '{"a": "b"}\n{"a": \n');

const batchOf = (texts: readonly (string | null)[]): Batch => ({ rows: texts.length, columns: { text: utf8Column(texts) } });
async function run(options: Record<string, unknown>, texts: readonly (string | null)[]) {
  const parsed = decontaminate.schema.parse(options);
  assert.deepEqual(decontaminate.check!(parsed, env), []);
  const step = await decontaminate.open(parsed, env);
  const batch = batchOf(texts);
  const { columns, drops } = await step.process(batch, new AbortController().signal);
  await step.close();
  const reasons = reasonsOf(decontaminate, parsed);
  return {
    reasons: Array.from(drops!, (code) => (code === 0 ? null : reasons[code - 1])),
    rows: texts.map((_, row) => documentAt({ rows: batch.rows, columns: { ...batch.columns, ...columns } }, row)),
  };
}
const ALL = ['math.test.jsonl.gz', { path: 'passages.txt', name: 'Passages (made)' }, 'table.parquet'];

test('a document that holds an item is dropped with the benchmark for a reason', async () => {
  const { reasons, rows } = await run({ benchmarks: ALL }, [
    `Look: ${QUESTION.toUpperCase()} And more.`,
    OTHER,
    `... ${PASSAGE.replaceAll(' ', '\n')}`,
    'a prompt, that stands in a table of a column and is long enough to match here!',
    `so ${SHORT} then`,
    null,
  ]);
  assert.deepEqual(reasons, ['overlap-math-test', null, 'overlap-passages-made', 'overlap-table', 'overlap-math-test', null]);
  assert.deepEqual(
    rows.map((row) => [row.decontaminate_match, row.decontaminate_benchmark, row.decontaminate_item]),
    [
      [20, 'math.test', 1],
      [0, null, 0],
      [20, 'Passages (made)', 1],
      [17, 'table', 2],
      [8, 'math.test', 2],
      [0, null, 0],
    ],
  );
  assert.ok(Math.abs((rows[0]!.decontaminate_share as number) - 20 / 23) < 1e-6);
});

test('n-grams over the seam of question and answer match, and `fields` leaves out what it does not name', async () => {
  const seam = `${QUESTION.split(' ').slice(-8).join(' ')} ${ANSWER.split(' ').slice(0, 6).join(' ')}`;
  assert.deepEqual((await run({ benchmarks: ALL }, [seam])).reasons, ['overlap-math-test']);
  const fields = [{ path: 'math.test.jsonl.gz', fields: ['question'] }];
  assert.deepEqual((await run({ benchmarks: fields }, [seam, ANSWER, QUESTION])).reasons, [null, null, 'overlap-math-test']);
  assert.deepEqual((await run({ benchmarks: [{ path: 'math.test.jsonl.gz', fields: ['solution.steps'] }] }, [ANSWER, QUESTION])).reasons, [
    'overlap-math-test',
    null,
  ]);
});

test('cut keeps what is far from the match, and drops documents of too many pieces or of none', async () => {
  const far = Array.from({ length: 100 }, (_, i) => `word${i}`).join(' ');
  const options = { benchmarks: ['passages.txt'], action: 'cut', window: 20, 'min-piece': 50, 'max-pieces': 3 };
  const { rows, reasons } = await run(options, [`${far} ${PASSAGE} ${far}`, OTHER, PASSAGE, Array(5).fill(far).join(` ${PASSAGE} `)]);
  assert.deepEqual(reasons, [null, null, 'too-short', 'too-many-pieces']);
  assert.deepEqual(rows[0]!.text, `${far.slice(0, far.indexOf(' word97'))}\n${far.slice(far.indexOf('word3 '))}`);
  assert.equal(rows[1]!.text, OTHER);
  assert.deepEqual((await run({ benchmarks: ALL, action: 'keep' }, [PASSAGE])).reasons, [null]);
});

test('what cannot be meant is said before a run, and a broken file by name and row', async () => {
  const problems = (options: Record<string, unknown>) =>
    decontaminate.check!(decontaminate.schema.parse(options), env).map(({ path, message }) => `${path.join('.')}: ${message}`);
  assert.deepEqual(problems({ benchmarks: ['absent.jsonl'] }), [
    'benchmarks.0: "absent.jsonl" is not a file. Put the benchmark there, or take it out of the list',
  ]);
  assert.match(
    problems({ benchmarks: ['table.parquet', { path: 'passages.txt', name: 'Table' }] })[0]!,
    /^benchmarks\.1: "Table" is also what benchmark 1 is called/,
  );
  assert.deepEqual(problems({ n: 5 }), ['min-words: min-words 8 is above n 5']);
  assert.equal(decontaminate.warnings!(decontaminate.schema.parse({}), env).length, 1);
  for (const [file, message] of [
    ['empty.jsonl', /holds no items/],
    ['broken.jsonl', /row 2/],
  ] as const) {
    await assert.rejects(
      decontaminate.open(decontaminate.schema.parse({ benchmarks: [file] }), env),
      (error: RefineError) => error instanceof RefineError && message.test(error.message),
    );
  }
});

test('a benchmark that unpacks to more than a string holds is refused before it is one', async () => {
  const member = gzipSync(new Uint8Array(64 << 20).fill(0x20)); // blanks, in members one behind the other
  writeFileSync(join(folder, 'bomb.txt.gz'), Buffer.concat(Array.from({ length: 9 }, () => member)));
  await assert.rejects(decontaminate.open(decontaminate.schema.parse({ benchmarks: ['bomb.txt.gz'] }), env), {
    code: 'ERR_REFINE_ASSET',
    place: 'bomb.txt.gz',
    message: /holds more than 500 MiB of text\. Split it, or write it as Parquet/,
  });
});
