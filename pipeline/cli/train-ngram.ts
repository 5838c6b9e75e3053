// `refine train-ngram`: a Kneser-Ney language model from text, as ARPA text that KenLM reads too.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { NgramText } from '../../native/index.js';
import { number } from '../stats-text.js';
import type { PlainText } from '../tokenizer-texts.js';
import { action, data, EXIT, interruptible, memory, words } from './command.js';

interface Options {
  readonly out: string;
  readonly order: number;
  readonly words: NgramText['words'];
  readonly normalise: NgramText['normalise'];
  readonly unit: NgramText['unit'];
  readonly prune: readonly number[];
  readonly discountFallback?: boolean;
  readonly txt: PlainText;
  readonly textField: string;
  readonly maxMemory: number;
  readonly scratch?: string;
  readonly json?: boolean;
}

export function registerTrainNgram(program: Command): void {
  program
    .command('train-ngram')
    .description('an n-gram language model of good text (modified Kneser-Ney), for the step `ngram`')
    .argument('<texts...>', 'run folders, .arrow shards with a column "text", .jsonl, .txt (plain or .gz)')
    .requiredOption('-o, --out <file>', 'the model, as ARPA text')
    .option('--order <n>', 'words in the longest n-gram, 2 to 6', order, 5)
    .addOption(
      new Option('--words <how>', 'how text is cut into words; script-aware also where no spaces stand')
        .choices(['white-space', 'uax29', 'script-aware'])
        .default('white-space'),
    )
    .addOption(
      new Option('--normalise <how>', 'ccnet: lower case, no accents, digits to 0, plain punctuation, no control characters')
        .choices(['ccnet', 'none'])
        .default('ccnet'),
    )
    .addOption(new Option('--unit <what>', 'what begins and ends as a sentence').choices(['line', 'document']).default('line'))
    .option('--prune <counts>', 'by order, from unigrams: n-grams seen at most so often are left out, such as 0,0,1,1,2', prune, [])
    .option('--discount-fallback', 'discounts 0.5, 1, 1.5 where a small text gives none')
    .addOption(new Option('--txt <what>', 'what a .txt is: one document, or a document a line').choices(['file', 'lines']).default('lines'))
    .option('--text-field <key>', 'the key of .jsonl that holds the text', 'text')
    .addOption(
      new Option('--max-memory <size>', 'for sorting; what passes it goes to disk. The vocabulary comes on top')
        .argParser(memory('--max-memory'))
        .default(2 ** 30, '1GiB'),
    )
    .option('--scratch <folder>', 'for what goes to disk (default: the system temporary folder)')
    .option('--json', 'the report as one JSON object, for programs')
    .addHelpText('after', "\nThe same texts and options give the same bytes. The estimates are those of KenLM's lmplz, and KenLM reads the file.")
    .action(
      action(async (texts: string[], options: Options) => {
        const { signal, done } = interruptible();
        try {
          const { out, words: cut, normalise, unit, txt, textField, maxMemory, scratch } = options;
          const request = { texts, out, order: options.order, text: { words: cut, normalise, unit }, prune: options.prune, txt, textField, maxMemory };
          const { trainNgram } = await import('../ngram-train.js');
          const made = await trainNgram(
            { ...request, fallback: options.discountFallback === true, ...(scratch === undefined ? {} : { scratch }) },
            signal,
            words,
          );
          if (options.json === true) {
            await data(`${JSON.stringify({ out, ...request.text, ...made })}\n`);
            return EXIT.done;
          }
          const lines = [
            `${out}: ${number(made.documents)} documents, ${number(made.sentences)} units, ${number(made.words)} words, ${number(made.vocabulary)} different`,
            ...made.orders.map(
              ({ grams, written, discounts, fallback }, at) =>
                `  ${at + 1}-grams  ${number(written).padStart(13)}${written < grams && at > 0 ? ` of ${number(grams)}` : ''}  discounts ${discounts.map((one) => one.toFixed(4)).join(' ')}${fallback ? ' (fallback)' : ''}`,
            ),
          ];
          await data(`${lines.join('\n')}\n`);
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

const order = (text: string): number => {
  if (!/^[2-6]$/.test(text)) throw new InvalidArgumentError('--order is 2 to 6.');
  return Number(text);
};

const prune = (text: string): number[] => {
  const counts = text.split(',').map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  if (counts.length > 6 || counts[0] !== 0 || counts.some((count, at) => !Number.isSafeInteger(count) || count < (counts[at - 1] ?? 0)))
    throw new InvalidArgumentError('--prune is whole numbers joined by ",", the first 0 and none below the one before it, such as 0,0,1,1,2.');
  return counts;
};
