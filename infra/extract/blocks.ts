// The core's view of a page: its blocks with their texts, places and features.
import { native, stringAt } from '../../native/index.js';
import type { Matrix } from './gbdt-bins.js';
import { pageOptions } from './pages.js';

export interface Blocks {
  readonly texts: readonly string[];
  /** Visible code points without white space before each block, and in it. */
  readonly begins: Uint32Array;
  readonly sizes: Uint32Array;
  readonly features: Matrix;
}

export function blocksOf(html: Uint8Array, url: string | null): Blocks {
  const found = native.inspectBlocks(html, '', url ?? '', pageOptions);
  const rows = found.chars.length;
  const texts = Array.from({ length: rows }, (_, row) => stringAt(found.text, row) ?? '');
  return { texts, begins: found.charBegin, sizes: found.chars, features: { rows, features: native.blockFeatureNames().length, values: found.features } };
}
