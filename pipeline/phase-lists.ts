// What the tasks of one phase read, as a file in scratch that they share: with ten thousand inputs a list is too long to be sent
// to every worker with every task. Named by its content; removed when the run is finished.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NumberedFile, Phase } from '../stages/contract/stage.js';
import { replaceFile } from './atomic-file.js';

// biome-ignore lint/suspicious/noExplicitAny: options were parsed by the barrier's own schema
export type AnyPhase = Phase<any>;

/** Reads that no phase writes: the map's files, and the first feature parts of every input. */
export const FROM_MAP = 'map';
export const FROM_FEATURES = 'features';

export interface PhaseLists {
  /** Numbers of the inputs that take part, ascending. */
  readonly inputs: readonly number[];
  /** Ascending by number; paths below the run folder. */
  readonly reads: readonly { readonly from: string; readonly role: string; readonly files: readonly NumberedFile[] }[];
  readonly dropped: readonly NumberedFile[];
}

export class ListFile {
  /** Below the run folder. */
  readonly path: string;
  readonly #text: string;

  constructor(lists: PhaseLists, folder: string) {
    this.#text = JSON.stringify(lists);
    this.path = `${folder}/${createHash('sha256').update(this.#text).digest('hex').slice(0, 20)}.files.json`;
  }

  async write(runFolder: string): Promise<void> {
    const path = join(runFolder, this.path);
    const found = await stat(path).catch(() => null);
    if (found?.size !== Buffer.byteLength(this.#text)) await replaceFile(path, this.#text);
  }
}

export async function readLists(runFolder: string, path: string): Promise<PhaseLists> {
  return JSON.parse(await readFile(join(runFolder, path), 'utf8')) as PhaseLists;
}
