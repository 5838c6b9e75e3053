// An index of the kept documents of earlier runs: INDEX/index.json names immutable files of keys, shingle sets and ids, a folder
// for each indexed run. Invariant: the catalogue's bytes depend on what is indexed alone, neither on the order of adding nor on
// paths or clocks, so the sha256 of index.json is the index's identity. infra/decisions/0011.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';

export const CATALOGUE = 'index.json';
const FORMAT = 1;
const KIND = 'refine dedupe index';
const MAX_CATALOGUE_BYTES = 256 * 1024 * 1024; // some 100,000 indexed runs of 14 bands

/** What decides a step's keys: equal spaces give comparable keys. Plain JSON, its members in a fixed order. */
export type KeySpace = Readonly<Record<string, string | number>>;

export interface IndexedFile {
  readonly bytes: number;
  readonly sha256: string;
  readonly records: number;
}

/** The kept documents of one run. */
export interface IndexSegment {
  /** As people call the run: `kept_id` of a document that duplicates one of these is `index:NAME:ID`. */
  readonly name: string;
  /** Bits 32 to 62 of its documents' rows. Of the content. */
  readonly tag: number;
  /** sha256 over the digests of the run's text shards. */
  readonly content: string;
  readonly documents: number;
  /** By role: `ids`, `dedupe-url`, `dedupe-exact`, `bands-000`, ..., `shingles`. */
  readonly files: Readonly<Record<string, IndexedFile>>;
}

export interface Catalogue {
  /** By step (stage name), what its keys in this index are. */
  readonly keys: Readonly<Record<string, KeySpace>>;
  /** Whether shingle sets are there, which verification needs. */
  readonly shingles: boolean;
  /** Ascending by tag. */
  readonly segments: readonly IndexSegment[];
}

/** Role `ids`: a record a document, its id as tail. */
export const IDS_SHAPE = { keyWords: 1, valueBytes: 0, tail: true } as const;

/** Rows of the index: bit 63, the tag, the entry. */
export const OUTSIDE = 1n << 63n;

export function firstRow(segment: Pick<IndexSegment, 'tag'>): bigint {
  return OUTSIDE | (BigInt(segment.tag) << 32n);
}

export function segmentFolder(segment: Pick<IndexSegment, 'content'>): string {
  return join('segments', segment.content.slice(0, 16));
}

export function segmentFile(index: string, segment: Pick<IndexSegment, 'content'>, role: string): string {
  return join(index, segmentFolder(segment), `${role}.records`);
}

export function bandRole(band: number): string {
  return `bands-${String(band).padStart(3, '0')}`;
}

/** The bytes of index.json. */
export function catalogueText(catalogue: Catalogue): string {
  const segments = [...catalogue.segments]
    .sort((a, b) => a.tag - b.tag)
    .map(({ name, tag, content, documents, files }) => ({ name, tag, content, documents, files: sorted(files, fileOf) }));
  const body = { format: FORMAT, kind: KIND, keys: sorted(catalogue.keys, (space) => ({ ...space })), shingles: catalogue.shingles, segments };
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  return `${JSON.stringify({ ...body, digest }, null, 1)}\n`;
}

const fileOf = ({ bytes, sha256, records }: IndexedFile): IndexedFile => ({ bytes, sha256, records });

function sorted<T>(members: Readonly<Record<string, T>>, of: (value: T) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(members)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, of(value)]),
  );
}

/** Reads and checks the catalogue, or a copy of it; the files it names are not looked at (`findDamage`). */
export function readCatalogue(index: string, copy?: string): Catalogue {
  const path = copy ?? join(index, CATALOGUE);
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > MAX_CATALOGUE_BYTES) throw damaged(path, `has ${size} bytes, a catalogue has at most ${MAX_CATALOGUE_BYTES}`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof RefineError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new RefineError('ERR_REFINE_INDEX', `is no dedupe index: it has no ${CATALOGUE}. Name a folder that \`refine index build\` wrote.`, {
        place: index,
        cause,
      });
    throw new RefineError('ERR_REFINE_INDEX', `cannot be read (${code ?? message}), expected a readable file. Correct its permissions or the path.`, {
      place: path,
      cause,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(path, `is not JSON (${(cause as Error).message})`, cause);
  }
  const found = value as { readonly format?: unknown; readonly kind?: unknown } | null;
  if (typeof found !== 'object' || found === null || found.kind !== KIND)
    throw new RefineError('ERR_REFINE_INDEX', `is no catalogue of a dedupe index. Name a folder that \`refine index build\` wrote.`, { place: path });
  if (found.format !== FORMAT)
    throw new RefineError(
      'ERR_REFINE_INDEX',
      `has format ${JSON.stringify(found.format)}, this refine reads and writes format ${FORMAT}. Use the refine that wrote it, or build the index anew with this one.`,
      { place: path },
    );
  const catalogue = checked(found as Record<string, unknown>);
  if (catalogue === null || catalogueText(catalogue) !== text) throw damaged(path, 'differs from what its digest was taken of');
  return catalogue;
}

/** Null where a member is missing or of another kind. */
function checked({ keys, shingles, segments }: Record<string, unknown>): Catalogue | null {
  const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const isFile = (value: unknown): boolean => isRecord(value) && isCount(value.bytes) && isCount(value.records) && /^[0-9a-f]{64}$/.test(String(value.sha256));
  const isSegment = (value: unknown): boolean =>
    isRecord(value) &&
    typeof value.name === 'string' &&
    isName(value.name) &&
    isCount(value.tag) &&
    value.tag < 2 ** 31 &&
    /^[0-9a-f]{64}$/.test(String(value.content)) &&
    isCount(value.documents) &&
    value.documents <= 2 ** 32 &&
    isRecord(value.files) &&
    Object.entries(value.files).every(([role, file]) => /^[a-z0-9-]+$/.test(role) && isFile(file));
  const isSpace = (value: unknown): boolean => isRecord(value) && Object.values(value).every((part) => typeof part === 'string' || typeof part === 'number');
  if (!isRecord(keys) || !Object.values(keys).every(isSpace) || typeof shingles !== 'boolean' || !Array.isArray(segments) || !segments.every(isSegment))
    return null;
  return { keys: keys as Catalogue['keys'], shingles, segments: segments as IndexSegment[] };
}

/** Names stand in `kept_id` between colons and on command lines. */
export function isName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name);
}

/** The first file that is absent or has another size than the catalogue says, as the error to throw; null where all are there. */
export function findDamage(index: string, catalogue: Catalogue, roles: (role: string) => boolean = () => true): RefineError | null {
  for (const segment of catalogue.segments) {
    for (const [role, { bytes }] of Object.entries(segment.files)) {
      if (!roles(role)) continue;
      const path = segmentFile(index, segment, role);
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (size === bytes) continue;
      const found = size === undefined ? 'is not there' : `has ${size} bytes, the catalogue says ${bytes}: it was cut short or changed`;
      return damagedFile(path, found, segment);
    }
  }
  return null;
}

export function damagedFile(path: string, found: string, segment: Pick<IndexSegment, 'name'>, cause?: unknown): RefineError {
  return new RefineError(
    'ERR_REFINE_INDEX',
    `${found}. Restore it from a copy, or build the index anew from its runs (this file is of "${segment.name}"): refine index build`,
    {
      place: path,
      cause,
    },
  );
}

function damaged(path: string, found: string, cause?: unknown): RefineError {
  return new RefineError('ERR_REFINE_INDEX', `${found}: it was changed after it was written. Restore it from a copy, or build the index anew from its runs.`, {
    place: path,
    cause,
  });
}
