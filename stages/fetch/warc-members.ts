// The selected members of one WARC file as documents, as if the whole file were read and the rest left out: ranges are fetched, what
// lies between them thrown away, and the reader's places in what it saw become places in the file again.
// Invariant: a document comes out only where the index said one begins, ends and what its payload's digest is; everything else is
// counted, as damage (`index-...`) and as a skip, never silent.
import { type Batch, type BytesColumn, column, type FixedColumn, stringAt, takeRows, utf8Column } from '../../native/index.js';
import type { Input, SourceCounts, SourceReader } from '../contract/source.js';
import { decodeBase32 } from './base32.js';
import { MemberStream } from './member-stream.js';
import type { Member } from './members.js';
import type { RangesEnv } from './ranges.js';
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
  const stream = new MemberStream(input, env);
  const damage: Record<string, number> = {};
  let mismatches = 0;
  let reader: SourceReader | null = null;

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
      const member = stream.memberAt(at);
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
        damage[wrong] = (damage[wrong] ?? 0) + 1;
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
      reader = readWarc(stream.bytes(signal), { path, format: input.format === 'wet' ? 'wet' : 'warc' });
      for await (const batch of reader.batches(signal)) {
        const settled = settle(batch);
        if (settled.rows > 0) yield settled;
      }
    },
    counts(): SourceCounts {
      const counts = reader?.counts();
      if (counts === undefined) return { records: 0, documents: 0, skips: {}, damage: {}, notes: {}, bytesRead: 0, sha256: null };
      const skips = { ...counts.skips, ...(mismatches === 0 ? {} : { [MISMATCH]: mismatches }) };
      const places = { ...damage, ...(stream.refused === 0 ? {} : { [BAD_OFFSET]: stream.refused }) };
      return {
        ...counts,
        documents: counts.documents - mismatches,
        skips,
        damage: { ...counts.damage, ...places },
        bytesRead: stream.fetched,
        sha256: stream.sha256,
      };
    },
  };
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
