// Steps for tests of the runner, small enough to predict: a rule, barriers (runner-barriers.ts), a tokenizer of bytes, and
// trouble on demand.
import { existsSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { type Batch, column, fixedColumn, stringAt, utf8Column } from '../../native/batch.js';
import { RefineError } from '../../native/errors.js';
import { ranksIn } from '../../stages/contract/ranks.js';
import type { AnyStep, Stage } from '../../stages/contract/stage.js';
import { cutWords, nearText, sameUrl } from './runner-barriers.js';

const strings = (batch: Batch, name: string): string[] => Array.from({ length: batch.rows }, (_, row) => stringAt(column(batch, name, 'utf8'), row) ?? '');

export interface WordsOptions {
  readonly 'min-words': number;
}

/** Drops texts of too few words or with "spam" in them. */
const words: Stage<WordsOptions> = {
  kind: 'stage',
  name: 'words',
  version: 1,
  reads: ['text'],
  writes: ['word_count', 'mean_length'],
  reasons: ['min-words', 'spam'],
  rules: true,
  consumes: ['html'],
  schema: z.strictObject({ 'min-words': z.number().default(3) }),
  async open(options) {
    return {
      async process(batch) {
        const texts = strings(batch, 'text');
        const counts = texts.map((text) => text.split(/\s+/).filter((word) => word !== '').length);
        const drops = Uint16Array.from(texts, (text, i) => (counts[i]! < options['min-words'] ? 1 : text.includes('spam') ? 2 : 0));
        const mean = Float32Array.from(texts, (text, i) => text.length / Math.max(1, counts[i]!));
        return { columns: { word_count: fixedColumn(Uint32Array.from(counts)), mean_length: fixedColumn(mean) }, drops };
      },
      async close() {},
    };
  },
};

export interface TroubleOptions {
  /** Kills its own process at this id; only once where `once` names a file to note it in. */
  readonly 'crash-at'?: string;
  readonly once?: string;
  readonly 'throw-at'?: string;
  /** Throws wherever a document's id begins so, while a file `while` stands there where one is named. */
  readonly 'throw-on'?: string;
  readonly while?: string;
  /** Throws an error that names its reason: not a document's doing. */
  readonly 'refuse-at'?: string;
  /** Drops it like any other reason: what is left is what a crash of this document leaves. */
  readonly 'drop-at'?: readonly string[];
  /** Never comes back from this id: `loop` holds the thread, `wait` does not. */
  readonly 'hang-at'?: string;
  readonly hang?: 'loop' | 'wait';
  /** Ends as native code does that finds its heap damaged. */
  readonly 'abort-at'?: string;
  readonly 'hoard-at'?: string;
  readonly 'sleep-ms'?: number;
}

const trouble: Stage<TroubleOptions> = {
  kind: 'stage',
  name: 'trouble',
  version: 1,
  reads: ['id'],
  writes: [],
  reasons: [],
  alsoReasons: (options) => (options['drop-at'] === undefined ? [] : ['unwanted']),
  schema: z.any(),
  async open(options) {
    const hoard: Uint8Array[] = [];
    return {
      async process(batch, signal) {
        const ids = strings(batch, 'id');
        if (options['sleep-ms'] !== undefined) await new Promise((resolve) => setTimeout(resolve, options['sleep-ms']));
        signal.throwIfAborted();
        if (options['throw-at'] !== undefined && ids.includes(options['throw-at'])) throw new Error('a stage went wrong');
        if (
          options['throw-on'] !== undefined &&
          (options.while === undefined || existsSync(options.while)) &&
          ids.some((id) => id.startsWith(options['throw-on']!))
        )
          throw new Error('a stage is broken');
        if (options['refuse-at'] !== undefined && ids.includes(options['refuse-at'])) throw new RefineError('ERR_REFINE_ASSET', 'a model is not what it says');
        if (options['abort-at'] !== undefined && ids.includes(options['abort-at'])) process.abort();
        if (options['hang-at'] !== undefined && ids.includes(options['hang-at'])) {
          if (options.hang === 'wait') await new Promise(() => undefined);
          for (;;);
        }
        if (options['hoard-at'] !== undefined && ids.includes(options['hoard-at'])) {
          for (;;) {
            hoard.push(new Uint8Array(16 << 20).fill(1));
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
        if (options['crash-at'] !== undefined && ids.includes(options['crash-at'])) {
          if (options.once === undefined || !existsSync(options.once)) {
            if (options.once !== undefined) writeFileSync(options.once, '');
            process.kill(process.pid, 'SIGKILL');
            await new Promise(() => undefined);
          }
        }
        return options['drop-at'] === undefined ? {} : { drops: Uint16Array.from(ids, (id) => (options['drop-at']!.includes(id) ? 1 : 0)) };
      },
      async close() {},
    };
  },
};

/** Tokens are the text's bytes and 256 at the end. */
const bytes: Stage<Record<never, never>> = {
  kind: 'stage',
  name: 'bytes',
  version: 1,
  reads: ['text'],
  writes: ['tokens', 'token_count'],
  reasons: [],
  schema: z.strictObject({}),
  async open() {
    return {
      metadata: { 'refine.contract': JSON.stringify({ format: 1, vocab_size: 257, eos_id: 256, dtype: 'uint16' }) },
      async process(batch) {
        const rows = strings(batch, 'text').map((text) => [...new TextEncoder().encode(text), 256]);
        const offsets = new Int32Array(rows.length + 1);
        rows.forEach((row, i) => {
          offsets[i + 1] = offsets[i]! + row.length;
        });
        return {
          columns: {
            tokens: { kind: 'list', values: Uint16Array.from(rows.flat()), offsets },
            token_count: fixedColumn(Uint32Array.from(rows, (row) => row.length)),
          },
        };
      },
      async close() {},
    };
  },
};

export interface RankedOptions {
  readonly max: number;
  readonly by?: 'kind';
  /** Ranks mean_length of an earlier step instead of what it scores itself. */
  readonly 'earlier-column'?: boolean;
}

/** What `ranked` scores: few values, so that many are equal, and none for some texts. */
export const scoreOf = (text: string): number | null => (text.length % 11 === 0 ? null : (text.length % 5) - 2);
export const kindOf = (text: string): string | null => [null, 'a', 'a-kind-of-more-than-8-bytes'][text.length % 3]!;

/** Drops the documents above a quantile of the run. */
const ranked: Stage<RankedOptions> = {
  kind: 'stage',
  name: 'ranked',
  version: 1,
  reads: ['text'],
  writes: ['score'],
  reasons: ['score'],
  rules: true,
  schema: z.any(),
  ranks: (options) => [
    {
      name: 'score_rank',
      column: options['earlier-column'] === true ? 'mean_length' : 'score',
      scored: options['earlier-column'] !== true,
      ...(options.by === undefined ? {} : { by: '_kind' }),
      cuts: [options.max],
    },
  ],
  scoring: () => null,
  async open(options) {
    return {
      async score(batch) {
        const values = strings(batch, 'text').map(scoreOf);
        return {
          score: fixedColumn(Float64Array.from(values, (value) => value ?? Number.NaN)),
          _kind: utf8Column(strings(batch, 'text').map(kindOf)),
        };
      },
      async process(batch) {
        const ranks = ranksIn(batch, 'score_rank');
        return { columns: { score: column(batch, 'score', 'fixed') }, drops: Uint16Array.from(ranks, (rank) => (rank >= options.max ? 1 : 0)) };
      },
      async close() {},
    };
  },
};

/** Writes the instruction set it was told to use, as a neural step's scores would show it, and notes every text. */
const neural: Stage<Record<never, never>> = {
  kind: 'stage',
  name: 'neural',
  version: 1,
  reads: ['text'],
  writes: ['isa'],
  reasons: [],
  schema: z.strictObject({}),
  neural: () => true,
  notices: (_, { texts = 0, max_length = 0 }) => [`${texts} texts were looked at, the longest has ${max_length} code units.`],
  async open(_, env) {
    return {
      async process(batch) {
        const isa = utf8Column(new Array<string>(batch.rows).fill(`${env.device} ${env.isa}`));
        return { columns: { isa }, notes: { texts: batch.rows, max_length: Math.max(0, ...strings(batch, 'text').map((text) => text.length)) } };
      },
      async close() {},
    };
  },
};

const all: readonly AnyStep[] = [words, trouble, bytes, sameUrl, nearText, cutWords, ranked, neural];
export const steps: ReadonlyMap<string, AnyStep> = new Map(all.map((step) => [step.name, step]));
/** As a worker asks for them. */
export const loadSteps = async (): Promise<ReadonlyMap<string, AnyStep>> => steps;
