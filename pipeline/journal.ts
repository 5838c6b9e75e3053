// Where a worker is in its task, written so that the parent reads it after the worker died at any instant: 24 bytes overwritten in
// place in a file that has no name any more, which the kernel keeps for both. One pwrite a step and batch, about a microsecond.
// Invariant: what stands there was true at some instant of the task that the parent gave last; nothing in it enters a result.
import { closeSync, fsyncSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The worker's end of the journal: the file descriptor after stdin, stdout, stderr and the channel. */
export const JOURNAL_FD = 4;

const WORDS = 6;
const KINDS = ['none', 'opening', 'reading', 'step', 'writing'] as const;

/** `step`: documents with record rows `first` to `last` are in step number `step` of the manifest. */
export type Position =
  | { readonly at: 'none' | 'opening' | 'reading' | 'writing' }
  | { readonly at: 'step'; readonly step: number; readonly first: number; readonly last: number; readonly shadow: boolean };

export class JournalWriter {
  readonly #words = new Uint32Array(WORDS);
  readonly #bytes = Buffer.from(this.#words.buffer);
  #fd: number | null;
  /** How often the worker has moved: a count of work for whoever waits for it. */
  moves = 0;

  /** null: nobody reads it. */
  constructor(fd: number | null) {
    this.#fd = fd;
  }

  at(kind: 'none' | 'opening' | 'reading' | 'writing'): void {
    this.#put(KINDS.indexOf(kind), 0, 0, 0, 0);
  }

  step(step: number, first: number, last: number, shadow: boolean): void {
    this.#put(KINDS.indexOf('step'), step, first, last, shadow ? 1 : 0);
  }

  #put(...words: readonly number[]): void {
    this.moves++;
    if (this.#fd === null) return;
    this.#words.set(words);
    this.#words[WORDS - 1] = check(this.#words);
    try {
      writeSync(this.#fd, this.#bytes, 0, this.#bytes.length, 0);
    } catch {
      this.#fd = null; // a worker started by something else than a pool has no such file
    }
  }
}

/** The parent's end. */
export class JournalReader {
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** null where no such file can be made: then a dead worker cannot be asked where it was. */
  static open(): JournalReader | null {
    const path = join(tmpdir(), `refine-journal-${process.pid}-${randomBytes(6).toString('hex')}`);
    try {
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      const words = new Uint32Array(WORDS);
      words[WORDS - 1] = check(words);
      writeSync(fd, Buffer.from(words.buffer), 0, WORDS * 4, 0); // takes its block now: a full disk later does not matter
      fsyncSync(fd);
      return new JournalReader(fd);
    } catch {
      return null;
    }
  }

  position(): Position {
    const words = new Uint32Array(WORDS);
    const bytes = Buffer.from(words.buffer);
    if (readSync(this.fd, bytes, 0, bytes.length, 0) !== bytes.length || words[WORDS - 1] !== check(words)) return { at: 'none' };
    const kind = KINDS[words[0]!] ?? 'none';
    return kind === 'step' ? { at: 'step', step: words[1]!, first: words[2]!, last: words[3]!, shadow: words[4] === 1 } : { at: kind };
  }

  close(): void {
    closeSync(this.fd);
  }
}

function check(words: Uint32Array): number {
  let sum = 0x9e37_79b9;
  for (let i = 0; i < WORDS - 1; i++) sum = Math.imul(sum ^ words[i]!, 0x0100_0193) >>> 0;
  return sum;
}
