// Texts that the executors read and did not write: squeue's answers, the list of jobs, profile files. Whole ones say what was written;
// cut, mixed and random ones are refused by name or leave out what is not whole, and never say that a job ended which did not.
// (sacct is asked by nobody: infra/docs/slurm.md.)
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fc } from '../support/properties.js';
import { RefineError } from '../../native/errors.js';
import { begunDrivers, type JobRecord, driverDeaths, failedInChain, JobsLog, nextDriver, openLevels } from '../../pipeline/executors/jobs-log.js';
import { formatIndexes, parseIndexes } from '../../pipeline/executors/kubernetes/indexes.js';
import { podsByJob } from '../../pipeline/executors/kubernetes/kubernetes-engine.js';
import { readProfile } from '../../pipeline/executors/settings.js';
import { indices, parseSqueue } from '../../pipeline/executors/slurm/commands.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-answers-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const RUNS = { numRuns: 300 };

const WORDS = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'CANCELLED', 'OUT_OF_MEMORY', 'NEW_IN_SLURM_99'];
const ENDED = new Set(['COMPLETED', 'FAILED', 'TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'CANCELLED', 'OUT_OF_MEMORY']);
const element = fc.record({
  job: fc.integer({ min: 1, max: 5 }),
  index: fc.integer({ min: 0, max: 40 }),
  word: fc.constantFrom(...WORDS),
  node: fc.constantFrom('', 'n1', 'rack[3-4]'),
});
/** Each element once, as squeue lists them. */
const answer = fc.uniqueArray(element, { selector: ({ job, index }) => `${job}:${index}`, maxLength: 60 });
const lineOf = ({ job, index, word, node }: { readonly job: number; readonly index: number; readonly word: string; readonly node: string }): string =>
  `${job}|${index}|${word}|0|${node}|${word === 'PENDING' ? 'Resources | held by (root)' : 'None'}|\n`;

test('squeue: every element that is listed is told, and a word that is not known is of a job that has not ended', () => {
  fc.assert(
    fc.property(answer, (elements) => {
      const states = parseSqueue(elements.map(lineOf).join(''))!;
      for (const { job, index, word } of elements) {
        const { state } = states.get(String(job))!.get(index)!;
        assert.equal(state === 'waiting' || state === 'running', !ENDED.has(word), `${word} is ${state}`);
      }
      assert.equal(
        [...states.values()].reduce((sum, { size }) => sum + size, 0),
        elements.length,
      );
    }),
    RUNS,
  );
});

test('squeue: an answer that is cut within a line, or has a line of something else, is no answer', () => {
  fc.assert(
    fc.property(answer, fc.nat(), fc.string({ unit: 'binary', maxLength: 60 }), (elements, at, noise) => {
      const text = elements.map(lineOf).join('');
      const cut = text.slice(0, at % (text.length + 1));
      if (cut !== '' && !cut.endsWith('\n')) assert.equal(parseSqueue(cut), null);
      if (/^\d+\|/.test(noise) || noise === '') return;
      assert.equal(parseSqueue(`${text}${noise.replaceAll('\n', ' ')}\n`), null);
    }),
    RUNS,
  );
});

test('lists of elements are read as they are written, with steps and limits, and no text makes them endless', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 5000 }), { maxLength: 200 }), fc.nat({ max: 9 }), fc.string(), (numbers, limit, text) => {
      const sorted = numbers.sort((a, b) => a - b);
      assert.deepEqual(parseIndexes(formatIndexes(sorted)), sorted);
      if (sorted.length > 0) assert.deepEqual(indices(`[${formatIndexes(sorted)}%${limit}]`), sorted);
      assert.ok(indices(text).every(Number.isSafeInteger) && parseIndexes(text).every(Number.isSafeInteger));
    }),
    RUNS,
  );
  assert.equal(indices('0-999999999999').length, 10_000_000);
});

test('pods: lines of any kind give elements of whole numbers, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.oneof(fc.string(), fc.constantFrom('Running', 'Failed', 'Succeeded', '3', '')), { maxLength: 9 })), (lines) => {
      for (const pods of podsByJob(lines.map((fields) => fields.join('\t')).join('\n')).values())
        for (const [index, { state }] of pods) assert.ok(Number.isInteger(index) && state !== 'cancelled');
    }),
    RUNS,
  );
});

const level = fc.constantFrom('0001-map-0', '0002-map-0', '0003-dedupe-sort');
const named = { engine: fc.constantFrom('slurm', 'kubernetes'), name: fc.string(), level, of: fc.string(), elements: fc.nat(), tasks: fc.nat() };
const job = fc.nat().map(String);
const record = fc.oneof(
  fc.record({ event: fc.constant('submitting'), ...named }),
  fc.record({ event: fc.constant('submitted'), job, ...named }),
  fc.record({ event: fc.constant('closed'), level, job: fc.option(job), done: fc.nat(), failed: fc.array(fc.string()), again: fc.nat() }),
  fc.record({ event: fc.constant('cancelled'), level }),
  fc.record({ event: fc.constant('chain'), engine: fc.constant('slurm') }),
  fc.record({ event: fc.constant('driver'), job, state: fc.constantFrom('submitted', 'begin', 'handed-over', 'stopped', 'finished', 'gave-up'), next: job }),
);

async function recordsOf(text: string | Uint8Array): Promise<readonly JobRecord[]> {
  mkdirSync(join(folder, 'scratch', 'executor'), { recursive: true });
  writeFileSync(join(folder, 'scratch', 'executor', 'jobs.jsonl'), text);
  return await new JobsLog(folder).records();
}

test('jobs.jsonl cut at any byte gives the records before the cut, with whatever else stands between lines left out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 12 }), fc.nat(), async (records, at) => {
      const bytes = Buffer.from(records.map((one) => `${JSON.stringify(one)}\n`).join(''));
      const cut = bytes.subarray(0, at % (bytes.length + 1));
      const whole = cut.toString('utf8').split('\n').length - 1;
      const found = await recordsOf(cut);
      // A line whose line break alone is missing is whole.
      assert.ok(found.length === whole || found.length === whole + 1);
      assert.deepEqual(found, JSON.parse(JSON.stringify(records.slice(0, found.length))));
    }),
    RUNS,
  );
});

test('a jobs.jsonl of anything is read, and what is asked of it throws nothing', async () => {
  const line = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    record.map((one) => JSON.stringify(one)),
    fc.constant('{"event":"closed"}'),
    fc.constant('null'),
    fc.constant('{"event":"submitted","level":3}'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      const records = await recordsOf(lines.join('\n'));
      for (const open of openLevels(records)) assert.ok(typeof open.name === 'string' && typeof open.level === 'string');
      for (const task of failedInChain(records)) assert.equal(typeof task, 'string');
      for (const driver of begunDrivers(records)) assert.equal(typeof driver, 'string');
      assert.ok(driverDeaths(records) >= 0);
      assert.ok(nextDriver(records) === null || typeof nextDriver(records) === 'string');
    }),
    RUNS,
  );
});

test('a profile of any bytes is a block or is refused by name', () => {
  const path = join(folder, 'profile.yaml');
  const pieces = fc.array(
    fc.constantFrom(
      'executor:',
      '  slurm:',
      '    cpus: 4',
      '    time: 90m',
      '  workers: -1',
      'slurm: {',
      '}',
      '  kubernetes: { image: a }',
      '&a',
      '*a',
      '? -',
      '    extra: [--x]',
      '\t',
      '"',
      ': :',
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((some) => Buffer.from(some.join('\n'))),
        fc.uint8Array({ maxLength: 80 }),
      ),
      (bytes) => {
        writeFileSync(path, bytes);
        try {
          assert.equal(typeof readProfile(path), 'object');
        } catch (error) {
          assert.ok(error instanceof RefineError && /^ERR_REFINE_(MANIFEST|USAGE)$/.test(error.code), String(error));
        }
      },
    ),
    RUNS,
  );
});
