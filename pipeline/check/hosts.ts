// Hosts of documents, by their column url: what losses and gaps are grouped by.
import { join } from 'node:path';
import { stringAt } from '../../native/index.js';
import type { RunState } from '../run-folder.js';
import { readArrow } from '../store.js';
import type { SampledDocument } from './token-scan.js';

/** The host of each sampled row's URL. */
export async function hostsOf(run: RunState, path: string, documents: readonly SampledDocument[]): Promise<Map<number, string>> {
  const wanted = new Set(documents.map(({ row }) => row));
  const hosts = new Map<number, string>();
  let first = 0;
  for await (const batch of readArrow(join(run.folder, path), ['url'])) {
    const url = batch.columns.url;
    if (url?.kind !== 'utf8') return hosts;
    for (let row = 0; row < batch.rows; row++) {
      if (!wanted.has(first + row)) continue;
      const host = hostOf(stringAt(url, row));
      if (host !== null) hosts.set(first + row, host);
    }
    first += batch.rows;
  }
  return hosts;
}

/** Null where it is no URL. */
export function hostOf(url: string | null): string | null {
  try {
    return url === null ? null : new URL(url).hostname || null;
  } catch {
    return null;
  }
}
