// The selected members of one WARC file as documents, as if the whole file were read and the rest left out: ranges are fetched, what
// lies between them thrown away, and the reader's places in what it saw become places in the file again.
// Invariant: a document comes out only where the index said one begins, ends and what its payload's digest is; everything else is
// counted, as damage (`index-...`) and as a skip, never silent.
import { type Batch, type BytesColumn, column, type FixedColumn, RefineError, stringAt, takeRows, utf8Column } from '../../native/index.js';
import type { Input, SourceCounts, SourceReader } from '../contract/source.js';
import { decodeBase32 } from './base32.js';
import { coalesce, fileIdentity, type Member, readMembers, type Request } from './members.js';
import { openRanges, type Ranges, type RangesEnv } from './ranges.js';
import { readWarc } from './warc-reader.js';

/** The range does not lie in the file, or does not begin a gzip member or a WARC record. */
const BAD_OFFSET = 'index-offset';
/** A record begins inside a range, or ends elsewhere than the index says. */
const BAD_LENGTH = 'index-length';
/** The payload's digest is another one than the index has: the index describes another file. */
const BAD_DIGEST = 'index-digest';
/** As a skip: a document that is not the one that was selected. */
const MISMATCH = 'index-mismatch';

export function readWarcMembers(input: Input & Required<Pick<Input, 'members'>>, env: RangesEnv): SourceReader {
  const { path } = input;
  const damage: Record<string, number> = {};
  let mismatches = 0;
  let fetched = 0;
  /** Members given to the reader: where they begin in its stream. */
  const given: { readonly start: number; readonly member: Member }[] = [];
  let stream = 0;
  let reader: SourceReader | null = null;

  const count = (code: string): void => {
    damage[code] = (damage[code] ?? 0) + 1;
  };

  async function* selected(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const members = await readMembers(input.members, path);
    const ranges = await openRanges(input.location, path, fileIdentity(input.identity), env, signal);
    try {
      const inside = members.filter(({ offset, length }) => {
        const fits = length > 0 && offset + length <= ranges.bytes;
        if (!fits) count(BAD_OFFSET);
        return fits;
      });
      for (const request of coalesce(inside)) {
        for await (const [member, bytes] of membersOf(ranges, request, signal)) {
          fetched += bytes.read;
          if (bytes.first !== null && !beginsRecord(bytes.first)) {
            count(BAD_OFFSET);
            continue;
          }
          if (bytes.first !== null) given.push({ start: stream, member });
          else if (given.at(-1)?.member !== member) continue; // the rest of one that was refused
          stream += bytes.chunk.length;
          yield bytes.chunk;
        }
      }
      if (given.length === 0) throw nothingThere(path, members.length);
    } finally {
      await ranges.close();
    }
  }

  /** The rows that are what was selected, with their places in the file. */
  function settle(batch: Batch): Batch {
    const offsets = (column(batch, 'warc_offset', 'fixed') as FixedColumn).values as BigInt64Array;
    const lengths = column(batch, 'warc_length', 'fixed') as FixedColumn;
    const digests = column(batch, 'payload_digest', 'utf8') as BytesColumn;
    const ids = column(batch, 'id', 'utf8') as BytesColumn;
    const base = path.slice(path.lastIndexOf('/') + 1);
    const places = new BigInt64Array(batch.rows);
    const ownIds: string[] = [];
    const keep: number[] = [];
    for (let row = 0; row < batch.rows; row++) {
      const at = Number(offsets[row]!);
      const member = memberAt(given, at);
      const length = Number((lengths.values as BigInt64Array)[row]!);
      const wrong =
        member === null || (lengthKnown(lengths, row) && length !== member.length)
          ? BAD_LENGTH
          : digestDiffers(member, stringAt(digests, row))
            ? BAD_DIGEST
            : null;
      const id = stringAt(ids, row)!;
      ownIds.push(id === `${base}:${at}` && member !== null ? `${base}:${member.offset}` : id);
      if (wrong !== null) {
        count(wrong);
        mismatches++;
        continue;
      }
      places[row] = BigInt(member!.offset);
      keep.push(row);
    }
    const placed: Batch = {
      rows: batch.rows,
      columns: { ...batch.columns, warc_offset: { kind: 'fixed', values: places, width: 1 }, id: utf8Column(ownIds) },
    };
    return keep.length === batch.rows ? placed : takeRows(placed, keep);
  }

  return {
    async *batches(signal) {
      reader = readWarc(selected(signal), { path, format: input.format === 'wet' ? 'wet' : 'warc' });
      for await (const batch of reader.batches(signal)) {
        const settled = settle(batch);
        if (settled.rows > 0) yield settled;
      }
    },
    counts(): SourceCounts {
      const counts = reader?.counts();
      if (counts === undefined) return { records: 0, documents: 0, skips: {}, damage: {}, notes: {}, bytesRead: 0, sha256: null };
      const skips = { ...counts.skips, ...(mismatches === 0 ? {} : { [MISMATCH]: mismatches }) };
      const all = { ...counts.damage };
      for (const [code, found] of Object.entries(damage)) all[code] = (all[code] ?? 0) + found;
      return { ...counts, documents: counts.documents - mismatches, skips, damage: all, bytesRead: fetched, sha256: null };
    },
  };
}

function nothingThere(path: string, members: number): RefineError {
  const message = `none of the ${members} ${members === 1 ? 'range' : 'ranges'} that the index gives begins a record, expected gzip members or WARC records. The index is of another file, or of one that was recompressed: make it anew`;
  return new RefineError('ERR_REFINE_SELECTION', message, { place: path });
}

interface MemberBytes {
  readonly chunk: Uint8Array;
  /** The first bytes of the member, where this chunk begins it. */
  readonly first: Uint8Array | null;
  /** Fetched since the chunk before, gaps and all. */
  readonly read: number;
}

const HEAD_BYTES = 5;

/** The members of one request, chunk by chunk. Ranges that overlap share bytes, so a request is walked once for each stretch. */
async function* membersOf(ranges: Ranges, request: Request, signal: AbortSignal): AsyncGenerator<[Member, MemberBytes]> {
  let read = 0;
  let held: Uint8Array = new Uint8Array(0);
  let heldAt = request.from;
  const chunks = ranges.read(request.from, request.to, signal)[Symbol.asyncIterator]();
  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    read += next.value.length;
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
    return true;
  };
  const drop = (to: number): void => {
    const passed = Math.min(held.length, Math.max(0, to - heldAt));
    held = held.subarray(passed);
    heldAt += passed;
  };
  try {
    for (const [i, member] of request.members.entries()) {
      const end = member.offset + member.length;
      // Bytes that a later, overlapping range needs again stay.
      const keepFrom = Math.min(end, request.members[i + 1]?.offset ?? end);
      let at = member.offset;
      let first = true;
      while (at < end) {
        drop(Math.min(at, keepFrom));
        const wanted = first ? Math.min(end, at + HEAD_BYTES) : at + 1;
        while (heldAt + held.length < wanted) {
          if (!(await more())) return;
          drop(Math.min(at, keepFrom));
        }
        const chunk = held.subarray(at - heldAt, Math.min(end - heldAt, held.length));
        yield [member, { chunk, first: first ? chunk.subarray(0, HEAD_BYTES) : null, read }];
        read = 0;
        first = false;
        at += chunk.length;
      }
    }
  } finally {
    await chunks.return?.();
  }
}

/** A gzip member, or a WARC record that stands as it is. */
function beginsRecord(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08) return true;
  return Buffer.from(bytes).toString('latin1') === 'WARC/';
}

/** The member that begins at this place of the stream. */
function memberAt(given: readonly { readonly start: number; readonly member: Member }[], start: number): Member | null {
  let low = 0;
  let high = given.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (given[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  return given[low]?.start === start ? given[low]!.member : null;
}

function lengthKnown(lengths: FixedColumn, row: number): boolean {
  return lengths.validity === undefined || ((lengths.validity[row >> 3]! >> (row & 7)) & 1) === 1;
}

function digestDiffers({ sha1 }: Member, digest: string | null): boolean {
  if (sha1 === null || digest === null) return false;
  const value = /^sha1:([A-Za-z2-7]{32})$/i.exec(digest)?.[1];
  if (value === undefined) return false; // another algorithm: the reader has checked it
  return decodeBase32(value) !== sha1;
}
