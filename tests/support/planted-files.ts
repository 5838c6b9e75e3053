// Planted documents (infra/bench/planted.ts) as JSON lines files, for tests that run the `refine` command over them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Planted } from '../../infra/bench/planted.js';
import { plantedText } from '../../infra/bench/planted-text.js';

export interface PlantedRow {
  readonly id: string;
  readonly url: string;
  readonly date: string;
  readonly text: string;
}

/** Distinct dates and lengths decide nothing by accident: a document's date is a scattered function of its number. */
export function plantedRow(planted: Planted, document: number): PlantedRow {
  const minutes = (document * 7919) % planted.documents;
  return {
    id: `d${document}`,
    // one URL in 23 is that of the document before
    url: `https://h${document % 7}.example/${document % 23 === 1 ? document - 1 : document}`,
    date: new Date(Date.UTC(2023, 0, 1) + minutes * 60_000).toISOString().slice(0, 19).concat('Z'),
    text: plantedText(planted, document),
  };
}

/** Writes `documents` in the order given, cut into `files` files of names that begin with `name`; the paths. */
export function writePlanted(folder: string, name: string, planted: Planted, documents: readonly number[], files: number): string[] {
  mkdirSync(folder, { recursive: true });
  const each = Math.ceil(documents.length / files);
  return Array.from({ length: files }, (_, file) => {
    const path = join(folder, `${name}-${String(file).padStart(3, '0')}.jsonl`);
    const rows = documents.slice(file * each, (file + 1) * each).map((document) => JSON.stringify(plantedRow(planted, document)));
    writeFileSync(path, `${rows.join('\n')}\n`);
    return path;
  });
}
