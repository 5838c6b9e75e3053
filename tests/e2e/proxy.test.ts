// The proxy run of `refine check` on made runs: what it reports, that it says the same twice and on any number of threads, and what it
// says of runs whose difference is known. A handful of steps; REFINE_FULL=1 lets it learn until noise in half of a run is told.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { native, utf8Column } from '../../native/index.js';
import { type CheckResult, checkRun } from '../../pipeline/check/check.js';
import { divergences } from '../../pipeline/check/comparisons.js';
import type { GapReport } from '../../pipeline/check/gap-report.js';
import type { ProxyFigures } from '../../pipeline/check/proxy-run.js';
import { shippedTokenizer } from '../../pipeline/check/run-tokenizer.js';
import { readRun } from '../../pipeline/run-folder.js';
import { refine } from '../support/cli.js';
import { randomFrom } from '../support/random.js';
import { madeRun, Writer } from '../support/readiness-runs.js';
import { copyRun, readDocuments, rewriteShard, type TokenDocument } from '../support/sabotage.js';
import { smallDecoder } from '../support/small-decoder.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-proxy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const falcon = shippedTokenizer('falcon');
const third = join(folder, 'third.jsonl');
const lines: string[] = [];
let run = '';

before(async () => {
  run = await madeRun(join(folder, 'made'), { seed: 1, shards: 3, documents: 40 });
  const writer = new Writer('en', 5);
  const documents = Array.from({ length: 12 }, (_, at) => ({ url: `https://host${at % 3}.example/${at}`, text: writer.document() }));
  writeFileSync(third, documents.map((document) => JSON.stringify(document)).join('\n'));
});

const check = (of: string, options: Partial<Parameters<typeof checkRun>[1]>): Promise<CheckResult> =>
  checkRun(of, { benchmarks: [], seqLen: 2048, model: 'none', ...options }, new AbortController().signal, (line) => lines.push(line));

/** A copy of the run with every shard changed. */
async function changedRun(name: string, change: (shards: readonly (readonly TokenDocument[])[], at: number) => Promise<readonly TokenDocument[]>) {
  const copy = copyRun(run, join(folder, name, 'run'));
  const paths = (await readRun(run)).tokens.map(({ path }) => path);
  const shards = await Promise.all(paths.map((path) => readDocuments(run, path)));
  for (const [at, path] of paths.entries()) {
    const documents = await change(shards, at);
    await rewriteShard(copy, path, () => documents);
  }
  return copy;
}
/** Random letters for words in every other shard. */
async function noise(shards: readonly (readonly TokenDocument[])[], at: number): Promise<readonly TokenDocument[]> {
  if (at % 2 === 1) return shards[at]!;
  const random = randomFrom(at);
  const letters = (): string => Array.from({ length: 2 + random(9) }, () => String.fromCharCode(97 + random(26))).join('');
  const texts = shards[at]!.map(({ ids }) => native.bpeDecode(falcon.handle, Uint32Array.from(ids.slice(0, -1))).replace(/\S+/g, letters));
  const { tokens } = await native.bpeEncode(falcon.handle, utf8Column(texts), { parseSpecial: false, eos: 11, bos: null });
  return shards[at]!.map((document, row) => ({
    ...document,
    ids: Array.from(tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!) as Uint16Array),
  }));
}
const turned = async (shards: readonly (readonly TokenDocument[])[], at: number) => [...shards[(at + 1) % shards.length]!].reverse();

function addsUp({ total, by }: GapReport): void {
  for (const [name, slices] of Object.entries(by))
    for (const side of ['a', 'b'] as const) {
      const bits = slices.reduce((sum, slice) => sum + slice[side] * slice.bytes, 0);
      assert.ok(Math.abs(bits - total[side] * total.bytes) < 1e-6 * bits, `${name} ${side}: ${bits} of ${total[side] * total.bytes}`);
      assert.equal(
        slices.reduce((sum, { bytes }) => sum + bytes, 0),
        total.bytes,
      );
    }
}

test('a proxy run reports its curve, gradient norms and bits a byte, the same twice and with one thread or two, and no time', async () => {
  lines.length = 0;
  const one = await check(run, { trainSteps: 6, threads: 1 });
  const two = await check(run, { trainSteps: 6, threads: 2 });
  assert.deepEqual(one, two);
  assert.equal(readFileSync(join(run, 'check', 'check.json'), 'utf8'), `${JSON.stringify(one, null, 2)}\n`);
  const { runs, steps, model, against, limit } = one.proxy!;
  assert.deepEqual([runs.length, steps, against], [1, 6, null]);
  assert.deepEqual([model.channels, model.layers, model.context], [128, 4, 256]);
  const [curve] = runs;
  assert.equal(curve!.run, 'run');
  assert.equal(curve!.tokens, 6 * 2048);
  assert.equal(curve!.verdict.kind, 'trained');
  assert.deepEqual(
    curve!.curve.map(([step]) => step),
    [1, 2, 3, 4, 5, 6],
  );
  assert.ok(curve!.curve.every(([, loss, norm]) => loss > 0 && norm > 0 && Number.isFinite(loss + norm)));
  assert.ok(curve!.curve.at(-1)![1] < curve!.curve[0]![1] - 0.3);
  assert.ok(curve!.bitsPerByte.own! > 1 && curve!.bitsPerByte.own! < 9);
  assert.match(limit, /\.89 .*15 M.*\.73 .*1 M/);
  assert.ok(lines.some((line) => /proxy: run seed 1, step 6 of 6, loss [\d.]+, \d+ tokens\/s/.test(line)));
  assert.doesNotMatch(JSON.stringify(one.proxy), /tokens\/s|second|elapsed/);
  assert.deepEqual(one.findings, []);
});

test('the same documents in another order of shards make no difference, to the last bit; hosts and slices of the gap add up', async () => {
  const other = await changedRun('turned', turned);
  const { against, runs } = (await check(other, { trainSteps: 2, against: run, third: [third] })).proxy!;
  assert.deepEqual(against!.differences, [0, 0, 0]);
  assert.equal(against!.verdict, 'undecided');
  assert.deepEqual([...new Set(runs.map(({ run: name }) => name))], ['turned/run', 'made/run']);
  assert.ok(runs.every(({ tokens }) => tokens === 2 * 2048));
  assert.deepEqual(
    against!.shared,
    runs.slice(0, 3).map(({ documents }) => documents),
  );
  addsUp(against!.gap);
  assert.deepEqual(against!.gap.models, ['made/run', 'turned/run']);
  assert.equal(against!.gap.total.gap, 0);
  assert.deepEqual(against!.gap.by.host.map(({ slice }) => slice).sort(), ['host0.example', 'host1.example', 'host2.example']);
  assert.deepEqual(
    against!.gap.by.lang.map(({ slice }) => slice),
    ['en'],
  );
});

test('a run with noise in half of its shards differs, by slices that add up to the mean, and the other way round by the same', async () => {
  const spoilt = await changedRun('noise', noise);
  const steps = process.env.REFINE_FULL === '1' ? 40 : 2;
  const { against } = (await check(spoilt, { trainSteps: steps, against: run, third: [third] })).proxy!;
  assert.ok(against!.differences.every((d) => d !== 0));
  addsUp(against!.gap);
  assert.ok(Math.abs(against!.gap.total.gap - against!.mean) < 1e-6, `${against!.gap.total.gap} ${against!.mean}`);
  assert.equal(against!.documents.count, 12);
  if (steps === 2) return;
  assert.equal(against!.verdict, 'worse', JSON.stringify({ ...against, gap: null }));
  const back = (await check(run, { trainSteps: steps, against: spoilt, third: [third] })).proxy!.against!;
  assert.equal(back.verdict, 'better');
  for (const [seed, d] of back.differences.entries()) assert.ok(Math.abs(d + against!.differences[seed]!) < 1e-9);
});

test('the other run is asked to be whole, a cut shard of it is not learnt from, and texts to compare on are asked for', async () => {
  await assert.rejects(check(run, { trainSteps: 1, against: run }), { code: 'ERR_REFINE_USAGE', message: /Name them: --third/ });
  await assert.rejects(check(run, { trainSteps: 1, against: join(folder, 'none'), third: [third] }), { code: /ERR_REFINE_/ });
  const cut = copyRun(run, join(folder, 'cut'));
  const path = join(cut, 'tokens', '000002.arrow');
  truncateSync(path, readFileSync(path).length >> 1);
  const { runs } = (await check(run, { trainSteps: 1, against: cut, third: [third] })).proxy!;
  assert.equal(runs.length, 6);
});

test('--against alone takes the default steps, --third without a proxy run is refused, and help states the limit', async () => {
  const refused = await refine(['check', run, '--third', third]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--third goes with --train-steps N or --against RUN2/);
  const { stdout } = await refine(['check', '--help']);
  assert.match(stdout, /\.89 for models of 15 M parameters and more, \.73 for 1 M/);
  assert.match(stdout, /default with --against:\s+\d+/);
});

test('a proxy that diverged is a warning that names run, seed and step', () => {
  const words = 'the loss is no finite number at step 7';
  const figures = { runs: [{ run: 'a', seed: 2, verdict: { kind: 'not-finite', step: 6, words } }] } as unknown as ProxyFigures;
  const [finding] = divergences(figures);
  assert.deepEqual([finding!.check, finding!.severity], ['model', 'warning']);
  assert.match(finding!.message, /the proxy run on a \(seed 2\): the loss is no finite number at step 7/);
});

test('--compare-model breaks the gap down by the hosts and languages of the run', async () => {
  const [model, compareModel] = [smallDecoder(join(folder, 'one')), smallDecoder(join(folder, 'two'), 8)];
  const { gap } = await check(run, { model, compareModel });
  addsUp(gap!);
  assert.ok(gap!.by.host.length > 5 && gap!.by.host.every(({ slice }) => /^site\d+\.example$|^other hosts$/.test(slice)));
  assert.deepEqual(gap!.by.lang.map(({ slice }) => slice).sort(), ['de', 'en', 'es']);
  assert.ok(gap!.total.gap !== 0);
  // random weights know nothing: log 4,096 nats for each of their short tokens, so bytes that were not scored would show
  assert.ok(gap!.total.a > 3, `${gap!.total.a}`);
  assert.ok(!gap!.by.text.some(({ slice }) => slice === 'unaligned'));
});
