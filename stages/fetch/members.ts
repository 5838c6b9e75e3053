// Members files: which ranges of which WARC files an index selected. Entries of ENTRY_BYTES end to end, the entries of one file
// together, ascending by offset; an Input says where its own begin and how many they are (Members), and the sha256 of them.
//   offset u64, length u64, SHA-1 of the payload (20 bytes, all zero where the index gives none); little endian
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { RefineError } from '../../native/errors.js';
import type { Members } from '../contract/source.js';

export const ENTRY_BYTES = 36;
/** A larger range is no record of a crawl (CommonCrawl cuts payloads at 1 MiB, later 5 MiB), and would be read whole. */
export const MAX_MEMBER_BYTES = 2 ** 32;

/** Between two ranges that are asked for at once: what a request costs (a round trip, the gate's 50 ms) is worth more bytes than these. */
export const MAX_GAP_BYTES = 128 << 10;
/** One request brings at most so much, unless one member is larger. */
export const MAX_REQUEST_BYTES = 64 << 20;

export interface Member {
  readonly offset: number;
  readonly length: number;
  /** Hex; null where the index gives none. */
  readonly sha1: string | null;
}

/** Neighbours that one request fetches. */
export interface Request {
  readonly from: number;
  readonly to: number;
  readonly members: readonly Member[];
}

export function readEntry(view: DataView, at: number): Member {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 16, 20);
  const sha1 = bytes.every((byte) => byte === 0) ? null : Buffer.from(bytes).toString('hex');
  return { offset: Number(view.getBigUint64(at, true)), length: Number(view.getBigUint64(at + 8, true)), sha1 };
}

/** Members, ascending, as requests: gaps that are small are fetched and thrown away. */
export function* coalesce(members: Iterable<Member>): Generator<Request> {
  let held: Member[] = [];
  let from = 0;
  let to = 0;
  for (const member of members) {
    const end = member.offset + member.length;
    if (held.length > 0 && (member.offset - to > MAX_GAP_BYTES || Math.max(to, end) - from > MAX_REQUEST_BYTES)) {
      yield { from, to, members: held };
      held = [];
    }
    if (held.length === 0) [from, to] = [member.offset, member.offset];
    held.push(member);
    to = Math.max(to, end);
  }
  if (held.length > 0) yield { from, to, members: held };
}

/** An input's entries, checked against the digest they were planned with. */
export async function readMembers(members: Members, place: string): Promise<Member[]> {
  const bytes = new Uint8Array(members.count * ENTRY_BYTES);
  const lost = (found: string, cause?: unknown) =>
    new RefineError('ERR_REFINE_SELECTION', `the ranges selected of it are not there: ${found}. Run the same command again: the selection is made anew`, {
      place,
      ...(cause === undefined ? {} : { cause }),
    });
  const file = await open(members.path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw lost(`the members file cannot be opened (${cause.code})`, cause);
  });
  try {
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, members.at * ENTRY_BYTES + filled);
      if (bytesRead === 0) throw lost('the members file is cut short');
      filled += bytesRead;
    }
  } finally {
    await file.close();
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== members.sha256) throw lost(`their sha256 is ${found}, planned was ${members.sha256}`);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: members.count }, (_, i) => readEntry(view, i * ENTRY_BYTES));
}

/** `selected:<count>:<sha256 of the entries>:<identity of the file>`. */
export function selectedIdentity(members: Pick<Members, 'count' | 'sha256'>, file: string): string {
  return `selected:${members.count}:${members.sha256}:${file}`;
}

export function fileIdentity(identity: string): string {
  return /^selected:\d+:[0-9a-f]{64}:(.*)$/s.exec(identity)?.[1] ?? identity;
}
