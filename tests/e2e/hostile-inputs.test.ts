// Bombs and traps made here, through the command that users call: each costs its own record or names itself, and the worker's memory
// stays bounded (its cap is 1 GiB; what is inflated here is more than that). Sizes: zlib's best is 1,032 to 1, brotli's and zstd's far more.
import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { readRun } from '../../pipeline/run-folder.js';
import { refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-hostile-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  readonly id: string | null;
  readonly kept: boolean;
  readonly reason: string | null;
  readonly text?: string | null;
}

async function tried(path: string, steps = 'dedupe-exact'): Promise<{ rows: Row[]; stderr: string; code: number | null }> {
  const { code, stdout, stderr } = await refine(['try', steps, path]);
  return {
    code,
    stderr,
    rows: stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row),
  };
}

test('a gzip of gigabytes in one JSON line costs that line: the next document is read, memory stays flat', async () => {
  const path = join(folder, 'bomb.jsonl.gz');
  const out = openSync(path, 'w');
  // Members of 64 MiB of one letter, 20 times: 1.25 GiB without a line end, in 1.3 MB.
  const member = gzipSync(Buffer.alloc(64 << 20, 0x61));
  writeSync(out, gzipSync('{"id":"first","text":"before"}\n{"id":"bomb","text":"'));
  for (let i = 0; i < 20; i++) writeSync(out, member);
  writeSync(out, gzipSync('"}\n{"id":"last","text":"after"}\n'));
  closeSync(out);
  const manifest = join(folder, 'bomb.yaml');
  writeFileSync(manifest, 'name: bomb\nsource: { jsonl: [bomb.jsonl.gz] }\nsteps: [dedupe-exact]\n');
  const run = join(folder, 'bomb');
  const { code, stderr } = await refine(['run', manifest, '--out', run, '--workers', '1']);
  assert.equal(code, 0, stderr);
  const [map] = (await readRun(run)).entries;
  assert.ok(map?.state === 'done' && map.rowsIn === 2, JSON.stringify(map));
  assert.ok((map.peakBytes ?? 0) < 600e6, `peak ${map.peakBytes}`);
});

test('keys and nesting that harm careless readers harm nothing: __proto__, constructor, a million brackets, lone surrogates', async () => {
  const path = join(folder, 'keys.jsonl');
  const lines = [
    '{"id":"proto","text":"one","__proto__":{"polluted":true,"text":"no"},"constructor":{"prototype":{"polluted":true}}}',
    `{"id":"deep","text":"two","x":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`,
    '{"id":"surrogate","text":"\\ud800 three"}',
    '{"id":"../../../../etc/passwd","url":"file:///etc/passwd","text":"four"}',
    '{"id":{"toString":1},"text":"five"}',
    '{"id":"same","text":"six","text":"seven"}',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  const { rows, code, stderr } = await tried(path);
  assert.equal(code, 0, stderr);
  const byId = new Map(rows.map((row) => [row.id, row]));
  assert.equal(byId.get('proto')?.text, 'one');
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  assert.equal(byId.get('../../../../etc/passwd')?.text, 'four');
  for (const row of rows) assert.equal('polluted' in row, false);
});

test('ids, hosts and names that are paths name no file: a run writes inside its folder alone', async () => {
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  const ids = ['../../escape', '/tmp/refine-escape', '..\\..\\escape', 'a/b/c', '.', '\0nul', 'CON'];
  writeFileSync(
    join(inner, 'in.jsonl'),
    ids.map((id, n) => `${JSON.stringify({ id, url: `https://../${n}`, text: `text number ${n} of some words` })}\n`).join(''),
  );
  writeFileSync(join(inner, 'm.yaml'), 'name: "../../evil"\nsource: { jsonl: [in.jsonl] }\nsteps: [dedupe-exact, tokenize]\n');
  const before = readdirSync(folder, { recursive: true }).map(String).sort();
  const { code, stderr } = await refine(['run', join(inner, 'm.yaml'), '--workers', '1'], { cwd: inner });
  if (code !== 0) assert.match(stderr, /ERR_REFINE_MANIFEST/);
  const made = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !before.includes(name));
  assert.deepEqual(
    made.filter((name) => !name.startsWith('inner/runs')),
    [],
  );
  const exported = join(folder, 'exported');
  writeFileSync(join(inner, 'm.yaml'), 'name: fine\nsource: { jsonl: [in.jsonl] }\nsteps: [dedupe-exact, tokenize]\n');
  assert.equal((await refine(['run', join(inner, 'm.yaml'), '--out', join(inner, 'run'), '--workers', '1'])).code, 0);
  assert.equal((await refine(['export', join(inner, 'run'), '--format', 'jsonl', '-o', exported])).code, 0);
  assert.ok(
    readdirSync(exported).every((name) => /^[\w.-]+$/.test(name)),
    readdirSync(exported).join(),
  );
  assert.equal(existsSync(join(folder, 'escape')) || existsSync('/tmp/refine-escape'), false);
});

test('a zip that says it is a WARC, a deflate without end and a file of links are named, not followed', async () => {
  const cases: readonly [string, Uint8Array][] = [
    ['zip.warc.gz', Buffer.concat([Buffer.from('PK\u0003\u0004'), deflateRawSync(Buffer.alloc(1 << 20))])],
    ['cut.warc.gz', gzipSync(Buffer.alloc(4 << 20), { level: constants.Z_BEST_COMPRESSION }).subarray(0, 3000)],
    ['zeros.warc.gz', gzipSync(Buffer.alloc(256 << 20))],
  ];
  for (const [name, bytes] of cases) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const { rows } = await tried(path, 'extract');
    assert.equal(
      rows.some((row) => row.kept),
      false,
      name,
    );
  }
});

test('a link below a run folder is not written through: the file it points to keeps its bytes', async () => {
  const target = join(folder, 'precious.txt');
  writeFileSync(target, 'precious');
  writeFileSync(join(folder, 'in.jsonl'), '{"id":"a","text":"words of a document"}\n');
  writeFileSync(join(folder, 'm.yaml'), 'name: linked\nsource: { jsonl: [in.jsonl] }\nsteps: [dedupe-exact]\n');
  const run = join(folder, 'linked');
  for (const part of ['text', 'features', 'ledger']) mkdirSync(join(run, part), { recursive: true });
  for (const name of ['manifest.yaml', 'text/000000.arrow', 'features/000000.arrow']) symlinkSync(target, join(run, name));
  const { code, stderr } = await refine(['run', join(folder, 'm.yaml'), '--out', run, '--workers', '1']);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(target, 'utf8'), 'precious');
});
