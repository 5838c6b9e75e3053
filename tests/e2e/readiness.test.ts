// `refine check` on three healthy runs of eight shards and on spoilt copies: each fault found by its check's name, in its shard,
// and nothing else called spoilt. Expectations are the faults as they were made.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { native, utf8Column } from '../../native/index.js';
import { type CheckResult, checkRun } from '../../pipeline/check/check.js';
import { shippedTokenizer } from '../../pipeline/check/run-tokenizer.js';
import { refine } from '../support/cli.js';
import { randomFrom } from '../support/random.js';
import { madeRun, Writer } from '../support/readiness-runs.js';
import { copyRun, readDocuments, rewriteShard, type TokenDocument } from '../support/sabotage.js';
import { spoilWeights, smallDecoder } from '../support/small-decoder.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-readiness-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const SEEDS = [1, 2, 3];
const healthy: string[] = [];
const EOS = 11;
const falcon = shippedTokenizer('falcon');
const gpt2 = shippedTokenizer('gpt2');
const signal = new AbortController().signal;

const check = (run: string, options: { contract?: string; benchmarks?: string[]; model?: string } = {}): Promise<CheckResult> =>
  checkRun(run, { benchmarks: [], seqLen: 2048, model: 'none', ...options }, signal, () => undefined);
const shard = (number: number): string => `tokens/${String(number).padStart(6, '0')}.arrow`;

const textOf = ({ ids }: TokenDocument): string => native.bpeDecode(falcon.handle, Uint32Array.from(ids.slice(0, -1)));
async function withText(document: TokenDocument, text: string, tokenizer = falcon): Promise<TokenDocument> {
  const { tokens } = await native.bpeEncode(tokenizer.handle, utf8Column([text]), { parseSpecial: false, eos: EOS, bos: null });
  return { ...document, ids: Array.from(tokens.values as Uint16Array) };
}
const eachText = (documents: readonly TokenDocument[], change: (text: string, at: number) => string, tokenizer = falcon): Promise<TokenDocument[]> =>
  Promise.all(documents.map((document, at) => withText(document, change(textOf(document), at), tokenizer)));

before(async () => {
  for (const seed of SEEDS) healthy.push(await madeRun(join(folder, `made-${seed}`), { seed }));
});

let copies = 0;
/** A spoilt copy of the first run, with shards as they were before; what the check says of it. */
async function spoilt(
  number: number,
  change: (documents: readonly TokenDocument[]) => readonly TokenDocument[] | Promise<readonly TokenDocument[]>,
  options: Parameters<typeof check>[1] = {},
): Promise<CheckResult> {
  const run = copyRun(healthy[0]!, join(folder, `spoilt-${copies++}`));
  const changed = await change(await readDocuments(run, shard(number)));
  await rewriteShard(run, shard(number), () => changed);
  return check(run, options);
}

/** Findings as `check shard`, each once. */
const named = ({ findings }: CheckResult): string[] => [...new Set(findings.map(({ check, shard: where }) => `${check} ${where}`))];

test('three healthy runs have no finding', async () => {
  for (const run of healthy) {
    const result = await check(run);
    assert.deepEqual(result.findings, []);
    assert.equal(result.ok, true);
    assert.ok(result.tokenShards >= 8);
    for (const name of ['contract', 'shard-digest', 'ids', 'eos', 'lengths', 'empty', 'duplicates', 'near-duplicates', 'language'] as const)
      assert.ok(result.checks.includes(name), name);
  }
});

test('a shard of another tokenizer is named, with the tokenizer', async () => {
  const result = await spoilt(3, (documents) => eachText(documents, (text) => text, gpt2));
  assert.deepEqual(named(result), [`contract ${shard(3)}`]);
  assert.match(result.findings[0]!.message, /they are ids of gpt2/);
});

test('a whole run of another tokenizer than its contract says is named shard by shard', async () => {
  const run = copyRun(healthy[1]!, join(folder, `spoilt-${copies++}`));
  for (let number = 0; number < 8; number++) {
    const documents = await eachText(await readDocuments(run, shard(number)), (text) => text, gpt2);
    await rewriteShard(run, shard(number), () => documents);
  }
  assert.deepEqual(
    named(await check(run)),
    Array.from({ length: 8 }, (_, number) => `contract ${shard(number)}`),
  );
});

test("a run whose model will have another tokenizer breaks the model's contract", async () => {
  const result = await check(healthy[0]!, { contract: 'gpt2' });
  assert.deepEqual(named(result), ['contract null']);
  assert.match(result.findings[0]!.message, /gpt2/);
});

test('missing EOS is named with its rows', async () => {
  const result = await spoilt(2, (documents) => documents.map((document, at) => (at % 50 === 7 ? { ...document, ids: document.ids.slice(0, -1) } : document)));
  assert.deepEqual(named(result), [`eos ${shard(2)}`]);
  assert.deepEqual(result.findings[0]!.rows, [7, 57, 107, 157]);
});

test('BOS that is expected but absent is named: by the run that was to write it, and by the model that will read it', async () => {
  const own = join(folder, 'with-bos');
  const run = await madeRun(own, { seed: 4, documents: 40, tokenize: '{ bos: ">>TITLE<<" }' });
  assert.deepEqual(
    (await check(run)).findings.filter(({ check: name }) => name === 'contract'),
    [],
  );
  await rewriteShard(run, shard(5), (documents) => documents.map((document) => ({ ...document, ids: document.ids.slice(1) })));
  const result = await check(run);
  assert.deepEqual(named(result), [`contract ${shard(5)}`]);
  assert.match(result.findings[0]!.message, /40 of 40 documents do not begin with BOS \(id 0\)/);
});

test('a shard of noise is named: random ids by the contract, random letters by language', async () => {
  const random = randomFrom(5);
  const ids = await spoilt(6, (documents) =>
    documents.map((document) => ({ ...document, ids: [...document.ids.slice(1).map(() => 12 + random(60_000)), EOS] })),
  );
  assert.deepEqual(named(ids), [`contract ${shard(6)}`]);
  assert.match(ids.findings[0]!.message, /of no tokenizer known here/);
  const word = () => Array.from({ length: 2 + random(9) }, () => String.fromCharCode(97 + random(26))).join('');
  const letters = await spoilt(6, (documents) => eachText(documents, (text) => text.replace(/\S+/g, word)));
  assert.deepEqual(named(letters), [`language ${shard(6)}`]);
  assert.match(letters.findings[0]!.message, /read as no language/);
});

test('a duplicated shard is named with the shard it repeats', async () => {
  const first = await readDocuments(healthy[0]!, shard(1));
  const result = await spoilt(4, () => first);
  assert.deepEqual(
    named(result).filter((one) => !one.startsWith('near-duplicates')),
    [`duplicates ${shard(4)}`],
  );
  assert.match(result.findings[0]!.message, /160 of its 160 documents equal documents of tokens\/000001\.arrow/);
});

test('shifted ids are named with the shift', async () => {
  for (const shift of [1, 256]) {
    const result = await spoilt(0, (documents) => documents.map((document) => ({ ...document, ids: document.ids.map((id) => Math.max(0, id + shift)) })));
    assert.deepEqual(
      named(result).filter((one) => one.startsWith('ids')),
      [`ids ${shard(0)}`],
    );
    assert.match(result.findings.map(({ message }) => message).join('\n'), new RegExp(`shifted by ${shift > 0 ? '\\+' : ''}${shift},`));
  }
});

test('a truncated shard is named with what is there', async () => {
  const run = copyRun(healthy[0]!, join(folder, `spoilt-${copies++}`));
  const { length } = readFileSync(join(run, shard(7)));
  truncateSync(join(run, shard(7)), length >> 1);
  const result = await check(run);
  assert.deepEqual(named(result), [`shard-digest ${shard(7)}`]);
  assert.match(result.findings[0]!.message, new RegExp(`is cut: ${length >> 1} of its ${length} bytes`));
});

test('planted benchmark text is named with the benchmark and its rows', async () => {
  const writer = new Writer('en', 99);
  const random = randomFrom(12);
  const shuffled = () =>
    `${writer.document()}`
      .split(/\s+/)
      .map((word) => ({ word, key: random(1e6) }))
      .sort((a, b) => a.key - b.key)
      .slice(0, 24)
      .map(({ word }) => word)
      .join(' ');
  const items = Array.from({ length: 20 }, () => ({ question: `${shuffled()}?`, answer: shuffled() }));
  const benchmark = join(folder, 'riddles.jsonl');
  writeFileSync(benchmark, items.map((item) => JSON.stringify(item)).join('\n'));
  const clean = await check(healthy[0]!, { benchmarks: [benchmark] });
  const planted = await spoilt(
    3,
    (documents) => eachText(documents, (text, at) => (at === 17 || at === 100 ? `${text}\n${items[at % 20]!.question} ${items[at % 20]!.answer}` : text)),
    {
      benchmarks: [benchmark],
    },
  );
  assert.deepEqual(clean.findings, []);
  assert.deepEqual(named(planted), [`contamination ${shard(3)}`]);
  assert.deepEqual(planted.findings[0]!.rows, [17, 100]);
  assert.match(planted.findings[0]!.message, /riddles/);
});

test('one language in place of another is named with both', async () => {
  const french = new Writer('fr', 8);
  const isGerman = (text: string) => /\b(und|der|die|das|nicht|ist)\b/.test(text);
  const result = await spoilt(5, (documents) => eachText(documents, (text) => (isGerman(text) ? french.document() : text)));
  assert.deepEqual(named(result), [`language ${shard(5)}`]);
  assert.match(result.findings[0]!.message, /in fr, elsewhere 0\.0 %/);
});

test('empty documents are named with their rows', async () => {
  const result = await spoilt(1, (documents) => documents.map((document, at) => (at % 64 === 3 ? { ...document, ids: [EOS] } : document)));
  assert.deepEqual(named(result), [`empty ${shard(1)}`]);
  assert.equal(result.ok, false);
  assert.deepEqual(result.findings[0]!.rows, [3, 67, 131]);
});

test('a shard whose losses lie apart is named with samples, and healthy runs have none', async () => {
  const model = smallDecoder(join(folder, 'tiny'));
  for (const run of healthy) {
    const result = await check(run, { model });
    assert.deepEqual(result.findings, []);
    assert.ok(result.checks.includes('loss-outlier') && result.loss!.shards.length === 8);
  }
  const random = randomFrom(6);
  // real words in an order and company that no text has: langid still knows them, a language model does not
  const names = Array.from({ length: 400 }, () => Array.from({ length: 9 }, () => 'bcdfghjklmnpqrstvwxz'[random(20)]).join(''));
  const result = await spoilt(4, (documents) => eachText(documents, (text) => text.replace(/\S+/g, (word) => (random(3) === 0 ? names[random(400)]! : word))), {
    model,
  });
  assert.ok(named(result).includes(`loss-outlier ${shard(4)}`), JSON.stringify(result.findings));
  assert.deepEqual(
    named(result).filter((one) => !one.endsWith(shard(4))),
    [],
  );
  const outlier = result.loss!.outliers.find(({ name }) => name === shard(4))!;
  assert.equal(outlier.kind, 'level');
  assert.ok(outlier.z > 6 && outlier.samples.length === 3);
});

test('a model with NaN weights is named, with the role, and not asked', async () => {
  const model = smallDecoder(join(folder, 'spoilt-model'));
  spoilWeights(model);
  const result = await check(healthy[0]!, { model });
  assert.deepEqual(named(result), ['model null']);
  assert.match(result.findings[0]!.message, /1 weights of final_norm\.\w+ of the model .* are NaN or infinite/);
  assert.deepEqual(
    result.skipped.filter(({ check: name }) => name === 'loss-outlier').map(({ why }) => /cannot be asked/.test(why)),
    [true],
  );
});

test('the command answers twice with the same bytes, and exits 1 on an error', async () => {
  const one = await refine(['check', healthy[2]!, '--model', 'none', '--json']);
  const two = await refine(['check', healthy[2]!, '--model', 'none', '--json']);
  assert.equal(one.code, 0, one.stderr);
  assert.equal(one.stdout, two.stdout);
  assert.equal(readFileSync(join(healthy[2]!, 'check', 'check.json'), 'utf8'), one.stdout);
  const bad = await refine(['check', healthy[2]!, '--model', 'none', '--contract', 'gpt2']);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /^ERROR {3}contract: /m);
  assert.match(bad.stdout, /NOT fit to train on/);
});
