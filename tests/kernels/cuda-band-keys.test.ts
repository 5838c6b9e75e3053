// Band keys through the run's GPU process, on the emulator: the CPU's file to the byte however batches are cut, with dropped rows, scopes,
// a document of many shingles and none; what fails leaves no file and no waiting call.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { native, type SketchParams, utf8Column } from '../../native/index.js';
import { RecordWriter } from '../../native/records.js';
import { GpuService } from '../../pipeline/gpu-service.js';
import { bandKeysOnGpu, onGpu } from '../../stages/dedupe/minhash/minhash-gpu.js';
import { SHINGLE_SHAPE } from '../../stages/dedupe/minhash/minhash-map.js';
import { emulatedLibrary, needsEmulator } from '../support/cuda-emulator.js';

const library = emulatedLibrary();
const skip = library === null ? needsEmulator : false;
const folder = mkdtempSync(join(tmpdir(), 'refine-cuda-keys-'));
const MEMORY = 1 << 20;
const shingles = join(folder, 'shingles');
const DROPPED = [{ number: 0, path: join(folder, 'dropped') }];
let service: GpuService | undefined;

before(async () => {
  const words = (row: number): number => (row === 5 ? 700 : row % 7 === 3 ? 0 : 2 + (row % 40)); // a row of 0 words has no shingle
  const texts = Array.from({ length: 30 }, (_, row) => Array.from({ length: words(row) }, (__, at) => `w${(at * 7 + (row % 9)) % 911}`).join(' '));
  const { values, offsets } = await native.shingles(utf8Column(texts), { size: 2, normalise: 'none', words: 'white-space', hash: 'xxh64' });
  const about = new Uint8Array(24 * texts.length);
  for (const row of [2, 11]) about[24 * row + 8] = 1; // a scope of their own
  const writer = await RecordWriter.open(shingles, SHINGLE_SHAPE, MEMORY);
  const bytes = new Uint8Array((values as BigUint64Array).buffer);
  await writer.add(
    BigUint64Array.from(texts, (_, row) => BigInt(row)),
    about,
    { bytes, offsets: offsets.map((at) => 8 * at) },
  );
  await writer.finish();
  writeFileSync(join(folder, 'dropped'), Uint8Array.of(0b0000_0010, 0b0000_0001)); // rows 1 and 8
  if (library !== null) service = await GpuService.start(library);
});
after(async () => {
  await service?.close();
  rmSync(folder, { recursive: true, force: true });
});

const taskAt = (name: string) => ({ dropped: () => DROPPED, path: () => join(folder, name), memoryBytes: MEMORY });
const SHAPES: readonly [SketchParams, number, number][] = [
  [{ bands: 14, rows: 8, family: 'affine' }, 0, 14],
  [{ bands: 14, rows: 8, family: 'affine' }, 5, 9], // a round
  [{ bands: 450, rows: 20, family: 'affine' }, 443, 450],
  [{ bands: 9, rows: 13, family: 'affine' }, 0, 9],
];

test('the file is the one that the CPU writes, whatever the batches', { skip }, async () => {
  for (const [sketch, from, to] of SHAPES) {
    const wanted = join(folder, 'cpu');
    const counts = await native.bandKeys(shingles, DROPPED, sketch, from, to, wanted, MEMORY);
    for (const batch of [{ shingles: 1, documents: 1 }, { shingles: 90, documents: 100 }, { shingles: 1 << 20, documents: 4 }, undefined]) {
      const found = await bandKeysOnGpu(service!.address, shingles, sketch, from, to, taskAt('gpu'), AbortSignal.timeout(600_000), batch);
      assert.deepEqual(found, counts);
      assert.ok(readFileSync(join(folder, 'gpu')).equals(readFileSync(wanted)), `${sketch.bands} x ${sketch.rows} ${from}..${to} ${JSON.stringify(batch)}`);
    }
  }
});

test('a task that is ended leaves no file, and keys of another number are refused', { skip }, async () => {
  const [sketch] = SHAPES[0]!;
  const ended = AbortSignal.abort(new Error('ended'));
  await assert.rejects(bandKeysOnGpu(service!.address, shingles, sketch, 0, 14, taskAt('ended'), ended), /ended/);
  assert.equal(existsSync(join(folder, 'ended')), false);
  const pass = await native.bandPassOpen(shingles, [], 14, join(folder, 'short'), MEMORY);
  await native.bandPassNext(pass, 1, 3);
  await assert.rejects(native.bandPassFinish(pass), { code: 'ERR_REFINE_INTERNAL', message: /finished before its last batch/ });
  await assert.rejects(native.bandPassAdd(pass, new BigUint64Array(2 * 14 + 1)), { code: 'ERR_REFINE_INTERNAL', message: /another number of keys/ });
  await native.bandPassAbort(pass);
  assert.equal(existsSync(join(folder, 'short')), false);
});

test('families without a kernel are not sent to a GPU', () => {
  assert.deepEqual(
    (['affine', 'dart', 'datatrove', 'datatrove-32'] as const).map((family) => onGpu({ bands: 14, rows: 8, family })),
    [true, false, false, false],
  );
});
