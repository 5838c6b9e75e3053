// A run with a table by host and robots.txt: columns reach shards and features/, drops are counted, assets are in the lock.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { valueAt } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { promisedBytes, refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-by-host-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, content: string): void => writeFileSync(join(folder, name), content);

const MANIFEST = `name: by-host
source: { jsonl: [documents.jsonl] }
steps:
  - url: { join: hosts.tsv, robots: { closed.example: robots.txt }, agents: [GPTBot] }
sink: { text: { keep: true } }
`;
const URLS = ['http://a.example/1', 'http://closed.example/private', 'http://www.b.example/2', 'http://closed.example/open', 'http://c.example/'];

async function rows(path: string, names: readonly string[]): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const batch of readArrow(join(folder, path))) {
    for (let row = 0; row < batch.rows; row++) found.push(names.map((name) => valueAt(batch.columns[name]!, row)));
  }
  return found;
}

test('joined columns stand in shards and features/, url/robots among the drops, and the files in the lock', async () => {
  put('documents.jsonl', URLS.map((url, at) => `${JSON.stringify({ id: `${at}`, url, text: `text ${at}` })}\n`).join(''));
  put('hosts.tsv', 'host\tpos\tval\na.example\t16777217\t0.1\nclosed.example\t3\t\nb.example\t4294967296\t1e-9\n');
  put('robots.txt', 'user-agent: *\ndisallow: /private\n');
  put('manifest.yaml', MANIFEST);
  const args = ['run', 'manifest.yaml', '--out', 'out', '--workers', '1'];
  const ran = await refine(args, { cwd: folder });
  assert.equal(ran.code, 0, ran.stderr);

  const columns = ['url', 'host_pos', 'host_val'];
  assert.deepEqual(await rows('out/text/000000.arrow', columns), [
    [URLS[0], 16777217, 0.1],
    [URLS[2], 4294967296, 1e-9],
    [URLS[3], 3, null],
    [URLS[4], null, null],
  ]);
  assert.deepEqual(await rows('out/features/000000.arrow', ['reason', 'host_pos']), [
    [null, 16777217],
    ['robots', 3],
    [null, 4294967296],
    [null, 3],
    [null, null],
  ]);
  const stats = JSON.parse((await refine(['stats', 'out', '--json'], { cwd: folder })).stdout) as { steps: unknown[] };
  assert.deepEqual(stats.steps, [{ step: 'url', in: 5, out: 4, drops: { 'url/robots': 1 } }]);
  const lock = readFileSync(join(folder, 'out', 'manifest.lock.json'), 'utf8');
  for (const name of ['hosts.tsv', 'robots.txt']) assert.ok(lock.includes(`"${name}"`), name);

  const before = promisedBytes(join(folder, 'out'));
  assert.equal((await refine(args, { cwd: folder })).code, 0);
  put('hosts.tsv', 'host\tpos\tval\na.example\t1\t0.1\n');
  const refused = await refine(args, { cwd: folder });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /ERR_REFINE_RUN_DIFFERS/);
  assert.deepEqual(promisedBytes(join(folder, 'out')), before);
});

test('a step of a user may read a joined column, and one that no table has is a mistake of the manifest', async () => {
  put('hosts.tsv', 'host\tpos\na.example\t7\n');
  put(
    'mix.mjs',
    `export const mix = { kind: 'stage', name: 'mix', version: 1, reads: ['host_pos'], writes: [], reasons: ['far'],
      schema: { parse: (raw) => raw ?? {}, safeParse: (raw) => ({ success: true, data: raw ?? {} }) },
      async open() { return { async process(batch) { return { drops: Uint16Array.from(batch.columns.host_pos.values, (pos) => (pos === 7 ? 0 : 1)) }; }, async close() {} }; } };\n`,
  );
  const manifest = (columns: string) => MANIFEST.replace(/ {2}- url: .*\n/, `  - url: { join: { file: hosts.tsv, columns: [${columns}] } }\n  - ./mix.mjs\n`);
  put('mix.yaml', manifest('pos'));
  const valid = await refine(['validate', 'mix.yaml'], { cwd: folder });
  assert.equal(valid.code, 0, valid.stderr);
  put('mix.yaml', manifest('pso'));
  const wrong = await refine(['validate', 'mix.yaml'], { cwd: folder });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /url\.join\.columns: the table has no column "pso" \(it has: host, pos\)/);
});
