// The typed map of native/src/bind_search.cpp: exact strings in texts, and the index of a shard (kernels/include/refine/text_search.h).
import type { BytesColumn } from './batch.js';

export type StringSearchHandle = { readonly stringSearchHandle: unique symbol };
export type SearchIndexerHandle = { readonly searchIndexerHandle: unique symbol };

/** Shorter strings (in bytes) are in no index. */
export const SEARCH_LEAST = 32;

/** Ascending by (row, string): how often that string stands in that row, overlaps counted; never 0. */
export interface StringMatches {
  readonly rows: Uint32Array;
  readonly strings: Uint32Array;
  readonly counts: Uint32Array;
}

export interface SearchBinding {
  searchStrings(strings: BytesColumn): StringSearchHandle;
  searchTexts(strings: StringSearchHandle, texts: BytesColumn): Promise<StringMatches>;
  searchIndexer(): SearchIndexerHandle;
  /** A batch of the shard; one call after another. */
  searchIndexerAdd(indexer: SearchIndexerHandle, texts: BytesColumn): Promise<void>;
  /** `of`: what the index belongs to, at most 64 bytes. Once. */
  searchIndexerWrite(indexer: SearchIndexerHandle, path: string, of: string): Promise<void>;
  /** Batches, as added, that can hold one of the strings (of SEARCH_LEAST bytes each), and the row each begins with. ERR_REFINE_SHARD where the index is damaged or another's. */
  searchIndexBatches(path: string, of: string, strings: StringSearchHandle): Promise<{ readonly batches: Uint32Array; readonly firstRows: Uint32Array }>;
}
