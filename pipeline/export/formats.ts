// What `refine export` can write: apart from what writes it, so that the command knows its choices without loading that.

/** Of documents (text/), then of tokens (tokens/). */
export const TEXT_FORMATS = ['parquet', 'jsonl', 'jsonl.zst', 'minhash-sig'] as const;
export const TOKEN_FORMATS = ['megatron', 'ds', 'mds'] as const;
/** Of shingles, with their bits: datatrove's HashConfig. xxhash of 64 bits is its default, FineWeb was made with sha1-64. */
export const SIGNATURE_HASHES = ['xxh64', 'xxh32', 'sha1-64', 'sha1-32'] as const;
export type SignatureHash = (typeof SIGNATURE_HASHES)[number];
export type ExportFormat = (typeof TEXT_FORMATS)[number] | (typeof TOKEN_FORMATS)[number];
export const EXPORT_FORMATS: readonly ExportFormat[] = [...TEXT_FORMATS, ...TOKEN_FORMATS];
