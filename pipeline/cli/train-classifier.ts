// `refine train-classifier --fasttext | --encoder`: a classifier from labelled texts, with its scores on texts it never saw.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import { number } from '../stats-text.js';
import { action, collect, count, data, EXIT, interruptible, memory, share, words } from './command.js';
import { scoreTable } from './score-table.js';
import type { EncoderCliOptions } from './train-encoder.js';

interface Options extends EncoderCliOptions {
  readonly fasttext?: boolean;
  readonly encoder?: boolean;
  readonly dim: number;
  readonly epochs?: number;
  readonly rate?: number;
  readonly wordNgrams: number;
  readonly minCount: number;
  readonly minNgram: number;
  readonly maxNgram: number;
  readonly buckets: number;
  readonly loss: 'softmax' | 'hierarchical' | 'one-versus-all';
  readonly cutoff: number;
  readonly subWidth: number;
  readonly norms: boolean;
  readonly retrain?: boolean;
}

export function registerTrainClassifier(program: Command): void {
  program
    .command('train-classifier')
    .description('a classifier from labelled texts, for the steps `fasttext` and `classify`, with its scores on texts it never saw')
    .argument(
      '<texts...>',
      'LABEL=PATH (a run, .arrow shards, .jsonl, .txt: all documents have that label), or a file of examples: JSON lines with text and label, or `__label__x text` lines; plain or .gz',
    )
    .option('--fasttext', "words and n-grams in fastText's way: a file that fastText itself reads")
    .option('--encoder', 'a small BERT that reads words in their order: a folder for the step `classify` and for transformers')
    .requiredOption('-o, --out <path>', 'the model: .bin, or .ftz for a quantised one, with its card under the same name with .json; or the encoder folder')
    .option('--text-field <key>', 'the key of a JSON line that holds the text', 'text')
    .option('--label-field <key>', 'the key that holds the label, or a list of labels', 'label')
    .option('--score-field <key>', 'the key that holds an earlier score, such as score_quality: how well it agrees with the labels is said too')
    .addOption(new Option('--txt <what>', 'what a .txt after LABEL= is: one document, or a document a line').choices(['file', 'lines']).default('lines'))
    .option('--dim <n>', 'numbers a word (1 to 1,024)', upTo('--dim', 1, 1024), 100)
    .option('--epochs <n>', 'passes over the examples (5; encoder 4)', upTo('--epochs', 1, 10_000))
    .option('--rate <x>', 'learning rate at the start (0.1; encoder 0.001)', positive)
    .option('--word-ngrams <n>', 'longest run of words that is a feature', upTo('--word-ngrams', 1, 16), 1)
    .option('--min-count <n>', 'words that stand less often get no number of their own', upTo('--min-count', 1, 1e9), 1)
    .option('--min-ngram <n>', 'shortest run of characters that is a feature', upTo('--min-ngram', 0, 16), 0)
    .option('--max-ngram <n>', 'longest run of characters; 0 for none', upTo('--max-ngram', 0, 16), 0)
    .option('--buckets <n>', 'rows that n-grams are hashed to', upTo('--buckets', 1, 1e9), 2_000_000)
    .addOption(
      new Option('--loss <name>', 'one-versus-all lets a text have several labels').choices(['softmax', 'hierarchical', 'one-versus-all']).default('softmax'),
    )
    .option('--seed <n>', 'of the first weights and the order of examples', count('--seed', 0), 0)
    .option('--held-out <share>', 'the share of examples that is not learnt from but measured on, by hash of the text', share('--held-out'), 0.1)
    .option('--test <file>', 'labelled texts to measure on instead; again for more. What equals them is never learnt from', collect)
    .option('--cutoff <n>', '.ftz: rows kept, the heaviest ones; 0 keeps all', upTo('--cutoff', 0, 2 ** 31 - 1), 100_000)
    .option('--sub-width <n>', '.ftz: numbers that one byte stands for', upTo('--sub-width', 1, 1024), 2)
    .option('--no-norms', '.ftz: do not code the lengths of rows apart')
    .option('--retrain', '.ftz: learn again after the cut')
    .option('--tokenizer <name>', "encoder: a folder with tokenizer.json, or a file (reference-small's)")
    .option('--embeddings <folder>', 'encoder: a model of the same vocabulary and channels whose embeddings it begins at')
    .option(
      '--base <folder>',
      'encoder: a Falcon block such as reference-small that training goes on from, with its shape; the head reads the mean of its positions',
    )
    .option('--windows <n>', 'encoder: windows of --max-length tokens that a longer text is cut into; a pass learns the next one', upTo('--windows', 1, 64), 1)
    .option('--channels <n>', 'encoder: numbers a token', upTo('--channels', 2, 1024), 128)
    .option('--layers <n>', 'encoder: blocks', upTo('--layers', 1, 24), 4)
    .option('--heads <n>', 'encoder: attention heads a block', upTo('--heads', 1, 64), 4)
    .option('--max-length <n>', 'encoder: tokens read of a text', upTo('--max-length', 2, 2048), 256)
    .option('--batch <n>', 'encoder: texts a step', upTo('--batch', 1, 4096), 32)
    .option('--positive <label>', 'encoder: the label whose probability is the score of `classify`, where there are two (the last by name)')
    .option('--noise <share>', 'encoder: tokens hidden while learning', share('--noise'), 0.1)
    .option('--decay <x>', 'encoder: weight decay', Number, 0.05)
    .option('--threads <n>', 'encoder: threads; no part of the result', upTo('--threads', 1, 256), 1)
    .addOption(
      new Option('--storage <type>', 'encoder: of the weights in the file; transformers reads bf16 and f32').choices(['bf16', 'f32', 'int8']).default('bf16'),
    )
    .addOption(new Option('--max-memory <size>', 'examples and matrices together').argParser(memory('--max-memory')).default(4 * 2 ** 30, '4GiB'))
    .option('--json', 'one JSON object, for programs')
    .addHelpText('after', '\nThe same texts and options give the same bytes. One thread: fastText with several gives another model every time.')
    .action(
      action(async (sources: string[], options: Options) => {
        const quantised = options.out.endsWith('.ftz');
        if ((options.fasttext === true) === (options.encoder === true))
          throw new RefineError('ERR_REFINE_USAGE', 'says no kind of classifier, or two. Say --fasttext or --encoder', { place: 'train-classifier' });
        if (options.encoder === true) {
          const { trainEncoderCommand } = await import('./train-encoder.js');
          return await trainEncoderCommand(sources, options, options.epochs ?? 4, options.rate ?? 1e-3);
        }
        if (!quantised && !options.out.endsWith('.bin')) throw new RefineError('ERR_REFINE_USAGE', 'ends in neither .bin nor .ftz', { place: options.out });
        if (options.minNgram > options.maxNgram)
          throw new RefineError('ERR_REFINE_USAGE', `--min-ngram ${options.minNgram} is above --max-ngram ${options.maxNgram}`, { place: 'train-classifier' });
        const { trainFasttext } = await import('../classifier-train.js');
        const { spell } = await import('../labelled-split.js');
        const { textField, labelField, scoreField, txt, heldOut, test = [], cutoff, subWidth, norms, retrain = false } = options;
        const { dim, epochs = 5, rate = 0.1, wordNgrams, minCount, minNgram, maxNgram, buckets, loss, seed, maxMemory } = options;
        const training = { dim, epochs, rate, wordNgrams, minCount, minNgram, maxNgram, buckets, loss, seed, maxBytes: maxMemory };
        const quantise = quantised ? { cutoff, subWidth, norms, retrain } : null;
        const { signal, done } = interruptible();
        try {
          const made = await trainFasttext(
            { sources, test, heldOut, textField, labelField, ...(scoreField === undefined ? {} : { scoreField }), txt, training, quantise },
            signal,
            words,
          );
          const written = await replaceFile(options.out, made.file);
          const { maxBytes: _, ...asked } = training;
          const card = {
            format: 1,
            kind: 'fasttext',
            sha256: written.sha256,
            bytes: written.bytes,
            ...asked,
            quantise,
            sources,
            examples: made.learnt.examples,
            tokens: made.learnt.tokens,
            words: made.learnt.words,
            rows: made.learnt.rows,
            loss_last_epoch: made.learnt.loss,
            labels: made.learnt.labels,
            skipped: made.skips,
            scores: made.scores,
            ...(made.full === null ? {} : { scores_before_quantisation: made.full }),
          };
          const text = `${JSON.stringify(card, null, 2)}\n`;
          await replaceFile(options.out.replace(/\.(bin|ftz)$/, '.json'), text);
          if (options.json === true) await data(text);
          else
            await data(
              `${options.out}: ${number(card.bytes)} bytes, ${number(card.examples)} examples learnt, ${number(card.words)} words; ${spell(made.skips)}\n${scoreTable(made.scores, made.full)}`,
            );
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

function upTo(name: string, least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`${name} is a whole number from ${least} to ${most}.`);
    return value;
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1000)) throw new InvalidArgumentError('--rate is a number above 0, up to 1,000.');
  return value;
}
