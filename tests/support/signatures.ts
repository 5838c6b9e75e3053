// Shingles files and signature files for tests.
import { RecordWriter } from '../../native/records.js';
import type { ListColumn } from '../../native/index.js';

/** A record file of shingles in dedupe-minhash's shape: row i of `input`, order 1, no scope; rows without a shingle have no record. */
export async function writeShingles(path: string, { values, offsets }: ListColumn, input = 0n): Promise<void> {
  const rows = Array.from({ length: offsets.length - 1 }, (_, row) => row).filter((row) => offsets[row + 1]! > offsets[row]!);
  const writer = await RecordWriter.open(path, { keyWords: 1, valueBytes: 24, tail: true }, 1 << 24);
  const value = new Uint8Array(24 * rows.length);
  rows.forEach((_, at) => {
    value[24 * at] = 1;
  });
  const whole = values as BigUint64Array;
  const bytes = new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength);
  const ends = rows.map((row) => offsets[row + 1]! * 8);
  await writer.add(
    BigUint64Array.from(rows, (row) => (input << 32n) | BigInt(row)),
    value,
    { bytes, offsets: Int32Array.from([0, ...ends]) },
  );
  await writer.finish();
}
