// Planted documents (infra/bench/planted.ts) as JSON lines files, for tests that run the `refine` command over them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Planted } from '../../infra/bench/planted.js';
import { plantedText } from '../../infra/bench/planted-text.js';

export interface PlantedRow {
  readonly id: string;
  readonly url: string;
  readonly date: string;
  readonly text: string;
}

/** `documents` rows: half of them planted as near duplicates, half with repeated spans. */
export function plantedRows(documents: number, seed: number): PlantedRow[] {
  const half = Math.floor(documents / 2);
  return [...rowsOf(new Planted(documents - half, 'near', seed), 'n'), ...rowsOf(new Planted(half, 'spans', seed), 's')];
}

/** Dates are distinct within the planted corpus and a scattered function of the document's number; one URL in 23 is that of the document before. */
function rowsOf(planted: Planted, name: string): PlantedRow[] {
  return Array.from({ length: planted.documents }, (_, document) => {
    const at = document % 23 === 1 ? document - 1 : document;
    const minutes = 2 * ((document * 7919) % planted.documents) + (name === 'n' ? 0 : 1);
    return {
      id: `${name}${document}`,
      url: `https://h${at % 7}.example/${name}/${at}`,
      date: `${new Date(Date.UTC(2023, 0, 1) + minutes * 60_000).toISOString().slice(0, 19)}Z`,
      text: plantedText(planted, document),
    };
  });
}

/** Writes rows in the order given, cut into `files` files of names that begin with `name`; the paths. */
export function writeRows(folder: string, name: string, rows: readonly PlantedRow[], files: number): string[] {
  mkdirSync(folder, { recursive: true });
  const each = Math.ceil(rows.length / files);
  return Array.from({ length: files }, (_, file) => {
    const path = join(folder, `${name}-${String(file).padStart(3, '0')}.jsonl`);
    const lines = rows.slice(file * each, (file + 1) * each).map((row) => JSON.stringify(row));
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  });
}
