// Where neural steps compute: one device and instruction set a run, in its lock, in identities, and never changed on the way.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type CudaReason, placeSteps } from '../../pipeline/device.js';
import { loadManifest, parseManifest } from '../../pipeline/manifest.js';
import { type PlanOptions, planRun } from '../../pipeline/plan.js';
import { readArrow } from '../../pipeline/store.js';
import { runManifest } from '../../pipeline/runner.js';
import { collectStats } from '../../pipeline/stats.js';
import { stringAt, column } from '../../native/batch.js';
import { instructionSets } from '../../stages/contract/instruction-sets.js';
import { refine } from '../support/cli.js';
import { corpus, finalBytes, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';
import { steps as testSteps } from '../support/runner-steps.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-device-'));
after(() => rmSync(folder, { recursive: true, force: true }));
process.env.REFINE_CUDA_LIBRARY = join(folder, 'none.so'); // whatever this checkout has built
const input = join(folder, 'in');
const paths = writeCorpus(input, corpus(2, 30, 9));
const STEPS: readonly StepText[] = ['words', 'neural', 'bytes'];
const manifest = manifestOf(input, paths, STEPS);
const [best] = instructionSets();

function withSets<T>(name: string | undefined, work: () => Promise<T>): Promise<T> {
  const before = process.env.REFINE_ISA;
  if (name === undefined) delete process.env.REFINE_ISA;
  else process.env.REFINE_ISA = name;
  return work().finally(() => {
    if (before === undefined) delete process.env.REFINE_ISA;
    else process.env.REFINE_ISA = before;
  });
}

const lockOf = (out: string) => JSON.parse(readFileSync(join(out, 'manifest.lock.json'), 'utf8')) as { device: string; isa?: string };

async function isasIn(out: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const batch of readArrow(join(out, 'text', '000000.arrow')))
    for (let row = 0; row < batch.rows; row++) found.add(stringAt(column(batch, 'isa', 'utf8'), row)!);
  return [...found];
}

test('a run with a neural step records device and instruction set, hands them to the step, and sums what it notes', async () => {
  const out = join(folder, 'records');
  const notices: string[] = [];
  const summary = await runManifest(manifest, runOptions(out, { notice: (sentence) => notices.push(sentence) }));
  assert.deepEqual({ device: lockOf(out).device, isa: lockOf(out).isa }, { device: 'cpu', isa: best });
  assert.deepEqual(await isasIn(out), [`cpu ${best}`]);
  assert.deepEqual(notices, [`neural runs on the CPU (${best}): no GPU is used, no-library (this build has no library of CUDA kernels for models).`]);
  const reached = summary.steps.find(({ step }) => step === 'neural')!.in;
  assert.match(summary.notices.join('\n'), new RegExp(`^neural: ${reached} texts were looked at, the longest has [1-9]\\d* code units\\.$`));
  const { barriers } = await collectStats(out);
  assert.equal(barriers?.neural?.texts, reached);
});

test('a run without a neural step names no instruction set and says nothing of devices', async () => {
  const out = join(folder, 'plain');
  const notices: string[] = [];
  await runManifest(manifestOf(input, paths, ['words', 'bytes']), runOptions(out, { notice: (sentence) => notices.push(sentence) }));
  assert.equal(lockOf(out).isa, undefined);
  assert.deepEqual(notices, []);
});

test('a resume goes on with the set of the lock where the machine has it, and is refused where it has not; --update scores anew', async () => {
  const out = join(folder, 'resume');
  await withSets('scalar', () => runManifest(manifest, runOptions(out)));
  assert.equal(lockOf(out).isa, 'scalar');
  const bytes = finalBytes(out);
  const notices: string[] = [];
  if (best !== 'scalar') {
    const again = await runManifest(manifest, runOptions(out, { notice: (sentence) => notices.push(sentence) }));
    assert.equal(again.tasks.ran, 0);
    assert.match(notices.join(), new RegExp(`^neural goes on with scalar, as the run's lock says; this machine also has ${best}\\.$`));
    assert.deepEqual(finalBytes(out), bytes);

    const better = join(folder, 'better');
    await runManifest(manifest, runOptions(better));
    await assert.rejects(
      withSets('scalar', () => runManifest(manifest, runOptions(better))),
      {
        code: 'ERR_REFINE_RUN_DIFFERS',
        message: new RegExp(`neural ran with ${best} there and this machine has scalar; .*--out, or score anew with --update.* isa: avx2`),
      },
    );
    const updated = await withSets('scalar', () => runManifest(manifest, runOptions(better, { update: true })));
    assert.equal(updated.tasks.ran, paths.length, 'every map holds the neural step; the index says the same as before');
    assert.deepEqual(finalBytes(better), bytes);
  }
});

test('a pinned set is used on every machine that has it, and a machine without it is told so', async () => {
  const out = join(folder, 'pinned');
  const pinned = { ...manifest, isa: 'scalar' };
  await runManifest(pinned, runOptions(out));
  assert.equal(lockOf(out).isa, 'scalar');
  const resumed = await withSets('scalar', () => runManifest(pinned, runOptions(out)));
  assert.equal(resumed.tasks.ran, 0);
  await assert.rejects(
    withSets('scalar', () => runManifest({ ...manifest, isa: 'avx512' }, runOptions(join(folder, 'absent')))),
    {
      code: 'ERR_REFINE_DEVICE',
      message: /the manifest pins avx512 for neural; this machine has scalar\./,
    },
  );
});

test('only --device cuda fails without a GPU, by a reason code of its own', async () => {
  const reasons: readonly CudaReason[] = ['no-library', 'no-driver', 'no-device', 'too-old'];
  for (const reason of reasons) {
    await assert.rejects(runManifest(manifest, runOptions(join(folder, 'cuda'), { device: 'cuda', cuda: { usable: false, reason } })), {
      code: 'ERR_REFINE_DEVICE',
      place: '--device cuda',
      message: new RegExp(`^${reason}: .*expected a usable GPU\\. .*--device cpu or auto\\.$`),
    });
    const { device, notices } = placeSteps({ asked: 'auto', steps: manifest.steps, pinned: undefined, held: null, cuda: { usable: false, reason } });
    assert.equal(device, 'cpu');
    assert.match(notices.join(), new RegExp(`no GPU is used, ${reason} `));
  }
});

test('a GPU is taken by auto, kept on resume, and a lock of one device is refused on the other', () => {
  const place = (asked: 'auto' | 'cpu' | 'cuda', usable: boolean, held: { device: 'cpu' | 'cuda'; isa: string } | null) =>
    placeSteps({
      asked,
      steps: manifest.steps,
      pinned: undefined,
      held,
      sets: ['avx2', 'scalar'],
      cuda: usable ? { usable, name: 'a GPU' } : { usable, reason: 'no-device' },
    });
  assert.equal(place('auto', true, null).device, 'cuda');
  assert.equal(place('cpu', true, null).device, 'cpu');
  assert.equal(place('auto', true, { device: 'cpu', isa: 'avx2' }).device, 'cpu', 'auto goes on with what the lock says');
  assert.throws(() => place('cuda', true, { device: 'cpu', isa: 'avx2' }), {
    code: 'ERR_REFINE_RUN_DIFFERS',
    message: /ran on cpu there and would run on cuda now.*--device cpu/,
  });
  assert.throws(() => place('auto', false, { device: 'cuda', isa: 'avx2' }), {
    message: /ran on cuda there and would run on cpu now \(no-device: .*on a machine with a GPU/,
  });
});

test('`isa` in a manifest is one of the known sets, and the command line knows devices', async () => {
  const text = (isa: string) => `name: t\nisa: ${isa}\nsource: { jsonl: [in/*.jsonl] }\nsteps: [words, neural]\n`;
  const path = join(folder, 't.yaml');
  assert.equal((await parseManifest(text('avx2'), { path, registry: testSteps })).isa, 'avx2');
  await assert.rejects(parseManifest(text('sse9'), { path, registry: testSteps }), /t\.yaml:2:6 .*isa.*scalar/s);
  await assert.rejects(loadManifest(join(folder, 'none.yaml')), { code: 'ERR_REFINE_MANIFEST' });
  const wrong = await refine(['run', path, '--device', 'gpu']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /expected auto, cpu or cuda/);
});

test('a plan counts no GPU hours where the run would compute on the CPU, and does not call them none where it would take a GPU', {
  timeout: 120_000,
}, async () => {
  writeFileSync(join(folder, 'plan.jsonl'), Array.from({ length: 20 }, (_, n) => `${JSON.stringify({ text: `A short text, number ${n}.` })}\n`).join(''));
  const planned = async (step: string, more: PlanOptions, isa = '') => {
    const text = `name: plan\n${isa}source: { jsonl: plan.jsonl }\nsteps: [${step}]\n`;
    return (await planRun(await parseManifest(text, { path: join(folder, 'plan.yaml') }), join(folder, 'none'), more, new AbortController().signal)).gpuHours;
  };
  const gpu = { usable: true, name: 'a card', path: 'hopper' } as const;
  const none = { usable: false, reason: 'no-device' } as const;
  assert.equal(await planned('classify', { device: 'auto', cuda: gpu }), null);
  assert.equal(await planned('classify', { cuda: gpu }), null, 'auto is the default');
  assert.equal(await planned('classify', { device: 'auto', cuda: none }), 0);
  assert.equal(await planned('classify', { device: 'cpu', cuda: gpu }), 0);
  assert.equal(await planned('classify', { device: 'cuda', cuda: none }), null, 'planned where no GPU is');
  assert.equal(await planned('classify', { device: 'auto', cuda: gpu }, `isa: ${best}\n`), 0, 'a pinned set is the CPU’s');
  assert.equal(await planned('tokenize', { device: 'auto', cuda: gpu }), 0);
  assert.equal(await planned('dedupe-minhash', { device: 'auto', cuda: gpu }), null, 'its signatures are made there');
  assert.equal(await planned('dedupe-minhash', { device: 'auto', cuda: none }), 0);
});
