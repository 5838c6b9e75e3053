// The CUDA library as the addon opens it: files that are none, another ABI, each reason of the probe, and NVIDIA's own runtime without a
// driver where `npm run build:cuda` has made the real one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cudaLibrary, native, packagePath } from '../../native/index.js';
import { cudaAdvice, cudaState, noCuda } from '../../pipeline/device.js';
import { examine } from '../../pipeline/doctor.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-cuda-library-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0);
const skip = compiler === undefined ? 'needs a C compiler' : false;

function built(name: string, source: string): string {
  const [file, out] = [join(folder, `${name}.c`), join(folder, name)];
  writeFileSync(file, source);
  const { status, stderr } = spawnSync(compiler!, ['-shared', '-fPIC', '-I', packagePath('kernels', 'cuda'), '-o', out, file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return out;
}

const REST = [
  'model_new',
  'model_free',
  'model_facts',
  'model_losses',
  'model_logits',
  'model_encode',
  'minhash',
  'band_keys',
  'memory',
  'trainer_new',
  'trainer_free',
  'trainer_step',
  'trainer_evaluate',
  'trainer_weights',
].map((name) => `int refine_cuda_${name}(void) { return 5; }`);
/** A library whose probe gives what the environment says. */
const FAKE = `
#include <string.h>
#include <stdlib.h>
typedef unsigned uint32; 
struct device { uint32 size; int reason, error, major, minor, multiprocessors, driver, runtime, hopper; unsigned long long memory; char name[128], detail[256]; };
uint32 refine_cuda_abi(void) { return 3; }
int refine_cuda_probe(struct device* out) {
  const char* reason = getenv("REFINE_TEST_REASON");
  out->reason = reason ? atoi(reason) : 0;
  out->memory = 1ull << 34; out->multiprocessors = 7; out->hopper = 1; out->major = 9;
  strcpy(out->name, "a test"); strcpy(out->detail, out->reason == 3 ? "a test has compute capability 7.5" : "");
  return out->reason;
}
${REST.join('\n')}
`;

test('a library is the file that REFINE_CUDA_LIBRARY names, and none where there is no such file', () => {
  assert.equal(cudaLibrary(join(folder, 'none.so')), null);
  assert.deepEqual(cudaState(null), { usable: false, reason: 'no-library' });
  assert.match(
    noCuda({ usable: false, reason: 'no-library' }).message,
    /^no-library: this build has no library.*npm run build:cuda, or run with --device cpu or auto\.$/,
  );
});

test('a file that is no library, one of another ABI and one that lacks a function are told apart', { skip }, () => {
  const text = join(folder, 'text.so');
  writeFileSync(text, 'not a library');
  for (const [path, message] of [
    [text, /does not load: .*(invalid ELF header|file too short|not a mach-o)/i],
    [built('old.so', 'unsigned refine_cuda_abi(void) { return 99; }'), /old\.so has ABI 99, this addon speaks 3\. Build both from one checkout/],
    [built('less.so', 'unsigned refine_cuda_abi(void) { return 3; }'), /less\.so has no function refine_cuda_probe/],
    [built('other.so', 'int other(void) { return 1; }'), /has no function refine_cuda_abi/],
  ] as const) {
    assert.throws(() => native.cudaProbe(path), { code: 'ERR_REFINE_DEVICE', message });
    const state = cudaState(path);
    assert.ok(!state.usable && state.reason === 'no-library');
    assert.match(cudaAdvice(state).found, message instanceof RegExp ? new RegExp(message.source.replace('\\. Build', '. Build'), message.flags) : message);
  }
});

test('each reason of the probe has its code, its words and its next move; a device that answers is named in doctor', { skip }, async () => {
  const path = built('fake.so', FAKE);
  for (const [number, reason, found] of [
    ['1', 'no-driver', /no NVIDIA driver answers/],
    ['2', 'no-device', /the driver names no GPU/],
    ['3', 'too-old', /a test has compute capability 7\.5/],
  ] as const) {
    process.env.REFINE_TEST_REASON = number;
    const state = cudaState(path);
    assert.ok(!state.usable);
    assert.equal(state.reason, reason);
    assert.match(noCuda(state).message, new RegExp(`^${reason}: ${found.source}, expected a usable GPU\\. .*--device cpu or auto\\.$`));
  }
  delete process.env.REFINE_TEST_REASON;
  const state = cudaState(path);
  assert.deepEqual(state, { usable: true, name: 'a test', path: 'hopper', library: path, memory: 2 ** 34, multiprocessors: 7 });
  const before = process.env.REFINE_CUDA_LIBRARY;
  process.env.REFINE_CUDA_LIBRARY = path;
  const line = (await examine(folder)).find(({ name }) => name === 'GPU')!;
  process.env.REFINE_CUDA_LIBRARY = join(folder, 'none.so');
  const none = (await examine(folder)).find(({ name }) => name === 'GPU')!;
  if (before === undefined) delete process.env.REFINE_CUDA_LIBRARY;
  else process.env.REFINE_CUDA_LIBRARY = before;
  assert.deepEqual([line.state, line.value], ['ok', 'a test, 16.0 GiB, 7 multiprocessors, hopper kernels']);
  assert.deepEqual(
    [none.state, none.value],
    ['absent', 'none is used, no-library (this build has no library of CUDA kernels for models): model steps run on the CPU'],
  );
});

const real = packagePath('build', 'cuda', 'librefine_cuda.so');
const hasDriver = spawnSync('nvidia-smi').status === 0;
const noReal = !existsSync(real) ? 'needs npm run build:cuda' : hasDriver ? 'this machine has a driver' : skip;
test('the real library says no-driver without libcuda, and no-device with one that names none', { skip: noReal }, () => {
  const fake = join(folder, 'driver');
  mkdirSync(fake);
  writeFileSync(
    join(fake, 'libcuda.c'),
    // NVIDIA's runtime asks for its entry points by name and calls a driver that lacks one too old; one whose cuInit answers 100 has no device.
    '#include <string.h>\nint cuInit(unsigned flags) { return 100; }\nint cuDriverGetVersion(int* version) { *version = 13000; return 0; }\n' +
      'static int other(void) { return 100; }\n' +
      'int cuGetProcAddress_v2(const char* name, void** out, int version, unsigned long long flags, void* status) {\n' +
      '  *out = strcmp(name, "cuInit") == 0 ? (void*)cuInit : strcmp(name, "cuDriverGetVersion") == 0 ? (void*)cuDriverGetVersion :\n' +
      '         strcmp(name, "cuGetProcAddress") == 0 ? (void*)cuGetProcAddress_v2 : (void*)other;\n  return 0; }\n' +
      'int cuGetProcAddress(const char* name, void** out, int version, unsigned long long flags) { return cuGetProcAddress_v2(name, out, version, flags, 0); }\n',
  );
  const { status, stderr } = spawnSync(compiler!, ['-shared', '-fPIC', '-Wl,-soname,libcuda.so.1', '-o', join(fake, 'libcuda.so.1'), join(fake, 'libcuda.c')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const probe = (env: Record<string, string>): { reason: string; error: number } => {
    const script = `const { native } = await import(${JSON.stringify(packagePath('dist', 'native', 'index.js'))}); console.log(JSON.stringify(native.cudaProbe(${JSON.stringify(real)})));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: { ...process.env, ...env } });
    return JSON.parse(stdout) as { reason: string; error: number };
  };
  assert.deepEqual([probe({}).reason, probe({}).error], ['no-driver', 35]);
  assert.deepEqual([probe({ LD_LIBRARY_PATH: fake }).reason, probe({ LD_LIBRARY_PATH: fake }).error], ['no-device', 100]);
});
