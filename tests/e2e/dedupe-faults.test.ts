// Harm done to what a dedupe step has on disk, between two of its tasks: a file cut short, a flipped byte, a file gone, a file of
// a newer format, a full disk. Each is named with the file, what was found and the next move; after that move the same command
// ends in the bytes of an undisturbed run. By default every kind of harm at one read of each step; REFINE_FULL=1 at every read.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { RefineError } from '../../native/errors.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { type RunModules, runManifest } from '../../pipeline/runner.js';
import type { Barrier } from '../../stages/contract/stage.js';
import { partFiles, promisedBytes } from '../support/cli.js';
import type { Harm } from '../support/fault-steps.js';
import { plantedRows, writeRows } from '../support/planted-files.js';

const full = process.env.REFINE_FULL === '1';
const DOCUMENTS = 1000;
const STEPS = full ? ['dedupe-url', 'dedupe-exact', 'dedupe-minhash', 'dedupe-line', 'dedupe-bff', 'dedupe-substring'] : ['dedupe-minhash', 'dedupe-substring'];

const folder = mkdtempSync(join(tmpdir(), 'refine-faults-'));
const mounted: string[] = [];
after(() => {
  for (const path of mounted) spawnSync('umount', [path]);
  rmSync(folder, { recursive: true, force: true });
});
const files = writeRows(join(folder, 'in'), 'part', plantedRows(DOCUMENTS, 6), 3);
const modules: RunModules = {
  steps: new URL('../support/fault-steps.js', import.meta.url).href,
  inputs: new URL('../../pipeline/inputs.js', import.meta.url).href,
};

async function run(step: string, out: string, harm?: Harm): Promise<void> {
  const path = join(folder, `${step}.yaml`);
  const listed = files.map((file) => `in/${basename(file)}`).join(', ');
  writeFileSync(path, `name: faults\nseed: 7\nsource:\n  jsonl: [${listed}]\nsteps:\n  - ${step}\nsink:\n  samples-per-reason: 5\n`);
  if (harm !== undefined) process.env.REFINE_TEST_HARM = JSON.stringify(harm);
  try {
    await runManifest(await loadManifest(path), { out, workers: 2, partitions: 2, modules });
  } finally {
    delete process.env.REFINE_TEST_HARM;
  }
}

const expected = new Map<string, Record<string, string>>();
before(async () => {
  for (const step of STEPS) {
    const out = join(folder, `whole-${step}`);
    await run(step, out);
    expected.set(step, promisedBytes(out));
  }
});

/** Every (phase, read) of a step with bare options. */
async function readsOfStep(name: string): Promise<{ before: string; read: number }[]> {
  const { loadStep } = await import('../../pipeline/registry.js');
  const step = (await loadStep(name)) as Barrier<unknown>;
  const phases = step.phases(
    step.schema.parse({}),
    { inputs: files.length, documents: DOCUMENTS },
    { spillBytes: 2 ** 30, memoryBytes: 2 ** 28, partitions: 2 },
  );
  return phases.flatMap((phase) => phase.reads.map((_, read) => ({ before: `${name}/${phase.name}`, read })));
}

const NAMED: Readonly<Record<Exclude<Harm['kind'], 'none'>, { code: RegExp; next: RegExp; deleteIt: boolean }>> = {
  cut: { code: /ERR_REFINE_SPILL_DAMAGED/, next: /(cut short|has at least).*delete it and run the same command again/s, deleteIt: true },
  flip: { code: /ERR_REFINE_SPILL_DAMAGED/, next: /delete it and run the same command again/, deleteIt: true },
  remove: { code: /ERR_REFINE_DISK/, next: /run the same command again, which makes what is missing/, deleteIt: false },
  newer: { code: /ERR_REFINE_SPILL_FORMAT/, next: /delete the file and run the same command again/, deleteIt: true },
};

for (const step of STEPS)
  for (const kind of full || step === 'dedupe-minhash' ? (['cut', 'flip', 'remove', 'newer'] as const) : (['flip'] as const))
    test(`${step}: a record file that is harmed (${kind}) is named with the next move, and after it the bytes are the same`, async () => {
      const all = await readsOfStep(step);
      const last = all[all.length - 1]!;
      for (const { before: phase, read } of full ? all : [kind === 'flip' ? all[0]! : last]) {
        const name = `${kind}-${phase.replace('/', '-')}-${read}`;
        const out = join(folder, name);
        const note = join(folder, `${name}.note`);
        const error = await run(step, out, { before: phase, read, kind, note }).then(
          () => null,
          (cause: unknown) => cause,
        );
        assert.ok(existsSync(note), `${phase} read nothing`);
        const path = readFileSync(note, 'utf8');
        assert.ok(error instanceof RefineError, `${name}: a harmed ${basename(path)} went unnoticed`);
        const said = error.format();
        assert.match(said, NAMED[kind].code);
        assert.match(said, NAMED[kind].next);
        assert.ok(said.includes(basename(path)), `${said}\nnames not ${path}`);
        if (NAMED[kind].deleteIt) rmSync(path);
        await run(step, out);
        assert.deepEqual(promisedBytes(out), expected.get(step), name);
        assert.deepEqual(partFiles(out), []);
        rmSync(out, { recursive: true });
      }
    });

test('a disk that is full anywhere between the map and the verdicts is ERR_REFINE_DISK with the next move, and with room the bytes are the same', async (t) => {
  for (const step of STEPS) {
    let refused = 0;
    for (const kilobytes of full ? [300, 600, 900, 1200, 1600, 2000, 2400] : [1600]) {
      const out = join(folder, `full-${step}-${kilobytes}`);
      mkdirSync(out);
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', out]).status !== 0) return t.skip('mounting a tmpfs needs root');
      mounted.push(out);
      const error = await run(step, out).then(
        () => null,
        (cause: RefineError) => cause,
      );
      if (error !== null) {
        refused++;
        assert.equal(error.code, 'ERR_REFINE_DISK', error.format());
        assert.match(error.format(), /(No space left|ENOSPC).*run the same command again: finished tasks/s);
        assert.deepEqual(partFiles(out), []);
        execFileSync('mount', ['-o', 'remount,size=256m', out]);
        await run(step, out);
      }
      assert.deepEqual(promisedBytes(out), expected.get(step));
      execFileSync('umount', [out]);
    }
    assert.ok(refused >= (full ? 4 : 1), `${step} met a full disk ${refused} times`);
  }
});
