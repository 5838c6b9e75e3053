// cc-2023.yaml as it ships, against a server in CommonCrawl's layout: the same bytes whatever the network does, or the
// failure of the one input that cannot be had. The oracle is the undisturbed run.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath, type RefineError } from '../../native/index.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { type RunOptions, type RunSummary, runManifest } from '../../pipeline/runner.js';
import { readArrow } from '../../pipeline/store.js';
import { documentAt } from '../../native/batch.js';
import { crawlFiles } from '../support/crawl-files.js';
import { type CrawlServer, type Faults, startCrawlServer } from '../support/crawl-server.js';
import { finalBytes } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-cc-'));
const files = crawlFiles(60);
let server: CrawlServer;
let undisturbed: Record<string, string> = {};
let first: RunSummary;
before(async () => {
  server = await startCrawlServer(files);
  first = await run('undisturbed');
  undisturbed = finalBytes(join(folder, 'undisturbed'));
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The files that the selection took, as the server saw them looked at. */
function chosen(): string[] {
  return [...new Set(server.log.filter(({ method, path }) => method === 'HEAD' && path.endsWith('.warc.gz')).map(({ path }) => path))].sort();
}

async function run(name: string, faults: Faults = {}, options: Partial<RunOptions> = {}): Promise<RunSummary> {
  server.setFaults(faults);
  const manifest = await loadManifest(packagePath('manifests', 'cc-2023.yaml'), { sets: [`source.commoncrawl.base=${server.base}`] });
  return runManifest(manifest, { out: join(folder, name), workers: 2, ...options });
}

test('cc-2023.yaml takes eight of the ten files, by their paths, to token shards', async () => {
  assert.equal(first.inputs, 8);
  assert.ok(first.documents.out > 0 && first.tokens > 0, JSON.stringify(first.documents));
  assert.equal(Object.keys(undisturbed).filter((name) => name.startsWith('tokens/')).length, 8);
  const paths = new Set<unknown>();
  for (const name of Object.keys(undisturbed).filter((file) => file.startsWith('features/'))) {
    for await (const batch of readArrow(join(folder, 'undisturbed', name)))
      for (let row = 0; row < batch.rows; row++) paths.add(documentAt(batch, row).warc_path);
  }
  assert.ok([...paths].every((path) => files.some((file) => file.path === path)));
});

test('the bytes are the same from a server that throttles, answers with XML, cuts connections and ignores ranges at first', async () => {
  const from = server.log.length;
  await run('disturbed', { drop: { maxBytes: 60_000, times: 2 }, throttle: { every: 3, status: 503, retryAfter: '0' }, xmlFirst: 1, seed: 11 });
  const answers = server.log.slice(from).filter(({ method, path }) => method === 'GET' && path.endsWith('.warc.gz'));
  for (const status of [200, 206, 503])
    assert.ok(
      answers.some((answer) => answer.status === status),
      `the faults struck: ${status}`,
    );
  assert.deepEqual(finalBytes(join(folder, 'disturbed')), undisturbed);
});

test('a file that changes in the middle fails alone, by name, and the same command goes on once it is still', async () => {
  const victim =
    first.shards.text > 0
      ? [...new Set(server.log.filter(({ path, method }) => method === 'HEAD' && path.endsWith('.warc.gz')).map(({ path }) => path))].sort()[3]!
      : '';
  const faults: Faults = { only: victim, drop: { maxBytes: 1000 }, changeAfter: 1, seed: 2 };
  await assert.rejects(run('changing', faults), (error: RefineError) => {
    assert.equal(error.code, 'ERR_REFINE_TASKS_FAILED');
    assert.match(error.format(), /ERR_REFINE_INPUT_CHANGED/);
    assert.ok(error.format().includes(victim), error.format());
    return true;
  });
  assert.deepEqual(
    Object.keys(finalBytes(join(folder, 'changing'))).filter((file) => file.startsWith('tokens/')),
    [],
  );
  const before = server.log.length;
  await run('changing');
  assert.deepEqual(finalBytes(join(folder, 'changing')), undisturbed);
  const fetched = new Set(
    server.log
      .slice(before)
      .filter(({ method, path }) => method === 'GET' && path.endsWith('.warc.gz'))
      .map(({ path }) => path),
  );
  assert.deepEqual([...fetched], [victim], 'only the failed input was fetched again');
});

test('a file that is gone is named with --allow-failed 1, and read by the same command once it is back', async () => {
  const missing = chosen()[0]!;
  const summary = await run('missing', { missing }, { allowFailed: 1 });
  assert.deepEqual(
    summary.failed.map(({ input, code }) => [input, code]),
    [[missing, 'ERR_REFINE_FETCH']],
  );
  assert.equal(Object.keys(finalBytes(join(folder, 'missing'))).filter((name) => name.startsWith('tokens/')).length, 7);
  assert.deepEqual((await run('missing')).failed, []);
  assert.deepEqual(finalBytes(join(folder, 'missing')), undisturbed);
});
