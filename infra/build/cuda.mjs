// Builds kernels/cuda/*.cu into build/cuda/libkernels.so: sm_80, sm_90a and PTX of compute_80, the runtime inside. Without nvcc it
// says so and succeeds: nothing else needs it. --test also builds kernels/cuda/tests/*_device.cu, which run where a device is.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const source = join(root, 'kernels', 'cuda');
const out = join(root, 'build', 'cuda');
if (spawnSync('nvcc', ['--version'], { stdio: 'ignore' }).status !== 0) {
  console.log('refine: no nvcc on PATH, so no CUDA kernels are built.');
  process.exit(0);
}
const TARGETS = ['arch=compute_80,code=sm_80', 'arch=compute_90a,code=sm_90a', 'arch=compute_80,code=compute_80'].flatMap((target) => ['-gencode', target]);
const COMMON = ['-O3', '-std=c++17', '-cudart', 'static', '-I', join(root, 'kernels', 'include'), ...TARGETS];
const files = (folder, suffix) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(folder, name));
function nvcc(args) {
  const { status } = spawnSync('nvcc', args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
mkdirSync(out, { recursive: true });
const kernels = files(source, '.cu');
nvcc([...COMMON, '-Xcompiler', '-fPIC,-fvisibility=hidden', '-shared', '-Xlinker', '--exclude-libs,ALL', '-o', join(out, 'libkernels.so'), ...kernels]);
if (process.argv.includes('--test'))
  for (const test of files(join(source, 'tests'), '_device.cu')) nvcc([...COMMON, '-o', join(out, basename(test, '.cu')), test, ...kernels]);
