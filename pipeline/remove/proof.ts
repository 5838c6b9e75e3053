// The proof that what was removed is gone: every file of the run folder is read. Columns `id`, `url` and `kept_id` of every Arrow
// file and every word of every other file are compared with the marks of what was removed, every text and every sequence of tokens
// is searched for windows of the removed ones. Needs no list: marks are enough, so it can be repeated at any time.
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Batch, bytesAt, isValid, stringAt } from '../../native/batch.js';
import { RefineError } from '../../native/errors.js';
import { EVERYTHING, mergeRecords } from '../../native/records.js';
import { fileSha256 } from '../identity.js';
import { readCatalogue, segmentFile } from '../index-files.js';
import { readLock, type RunState } from '../run-folder.js';
import { ArrowFile } from '../store.js';
import { EXCLUSIONS, Exclusions, readExclusionFile } from './exclusions.js';
import { readWindows } from './removal-files.js';
import { WindowFinder } from './windows.js';

export interface Proof {
  readonly ok: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly documents: number;
  /** Windows of removed texts and token sequences that were looked for at every place. */
  readonly windows: { readonly text: number; readonly tokens: number };
  /** Where something still stands; `what` never says the word itself. */
  readonly remains: readonly { readonly path: string; readonly what: string }[];
  /** Documents that the lists do not name and that hold passages of removed ones: copies and quotations. */
  readonly alike: readonly { readonly id: string; readonly shard: string; readonly windows: number; readonly copy: boolean }[];
}

/** More are counted, not listed. */
const MOST_LISTED = 100;
const MOST_RAW_BYTES = 256 * 1024 * 1024;
/** A copy holds that share of a removed document's windows. */
const COPY_SHARE = 0.75;

export async function proveRemoved(run: RunState, indexes: readonly string[], signal: AbortSignal): Promise<Proof> {
  const file = await readExclusionFile(run.folder);
  if (file === null) throw new RefineError('ERR_REFINE_USAGE', 'has no removals to verify. Remove something first: --list FILE', { place: run.folder });
  return await new Prover(run, new Exclusions(file), await readWindows(run.folder), signal).prove(indexes);
}

class Prover {
  readonly #run: RunState;
  readonly #exclusions: Exclusions;
  readonly #signal: AbortSignal;
  readonly #finders: Readonly<Record<'text' | 'tokens', WindowFinder>>;
  /** By mark: the removed documents that have such a window; by document: how many it has. */
  readonly #owners: Readonly<Record<'text' | 'tokens', Map<string, number[]>>> = { text: new Map(), tokens: new Map() };
  readonly #owned: Readonly<Record<'text' | 'tokens', number[]>> = { text: [], tokens: [] };
  readonly #remains: { path: string; what: string }[] = [];
  readonly #alike: { id: string; shard: string; windows: number; copy: boolean }[] = [];
  #files = 0;
  #bytes = 0;
  #documents = 0;

  constructor(
    run: RunState,
    exclusions: Exclusions,
    windows: { text: readonly (readonly string[])[]; tokens: readonly (readonly string[])[] },
    signal: AbortSignal,
  ) {
    this.#run = run;
    this.#exclusions = exclusions;
    this.#signal = signal;
    const finder = (kind: 'text' | 'tokens'): WindowFinder => {
      const parsed: { roll: number; mark: string }[] = [];
      for (const [document, list] of windows[kind].entries()) {
        this.#owned[kind].push(list.length);
        for (const one of list) {
          const [roll, name] = one.split('.') as [string, string];
          parsed.push({ roll: Number.parseInt(roll, 36), mark: name });
          const owners = this.#owners[kind].get(name);
          if (owners === undefined) this.#owners[kind].set(name, [document]);
          else owners.push(document);
        }
      }
      return new WindowFinder(kind, parsed);
    };
    this.#finders = { text: finder('text'), tokens: finder('tokens') };
  }

  async prove(indexes: readonly string[]): Promise<Proof> {
    const { folder } = this.#run;
    const lock = await readLock(folder);
    if (lock?.removals === undefined || lock.removals !== (await fileSha256(join(folder, EXCLUSIONS))))
      this.#remain(EXCLUSIONS, 'is not what the lock file names, so a task that is done again could bring documents back');
    const ledger = new Map([...this.#run.text, ...this.#run.tokens, ...this.#run.features, ...this.#run.samples].map((shard) => [shard.path, shard]));
    for (const path of await this.#filesOf(folder)) {
      this.#signal.throwIfAborted();
      const whole = join(folder, path);
      const found = await lstat(whole);
      this.#files++;
      this.#bytes += found.size;
      if (!found.isFile()) {
        this.#remain(path, 'is a link or no plain file: what it points to was not looked at');
        continue;
      }
      // What a run says of itself is read as any other file is; the rest of scratch/ is documents.
      if (path.startsWith('scratch/') && path !== 'scratch/progress.json')
        this.#remain(path, 'is scratch, which holds documents as they were before they were removed');
      if (path.endsWith('.part')) this.#remain(path, 'is a part that a killed process left');
      const held = ledger.get(path);
      if (held !== undefined && (await fileSha256(whole)) !== held.sha256) this.#remain(path, 'is not what the ledger says');
      if (path.endsWith('.arrow')) await this.#arrow(path);
      else await this.#plain(path, found.size);
    }
    for (const index of indexes) await this.#index(index);
    return {
      ok: this.#remains.length === 0,
      files: this.#files,
      bytes: this.#bytes,
      documents: this.#documents,
      windows: { text: this.#finders.text.size, tokens: this.#finders.tokens.size },
      remains: this.#remains,
      alike: this.#alike,
    };
  }

  #remain(path: string, what: string): void {
    if (this.#remains.length < MOST_LISTED) this.#remains.push({ path, what });
  }

  async #filesOf(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return (
      entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
        // The lock and its count come and go while its holder looks.
        .filter((path) => !/^run\.lock(?:\.|$)/.test(path) && !/^removals\/\d{6}\.list\.txt$/.test(path))
        .sort()
    );
  }

  async #arrow(path: string): Promise<void> {
    const file = await ArrowFile.open(join(this.#run.folder, path));
    try {
      for await (const batch of file.batches()) {
        this.#signal.throwIfAborted();
        if (path.startsWith('text/')) this.#documents += batch.rows;
        for (let row = 0; row < batch.rows; row++) this.#row(path, batch, row);
        if (!/^(?:text|tokens|features|samples)\//.test(path)) this.#cells(path, batch);
      }
    } finally {
      await file.close();
    }
  }

  #row(path: string, batch: Batch, row: number): void {
    const word = (name: string): string | null => {
      const column = batch.columns[name];
      return column?.kind === 'utf8' ? stringAt(column, row) : null;
    };
    const id = word('id');
    const url = word('url');
    if (id !== null && this.#exclusions.matchesId(id)) this.#remain(path, `row with an id that was removed`);
    if (url !== null && this.#exclusions.matchesUrl(url)) this.#remain(path, 'row with a URL or host that was removed');
    const kept = word('kept_id');
    if (kept !== null && this.#exclusions.wasRemoved(kept)) this.#remain(path, 'row that names a removed document as the one kept in its place');
    const { text, tokens } = batch.columns;
    if (text?.kind === 'utf8' && isValid(text, row)) this.#windows('text', path, id, bytesAt(text, row));
    if (tokens?.kind === 'list')
      this.#windows('tokens', path, id, tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!) as Uint16Array | Uint32Array);
  }

  /** Rows that are left are of documents that no list names: what they share with a removed one is theirs, and told. */
  #windows(kind: 'text' | 'tokens', path: string, id: string | null, units: Uint8Array | Uint16Array | Uint32Array): void {
    const found = this.#finders[kind].find(units);
    if (found.size === 0) return;
    const shares = new Map<number, number>();
    for (const name of found) for (const document of this.#owners[kind].get(name) ?? []) shares.set(document, (shares.get(document) ?? 0) + 1);
    const copy = [...shares].some(([document, count]) => count >= COPY_SHARE * this.#owned[kind][document]!);
    if (this.#alike.length < MOST_LISTED) this.#alike.push({ id: id ?? '', shard: path, windows: found.size, copy });
  }

  /** Any other file, word by word and as bytes of text. */
  async #plain(path: string, size: number): Promise<void> {
    if (size > MOST_RAW_BYTES) return this.#remain(path, `is ${size} bytes of a kind that is not known, too many to look at`);
    const bytes = await readFile(join(this.#run.folder, path));
    this.#said(path, bytes);
  }

  /** Words of a table that holds no documents, such as a compacted ledger. */
  #cells(path: string, batch: Batch): void {
    for (const column of Object.values(batch.columns)) if (column.kind === 'utf8') this.#said(path, column.data.subarray(0, column.offsets[batch.rows]!));
  }

  #said(path: string, bytes: Uint8Array): void {
    if (this.#finders.text.find(bytes).size > 0) this.#remain(path, 'holds a passage of a removed text');
    const seen = new Set<string>();
    const words = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    // Whole strings of JSON, and what stands between white space, quotes, brackets and control characters. The ledger's escapes are undone.
    for (const cut of [/["\n]/, /[\s"'<>`()[\]{},;|\\]|[^\x20-\x7e\x80-\uffff]/]) {
      for (const word of words.split(cut)) {
        if (word.length < 3 || word.length > 8192 || seen.has(word)) continue;
        seen.add(word);
        if (this.#exclusions.matchesId(word) || this.#exclusions.wasRemoved(word)) this.#remain(path, 'holds an id that was removed');
        else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word) && this.#exclusions.matchesUrl(word)) this.#remain(path, 'holds a URL or host that was removed');
      }
    }
  }

  /** Of a dedupe index: the ids it gives out. Its keys were made from the documents that are left. */
  async #index(index: string): Promise<void> {
    for (const segment of readCatalogue(index).segments) {
      const path = segmentFile(index, segment, 'ids');
      if (segment.files.ids === undefined) continue;
      this.#files++;
      for await (const { tails } of mergeRecords([path], EVERYTHING, 64 * 1024 * 1024)) {
        if (tails === null || tails === undefined) continue;
        for (let at = 0; at + 1 < tails.offsets.length; at++) {
          const id = Buffer.from(tails.bytes.subarray(tails.offsets[at]!, tails.offsets[at + 1]!)).toString('utf8');
          if (this.#exclusions.wasRemoved(id) && segment.name === String(this.#run.lock.resolved.name)) this.#remain(path, 'holds an id that was removed');
        }
      }
    }
  }
}
