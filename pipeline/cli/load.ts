// `refine load RUN`, `refine load RUN=weight RUN2=weight`, `refine load MIX.yaml`: streams packed batches as an Arrow IPC stream
// on stdout.
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import { parseStages } from '../loader/curriculum.js';
import { LAST_BATCH, type LastBatch, Loader, type LoaderOptions } from '../loader/loader.js';
import { mixFromArguments } from '../loader/mix-arguments.js';
import { DEFAULT_WINDOW } from '../loader/order.js';
import { checkPacking } from '../loader/packing.js';
import { parseSkip } from '../loader/skip.js';
import { SPLITS, type Split } from '../loader/splits.js';
import { type LoaderState, parseState } from '../loader/state.js';
import { VERIFY, type Verify } from '../loader/verify.js';
import { action, count, data, EXIT, words } from './command.js';
import { explainText, reportText, whereText } from './load-answers.js';
import { type AskedStream, addOutput, addRemote, deliver, endAtSignal, type OutputOptions, parseBytes } from './load-output.js';

interface LoadOptions extends OutputOptions {
  readonly cache?: string;
  readonly cacheBytes?: string;
  readonly prefetch?: number;
  readonly seqLen?: number;
  readonly batchSize: number;
  readonly worldSize: number;
  readonly rank: number;
  readonly seed?: bigint;
  readonly epochs?: number;
  readonly packing: string;
  readonly verify: Verify;
  readonly split: Split;
  readonly shuffleWindow: number;
  readonly last: LastBatch;
  readonly stages?: string;
  readonly resume?: string;
  readonly after?: string;
  readonly skip?: string;
  readonly explain?: number;
  readonly where?: string;
  readonly report?: boolean;
  readonly json?: boolean;
}

export function registerLoad(program: Command): void {
  const command = program
    .command('load')
    .description('stream packed batches of token ids as an Arrow IPC stream')
    .argument('<runs...>', 'the folder that `refine run` wrote, or its copy at https://HOST/RUN or s3://BUCKET/PREFIX; several as RUN=weight; or a MIX.yaml')
    .option('--seq-len <tokens>', 'tokens a row (with stages: the greatest length, which it then need not say)', count('--seq-len', 1))
    .requiredOption('--batch-size <rows>', 'rows of a batch over all ranks', count('--batch-size', 1))
    .option('--world-size <ranks>', 'ranks that share the stream', count('--world-size', 1), 1)
    .option('--rank <rank>', 'which of them this is', count('--rank', 0), 0)
    .option('--seed <seed>', "seed of the order of samples (default: the first run's manifest's)", integer)
    .option('--epochs <n>', 'epochs in all; 0 = endless (default: 1)', count('--epochs', 0))
    .option('--packing <kind>', 'concat: documents end to end; best-fit: whole documents, as many as fit a row; none: a document a row', 'concat')
    .addOption(
      new Option('--verify <kind>', 'sha256 of shards: once a machine (by a mark in the cache folder), once a process, or never')
        .choices([...VERIFY])
        .default('stamp'),
    )
    .addOption(new Option('--split <kind>', 'the documents for training, or those that sink.holdout keeps out of it').choices([...SPLITS]).default('train'))
    .option('--shuffle-window <blocks>', 'blocks of about a shard that are shuffled together; 0 = all', count('--shuffle-window', 0), DEFAULT_WINDOW)
    .option('--stages <list>', 'sequence lengths by stages, LENGTH:TOKENS,... such as 2048:1B,8192:500M')
    .addOption(new Option('--last <kind>', 'the last batch of an epoch').choices([...LAST_BATCH]).default('short'))
    .option('--resume <state>', 'the "refine.state" of a batch, or @FILE that holds it: go on after it')
    .option('--after <state>', 'the state of another mix: begin this one where its sources stood, so that nothing seen comes again')
    .option('--skip <batches>', 'batches to leave out, such as 1200-1210,1300; remembered by the state')
    .option('--explain <batch>', 'print which samples, documents and tokens are in a batch, counted from 0, instead of streaming', count('--explain', 0))
    .option('--where <document>', 'print in which batches and rows a document comes: its id, its URL, or #N for row N of the run')
    .option('--report', 'print the tokens given by source up to the state of --resume')
    .option('--json', 'with --explain, --where or --report: JSON');
  addRemote(addOutput(command)).action(action(load));
}

function integer(text: string): bigint {
  if (!/^-?\d{1,20}$/.test(text)) throw new InvalidArgumentError('--seed is a whole number.');
  return BigInt(text);
}

async function load(runs: readonly string[], options: LoadOptions): Promise<number> {
  endAtSignal();
  const answer = answerOf(options);
  const open = async (asked?: AskedStream): Promise<Loader> => {
    const given = asked === undefined ? options : { ...options, ...asked };
    return Loader.open(await mixFromArguments(runs), loaderOptions(given));
  };
  if (answer !== null) {
    const loader = await open();
    try {
      await data(await answer(loader));
      return EXIT.done;
    } finally {
      await loader.close();
    }
  }
  const opened = async (asked?: AskedStream): Promise<Loader> => {
    const loader = await open(asked);
    const tokens = loader.sources.reduce((sum, { index }) => sum + index.tokens, 0);
    const shards = loader.sources.reduce((sum, { index }) => sum + index.shards.length, 0);
    words(`refine load: ${loader.samples} samples of ${loader.seqLen} tokens from ${tokens} tokens in ${shards} shards`);
    for (const note of loader.notes) words(`refine load: ${note}`);
    return loader;
  };
  return await deliver(opened, options.worldSize, options);
}

/** What is printed in place of the stream. */
function answerOf({ explain, where, report, json = false }: LoadOptions): ((loader: Loader) => Promise<string>) | null {
  const answers = [
    ...(explain === undefined ? [] : [(loader: Loader) => explainText(loader, explain, json)]),
    ...(where === undefined ? [] : [(loader: Loader) => whereText(loader, where, json)]),
    ...(report === undefined ? [] : [async (loader: Loader) => reportText(loader, json)]),
  ];
  if (answers.length > 1) throw new RefineError('ERR_REFINE_USAGE', 'stand together. Ask one thing at a time', { place: '--explain, --where, --report' });
  if (answers.length === 0 && json) throw new RefineError('ERR_REFINE_USAGE', 'goes with --explain, --where or --report. Add one of them', { place: '--json' });
  return answers[0] ?? null;
}

function loaderOptions(options: LoadOptions): LoaderOptions {
  const {
    resume,
    after,
    packing,
    stages,
    skip,
    cacheBytes,
    explain: _,
    where: _w,
    report: _r,
    json: _j,
    listen: _l,
    ranks: _s,
    files: _f,
    ahead: _a,
    ...rest
  } = options;
  return {
    ...rest,
    packing: checkPacking(packing),
    words: (line) => words(`refine load: ${line}`),
    ...(cacheBytes === undefined ? {} : { cacheBytes: parseBytes('--cache-bytes', cacheBytes) }),
    ...(stages === undefined ? {} : { stages: parseStages(stages) }),
    ...(resume === undefined ? {} : { resume: readState('--resume', resume) }),
    ...(after === undefined ? {} : { after: readState('--after', after) }),
    ...(skip === undefined ? {} : { skip: parseSkip(skip) }),
  };
}

function readState(option: string, text: string): LoaderState {
  if (!text.startsWith('@')) return parseState(text, option);
  try {
    return parseState(readFileSync(text.slice(1), 'utf8'), option);
  } catch (cause) {
    if (cause instanceof RefineError) throw cause;
    throw new RefineError('ERR_REFINE_USAGE', `cannot be read: ${(cause as Error).message}`, { place: `${option} ${text}`, cause });
  }
}
