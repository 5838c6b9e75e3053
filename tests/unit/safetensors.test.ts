// Headers of safetensors files. Expectations come from the format's description (huggingface/safetensors, README) and its
// validation rules: header bound, contiguous ranges, shape times width.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCheckpoint, readSafetensorsHeader } from '../../stages/contract/weights/safetensors.js';
import { writeSafetensors } from '../../stages/contract/weights/write-safetensors.js';
import { f32Tensor, temporaryFolder } from '../support/model-folder.js';

const folder = temporaryFolder('safetensors');
after(() => rmSync(folder, { recursive: true }));

/** A file with this header text and so many bytes after it; `length` overrides what it says of itself. */
function file(name: string, header: string, data: number, length?: bigint): string {
  const json = Buffer.from(header);
  const bytes = Buffer.alloc(8 + json.length + data);
  bytes.writeBigUInt64LE(length ?? BigInt(json.length), 0);
  json.copy(bytes, 8);
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const tensor = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') => ({ dtype, shape, data_offsets: offsets });
const refusal = (words: RegExp) => (error: unknown) => {
  const { code, message } = error as { code: string; message: string };
  return code === 'ERR_REFINE_WEIGHTS' && words.test(message);
};

test('reads names, types, shapes and absolute ranges, in the order of the bytes', () => {
  const header = { __metadata__: { format: 'pt' }, b: tensor([2], [4, 12]), 'a"\u2581': tensor([], [0, 4]), empty: tensor([0, 9], [12, 12]) };
  const path = file('good.safetensors', `${JSON.stringify(header)}   `, 12);
  const read = readSafetensorsHeader(path);
  const start = 8 + Buffer.byteLength(JSON.stringify(header)) + 3;
  assert.deepEqual(
    [...read.tensors.values()].map(({ name, shape, begin, bytes }) => [name, shape, begin - start, bytes]),
    [
      ['a"\u2581', [], 0, 4],
      ['b', [2], 4, 8],
      ['empty', [0, 9], 12, 0],
    ],
  );
  assert.equal(read.metadata.format, 'pt');
});

const hostile: readonly (readonly [string, unknown, number, RegExp])[] = [
  ['a hole between tensors', { a: tensor([1], [0, 4]), b: tensor([1], [8, 12]) }, 12, /begins at byte .* expected .* without overlaps or holes/],
  ['overlapping tensors', { a: tensor([2], [0, 8]), b: tensor([2], [4, 12]) }, 12, /without overlaps or holes/],
  ['two tensors over the same bytes', { a: tensor([1], [0, 4]), b: tensor([1], [0, 4]) }, 4, /without overlaps or holes/],
  ['a range past the end', { a: tensor([3], [0, 12]) }, 8, /expected a range within the 8 bytes/],
  ['bytes after the last tensor', { a: tensor([1], [0, 4]) }, 5, /was added to/],
  ['a range that runs backwards', { a: tensor([1], [4, 0]) }, 4, /expected a range/],
  ['a shape that is not its range', { a: tensor([3], [0, 8]) }, 8, /which is 12 bytes; its range has 8/],
  ['a shape whose product wraps 64 bits', { a: tensor([4294967296, 4294967296], [0, 0]) }, 0, /which is 73786976294838206464 bytes/],
  ['a negative dimension', { a: tensor([-1], [0, 4]) }, 4, /has the shape \[-1\]/],
  ['a dimension that is no whole number', { a: tensor([0.5], [0, 4]) }, 4, /has the shape/],
  ['65 dimensions', { a: tensor(new Array(65).fill(1), [0, 4]) }, 4, /at most 64/],
  ['an unknown dtype', { a: tensor([1], [0, 4], 'F128') }, 4, /dtype "F128"/],
  ['a dtype named like a method', { a: tensor([1], [0, 4], 'toString') }, 4, /dtype "toString"/],
  ['an empty name', { '': tensor([1], [0, 4]) }, 4, /name of 0 characters/],
  ['a name of 5,000 characters', { ['x'.repeat(5000)]: tensor([1], [0, 4]) }, 4, /name of 5000 characters/],
  ['a tensor that is no object', { a: 3 }, 0, /expected dtype, shape and data_offsets/],
  ['metadata that is no string', { __metadata__: { a: 1 } }, 0, /expected a string/],
  ['an array for a header', [], 0, /does not begin with "\{"/],
];
for (const [index, [what, header, data, words]] of hostile.entries())
  test(`refuses ${what}`, () => {
    const path = file(`hostile-${index}.safetensors`, JSON.stringify(header), data);
    assert.throws(() => readSafetensorsHeader(path), refusal(words));
  });

test('refuses a header length past the file, past 100 MB, and a file without one, before reading a header', () => {
  assert.throws(() => readSafetensorsHeader(file('long.safetensors', '{}', 0, 3n)), refusal(/says that its header has 3 bytes; expected 2 to 2/));
  assert.throws(() => readSafetensorsHeader(file('huge.safetensors', '{}', 0, 2n ** 63n)), refusal(/9223372036854775808/));
  writeFileSync(join(folder, 'short.safetensors'), 'abc');
  assert.throws(() => readSafetensorsHeader(join(folder, 'short.safetensors')), refusal(/has 3 bytes/));
});

test('a tensor called __proto__ is a tensor', () => {
  const read = readSafetensorsHeader(file('proto.safetensors', '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4));
  assert.deepEqual([...read.tensors.keys()], ['__proto__']);
});

test('shards and their index are read back as they were written, whatever the shard size', () => {
  const tensors = Array.from({ length: 7 }, (_, i) => f32Tensor(`t${i}`, [i, 50], new Float32Array(i * 50).fill(i)));
  for (const most of [1, 700, 2000, 1 << 20]) {
    const place = join(folder, `shards-${most}`);
    mkdirSync(place);
    const files = writeSafetensors(place, tensors, most);
    const read = readCheckpoint(place);
    assert.equal(read.files.length, files.length);
    assert.deepEqual(
      [...read.tensors.values()].map(({ name, shape }) => [name, shape]),
      tensors.map(({ name, shape }) => [name, shape]),
    );
  }
});

test('an index that names a path, a file that is not there, or a tensor elsewhere is refused', () => {
  const place = join(folder, 'index');
  mkdirSync(place);
  const one = { a: tensor([1], [0, 4]) };
  file(join('index', 'one.safetensors'), JSON.stringify(one), 4);
  const index = (map: unknown) => writeFileSync(join(place, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  for (const bad of ['../one.safetensors', '/etc/passwd', '..', 'a/b', '']) {
    index({ a: bad });
    assert.throws(() => readCheckpoint(place), refusal(/expected a plain name of a file beside the index/));
  }
  index({ a: 'two.safetensors' });
  assert.throws(() => readCheckpoint(place), { code: 'ERR_REFINE_ASSET' });
  index({ b: 'one.safetensors' });
  assert.throws(() => readCheckpoint(place), refusal(/which does not hold it/));
  index({ a: 'one.safetensors' });
  assert.deepEqual([...readCheckpoint(place).tensors.keys()], ['a']);
});

test('a folder with pickled weights says how to save it', () => {
  const place = join(folder, 'pickled');
  mkdirSync(place);
  writeFileSync(join(place, 'pytorch_model.bin'), '');
  assert.throws(() => readCheckpoint(place), refusal(/pickled weights are code and are not read/));
});
