// `refine check RUN`: what would spoil a training run, before it does.
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import type { AskedDevice } from '../device.js';
import type { CheckResult } from '../check/check.js';
import { CHECKS, percent } from '../check/finding.js';
import { gapText, PROXY_LIMIT } from '../check/gap-report.js';
import { describeLengths } from '../check/lengths.js';
import { PROXY_BATCH, PROXY_STEPS } from '../proxy-train.js';
import type { FileKind } from '../storage/read-run.js';
import { action, count, data, EXIT, interruptible, words } from './command.js';
import { deviceOption } from './run.js';

interface Options {
  readonly tokenizer?: string;
  readonly contract?: string;
  readonly benchmarks?: readonly string[];
  readonly seqLen: number;
  readonly model?: string;
  readonly device: AskedDevice;
  readonly compareModel?: string;
  readonly trainSteps?: number;
  readonly against?: string;
  readonly third?: readonly string[];
  readonly json?: boolean;
}

const CHECKED: readonly FileKind[] = ['text', 'tokens', 'features', 'samples', 'index'];

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('is a run fit to train on: contract, shard digests, ids, EOS, lengths, empty documents, duplicates, contamination, languages')
    .argument('<run>', 'the folder of a finished run, here or at s3://BUCKET/PREFIX or https://HOST/RUN')
    .option('--contract <dir>', 'the tokenizer of the model to be trained: ids, EOS and BOS must be what it expects')
    .option('--model <name>', 'the decoder whose losses are compared: a shipped name, a HuggingFace folder, or none (default: reference-small)')
    .addOption(deviceOption('where losses are computed and proxies learn: cpu, cuda (in bf16), or auto (a GPU where one is usable)', 'cpu'))
    .option('--compare-model <name>', 'a second decoder: where the two differ, by kind of text, language and host')
    .option(
      '--train-steps <n>',
      `a proxy run: a small decoder learns so many steps of ${PROXY_BATCH} tokens from a sample (default with --against: ${PROXY_STEPS}, under two minutes a seed on two cores)`,
      count('--train-steps', 1),
    )
    .option('--against <run2>', 'another run: proxies learn from both, three seeds of each, and are compared on the texts of --third')
    .option('--third <files...>', 'texts that neither run holds, to compare on (.txt, .jsonl, a run)')
    .option('--benchmarks <files...>', 'benchmark files (JSON lines, Parquet, text): documents that share an n-gram of 13 words are named')
    .option('--tokenizer <dir>', 'the tokenizer that wrote the run, where its manifest names a path that is not found from here')
    .option('--seq-len <n>', 'tokens a row, for the padding of each packing', count('--seq-len', 2), 2048)
    .option('--json', 'one JSON object, as it is written to RUN/check/check.json')
    .addHelpText(
      'after',
      `\nChecks: ${CHECKS.join(', ')}; exit 1 if any finding is an error. infra/docs/readiness.md says what each means.\n\n--train-steps, --against, --compare-model: ${PROXY_LIMIT}`,
    )
    .action(
      action(async (named: string, options: Options) => {
        const { signal, done } = interruptible();
        try {
          const { json, benchmarks = [], ...rest } = options;
          if (options.third !== undefined && options.trainSteps === undefined && options.against === undefined)
            throw new RefineError('ERR_REFINE_USAGE', '--third goes with --train-steps N or --against RUN2, the proxy run.');
          const { localCopy, sendBack } = await import('../storage/read-run.js');
          const { checkRun } = await import('../check/check.js');
          const run = await localCopy(named, CHECKED, words, signal);
          const against = rest.against === undefined ? {} : { against: await localCopy(rest.against, CHECKED, words, signal) };
          const result = await checkRun(run, { ...rest, ...against, benchmarks }, signal, seldom());
          await sendBack(named, run, ['check/check.json']);
          await data(json === true ? `${JSON.stringify(result, null, 2)}\n` : await checkText(result));
          return result.ok ? EXIT.done : EXIT.failed;
        } finally {
          done();
        }
      }),
    );
}

/** A line on stderr at most every two seconds. */
function seldom(): (line: string) => void {
  let last = Date.now();
  return (line) => {
    if (Date.now() - last < 2000) return;
    last = Date.now();
    words(`refine check: ${line}`);
  };
}

async function checkText(result: CheckResult): Promise<string> {
  const lines = result.findings.map(({ check, severity, shard, rows, message, next }) => {
    const where = shard === null ? '' : ` ${shard}${rows.length === 0 ? '' : ` rows ${rows.join(', ')}`}`;
    return `${severity === 'error' ? 'ERROR  ' : 'warning'} ${check}${where}: ${message}. ${next}.`;
  });
  if (result.lengths !== null) lines.push(describeLengths(result.lengths));
  const { duplicates, nearDuplicates, heldOut } = result;
  if (duplicates !== null)
    lines.push(
      `equal documents: ${duplicates.equal} of ${duplicates.documents}; windows of 64 tokens in more than one document: ${percent(duplicates.repeated / Math.max(1, duplicates.windows))} of ${duplicates.windows} sampled`,
    );
  if (nearDuplicates !== null)
    lines.push(
      `near duplicates (Jaccard 0.8): ${percent(nearDuplicates.share)} of ${nearDuplicates.sampled} sampled documents, at 95 % ${percent(nearDuplicates.low)} to ${percent(nearDuplicates.high)}`,
    );
  if (result.loss !== null)
    lines.push(
      `loss under ${result.loss.model}: ${result.loss.bitsPerByte.toFixed(3)} bits a byte over ${result.loss.documents} sampled documents; by shard, medians ${result.loss.shards.map(({ median }) => median.toFixed(2)).join(' ')}`,
    );
  if (result.gap !== null) lines.push(gapText(result.gap).trimEnd());
  if (result.proxy !== null) lines.push(...(await import('../check/proxy-run.js')).describeProxy(result.proxy));
  for (const { check, why } of result.skipped) lines.push(`not checked: ${check}: ${why}`);
  const compared = heldOut === null ? '' : `; ${heldOut.heldOut} held-out documents against ${heldOut.train} for training, every pair from Jaccard 0.8`;
  lines.push(
    `${result.ok ? 'ok' : 'NOT fit to train on'}: ${result.documents} documents in ${result.tokenShards} token shards, checked: ${result.checks.join(', ')}${compared}`,
  );
  return `${lines.join('\n')}\n`;
}
