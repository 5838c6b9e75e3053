// Line-wise corrections: RefinedWeb's furniture (upper case, counters, one word, known phrases), C4's line and page rules,
// DCLM's URLs and new lines, FineWeb-2's symbol lines. Edited text comes back with the number of words removed, and a document
// that loses more than `removed-word-fraction` of them is dropped. Work: kernels/text/line_edits.cpp. Numbers: rules/*.json.
// RefinedWeb's and C4's rules are English ones: lines in scripts without spaces are exempt from the one-word rule alone.
import { z } from 'zod';
import { type Batch, column, type FixedColumn, fixedColumn, isValid, native, rowsOf, validityOf, valueAt } from '../../native/index.js';
import type { ExpressionColumns } from '../contract/expression.js';
import { type BadWords, type LineEdits, PAGE_VERDICTS, type WordBoundary } from '../../native/lines.js';
import type { OptionProblem, Stage } from '../contract/stage.js';
import { BAD_WORD_LANGUAGES, badWordLanguage, badWords, isUnspaced, LINE_SETS, type LineSet, topLevelDomains } from './line-sets.js';

const PAGE_RULES = PAGE_VERDICTS.slice(1);
const REASONS = ['removed-word-fraction', 'empty', ...PAGE_RULES, 'too-few-sentences'];
const REMOVED_WORD_FRACTION = 1;
const EMPTY = 2;
const TOO_FEW_SENTENCES = EMPTY + PAGE_RULES.length + 1;

const limit = z.union([z.number().min(0).max(1), z.null(), z.literal('off')]);
const count = z.union([z.int().min(0).max(1_000_000_000), z.null(), z.literal('off')]);
const own = "; the rule set's own where absent.";
const flag = (about: string) => z.boolean().optional().describe(`${about}${own}`);
const phrases = (about: string) => z.array(z.string().min(1)).optional().describe(`${about}, without case${own}`);

const furnitureOptions = {
  'uppercase-character-fraction': limit.optional().describe(`A line with more of its characters in upper case is removed; off keeps such lines${own}`),
  numeric: flag('Remove lines of digits only'),
  counter: flag('Remove counters (3 likes)'),
  'one-word': flag('Remove lines of one word'),
  'edit-max-words': z.int().min(0).max(1_000_000).optional().describe(`Longer lines are not edited${own}`),
  counters: phrases('What counters count'),
  start: phrases('Phrases cut from the start of short lines'),
  end: phrases('Phrases cut from the end of short lines'),
  anywhere: phrases('Phrases cut anywhere out of short lines'),
};
const c4Options = {
  'terminal-punctuation': flag('Remove lines that do not end in . ? ! or "'),
  'min-words': count.optional().describe(`Lines of fewer words are removed${own}`),
  'max-word-length': count.optional().describe(`Lines with a longer word are removed${own}`),
  citations: flag('Cut [1], [edit] and [citation needed]'),
  javascript: flag('Remove lines that say javascript'),
  policy: flag('Remove lines on terms of use, privacy and cookies'),
  'lorem-ipsum': flag('Drop pages with lorem ipsum'),
  'curly-bracket': flag('Drop pages with {'),
  'min-sentences': count.optional().describe(`Pages with fewer sentences in the lines kept are dropped${own}`),
  'max-characters': count.optional().describe(`Longer pages are dropped${own}`),
  'bad-words': z
    .union([z.array(z.enum(BAD_WORD_LANGUAGES as [string, ...string[]])).min(1), z.literal('by-lang'), z.literal('off'), z.null()])
    .optional()
    .describe(`Drop pages with a word of these languages' lists (LDNOOBW), or of the list of the document's lang${own}`),
};

const schema = z.strictObject({
  rules: z
    .enum([...LINE_SETS.keys()] as [string, ...string[]])
    .default('refinedweb')
    .describe('The published rule set.'),
  'removed-word-fraction': limit.optional().describe(`A document that loses more of its words is dropped; off keeps it${own}`),
  'remove-urls': flag('Cut URLs and IP addresses out of the text'),
  'max-newlines': count.optional().describe(`Longer runs of new lines become so many${own}`),
  'symbol-lines': z.string().optional().describe(`Lines of these characters and spaces alone are removed; an empty text keeps them${own}`),
  ...furnitureOptions,
  ...c4Options,
});
export type LinesOptions = z.infer<typeof schema>;

const isOff = (value: unknown): value is null | 'off' => value === null || value === 'off';
const setOf = (options: LinesOptions): LineSet => LINE_SETS.get(options.rules)!;
const lower = (list: readonly string[]) => list.map((phrase) => phrase.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));

function removedWordFraction(options: LinesOptions): number | null {
  const given = options['removed-word-fraction'];
  return given === undefined ? (setOf(options).removedWordFraction ?? null) : isOff(given) ? null : given;
}

function minSentences(options: LinesOptions): number {
  const given = options['min-sentences'];
  return given === undefined ? (setOf(options).c4?.minSentences ?? 0) : isOff(given) ? 0 : given;
}

/** Which lists to look in: their languages, or the one of each document. */
function badWordChoice(options: LinesOptions): readonly string[] | 'by-lang' {
  const given = options['bad-words'];
  return given === undefined ? setOf(options).badWords : isOff(given) ? [] : given;
}

function editsOf(options: LinesOptions): LineEdits {
  const set = setOf(options);
  const number = (given: number | null | 'off' | undefined, otherwise: number): number => (given === undefined ? otherwise : isOff(given) ? 0 : given);
  const newlines = number(options['max-newlines'], set.maxNewlines ?? 0);
  const symbols = options['symbol-lines'] ?? set.symbols;
  const { c4, furniture } = set;
  const uppercase =
    options['uppercase-character-fraction'] ?? (options['uppercase-character-fraction'] === null ? null : furniture?.uppercaseCharacterFraction);
  return {
    ...((options['remove-urls'] ?? set.removeUrls) ? { urls: { topLevelDomains: topLevelDomains() } } : {}),
    ...(newlines > 0 ? { maxNewlines: newlines } : {}),
    ...(symbols === '' ? {} : { symbolLines: { symbols, replacement: set.symbolReplacement } }),
    ...(c4 === undefined
      ? {}
      : {
          c4: {
            ...c4.rules,
            minWords: number(options['min-words'], c4.rules.minWords),
            maxWordLength: number(options['max-word-length'], c4.rules.maxWordLength),
            terminalPunctuation: options['terminal-punctuation'] ?? c4.rules.terminalPunctuation,
            citations: options.citations ?? c4.rules.citations,
            javascript: options.javascript ?? c4.rules.javascript,
            policy: options.policy ?? c4.rules.policy,
            loremIpsum: options['lorem-ipsum'] ?? c4.rules.loremIpsum,
            curlyBracket: options['curly-bracket'] ?? c4.rules.curlyBracket,
            maxCharacters: number(options['max-characters'], c4.rules.maxCharacters),
          },
        }),
    ...(furniture === undefined
      ? {}
      : {
          furniture: {
            uppercaseCharacterFraction: typeof uppercase === 'number' ? uppercase : 1,
            uppercase: typeof uppercase === 'number',
            editMaxWords: options['edit-max-words'] ?? furniture.editMaxWords,
            counters: lower(options.counters ?? furniture.counters),
            atStart: lower(options.start ?? furniture.start),
            atEnd: lower(options.end ?? furniture.end),
            anywhere: lower(options.anywhere ?? furniture.anywhere),
            numeric: options.numeric ?? true,
            counter: options.counter ?? true,
            oneWord: options['one-word'] ?? true,
          },
        }),
  };
}

/** Options of rules that the chosen set does not have. */
function strangers(options: LinesOptions): OptionProblem[] {
  const set = setOf(options);
  const known = (part: unknown, names: object, whose: string): OptionProblem[] =>
    part !== undefined
      ? []
      : Object.keys(names)
          .filter((name) => options[name as keyof LinesOptions] !== undefined)
          .map((name) => ({ path: [name], message: `${set.name} has no such rule: it is one of ${whose}` }));
  const choice = badWordChoice(options);
  const mixed: OptionProblem[] =
    choice !== 'by-lang' && choice.some(isUnspaced) && !choice.every(isUnspaced)
      ? [{ path: ['bad-words'], message: 'words of ja, th and zh are found inside others, those of other languages are not: give one kind, or by-lang' }]
      : [];
  return [...mixed, ...known(set.furniture, furnitureOptions, 'refinedweb and dclm'), ...known(set.c4, c4Options, 'c4@paper, c4@code and c4@datatrove')];
}

/** The lists, and for a batch which of them each row is looked up in. */
function badWordLists(options: LinesOptions): ((batch: Batch) => BadWords) | null {
  const choice = badWordChoice(options);
  const boundary: WordBoundary = setOf(options).badWordBoundary;
  if (choice !== 'by-lang') {
    if (choice.length === 0) return null;
    const lists = [{ words: choice.flatMap((language) => badWords(language)), boundary: choice.every(isUnspaced) ? ('anywhere' as const) : boundary }];
    return (batch) => ({ lists, list: new Uint8Array(batch.rows).fill(1) });
  }
  const lists = BAD_WORD_LANGUAGES.map((language) => ({
    words: badWords(language),
    boundary: isUnspaced(language) ? ('anywhere' as const) : boundary === 'c4' ? ('line-ends' as const) : boundary, // [a-z] means little beyond English
  }));
  return (batch) => {
    const lang = column(batch, 'lang', 'dictionary', 'utf8');
    const list = new Uint8Array(batch.rows);
    for (let row = 0; row < rowsOf(lang); row++) {
      const language = isValid(lang, row) ? badWordLanguage(valueAt(lang, row) as string) : null;
      if (language !== null) list[row] = BAD_WORD_LANGUAGES.indexOf(language) + 1;
    }
    return { lists, list };
  };
}

export const lines: Stage<LinesOptions> = {
  kind: 'stage',
  name: 'lines',
  version: 2,
  reads: ['text'],
  writes: ['text', 'removed_words', 'removed_lines', 'edited_lines', 'removed_word_fraction'],
  alsoReads: (options) => (badWordChoice(options) === 'by-lang' ? ['lang'] : []),
  alsoWrites: (options) => (setOf(options).c4 === undefined ? [] : ['page_rule', 'sentence_count']),
  reasons: REASONS,
  rules: true,
  schema: schema.describe(
    'Takes single lines out of the text by published rules, and drops documents that lose too much of it.',
  ) as unknown as z.ZodType<LinesOptions>,
  check: strangers,

  limits(options) {
    const threshold = removedWordFraction(options);
    const set = setOf(options);
    const limits = [];
    if (threshold !== null) {
      const source = threshold === set.removedWordFraction ? set.source : 'manifest';
      limits.push({ column: 'removed_word_fraction', op: 'max' as const, threshold, reason: 'removed-word-fraction', source });
    }
    const sentences = minSentences(options);
    if (sentences > 0) {
      const source = sentences === set.c4?.minSentences ? set.source : 'manifest';
      limits.push({ column: 'sentence_count', op: 'min' as const, threshold: sentences, reason: 'too-few-sentences', source });
    }
    return limits;
  },

  decision: {
    options: ['removed-word-fraction', 'min-sentences'],
    columns: (options) => ['removed_word_fraction', ...(setOf(options).c4 === undefined ? [] : ['page_rule', 'sentence_count'])],
    drops: decide,
  },

  async open(options) {
    const edits = editsOf(options);
    const bad = badWordLists(options);
    return {
      async process(batch) {
        const edited = await native.editLines(column(batch, 'text', 'utf8'), edits, bad?.(batch));
        const fraction = new Float32Array(batch.rows);
        const worded = Array.from(edited.words, (words) => words > 0);
        for (let row = 0; row < batch.rows; row++) if (worded[row]!) fraction[row] = edited.removedWords[row]! / edited.words[row]!;
        const columns = {
          text: edited.text,
          removed_words: fixedColumn(edited.removedWords),
          removed_lines: fixedColumn(edited.removedLines),
          edited_lines: fixedColumn(edited.editedLines),
          removed_word_fraction: fixedColumn(fraction, worded.every(Boolean) ? undefined : validityOf(worded)),
          ...(edits.c4 === undefined ? {} : { page_rule: fixedColumn(edited.verdict), sentence_count: fixedColumn(edited.sentences) }),
        };
        return { columns, drops: decide(options, columns, batch.rows) };
      },
      async close() {},
    };
  },
};

/** The fraction is null of a text without a word, and 1 of one that lost all of them: both are empty. A page rule speaks first. */
function decide(options: LinesOptions, columns: ExpressionColumns, rows: number): Uint16Array {
  const most = removedWordFraction(options);
  const least = minSentences(options);
  const fraction = columns.removed_word_fraction as FixedColumn;
  const c4 = setOf(options).c4 !== undefined;
  const pageRule = c4 ? (columns.page_rule as FixedColumn).values : null;
  const sentences = c4 ? (columns.sentence_count as FixedColumn).values : null;
  const drops = new Uint16Array(rows);
  for (let row = 0; row < rows; row++) {
    const value = fraction.values[row] as number;
    if (!isValid(fraction, row)) drops[row] = EMPTY;
    else if (pageRule !== null && Number(pageRule[row]) > 0) drops[row] = EMPTY + Number(pageRule[row]);
    else if (sentences !== null && Number(sentences[row]) < least) drops[row] = TOO_FEW_SENTENCES;
    else if (most !== null && value > Math.fround(most)) drops[row] = REMOVED_WORD_FRACTION;
    else if (value === 1) drops[row] = EMPTY;
  }
  return drops;
}
