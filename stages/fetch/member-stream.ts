// The bytes of a file's selected members, end to end, as its reader gets them; and where in the file each began. Ranges are fetched,
// what lies between them is thrown away.
// Invariant: only ranges that lie in the file and begin a gzip member or a WARC record are given on; others are counted.
import { createHash, type Hash } from 'node:crypto';
import { RefineError } from '../../native/index.js';
import type { Input } from '../contract/source.js';
import { coalesce, fileIdentity, type Member, readMembers, type Request } from './members.js';
import type { Ranges } from '../contract/ranges.js';
import { openRanges, type RangesEnv } from './ranges.js';

export class MemberStream {
  /** Ranges that were refused. */
  refused = 0;
  /** Bytes fetched, gaps and all. */
  fetched = 0;
  /** Of the bytes fetched, gaps and all, in the order of the file; null until all were. */
  sha256: string | null = null;
  /** Members given on: where they begin in the stream. */
  readonly #given: { readonly start: number; readonly member: Member }[] = [];
  #length = 0;

  constructor(
    private readonly input: Input & Required<Pick<Input, 'members'>>,
    private readonly env: RangesEnv,
  ) {}

  async *bytes(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { path, location, identity } = this.input;
    const members = await readMembers(this.input.members, path);
    const ranges = await openRanges(location, path, fileIdentity(identity), this.env, signal);
    const hash = createHash('sha256');
    try {
      const inside = members.filter(({ offset, length }) => length > 0 && offset + length <= ranges.bytes);
      this.refused += members.length - inside.length;
      for (const request of coalesce(inside)) {
        for await (const [member, { chunk, first, read }] of membersOf(ranges, request, hash, signal)) {
          this.fetched += read;
          if (first !== null && !beginsRecord(first)) {
            this.refused++;
            continue;
          }
          if (first !== null) this.#given.push({ start: this.#length, member });
          else if (this.#given.at(-1)?.member !== member) continue; // the rest of one that was refused
          this.#length += chunk.length;
          yield chunk;
        }
      }
      if (this.#given.length === 0) throw nothingThere(path, members.length);
      this.sha256 = hash.digest('hex');
    } finally {
      await ranges.close();
    }
  }

  /** The member that begins at this place of the stream. */
  memberAt(start: number): Member | null {
    let low = 0;
    let high = this.#given.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#given[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    return this.#given[low]?.start === start ? this.#given[low]!.member : null;
  }
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
async function* membersOf(ranges: Ranges, request: Request, hash: Hash, signal: AbortSignal): AsyncGenerator<[Member, MemberBytes]> {
  let read = 0;
  let held: Uint8Array = new Uint8Array(0);
  let heldAt = request.from;
  const chunks = ranges.read(request.from, request.to, signal)[Symbol.asyncIterator]();
  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    read += next.value.length;
    hash.update(next.value);
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
