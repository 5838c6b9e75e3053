// What of the card's run can be shown without a card: the script itself over the emulator, the resource report, the predictions, the table.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../native/package-root.js';

interface Kernel {
  readonly file: string;
  readonly name: string;
  readonly target: string;
  readonly registers: number;
  readonly shared: number;
  readonly stack: number;
  readonly spillStores: number;
  readonly spillLoads: number;
}
interface Resources {
  parseReport(log: string): Kernel[];
  parseTable(text: string): Kernel[];
  forbidden(rows: Kernel[], allowed?: unknown[]): Kernel[];
  readable(symbols: string[]): string[];
  table(rows: Kernel[], nvcc: { version: string }): string;
  kernelsOf(units: unknown[]): Kernel[];
}
interface Library {
  findNvcc(environment?: Record<string, string | undefined>): { path: string; version: string } | null;
  compile(nvcc: unknown, options?: unknown): Promise<unknown[]>;
}
const gpu = (name: string): string => join(packageRoot, 'infra', 'gpu', name);
const resources = (await import(pathToFileURL(gpu('resources.mjs')).href)) as Resources;
const library = (await import(pathToFileURL(gpu('library.mjs')).href)) as Library;
const python = process.env.PYTHON ?? 'python3';
const hasPython = spawnSync(python, ['-c', 'pass']).status === 0;

// As nvcc 13.0 writes it; the second kernel calls a function that was not inlined.
const LOG = `ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function '_Z3fooIfLi64EEvPT_' for 'sm_80'
ptxas info    : Function properties for _Z3fooIfLi64EEvPT_
    256 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 72 registers, used 0 barriers, 256 bytes cumulative stack size, 360 bytes cmem[0]
ptxas info    : Compiling entry function '_Z3barPi' for 'sm_90a'
ptxas info    : Function properties for _Z3barPi
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Function properties for _Z6calledv
    16 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
ptxas info    : Used 10 registers, used 1 barriers, 128 bytes smem
`;

test("the resource report has registers, shared memory, stack and spills of each kernel and target, a called function's at its caller", () => {
  const rows = resources.parseReport(LOG);
  assert.deepEqual(
    rows.map(({ target, registers, shared, stack, spillStores, spillLoads }) => [target, registers, shared, stack, spillStores, spillLoads]),
    [
      ['sm_80', 72, 0, 256, 8, 12],
      ['sm_90a', 10, 128, 16, 4, 4],
    ],
  );
  const named = rows.map((row, i) => ({ ...row, file: 'x.cu', name: ['foo<float, 64>', 'bar'][i] as string }));
  assert.deepEqual(
    resources.parseTable(resources.table(named, { version: '13.0' })).map((row) => ({ ...row, symbol: '' })),
    named.map((row) => ({ ...row, symbol: '' })),
  );
  assert.deepEqual(
    resources.forbidden(named, [{ file: 'x.cu', kernel: 'foo<', stack: 256, spills: 8 }]).map((row) => row.name),
    ['bar'],
  );
});

test('no kernel of the committed report spills or keeps a stack unless resources-allowed.json says why', () => {
  const rows = resources.parseTable(readFileSync(gpu('resources.md'), 'utf8'));
  assert.ok(rows.length > 0);
  assert.deepEqual(
    resources.forbidden(rows).map((row) => `${row.file} ${row.name} ${row.target}`),
    [],
  );
});

const nvcc = library.findNvcc();
const full = process.env.REFINE_FULL === '1';
test('the committed report is what nvcc says of the kernels as they are', {
  skip: nvcc === null ? 'no nvcc here' : full ? false : 'compiles every kernel: with REFINE_FULL=1',
}, async () => {
  const committed = readFileSync(gpu('resources.md'), 'utf8');
  if (!committed.includes(`nvcc ${nvcc?.version}`)) return; // another compiler allots registers in its own way
  assert.equal(resources.table(resources.kernelsOf(await library.compile(nvcc)), nvcc as { version: string }), committed);
});

test('without nvcc build:cuda says where it looked and succeeds', () => {
  const { status, stdout } = spawnSync(process.execPath, [join(packageRoot, 'infra', 'build', 'cuda.mjs')], {
    env: { PATH: '', CUDA_HOME: '/nowhere' },
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  assert.match(stdout, /no nvcc found .*everything else works without them/);
});

test('rows.json is what predict.mjs computes, no row is expected below its bound, and gpu.md shows them', () => {
  assert.equal(spawnSync(process.execPath, [gpu('predict.mjs'), '--check']).status, 0);
  const { rows } = JSON.parse(readFileSync(gpu('rows.json'), 'utf8')) as { rows: { id: string; lowerSeconds: number; expectedSeconds: number }[] };
  for (const row of rows) assert.ok(row.lowerSeconds > 0 && row.expectedSeconds >= row.lowerSeconds, row.id);
  assert.equal(new Set(rows.map((row) => row.id)).size, rows.length);
  const { stdout } = spawnSync(process.execPath, [gpu('table.mjs'), '--predicted'], { encoding: 'utf8' });
  assert.ok(
    readFileSync(join(packageRoot, 'infra', 'docs', 'gpu.md'), 'utf8').includes(stdout.trim()),
    'infra/docs/gpu.md carries the table of node infra/gpu/table.mjs --predicted',
  );
});

test('a row has shares of the ceilings of its own run, the ratio to torch and whether the target is met', { skip: !hasPython && 'needs python3' }, () => {
  const lines = [
    { kind: 'ceiling', name: 'bf16', value: 8e14 },
    { kind: 'ceiling', name: 'copy', value: 3e12 },
    { kind: 'time', name: 'copy', seconds: [1, 0.5, 2], bytes: 4e12 },
    { kind: 'time', name: 'gemm-bf16-7b-qkv', path: 'hopper', seconds: [0.002, 0.0021, 0.0019] },
    { kind: 'torch', name: 'gemm-bf16-7b-qkv', what: 'cuBLAS', seconds: [0.0015, 0.0015, 0.0015] },
    { kind: 'time', name: 'layer-norm-4544', path: 'hopper', seconds: [1, 1, 1] },
  ];
  const script =
    'import json, sys; sys.path.insert(0, sys.argv[1]); import table; print(json.dumps(table.rows_of(json.load(sys.stdin), json.load(open(sys.argv[1] + "/rows.json")), False)))';
  const { stdout, stderr } = spawnSync(python, ['-B', '-c', script, gpu('')], { input: JSON.stringify(lines), encoding: 'utf8' });
  const rows = JSON.parse(stdout || `"${stderr}"`) as {
    id: string;
    seconds: number;
    spread: number;
    shares: Record<string, number>;
    over_torch: number | null;
    met: boolean | null;
  }[];
  assert.deepEqual(
    rows.map((row) => row.id),
    ['gemm-bf16-7b-qkv', 'layer-norm-4544'],
  );
  const [gemm, norm] = rows;
  assert.equal(gemm?.seconds, 0.002);
  assert.ok(Math.abs((gemm?.spread ?? 0) - 0.1) < 1e-9);
  assert.ok(Math.abs((gemm?.shares.bf16 ?? 0) - (2 * 16384 * 4672 * 4544) / 0.002 / 8e14) < 1e-9);
  assert.equal(gemm?.over_torch, 0.75);
  assert.equal(gemm?.met, true); // 0.75 of cuBLAS, target 0.7
  assert.ok(Math.abs((norm?.shares.copy ?? 0) - (4 * 16384 * 4544) / 4e12) < 1e-12); // our own copy is the faster one
  assert.equal(norm?.met, false);
});

test('run.sh --emulate builds an operator with the emulator, checks it on both paths and writes results that table.mjs reads', {
  skip: !hasPython && 'needs python3',
}, () => {
  const out = mkdtempSync(join(tmpdir(), 'refine-gpu-run-'));
  try {
    const steps = full ? [] : ['--steps', 'build,device,operators', '--only', 'minhash'];
    const { status, stdout, stderr } = spawnSync(gpu('run.sh'), ['--emulate', '--out', out, '--seed', '7', '--jobs', '2', '--seconds', '3000', ...steps], {
      env: { ...process.env, PYTHON: python },
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as {
      seed: number;
      emulated: boolean;
      failures: unknown[];
      checks: { operator: string; path: string; passed: number; failed: number }[];
    };
    assert.equal(results.seed, 7);
    assert.deepEqual(results.failures, []);
    for (const path of ['ampere', 'hopper']) {
      const found = results.checks.find((check) => check.operator === 'minhash' && check.path === path);
      assert.ok(found !== undefined && found.passed > 0 && found.failed === 0, path);
    }
    const shown = spawnSync(process.execPath, [gpu('table.mjs'), join(out, 'results.json')], { encoding: 'utf8' });
    assert.equal(shown.status, 0, shown.stderr);
    assert.match(shown.stdout, /emulated: no figure means anything/);
    assert.match(shown.stdout, /^\| minhash \| ampere \| \d+ \| 0 \|/m);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
