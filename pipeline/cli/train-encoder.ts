// `refine train-classifier --encoder`: what the command does with its options, and what it prints.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import type { EncoderStorage } from '../encoder-folder.js';
import { trainEncoder } from '../encoder-train.js';
import { spell } from '../labelled-split.js';
import { number } from '../stats-text.js';
import type { PlainText } from '../tokenizer-texts.js';
import { data, EXIT, interruptible, words } from './command.js';
import { scoreTable } from './score-table.js';

export interface EncoderCliOptions {
  readonly out: string;
  readonly textField: string;
  readonly labelField: string;
  readonly scoreField?: string;
  readonly txt: PlainText;
  readonly heldOut: number;
  readonly test?: readonly string[];
  readonly seed: number;
  readonly maxMemory: number;
  readonly json?: boolean;
  readonly tokenizer?: string;
  readonly embeddings?: string;
  readonly base?: string;
  readonly windows: number;
  readonly channels: number;
  readonly layers: number;
  readonly heads: number;
  readonly maxLength: number;
  readonly batch: number;
  readonly noise: number;
  readonly decay: number;
  readonly threads: number;
  readonly storage: EncoderStorage;
  readonly positive?: string;
}

/** `epochs`, `rate`: as asked, or this kind's own. */
export async function trainEncoderCommand(sources: readonly string[], options: EncoderCliOptions, epochs: number, rate: number): Promise<number> {
  const { channels, layers, heads, maxLength } = options;
  if (options.base !== undefined && (options.embeddings !== undefined || options.tokenizer !== undefined || options.noise > 0))
    throw new RefineError(
      'ERR_REFINE_USAGE',
      '--base brings embeddings and a tokenizer of its own, and knows no hidden tokens. Leave --embeddings and --tokenizer out, and set --noise 0',
      { place: 'train-classifier' },
    );
  if (channels % heads !== 0)
    throw new RefineError('ERR_REFINE_USAGE', `--heads ${heads} does not divide --channels ${channels}`, { place: 'train-classifier' });
  if (/\.(bin|ftz)$/.test(options.out))
    throw new RefineError('ERR_REFINE_USAGE', 'is the name of a fastText file; an encoder is a folder', { place: options.out });
  const { signal, done } = interruptible();
  const {
    textField,
    labelField,
    scoreField,
    txt,
    heldOut,
    test = [],
    tokenizer = null,
    embeddings = null,
    base = null,
    windows,
    positive = null,
    batch,
    noise,
    decay,
    seed,
    threads,
    storage,
  } = options;
  const shape = { channels, layers, heads, maxLength };
  try {
    const made = await trainEncoder(
      {
        sources,
        test,
        heldOut,
        textField,
        labelField,
        ...(scoreField === undefined ? {} : { scoreField }),
        txt,
        tokenizer,
        embeddings,
        base,
        windows,
        shape,
        epochs,
        rate,
        decay,
        batch,
        noise,
        seed,
        threads,
        storage,
        positive,
        maxBytes: options.maxMemory,
      },
      signal,
      words,
    );
    await mkdir(options.out, { recursive: true });
    let bytes = 0;
    for (const file of made.files) bytes += (await replaceFile(join(options.out, file.name), file.bytes)).bytes;
    const card = {
      format: 1,
      kind: 'encoder',
      bytes,
      ...made.shape,
      windows,
      epochs,
      rate,
      decay,
      batch,
      noise,
      seed,
      storage,
      sources,
      examples: made.examples,
      tokens: made.tokens,
      parameters: made.parameters,
      loss_by_epoch: made.losses,
      labels: made.labels,
      skipped: made.skips,
      scores: made.scores,
    };
    const text = `${JSON.stringify(card, null, 2)}\n`;
    await replaceFile(join(options.out, 'training.json'), text);
    if (options.json === true) await data(text);
    else
      await data(
        `${options.out}: ${number(bytes)} bytes, ${number(made.parameters)} parameters, ${number(made.examples)} examples learnt; ${spell(made.skips)}\n${scoreTable(made.scores, null)}`,
      );
    return EXIT.done;
  } finally {
    done();
  }
}
