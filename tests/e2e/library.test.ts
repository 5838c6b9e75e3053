// refine from a package outside of the checkout, which depends on it as `file:`: what it imports, what its types promise, and a stage of
// its own in a manifest. npm links such a dependency; so does this test. Oracle: tsc and node as that package would use them.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../native/index.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-outside-'));
after(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

const STAGE = `
import { type Stage, column, z } from 'refine';

const schema = z.strictObject({ 'max-words': z.int().min(1).default(5).describe('Longer documents are dropped.') });

/** Drops long documents and counts words of the others. */
export const short: Stage<z.infer<typeof schema>> = {
  kind: 'stage',
  name: 'short',
  version: 1,
  reads: ['text'],
  writes: ['my_words'],
  reasons: ['too-long'],
  schema,
  async open(options) {
    return {
      async process(batch) {
        const text = column(batch, 'text', 'utf8');
        const words = new Uint32Array(batch.rows);
        const drops = new Uint16Array(batch.rows);
        for (let row = 0; row < batch.rows; row++) {
          words[row] = Buffer.from(text.data.subarray(text.offsets[row]!, text.offsets[row + 1]!)).toString('utf8').split(/\\s+/).length;
          if (words[row]! > options['max-words']) drops[row] = 1;
        }
        return { columns: { my_words: { kind: 'fixed', values: words, width: 1 } }, drops };
      },
      async close() {},
    };
  },
};
`;

const USE = `
import { batches, collectStats, type Document, documents, type ErrorCode, loadManifest, openLoader, openRun, RefineError, runManifest } from 'refine';
import { openLoader as alone } from 'refine/loader';

const manifest = await loadManifest('manifest.yaml');
const summary = await runManifest(manifest, { out: 'run', workers: 1 });
const run = await openRun('run');
const stats = await collectStats('run');

const found: Document[] = [];
for await (const document of documents(run, { columns: ['id', 'my_words'] })) found.push(document);
let rows = 0;
for await (const batch of batches('run')) rows += batch.rows;
let first: unknown;
for await (const document of documents('run')) {
  first = document.text;
  break; // the file is closed behind it
}

const codes: (ErrorCode | string)[] = [];
const failing = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
    codes.push('none');
  } catch (error) {
    codes.push(error instanceof RefineError ? error.code : (error as Error).name);
  }
};
const drain = async (iterable: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of iterable);
};
await failing(() => drain(documents('run', { columns: ['txt'] })));
await failing(() => drain(documents('nowhere')));
await failing(() => drain(documents('run', { signal: AbortSignal.abort() })));
await failing(() => loadManifest('none.yaml'));

const loader = await openLoader('run', { seqLen: 8, batchSize: 2 });
let tokens = 0;
let state = '';
for await (const batch of loader.batches()) {
  tokens += batch.inputIds.length;
  state = batch.state;
}
await loader.close();
process.stdout.write(JSON.stringify({ kept: summary.documents?.out ?? stats.documents.out, found, rows, first, codes, tokens, state: typeof state, same: alone === openLoader }));
`;

before(() => {
  write(
    'package.json',
    JSON.stringify({ name: 'outside', version: '1.0.0', private: true, type: 'module', dependencies: { refine: `file:${packagePath()}` } }),
  );
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packagePath(), join(folder, 'node_modules', 'refine'), 'dir');
  write('short.ts', STAGE);
  write('use.ts', USE);
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: { target: 'es2022', module: 'nodenext', moduleResolution: 'nodenext', strict: true, noEmitOnError: true, skipLibCheck: true, types: [] },
      include: ['*.ts', 'globals.d.ts'],
    }),
  );
  write(
    'docs.jsonl',
    ['one two three', 'a text of rather more than five words', 'four words are enough'].map((text, n) => JSON.stringify({ id: `d${n}`, text })).join('\n'),
  );
  write('manifest.yaml', 'name: outside\nsource: { jsonl: docs.jsonl }\nsteps:\n  - ./short.js: { max-words: 5 }\n  - tokenize\n');
});

test('a package outside compiles against the types, strictly', { timeout: 120_000 }, () => {
  const tsc = packagePath('node_modules', 'typescript', 'bin', 'tsc');
  const types = packagePath('node_modules', '@types');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.', '--types', 'node', '--typeRoots', types], { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  write('wrong.ts', "import { documents } from 'refine';\nvoid documents('run', { colums: ['id'] });\nexport {};\n");
  const wrong = spawnSync(
    process.execPath,
    [tsc, '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck', '--types', 'node', '--typeRoots', types, 'wrong.ts'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  assert.match(wrong.stdout, /wrong\.ts\(2,\d+\).*colums/);
});

test('it runs a manifest with its stage, reads documents and columns, aborts, meets errors by code, and loads tokens', { timeout: 120_000 }, () => {
  const out = JSON.parse(execFileSync(process.execPath, ['use.js'], { cwd: folder, encoding: 'utf8' })) as Record<string, unknown>;
  assert.deepEqual(out.found, [
    { id: 'd0', my_words: 3 },
    { id: 'd2', my_words: 4 },
  ]);
  assert.deepEqual([out.kept, out.rows, out.first], [2, 2, 'one two three']);
  assert.deepEqual(out.codes, ['ERR_REFINE_USAGE', 'ERR_REFINE_LEDGER', 'AbortError', 'ERR_REFINE_MANIFEST']);
  assert.ok((out.tokens as number) > 0);
  assert.deepEqual([out.state, out.same], ['string', true]);
});
