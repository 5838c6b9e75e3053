// Cuts lines that stood before: the line rule of C4 and the paragraph rule of CCNet, exactly, by sorted keys. The first document by
// (path, offset) keeps a line, once; what is left below a minimum is dropped. Keys: kernels/repeats/line_keys.cpp; which lines go:
// line_copies.cpp. Invariant: a document's edits depend on the set of documents alone.
// Sources: C4's remove_duplicate_text (tensorflow-datasets text/c4_utils.py, 0560e686); Wenzek et al. 2019 and cc_net 1341eec dedup.py.
import { copyFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Batch, column, native } from '../../../native/index.js';
import type { LineForm } from '../../../native/repeats.js';
import { RecordWriter } from '../../../native/records.js';
import { type Barrier, type BarrierMap, EDIT_SHAPE, type Phase, type PhaseTask, type TaskFiles } from '../../contract/barrier.js';
import type { StageResult } from '../../contract/stage.js';
import { type Scope, Scopes, scopeOption } from '../index-scope.js';
import { LazyMap, rangeOf, scopeWords } from '../repeats.js';

/**
 * Numbers of each rule set. C4 has dropped lines of fewer than five words before it looks for copies, and its pages need three
 * sentences; documents of fewer than 300 characters do not enter CCNet (mine.py min_len).
 */
const RULES = {
  c4: { wide: true, minWords: 5, minSentences: 3, minCharacters: 0 },
  ccnet: { wide: false, minWords: 1, minSentences: 0, minCharacters: 300 },
  'ccnet@code': { wide: false, minWords: 1, minSentences: 0, minCharacters: 300 },
} as const;

const TOO_SHORT = 1;
const COPIED = 2;

const schema = z.strictObject({
  rules: z
    .enum(['c4', 'ccnet', 'ccnet@code'])
    .default('c4')
    .describe(
      "when two lines are the same: stripped and in lower case (c4), or also without marks and punctuation and with every digit a 0 (ccnet, as its paper says; ccnet@code, as its program does: marks stay, and of punctuation only a list of 34 goes). min-words, min-sentences and min-characters take the set's values",
    ),
  'min-words': z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      "lines of fewer words are never cut nor counted, so that Introduction, 2 eggs or return 0; may stand in every document; a word holds a letter or a number (UAX #29). Default: the rule set's, 5 for c4 (C4 keeps no shorter line at all), 1 for ccnet",
    ),
  'max-copies': z
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(1)
    .describe(
      'how many documents keep a line, each of them once, the first by (path, offset); 0: none, as in cc_net, which also removes the first occurrence of what two documents hold',
    ),
  within: z
    .enum(['run', 'document'])
    .default('run')
    .describe('run: copies in all documents; document: second copies within one document alone (a lead or caption that a page gives twice)'),
  scope: scopeOption,
  action: z
    .enum(['cut', 'drop'])
    .default('cut')
    .describe(
      'cut: copies are taken out of the text; drop: texts stay as they are, and documents with more than max-copied-fraction of their characters in copies are dropped',
    ),
  'max-copied-fraction': z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('with action drop: a document with a larger share of its characters in copied lines is dropped'),
  'min-sentences': z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe("a document that lost a line and has fewer sentences left (UAX #29) is dropped; default: the rule set's, 3 for c4, 0 for ccnet"),
  'min-characters': z
    .int()
    .min(0)
    .max(1_000_000_000)
    .optional()
    .describe(
      "a document that lost a line and has fewer characters left is dropped; default: the rule set's, 0 for c4, 300 for ccnet. One without any text left always is",
    ),
});
export type DedupeLineOptions = z.infer<typeof schema>;

const formOf = (options: DedupeLineOptions): LineForm => options.rules;
const isWide = (options: DedupeLineOptions): boolean => RULES[options.rules].wide;

/** Keys of one input's lines, or the edits themselves where only the document itself is looked at. */
class LineMap implements BarrierMap {
  readonly #options: DedupeLineOptions;
  readonly #scopes: Scopes;
  readonly #writer: RecordWriter;
  #lines = 0;

  private constructor(options: DedupeLineOptions, writer: RecordWriter) {
    this.#options = options;
    this.#scopes = new Scopes(options.scope as Scope);
    this.#writer = writer;
  }

  static async open(options: DedupeLineOptions, files: TaskFiles): Promise<LineMap> {
    const shape = options.within === 'document' ? EDIT_SHAPE : ({ keyWords: isWide(options) ? 4 : 3, valueBytes: 0, tail: false } as const);
    return new LineMap(options, await RecordWriter.open(files.path(options.within === 'document' ? 'copies' : 'lines'), shape, files.memoryBytes));
  }

  async add(batch: Batch, rows: BigUint64Array): Promise<void> {
    const text = column(batch, 'text', 'utf8');
    const params = { form: formOf(this.#options), minWords: this.#options['min-words'] ?? RULES[this.#options.rules].minWords };
    if (this.#options.within === 'document') {
      await this.#writer.add(await native.repeatedLines(text, rows, params));
      return;
    }
    const wide = isWide(this.#options);
    const keys = await native.lineKeys(text, rows, { ...params, wide }, await scopeWords(this.#scopes, batch));
    this.#lines += keys.length / (wide ? 4 : 3);
    await this.#writer.add(keys);
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await this.#writer.finish();
    return { lines: this.#lines };
  }

  abort(): Promise<void> {
    return this.#writer.abort();
  }
}

async function findCopies(options: DedupeLineOptions, task: PhaseTask) {
  const counts = await native.lineCopies({
    files: task.files('map', 'lines').map((file) => file.path),
    ...rangeOf(task.number, task.count),
    dropped: task.dropped(),
    out: task.path('edits'),
    scratch: await task.folder(),
    memoryBytes: task.memoryBytes,
    wide: isWide(options),
    maxDocuments: options['max-copies'],
  });
  return {
    rowsIn: counts.lines,
    rowsOut: counts.copies,
    notes: { lines: counts.lines, copied_lines: counts.copies, repeated_lines: counts.repeated, max_line_copies: counts.largest },
  };
}

export const dedupeLine: Barrier<DedupeLineOptions> = {
  kind: 'barrier',
  name: 'dedupe-line',
  version: 1,
  reads: ['text'],
  writes: ['text'],
  reasons: ['too-short', 'copied-lines'],
  schema: schema.describe('Cuts lines that stand in other documents too, as C4 and CCNet do, or drops documents that mostly consist of them.'),

  alsoReads: (options) => (options.scope === 'global' ? [] : ['warc_path']),

  check(options) {
    if (options.within === 'run') return [];
    const found = [];
    if (options['max-copies'] !== 1) found.push({ path: ['max-copies'], message: 'within: document keeps one copy a document; max-copies is of within: run.' });
    if (options.scope !== 'global') found.push({ path: ['scope'], message: 'within: document looks at one document at a time; scope is of within: run.' });
    return found;
  },

  async open(options) {
    return { map: (files) => new LazyMap(() => LineMap.open(options, files)), async close() {} };
  },

  phases(options, _totals, limits): readonly Phase<DedupeLineOptions>[] {
    if (options.within === 'document') {
      return [
        {
          name: 'copies',
          over: 'inputs',
          reads: [{ from: 'map', role: 'copies', match: 'own' }],
          writes: ['edits'],
          async run(_options, task) {
            for (const file of task.files('map', 'copies')) await copyFile(file.path, task.path('edits'));
            return { rowsIn: 0, rowsOut: 0 };
          },
        },
      ];
    }
    return [
      {
        name: 'copies',
        over: 'partitions',
        count: limits.partitions,
        reads: [{ from: 'map', role: 'lines', match: 'all' }],
        writes: ['edits'],
        run: findCopies,
      },
    ];
  },

  async apply(options, batch, edits): Promise<StageResult> {
    if (edits.start.length === 0) return {};
    const set = RULES[options.rules];
    const minSentences = options['min-sentences'] ?? set.minSentences;
    const minCharacters = options['min-characters'] ?? set.minCharacters;
    const cut = await native.cutLines(column(batch, 'text', 'utf8'), edits, minSentences > 0);
    const drops = new Uint16Array(batch.rows);
    for (let row = 0; row < batch.rows; row++) {
      if (cut.lines[row] === 0) continue;
      if (options.action === 'drop') {
        if (cut.cutCharacters[row]! / cut.characters[row]! > options['max-copied-fraction']) drops[row] = COPIED;
      } else if (cut.left[row] === 0 || cut.left[row]! < minCharacters || (minSentences > 0 && cut.sentences[row]! < minSentences)) {
        drops[row] = TOO_SHORT;
      }
    }
    return options.action === 'drop' ? { drops } : { columns: { text: cut.text }, drops };
  },

  notices(_options, notes) {
    const { lines = 0, copied_lines: copies = 0, repeated_lines: repeated = 0, max_line_copies: largest = 0 } = notes;
    if (lines === 0) return [];
    return [
      `${copies} of ${lines} lines were copies (${((100 * copies) / lines).toFixed(1)} %), of ${repeated} lines; the most frequent stood ${largest} times`,
    ];
  },
};
