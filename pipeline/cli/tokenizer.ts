// `refine tokenizer train` and `refine tokenizer extend`: a new vocabulary, or more entries for one that there is.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import { number } from '../stats-text.js';
import { AVOID, type Avoid, PRE_TOKENIZERS } from '../tokenizer-choices.js';
import type { PlainText } from '../tokenizer-texts.js';
import type { Learnt } from '../tokenizer-train.js';
import { action, collect, count, data, EXIT, interruptible, memory, share, words } from './command.js';

interface CommonOptions {
  readonly out: string;
  readonly minFrequency: number;
  readonly minPieceCount: number;
  readonly maxTokenLength?: number;
  readonly avoid: readonly Avoid[];
  readonly heldOut: number;
  readonly test?: readonly string[];
  readonly txt: PlainText;
  readonly textField: string;
  readonly maxMemory: number;
  readonly scratch?: string;
  readonly json?: boolean;
}

interface TrainOptions extends CommonOptions {
  readonly vocabSize: number;
  readonly preTokenizer: string;
  readonly special: readonly string[] | false | undefined;
  readonly alphabet: 'all' | 'seen';
  readonly compare: string;
}

export function registerTokenizer(program: Command): void {
  const tokenizer = program.command('tokenizer').description('new vocabularies: `tokenizer train`, or more entries for one: `tokenizer extend`');
  const train = tokenizer
    .command('train')
    .description("byte-level BPE from text, token for token what HuggingFace's BpeTrainer makes of the same pieces")
    .argument('<texts...>', 'run folders, .arrow shards with a column "text", .jsonl, .txt (plain or .gz)')
    .requiredOption('--vocab-size <n>', 'entries in all, special tokens and bytes included', count('--vocab-size', 1))
    .option('--pre-tokenizer <name>', `${PRE_TOKENIZERS.join(', ')}, or a tokenizer whose pre-tokenizer and normaliser are taken`, 'falcon')
    .option('--special <token>', 'a special token; again for more, ids in this order (default: <|endoftext|>)', collect)
    .option('--no-special', 'no special token')
    .addOption(
      new Option('--alphabet <bytes>', 'tokens for all 256 bytes, so that every text can be written, or for those in the text')
        .choices(['all', 'seen'])
        .default('all'),
    )
    .option('--compare <tokenizer>', 'the tokenizer that "before" is', 'falcon');
  common(train, 2, [])
    .addHelpText('after', '\nWrites tokenizer.json, tokenizer_config.json and report.json. The same texts and options give the same bytes.')
    .action(
      action(async (texts: string[], options: TrainOptions) => {
        const { trainTokenizer } = await import('../tokenizer-train.js');
        const { fertilityText } = await import('../tokenizer-text.js');
        const { signal, done } = interruptible();
        try {
          const specials = options.special === false ? [] : Array.isArray(options.special) ? options.special : ['<|endoftext|>'];
          const { vocabSize, preTokenizer, alphabet, compare } = options;
          const made = await trainTokenizer({ texts, ...shared(options), vocabSize, preTokenizer, specials, alphabet, compare }, signal, words);
          const report = {
            format: 1,
            made: 'train',
            pre_tokenizer: preTokenizer,
            special: specials,
            alphabet,
            ...asked(options),
            ...made.learnt,
            before: compare,
            fertility: made.fertility,
          };
          await write(options.out, { 'tokenizer.json': made.file, 'tokenizer_config.json': json(made.config), 'report.json': json(report) });
          await say(options, report, made.learnt, fertilityText(made.fertility, compare, 'new'));
          if (made.learnt.vocab_size < vocabSize)
            words(
              `The text has no more pairs that stand ${options.minFrequency} times: ${number(made.learnt.vocab_size)} of ${number(vocabSize)} entries. Lower --min-frequency or give more text.`,
            );
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );

  const extend = tokenizer
    .command('extend')
    .description('more entries for a byte-level tokenizer, for a language that it spells out; old ids stay')
    .argument('<base>', 'a tokenizer the package ships, a directory with tokenizer.json, or a tokenizer.json')
    .argument('<texts...>', 'text in the new language: run folders, .arrow shards with a column "text", .jsonl, .txt (plain or .gz)')
    .requiredOption('--entries <n>', 'new entries', count('--entries', 1));
  common(extend, 2, ['digits', 'scripts', 'fragments', 'symbols'])
    .addHelpText(
      'after',
      '\nWrites tokenizer.json, tokenizer_config.json, report.json, and embedding-init.json: for each new id the old ids whose mean starts its embedding.' +
        '\nUndoing the new merges of any text gives its old ids; the command checks that on every held-out document.',
    )
    .action(
      action(async (base: string, texts: string[], options: CommonOptions & { readonly entries: number }) => {
        const { extendTokenizer } = await import('../tokenizer-extend.js');
        const { fertilityText } = await import('../tokenizer-text.js');
        const { signal, done } = interruptible();
        try {
          const made = await extendTokenizer({ base, texts, ...shared(options), entries: options.entries }, signal, words);
          const report = { format: 1, made: 'extend', ...asked(options), ...made.learnt, before: base, fertility: made.fertility };
          await write(options.out, {
            'tokenizer.json': made.file,
            ...(made.config === null ? {} : { 'tokenizer_config.json': json(made.config) }),
            'embedding-init.json': made.embeddings,
            'report.json': json(report),
          });
          await say(options, report, made.learnt, fertilityText(made.fertility, 'before', 'after'));
          const got = made.learnt.vocab_size - made.learnt.old_vocab_size;
          if (got < options.entries)
            words(
              `The text has no more pairs that stand ${options.minFrequency} times: ${number(got)} of ${number(options.entries)} entries. Lower --min-frequency or give more text.`,
            );
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
  for (const command of [train, extend])
    command.exitOverride().configureOutput(program.configureOutput()).showHelpAfterError('(add --help to see the options)');
}

function common(command: Command, minFrequency: number, avoid: readonly Avoid[]): Command {
  return command
    .requiredOption('-o, --out <folder>', 'where the files go')
    .option('--min-frequency <n>', 'how often a pair must stand to be joined', count('--min-frequency', 0), minFrequency)
    .option(
      '--max-token-length <bytes>',
      "new tokens of three bytes and more are shorter than this (HuggingFace's max_token_length)",
      count('--max-token-length', 2),
    )
    .addOption(
      new Option('--avoid <kinds>', `kinds of tokens not to make, joined by ",": ${Object.keys(AVOID).join(', ')}; or none`)
        .argParser(kinds)
        .default(avoid, avoid.join(',') || 'none'),
    )
    .option('--held-out <share>', 'the share of documents that is not learnt from but measured on, by hash of the text', share('--held-out'), 0.05)
    .option('--test <file>', 'texts to measure on instead; again for more. Their documents are never learnt from', collect)
    .addOption(new Option('--txt <what>', 'what a .txt is: one document, or a document a line').choices(['file', 'lines']).default('file'))
    .option('--text-field <key>', 'the key of .jsonl that holds the text', 'text')
    .option(
      '--min-piece-count <n>',
      'leave out pieces (words) that stand less often: less memory, not what HuggingFace makes',
      count('--min-piece-count', 1),
      1,
    )
    .addOption(
      new Option('--max-memory <size>', 'for counting and learning; counts beyond it go to disk')
        .argParser(memory('--max-memory'))
        .default(4 * 2 ** 30, '4GiB'),
    )
    .option('--scratch <folder>', 'for them (default: the system temporary folder)')
    .option('--json', 'the report as one JSON object, for programs');
}

const kinds = (text: string): readonly Avoid[] => {
  if (text === 'none') return [];
  const names = text.split(',');
  const unknown = names.find((name) => !Object.hasOwn(AVOID, name));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is not known; known: ${Object.keys(AVOID).join(', ')}, none.`);
  return (Object.keys(AVOID) as Avoid[]).filter((kind) => names.includes(kind));
};

/** What both commands hand on. */
function shared(options: CommonOptions) {
  return {
    test: options.test ?? [],
    heldOut: options.heldOut,
    txt: options.txt,
    textField: options.textField,
    maxMemory: options.maxMemory,
    ...(options.scratch === undefined ? {} : { scratch: options.scratch }),
    minFrequency: options.minFrequency,
    minPieceCount: options.minPieceCount,
    maxTokenLength: options.maxTokenLength ?? null,
    avoid: options.avoid,
  };
}

/** The options that change the result, for report.json: no path and no size of this machine. */
function asked(options: CommonOptions) {
  return {
    min_frequency: options.minFrequency,
    max_token_length: options.maxTokenLength ?? null,
    min_piece_count: options.minPieceCount,
    avoid: options.avoid,
    held_out: options.test === undefined ? options.heldOut : 'test',
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  if (existsSync(join(folder, 'manifest.lock.json')))
    throw new RefineError('ERR_REFINE_USAGE', 'is the folder of a run. Name another one', { place: `--out ${folder}` });
  for (const [name, text] of Object.entries(files)) await replaceFile(join(folder, name), text);
}

async function say(options: CommonOptions, report: unknown, learnt: Learnt, table: string): Promise<void> {
  if (options.json === true) {
    await data(json(report));
    return;
  }
  const rare = learnt.left_out_pieces > 0 ? `, ${number(learnt.left_out_pieces)} rarer ones left out` : '';
  await data(
    `${join(options.out, 'tokenizer.json')}: ${number(learnt.vocab_size)} entries, ${number(learnt.merges)} new merges; the last pair stood ${number(learnt.last_count)} times\n` +
      `from ${number(learnt.documents)} documents, ${number(learnt.bytes)} bytes, ${number(learnt.distinct_pieces)} distinct pieces${rare}\n\n${table}`,
  );
}
