// The sample that a plan rests on: ranges spread over all bytes of the inputs, cut at whole records. Large files
// give more ranges than small ones and no file only its head, whose documents are not like the rest.
// Invariant: which ranges are taken depends on the seed and the inputs' paths and sizes alone.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { RefineError } from '../native/errors.js';
import type { FetchGate, Input } from '../stages/contract/source.js';
import { readRange, wholeRecords } from '../stages/fetch/byte-range.js';
import { localIdentity } from '../stages/fetch/local.js';
import { isRemote } from '../stages/fetch/input-identity.js';
import { digest } from './identity.js';

/** A file of the sample's run; `head`: only so many bytes of the original are read, from its beginning. */
export interface SampleInput extends Input {
  readonly head?: number;
}

export interface CutSample {
  /** What the sample's run reads: first one that holds no document, whose task shows what it costs to open the steps. */
  readonly inputs: readonly SampleInput[];
  /** Whether inputs[0] is that one. */
  readonly warm: boolean;
  /** Of the originals. */
  readonly bytes: number;
  readonly files: number;
  /** Ranges read, and those of them that had to begin at a file's head. */
  readonly ranges: number;
  readonly heads: number;
  /** Whether every byte of every input is in it. */
  readonly whole: boolean;
  /** How likely two ranges lie in different files of the sample: what duplicates between files stand for. */
  readonly apart: number;
}

export interface SampleSettings {
  readonly seed: bigint;
  /** Bytes to read, about. */
  readonly bytes: number;
  readonly folder: string;
  readonly gate: FetchGate;
  readonly signal: AbortSignal;
}

/** Ranges a sample has: enough to see a spread, few enough that each holds a hundred pages. */
export const SAMPLE_RANGES = 12;
const WHOLE_FILES = 32;

export interface Range {
  readonly input: Input;
  readonly start: number;
  readonly length: number;
}

/** Ranges over the bytes of all inputs, ordered by size: one at a place that the seed gives in each of as many equal stretches. */
export function chooseRanges(inputs: readonly Input[], bytes: number, seed: bigint): readonly Range[] {
  const sized = inputs.filter((input) => (input.bytes ?? 0) > 0).sort((a, b) => a.bytes! - b.bytes! || (a.path < b.path ? -1 : 1));
  const total = sized.reduce((sum, input) => sum + input.bytes!, 0);
  if (total === 0) return [];
  const length = Math.ceil(bytes / SAMPLE_RANGES);
  const named = digest(['plan', seed, sized.map(({ path, bytes: size }) => [path, size])]);
  const ranges: Range[] = [];
  let before = 0;
  let at = 0;
  for (let i = 0; i < SAMPLE_RANGES; i++) {
    // A place of its own in each stretch: at even distances, files of one size would all be read at one place.
    const draw = Number.parseInt(digest([named, i]).slice(0, 12), 16) / 2 ** 48;
    const position = ((i + draw) / SAMPLE_RANGES) * total;
    while (at < sized.length - 1 && before + sized[at]!.bytes! <= position) before += sized[at++]!.bytes!;
    const input = sized[at]!;
    const last = ranges.at(-1);
    // A document must not stand in the sample twice: what would overlap begins behind.
    const least = last?.input === input ? last.start + last.length : 0;
    const start = Math.max(least, Math.min(Math.floor(position - before), input.bytes! - length));
    if (start < input.bytes!) ranges.push({ input, start, length: Math.min(length, input.bytes! - start) });
  }
  return ranges;
}

/** Null where no input could be read. */
export async function cutSample(inputs: readonly Input[], settings: SampleSettings): Promise<CutSample | null> {
  const total = inputs.reduce<number | null>((sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes), 0);
  const cuttable = inputs.every(({ format, members }) => members === undefined && (format === 'warc' || format === 'wet' || format === 'jsonl'));
  const warm = cuttable ? await warmInput(inputs[0]!, settings.folder) : null;
  const first = warm === null ? [] : [warm];
  const local = inputs.every(({ location }) => !isRemote(location));
  if (total !== null && total <= settings.bytes && inputs.length <= WHOLE_FILES && local)
    return { inputs: [...first, ...inputs], warm: warm !== null, bytes: total, files: inputs.length, ranges: inputs.length, heads: 0, whole: true, apart: 1 };
  const ranges = cuttable ? chooseRanges(inputs, settings.bytes, settings.seed) : [];
  const pieces: Piece[] = [];
  const headed = new Set<Input>();
  for (const range of ranges) {
    const piece = await cutPiece(range, headed, settings);
    if (piece !== null) pieces.push(piece);
  }
  const cut = cuttable ? await joinPieces(pieces, settings.folder) : headsOf(inputs, settings.bytes);
  if (cut.length === 0) return null;
  const count = cuttable ? pieces.length : cut.length;
  const joined = cut.map((piece) => (piece as Joined).ranges ?? 1);
  return {
    inputs: [...first, ...cut],
    warm: warm !== null,
    bytes: cut.reduce((sum, piece) => sum + (piece.head ?? piece.bytes ?? 0), 0),
    files: cuttable ? new Set(pieces.map(({ input }) => input)).size : cut.length,
    ranges: count,
    heads: cuttable ? headed.size : cut.length,
    whole: false,
    apart: 1 - joined.reduce((sum, of) => sum + (of / Math.max(1, count)) ** 2, 0),
  };
}

interface Piece {
  readonly input: Input;
  readonly bytes: Uint8Array;
  /** Whether others may follow it in one file. */
  readonly open: boolean;
}

interface Joined extends SampleInput {
  readonly ranges: number;
}

/**
 * Ranges joined to files of several sizes: 1, 2, 3 and 6 of 12. Files of one size could not tell what a file costs from what a byte
 * does, and the first one, the smallest, is where a fresh worker's code gets compiled.
 */
const FILES = [3, 2, 1, 3, 2, 0, 3, 3, 1, 3, 2, 3];

async function joinPieces(pieces: readonly Piece[], folder: string): Promise<Joined[]> {
  const files = new Map<string, Piece[]>();
  for (const [i, piece] of pieces.entries()) {
    const gzip = piece.bytes[0] === 0x1f && piece.bytes[1] === 0x8b;
    const file = `${FILES[i % FILES.length]!}${piece.open ? '' : `-head-${i}`}${gzip ? '' : '-plain'}`;
    files.set(file, [...(files.get(file) ?? []), piece]);
  }
  const joined: Joined[] = [];
  for (const [name, of] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const location = join(folder, `piece-${name}`);
    await writeFile(location, Buffer.concat(of.map(({ bytes }) => bytes)));
    const path = `sample-${name}`;
    joined.push({ ...of[0]!.input, ...(await localIdentity(location, path)), path, location, ranges: of.length });
  }
  return joined;
}

const UNREADABLE: readonly string[] = ['ERR_REFINE_INPUT', 'ERR_REFINE_INPUT_CHANGED', 'ERR_REFINE_FETCH'];

async function cutPiece({ input, start, length }: Range, headed: Set<Input>, settings: SampleSettings): Promise<Piece | null> {
  const { gate, signal } = settings;
  try {
    const whole = length === input.bytes;
    const range = await readRange(input.location, start, length, { gate, signal });
    if (whole) return { input, bytes: range, open: false };
    const records = wholeRecords(range, input.format);
    if (records !== null) return { input, bytes: records, open: true };
    // One compressed stream cannot be entered in its middle: its head, once.
    if (headed.has(input)) return null;
    headed.add(input);
    return { input, bytes: await readRange(input.location, 0, length, { gate, signal }), open: false };
  } catch (error) {
    // An input that cannot be read is the run's to report; the other ranges serve as well.
    if (error instanceof RefineError && UNREADABLE.includes(error.code)) return null;
    throw error;
  }
}

/** Formats that cannot be cut by bytes: the heads of a few inputs of different sizes. */
function headsOf(inputs: readonly Input[], bytes: number): SampleInput[] {
  const sorted = [...inputs].sort((a, b) => (a.bytes ?? 0) - (b.bytes ?? 0) || (a.path < b.path ? -1 : 1));
  const count = Math.min(4, sorted.length);
  return Array.from({ length: count }, (_, i) => {
    const input = sorted[Math.floor(((i + 0.5) / count) * sorted.length)]!;
    return { ...input, head: Math.min(Math.ceil(bytes / count), input.bytes ?? Number.MAX_SAFE_INTEGER) };
  });
}

const WARCINFO =
  'WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\n' +
  'Content-Type: application/warc-fields\r\nContent-Length: 0\r\n\r\n\r\n\r\n';

async function warmInput(like: Input, folder: string): Promise<SampleInput> {
  const location = join(folder, 'piece-empty');
  await writeFile(location, like.format === 'jsonl' ? '{"skip":true}\n' : gzipSync(WARCINFO));
  const path = '!'; // sorts first
  return { ...like, ...(await localIdentity(location, path)), path, location };
}
