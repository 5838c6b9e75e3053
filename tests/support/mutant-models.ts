// Damaged model folders: a golden's config.json, header and index with values replaced, keys renamed or dropped, bytes flipped,
// lengths changed. Seeded: mutant n of the same golden is always the same folder.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenFolder, type ModelGolden } from './model-goldens.js';
import { randomFrom } from './random.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const HOSTILE: readonly Json[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  2,
  3,
  7,
  0.5,
  1e-30,
  1e308,
  255,
  4095,
  4096,
  4097,
  65536,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e16,
  '',
  'F32',
  'I8',
  'BF16',
  'F64',
  'U8',
  '__proto__',
  'constructor',
  '../x',
  '/etc/passwd',
  'yarn',
  'longrope',
  'llama3',
  'dynamic',
  'relu',
  'x'.repeat(300),
  [],
  [0],
  [-1, 2],
  [0, 0],
  [1, 1, 1],
  [2 ** 40, 2 ** 40],
  {},
  { rope_type: 'yarn', factor: 2 },
  { rope_type: 'linear', factor: 1e-300 },
  { a: { a: { a: {} } } },
];

/** Changes one value, key or element somewhere in it. */
function mutateJson(value: Json, random: (n: number) => number): Json {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  if (Array.isArray(value)) {
    if (value.length === 0 || random(6) === 0) return pick(HOSTILE);
    const copy = [...value];
    const at = random(copy.length);
    if (random(8) === 0) copy.splice(at, 1);
    else copy[at] = mutateJson(copy[at]!, random);
    return copy;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0 || random(12) === 0) return pick(HOSTILE);
    const at = random(entries.length);
    const [key, held] = entries[at]!;
    const how = random(10);
    if (how === 0) entries.splice(at, 1);
    else if (how === 1) entries[at] = [pick(['', '__proto__', 'toString', `${key}x`, pick(entries)[0]]), held];
    else if (how === 2) entries[at] = [key, pick(entries)[1]];
    else entries[at] = [key, mutateJson(held, random)];
    return Object.fromEntries(entries);
  }
  if (typeof value === 'number' && random(3) === 0) return pick([value + 1, value - 1, value * 2, Math.floor(value / 2), -value, value + 4]);
  return pick(HOSTILE);
}

function mutateBytes(bytes: Buffer, random: (n: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  const how = random(6);
  if (copy.length < 8) return Buffer.concat([copy, Buffer.alloc(random(20))]);
  if (how === 0) return copy.subarray(0, random(copy.length + 1));
  if (how === 1) return Buffer.concat([copy, Buffer.alloc(1 + random(9))]);
  if (how === 2)
    copy.writeUInt8(random(256), random(8)); // the header's length
  else for (let i = 1 + random(4); i > 0; i--) copy.writeUInt8(random(256), random(Math.min(copy.length, 4000)));
  return copy;
}

/** Replaces a header's JSON; `keep` keeps its stored length, so that tensors do not move. */
function withHeader(file: Buffer, change: (header: Json) => Json): Buffer {
  const length = Number(file.readBigUInt64LE(0));
  const json = Buffer.from(JSON.stringify(change(JSON.parse(file.toString('utf8', 8, 8 + length)) as Json)));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([size, json, file.subarray(8 + length)]);
}

/** Writes mutant `number` of `golden` to `place`, anew. */
export function mutantFolder(golden: ModelGolden, number: number, place: string): string {
  const random = randomFrom(Math.imul(number + 1, 0x9e3779b1));
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const sharded = random(3) === 0;
  goldenFolder(golden, place, sharded ? 20_000 : undefined);
  for (let i = 1 + random(3); i > 0; i--) {
    const names = readdirSync(place).filter((name) => !name.startsWith('.'));
    const name = random(2) === 0 ? 'config.json' : names[random(names.length)]!;
    const path = join(place, name);
    const bytes = readFileSync(path);
    if (name.endsWith('.safetensors')) {
      let changed: Buffer;
      try {
        changed = random(3) === 0 ? mutateBytes(bytes, random) : withHeader(bytes, (header) => mutateJson(header, random));
      } catch {
        changed = mutateBytes(bytes, random); // its header is damaged already
      }
      writeFileSync(path, changed);
    } else if (random(12) === 0) writeFileSync(path, mutateBytes(bytes, random));
    else {
      try {
        writeFileSync(path, JSON.stringify(mutateJson(JSON.parse(bytes.toString()) as Json, random)));
      } catch {
        writeFileSync(path, mutateBytes(bytes, random));
      }
    }
  }
  return place;
}
