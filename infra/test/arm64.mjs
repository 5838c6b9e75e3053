// `node infra/test/arm64.mjs`: cross-compiles the sketch tests for arm64 and runs them under qemu, so that the NEON loops are held
// against the scalar ones (Debian: g++-aarch64-linux-gnu, qemu-user-static). Without these tools it says so and succeeds.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const has = (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0;
if (!has('aarch64-linux-gnu-g++') || !has('qemu-aarch64-static')) {
  console.log('refine: no aarch64-linux-gnu-g++ or qemu-aarch64-static: arm64 is not tested here.');
  process.exit(0);
}
const SOURCES = {
  hash: ['tests/sketch_test', 'band_hasher', 'minhash', 'minhash_minima', 'wrapped_minima', 'dart_minima', 'shingles', 'murmur3', 'xxh64', 'xxh32'],
  text: [
    ...['dedupe_forms', 'normalize', 'unicode', 'unicode_normalize', 'utf8', 'utf8_prefix'],
    ...['segment', 'segment_scripts', 'spacy_words', 'word_break', 'sentence_break'],
  ],
  warc: ['digest', 'digest_text', 'checksum'],
};
const program = join(root, 'build', 'arm64');
mkdirSync(program, { recursive: true });
const args = [
  ...['-O2', '-static', '-std=c++20', '-ffp-contract=off', '-ffunction-sections', '-Wl,--gc-sections', '-I', join(root, 'kernels', 'include')],
  ...Object.entries(SOURCES).flatMap(([room, names]) => names.map((name) => join(root, 'kernels', room, `${name}.cpp`))),
];
for (const [command, given] of [
  ['aarch64-linux-gnu-g++', [...args, '-o', join(program, 'sketch_test')]],
  ['qemu-aarch64-static', [join(program, 'sketch_test')]],
]) {
  const { status } = spawnSync(command, given, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
