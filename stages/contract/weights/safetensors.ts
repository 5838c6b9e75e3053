// Headers of safetensors files, read without their tensors: 8 bytes of length, JSON, then the tensors' bytes.
// Invariant: every range handed out lies inside its file, ranges of a file do not overlap and leave no byte between them,
// and a tensor's bytes are its shape times its type's width. Source: the safetensors format, github.com/huggingface/safetensors.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, type Json, parseObject, readAt, readJsonFile, refuse, shown, withFile } from './json-file.js';

/** The format's own bound. */
export const MAX_HEADER_BYTES = 100_000_000;
const MAX_DIMENSIONS = 64;
const MAX_FILES = 10_000;
const MAX_NAME = 4096;
const INDEX_NAME = 'model.safetensors.index.json';
const SINGLE_NAME = 'model.safetensors';

/** Bits a number, of the format's types; what the models here compute with is checked where a role asks for it. */
const TYPE_BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  I64: 64,
  U64: 64,
  F64: 64,
};

export interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Byte offset in the file. */
  readonly begin: number;
  readonly bytes: number;
}

export interface SafetensorsFile {
  readonly path: string;
  readonly size: number;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export function readSafetensorsHeader(path: string): SafetensorsFile {
  return withFile(path, (file, size) => {
    if (size < 8) refuse(path, `has ${size} bytes; a safetensors file begins with 8 bytes of header length`);
    const length = new DataView(readAt(file, 0, 8, path).buffer).getBigUint64(0, true);
    if (length > BigInt(MAX_HEADER_BYTES) || length > BigInt(size - 8) || length < 2n)
      refuse(path, `says that its header has ${length} bytes; expected 2 to ${Math.min(MAX_HEADER_BYTES, size - 8)}. It is damaged, or no safetensors file`);
    const start = 8 + Number(length);
    const bytes = readAt(file, 8, Number(length), path);
    if (bytes[0] !== 0x7b) refuse(path, 'has a header that does not begin with "{". It is damaged, or no safetensors file');
    return parseHeader(parseObject(bytes, path, 'the header'), path, start, size);
  });
}

function parseHeader(header: { readonly [key: string]: Json }, path: string, start: number, size: number): SafetensorsFile {
  const tensors: StoredTensor[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(value, path);
    else tensors.push(readTensor(name, value, path, start, size));
  }
  tensors.sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  let end = start;
  for (const tensor of tensors) {
    if (tensor.begin !== end)
      refuse(path, `tensor ${shown(tensor.name)} begins at byte ${tensor.begin}; expected ${end}: tensors follow one another without overlaps or holes`);
    end += tensor.bytes;
  }
  if (end !== size) refuse(path, `its tensors end at byte ${end}, the file at ${size}; expected the same. It is truncated or was added to`);
  return { path, size, metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

function readMetadata(value: Json, path: string): Record<string, string> {
  if (!isObject(value)) return refuse(path, `__metadata__ is ${shown(value)}; expected strings by name`);
  const out: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return refuse(path, `__metadata__ ${shown(key)} is ${shown(text)}; expected a string`);
    out[key] = text;
  }
  return out;
}

function readTensor(name: string, value: Json, path: string, start: number, size: number): StoredTensor {
  const place = `tensor ${shown(name)}`;
  if (name === '' || name.length > MAX_NAME) refuse(path, `${place} has a name of ${name.length} characters; expected 1 to ${MAX_NAME}`);
  if (!isObject(value)) return refuse(path, `${place} is ${shown(value)}; expected dtype, shape and data_offsets`);
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = typeof dtype === 'string' && Object.hasOwn(TYPE_BITS, dtype) ? TYPE_BITS[dtype] : undefined;
  if (bits === undefined) return refuse(path, `${place} has the dtype ${shown(dtype)}; expected one of ${Object.keys(TYPE_BITS).join(', ')}`);
  if (!Array.isArray(shape) || shape.length > MAX_DIMENSIONS || !shape.every(isWhole))
    return refuse(path, `${place} has the shape ${shown(shape)}; expected at most ${MAX_DIMENSIONS} whole numbers`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isWhole))
    return refuse(path, `${place} has the data_offsets ${shown(offsets)}; expected [begin, end]`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > size - start)
    return refuse(path, `${place} lies at [${begin}, ${end}); expected a range within the ${size - start} bytes after the header`);
  const wanted = (shape as number[]).reduce((product, dimension) => product * BigInt(dimension), BigInt(bits));
  if (wanted % 8n !== 0n || wanted / 8n !== BigInt(end - begin))
    return refuse(path, `${place} has the shape ${shown(shape)} of ${dtype}, which is ${wanted / 8n} bytes; its range has ${end - begin}`);
  return { name, dtype: dtype as string, shape: shape as number[], begin: start + begin, bytes: end - begin };
}

const isWhole = (value: Json): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** A folder's tensors: one file, or the files that an index names. */
export interface Checkpoint {
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, StoredTensor & { readonly file: number }>;
  /** Bytes of all files. */
  readonly bytes: number;
}

export function readCheckpoint(folder: string): Checkpoint {
  const index = join(folder, INDEX_NAME);
  const single = join(folder, SINGLE_NAME);
  if (existsSync(single)) return gather([readSafetensorsHeader(single)], () => true);
  if (existsSync(index)) return readSharded(folder, index);
  const pickled = ['pytorch_model.bin', 'pytorch_model.bin.index.json', 'tf_model.h5'].find((name) => existsSync(join(folder, name)));
  return refuse(
    folder,
    pickled === undefined
      ? `has neither ${SINGLE_NAME} nor ${INDEX_NAME}; expected a folder as transformers' save_pretrained writes it`
      : `has ${pickled} and no ${SINGLE_NAME}; pickled weights are code and are not read. Save it with save_pretrained(..., safe_serialization=True)`,
  );
}

function readSharded(folder: string, index: string): Checkpoint {
  const map = readJsonFile(index, MAX_HEADER_BYTES, 'the index').weight_map;
  if (!isObject(map)) return refuse(index, `weight_map is ${shown(map)}; expected file names by tensor`);
  const entries = Object.entries(map);
  const names = [...new Set(entries.map(([, file]) => file))];
  if (names.length === 0 || names.length > MAX_FILES) return refuse(index, `names ${names.length} files; expected 1 to ${MAX_FILES}`);
  for (const name of names)
    if (typeof name !== 'string' || !/^[\w.-]{1,255}$/.test(name) || /^\.+$/.test(name))
      return refuse(index, `names the file ${shown(name)}; expected a plain name of a file beside the index`);
  const files = (names as string[]).sort().map((name) => readSafetensorsHeader(join(folder, name)));
  const fileOf = new Map(files.map((file, at) => [(names as string[])[at]!, file]));
  for (const [tensor, name] of entries)
    if (!fileOf.get(name as string)!.tensors.has(tensor)) return refuse(index, `says that ${shown(tensor)} is in ${String(name)}, which does not hold it`);
  return gather(files, (tensor, at) => !Object.hasOwn(map, tensor) || map[tensor] === (names as string[])[at]);
}

function gather(files: readonly SafetensorsFile[], belongs: (tensor: string, file: number) => boolean): Checkpoint {
  const tensors = new Map<string, StoredTensor & { readonly file: number }>();
  for (const [at, file] of files.entries())
    for (const tensor of file.tensors.values()) {
      if (!belongs(tensor.name, at)) continue;
      if (tensors.has(tensor.name)) refuse(file.path, `holds ${shown(tensor.name)}, which another file holds as well and the index does not name`);
      tensors.set(tensor.name, { ...tensor, file: at });
    }
  return { files: files.map((file) => file.path), tensors, bytes: files.reduce((sum, file) => sum + file.size, 0) };
}
