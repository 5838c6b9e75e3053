// Rows that earlier barriers of a segment dropped, as the engine hands them to phases: one bit a row, a file an input.
import { readFile } from 'node:fs/promises';
import type { NumberedFile } from './barrier.js';

/** Whether a global row was dropped. Holds all files: 125 KB a million documents. */
export async function droppedRows(files: readonly NumberedFile[]): Promise<(row: bigint) => boolean> {
  const bits = new Map<number, Uint8Array>();
  for (const { number, path } of files) bits.set(number, await readFile(path));
  return (row) => {
    const record = Number(row & 0xffff_ffffn);
    const byte = bits.get(Number(row >> 32n))?.[record >>> 3];
    return byte !== undefined && ((byte >> (record & 7)) & 1) === 1;
  };
}
