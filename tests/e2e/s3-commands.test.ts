// Commands on a run at s3:// (npm s3rver behind the fault proxy): each says, byte for byte, what it says of the same run in a folder.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { registerCheck } from '../../pipeline/cli/check.js';
import { registerClean } from '../../pipeline/cli/clean.js';
import { registerExport } from '../../pipeline/cli/export.js';
import { registerInspect } from '../../pipeline/cli/inspect.js';
import { registerReport } from '../../pipeline/cli/report.js';
import { registerSample } from '../../pipeline/cli/sample.js';
import { registerSearch } from '../../pipeline/cli/search.js';
import { registerStats } from '../../pipeline/cli/stats.js';
import { registerStatus } from '../../pipeline/cli/status.js';
import { readRun } from '../../pipeline/run-folder.js';
import { Lease } from '../../pipeline/storage/lease.js';
import { readCopy } from '../../pipeline/storage/read-run.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { startRefine } from '../support/cli.js';
import { type S3Faults, type S3World, tidyS3 } from '../support/s3-world.js';
import { call, type Called, folderFiles, putRun, startStored, STORE_TIMES, storedFiles } from '../support/stored-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-s3-commands-'));
const address = 's3://bucket/made';
let run: string;
let world: S3World;

before(async () => {
  ({ world, run } = await startStored(folder, address));
});
tidyS3(() => world, folder);

/** The same command on the folder and on the store, the latter fetching everything anew. */
async function both(
  register: Parameters<typeof call>[0],
  words: (run: string, here: boolean) => readonly string[],
  faults: S3Faults = {},
): Promise<[Called, Called]> {
  const here = await call(register, words(run, true));
  rmSync(readCopy(address), { recursive: true, force: true });
  world.faults = faults;
  const there = await call(register, words(address, false));
  world.faults = {};
  return [here, there];
}

/** What a command says of a run names it; all else is the same. */
function same([here, there]: [Called, Called], least: number): void {
  assert.equal(here.code, 0, here.stderr);
  assert.equal(there.code, here.code, there.stderr);
  const plain = (text: string): string => text.replaceAll(readCopy(address), run).replaceAll(address, run);
  assert.equal(plain(there.stdout), here.stdout);
  assert.ok(here.stdout.length >= least, here.stdout);
}

const TROUBLE: S3Faults = { seed: 3, slowDown: 0.05, internal: 0.03, reset: 0.05, cutBody: 0.1, shortBody: 0.05 };

test('stats, as text, as JSON and with other thresholds', async () => {
  same(await both(registerStats, (of) => ['stats', of]), 500);
  same(await both(registerStats, (of) => ['stats', of, '--json'], TROUBLE), 500);
});

test('report, with its card', async () => {
  const path = (here: boolean, ending: string): string => join(folder, `${here ? 'here' : 'there'}.${ending}`);
  const [here, there] = await both(registerReport, (of, at) => ['report', of, '-o', path(at, 'html'), '--card', path(at, 'md')], TROUBLE);
  assert.deepEqual([here.code, there.code], [0, 0], there.stderr);
  for (const ending of ['html', 'md']) {
    const plain = (text: string): string => text.replaceAll(readCopy(address), run).replaceAll(address, run).replaceAll('there.', 'here.');
    assert.equal(plain(readFileSync(path(false, ending), 'utf8')), readFileSync(path(true, ending), 'utf8'));
  }
});

test('inspect, search, and search by an index', async () => {
  same(await both(registerInspect, (of) => ['inspect', of, '--reason', 'rules/too-short', '--sample', '2']), 50);
  same(await both(registerSearch, (of) => ['search', of, 'lantern rope', 'nowhere in here'], TROUBLE), 50);
  const text = 'garden mill road stone letter wheel bridge';
  same(await both(registerSearch, (of) => ['search', of, text, '--json']), 50);
});

test('sample draws the same documents', async () => {
  const path = (here: boolean): string => join(folder, `sample-${here}.jsonl`);
  const [here, there] = await both(registerSample, (of, at) => ['sample', of, '-n', '7', '-o', path(at)]);
  assert.deepEqual([here.code, there.code], [0, 0], there.stderr);
  const lines = readFileSync(path(true), 'utf8');
  assert.equal(lines.split('\n').length, 8);
  assert.equal(readFileSync(path(false), 'utf8'), lines);
});

test('check says the same and leaves check.json in the store', async () => {
  const [here, there] = await both(registerCheck, (of) => ['check', of, '--model', 'none', '--json'], TROUBLE);
  assert.equal(there.code, here.code, there.stderr);
  assert.deepEqual({ ...JSON.parse(there.stdout), run: '' }, { ...JSON.parse(here.stdout), run: '' });
  assert.ok((JSON.parse(here.stdout) as { documents: number }).documents > 20);
  assert.notEqual(await (await S3Store.at(address)).head('check/check.json'), null);
});

test('export writes the same files, whatever the store does meanwhile', async () => {
  for (const format of ['parquet', 'jsonl']) {
    const out = (at: boolean): string => join(folder, `${format}-${at}`);
    const [here, there] = await both(registerExport, (of, at) => ['export', of, '--format', format, '-o', out(at)], { ...TROUBLE, stall: 0.02 });
    assert.deepEqual([here.code, there.code], [0, 0], there.stderr);
    const [a, b] = [folderFiles(out(true)), folderFiles(out(false))];
    delete a['export.json']; // names the run
    delete b['export.json'];
    assert.deepEqual(b, a);
    assert.ok(Object.keys(a).length > 0);
  }
});

test('load gives the same batches', async () => {
  const load = async (of: string): Promise<string> => {
    const { code, stdout, stderr } = await startRefine(['load', of, '--seq-len', '64', '--batch-size', '4', '--seed', '3']).done;
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const here = await load(run);
  assert.ok(here.length > 1000);
  assert.equal(await load(address), here);
});

test('a shard whose bytes are others than the ledger says is refused by name, and so is an ETag that lies for ever', async () => {
  const bad = 's3://bucket/bad';
  await putRun(run, bad);
  const store = await S3Store.at(bad);
  const bytes = readFileSync(join(run, 'text/000000.arrow'));
  bytes[bytes.length >> 1]! ^= 1;
  await store.put('text/000000.arrow', bytes);
  const refused = await call(registerSearch, ['search', bad, 'lantern']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /ERR_REFINE_SHARD s3:\/\/bucket\/bad\/text\/000000\.arrow .*digest that the ledger has/);
  rmSync(readCopy(address), { recursive: true, force: true });
  world.faults = { seed: 1, cutBody: 1, wrongEtag: 1 };
  const lied = await call(registerStats, ['stats', address]);
  world.faults = {};
  assert.equal(lied.code, 1);
  assert.match(lied.stderr, /^ERR_REFINE_(?:STORE|INPUT_CHANGED) s3:\/\/bucket\/made/m);
});

test('status tells a finished run, one that a parent works on, one that died, and what is no run', async () => {
  const finished = await call(registerStatus, ['status', address, '--json']);
  assert.equal(finished.code, 0, finished.stderr);
  const of = JSON.parse(finished.stdout) as { folder: string; state: string; tasks: { done: number; known: number }; inputs: number; disk: { files: number } };
  const { entries } = await readRun(run);
  assert.deepEqual([of.folder, of.state, of.tasks.done, of.tasks.known, of.inputs], [address, 'finished', entries.length, entries.length, 2]);
  assert.equal(of.disk.files, Object.keys(await storedFiles(address)).length);

  const going = 's3://bucket/going';
  await putRun(run, going);
  const store = await S3Store.at(going);
  const plan = JSON.parse(readFileSync(join(run, 'ledger/plan.json'), 'utf8')) as { tasks: string[] };
  await store.put('ledger/plan.json', Buffer.from(JSON.stringify({ ...plan, finished: false })));
  await store.delete(`ledger/${plan.tasks.at(-1)}.json`);
  const lease = await Lease.acquire(store, { signal: new AbortController().signal, times: STORE_TIMES.lease });
  world.faults = { staleBy: 1000 }; // a listing that does not have the lease yet
  const running = await call(registerStatus, ['status', going, '--json']);
  world.faults = {};
  const now = JSON.parse(running.stdout) as { state: string; parent: object; tasks: { done: number; known: number } };
  assert.deepEqual([now.state, now.parent], ['running', { pid: process.pid, host: hostname() }]);
  const listed = JSON.parse((await call(registerStatus, ['status', going, '--json'])).stdout) as typeof now;
  assert.deepEqual([listed.tasks.known - listed.tasks.done, listed.state], [1, 'running']);
  await lease.release();
  const stopped = await call(registerStatus, ['status', going]);
  assert.equal(stopped.code, 3, stopped.stderr);
  assert.match(stopped.stdout, /^s3:\/\/bucket\/going \(stored\): stopped/);

  const none = await call(registerStatus, ['status', 's3://bucket/none']);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /ERR_REFINE_LEDGER s3:\/\/bucket\/none .*is no run folder/);
  const web = await call(registerStatus, ['status', 'https://host.example/run?key=secret']);
  assert.equal(web.code, 2);
  assert.match(web.stderr, /ERR_REFINE_USAGE https:\/\/host\.example\/run .*cannot be listed/);
  assert.doesNotMatch(web.stderr, /secret/);
});

test('clean takes scratch out of the store and of the work folder, and nothing of a run that goes on', async () => {
  const to = 's3://bucket/clean';
  const work = join(folder, 'clean-work');
  await putRun(run, to);
  const store = await S3Store.at(to);
  await store.put('scratch/map-0/aaaa.samples-rules.arrow', Buffer.from('left'));
  mkdirSync(join(work, 'scratch', 'map-0'), { recursive: true });
  writeFileSync(join(work, 'scratch', 'map-0', 'part.arrow'), 'left here');
  const before = await storedFiles(to);
  const there = Object.keys(before).filter((key) => key.startsWith('scratch/')).length;
  assert.ok(there > 1);
  const asked = await call(registerClean, ['clean', to, '--dry-run', '--work', work]);
  assert.equal(asked.code, 0, asked.stderr);
  assert.match(asked.stderr, new RegExp(`s3://bucket/clean: ${there} files of scratch/, .* would be freed`));
  assert.ok(existsSync(join(work, 'scratch', 'map-0', 'part.arrow')));
  assert.deepEqual(await storedFiles(to), before);
  const other = await Lease.acquire(store, { signal: new AbortController().signal, times: STORE_TIMES.lease });
  const refused = await call(registerClean, ['clean', to, '--work', work]);
  assert.match(refused.stderr, /ERR_REFINE_RUN_LOCKED/);
  await other.release();
  world.faults = { seed: 2, slowDown: 0.1, lostAnswer: 0.1 };
  const done = await call(registerClean, ['clean', to, '--work', work]);
  world.faults = {};
  assert.equal(done.code, 0, done.stderr);
  assert.equal(existsSync(join(work, 'scratch')), false);
  assert.deepEqual(await storedFiles(to), Object.fromEntries(Object.entries(before).filter(([key]) => !key.startsWith('scratch/'))));
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ ...JSON.parse(readFileSync(join(run, 'ledger/plan.json'), 'utf8')), finished: false }));
  await store.putFile('ledger/plan.json', join(folder, 'plan.json'));
  const unfinished = await call(registerClean, ['clean', to, '--work', work]);
  assert.match(unfinished.stderr, /ERR_REFINE_LEDGER s3:\/\/bucket\/clean .*is not finished/);
});
