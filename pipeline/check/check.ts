// `refine check RUN`: is a finished run fit to train on? infra/docs/readiness.md says what each check means and where it ends.
// Invariant: the same run, options and models give the same answer, byte for byte; what could not be looked at is named.
import { join } from 'node:path';
import { RefineError } from '../../native/index.js';
import { makeFolder, replaceFile } from '../atomic-file.js';
import { PROXY_STEPS } from '../proxy-train.js';
import { type LoadedTokenizer, loadTokenizer, SHIPPED_TOKENIZERS } from '../tokenizers.js';
import { type RunState, readRun } from '../run-folder.js';
import { compareModels, divergences, trainProxies } from './comparisons.js';
import { checkContract } from './contract-check.js';
import type { DuplicateFigures } from './duplicates.js';
import { CHECKS, type CheckName, type Finding, type Skipped } from './finding.js';
import type { GapReport } from './gap-report.js';
import { checkHoldout } from './holdout-check.js';
import { checkLanguages, type LanguageCheck, type ShardLanguages } from './language-check.js';
import type { LengthFigures } from './lengths.js';
import { type AskedDevice, placeModel } from '../device.js';
import { checkLosses, type LossFigures, openModel } from './loss-check.js';
import { checkReadable, type Known } from './readable.js';
import type { ProxyFigures } from './proxy-run.js';
import { addsBos, runTokenizer, shippedTokenizer, tokenizeOptions } from './run-tokenizer.js';
import { runTexts } from './run-texts.js';
import { checkFiles } from './shard-files.js';
import { type ContaminationFigures, type NearFigures, passTexts } from './text-pass.js';
import { type SampledShard, type Scan, scanTokens } from './token-scan.js';

export interface CheckOptions {
  /** Where the model's losses are computed and proxies learn; the CPU, whose answer every machine gives. On a GPU in bf16. */
  readonly device?: AskedDevice;
  /** The tokenizer that wrote the run, where it is not found by its name. */
  readonly tokenizer?: string;
  /** The tokenizer of the model to be trained. */
  readonly contract?: string;
  readonly benchmarks: readonly string[];
  readonly seqLen: number;
  /** The scoring model: a shipped name, a folder, or `none`; the package's own where absent. */
  readonly model?: string;
  /** Bits per byte of `model` and this one, by slice. */
  readonly compareModel?: string;
  /** Steps of a proxy run; absent: none, or PROXY_STEPS with `against`. */
  readonly trainSteps?: number;
  /** Another run's folder, for the proxy run. */
  readonly against?: string;
  /** Texts that neither run holds. */
  readonly third?: readonly string[];
  /** Of the proxy run; no part of the result. */
  readonly threads?: number;
}

export interface CheckResult {
  readonly format: 1;
  /** No finding is an error. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Checks that were made. */
  readonly checks: readonly CheckName[];
  /** Checks that were not made, or of a part only. */
  readonly skipped: readonly Skipped[];
  readonly tokenShards: number;
  readonly documents: number;
  readonly lengths: LengthFigures | null;
  readonly duplicates: DuplicateFigures | null;
  readonly nearDuplicates: NearFigures | null;
  readonly contamination: ContaminationFigures | null;
  readonly languages: readonly ShardLanguages[] | null;
  readonly loss: LossFigures | null;
  readonly gap: GapReport | null;
  readonly proxy: ProxyFigures | null;
  /** Documents compared across sink.holdout; null where nothing is held out. */
  readonly heldOut: { readonly heldOut: number; readonly train: number } | null;
}

export async function checkRun(folder: string, options: CheckOptions, signal: AbortSignal, progress: (words: string) => void): Promise<CheckResult> {
  const run = await readRun(folder);
  if (!run.finished)
    throw new RefineError('ERR_REFINE_LEDGER', 'is not finished, so its shards are not all there. Run `refine run` to its end first', { place: folder });
  if (run.tokens.length === 0 && run.text.length === 0)
    throw new RefineError('ERR_REFINE_LEDGER', 'has neither token nor text shards. Add the step tokenize to its manifest', { place: folder });
  const report = new Report();
  const files = await checkFiles(run, signal, progress);
  report.made(['shard-digest'], files.findings);

  const model = options.contract === undefined ? null : { name: options.contract, tokenizer: loadTokenizer(options.contract, process.cwd()) };
  const scan = await tokenChecks(run, options, model, files.damaged, report, signal, progress);
  const found = runTokenizer(run, scan?.contract ?? null, options.tokenizer);
  const tokenizer = typeof found === 'string' ? null : found;
  if (scan !== null && tokenizer === null) report.skip(['contract', 'language'], `ids were not read as text: ${found as string}`);
  const read = scan === null || tokenizer === null ? null : await readChecks(run, scan, tokenizer, model, report, signal, progress);
  const loss = await modelChecks(run, options, read, tokenizer, report, signal, progress);
  const gap =
    options.compareModel === undefined || read === null || tokenizer === null
      ? null
      : await compareModels(run, options.compareModel, options.model, read, tokenizer, signal, progress);
  const steps = options.trainSteps ?? (options.against === undefined ? null : PROXY_STEPS);
  const proxy = steps === null ? null : await trainProxies(run, options, steps, tokenizer, files.damaged, signal, progress);
  if (proxy !== null) report.made([], divergences(proxy));

  const texts = runTexts(run, tokenizer, files.damaged);
  const seed = BigInt(String(run.lock.resolved.seed ?? 0));
  const pass = texts === null ? null : await passTexts(texts, { seed, benchmarks: options.benchmarks }, signal, progress);
  if (pass === null) report.skip(['near-duplicates', 'contamination'], `the run keeps no text, and ${found as string}`);
  else report.made(['near-duplicates', ...(pass.contamination === null ? [] : ['contamination' as const])], pass.findings);
  if (pass !== null && pass.contamination === null) report.skip(['contamination'], 'no benchmark was named; give --benchmarks FILE...');
  if (pass !== null && pass.near.compared < pass.near.documents)
    report.skip(['near-duplicates', 'contamination'], `${pass.near.compared} of ${pass.near.documents} documents were looked at, in seeded whole shards`);

  const holdout = await checkHoldout(run, signal);
  report.made(holdout.compared === null ? [] : ['holdout'], holdout.findings);
  const findings = report.sorted(run);
  const result: CheckResult = {
    format: 1,
    ok: findings.every(({ severity }) => severity !== 'error'),
    findings,
    checks: CHECKS.filter((check) => report.checks.has(check)),
    skipped: report.skipped,
    tokenShards: run.tokens.length,
    documents: run.tokens.reduce((sum, { rows }) => sum + rows, 0),
    lengths: scan?.lengths ?? null,
    duplicates: scan?.duplicates ?? null,
    nearDuplicates: pass?.near ?? null,
    contamination: pass?.contamination ?? null,
    languages: read?.languages.shards ?? null,
    loss,
    gap,
    proxy,
    heldOut: holdout.compared,
  };
  await makeFolder(join(folder, 'check'));
  await replaceFile(join(folder, 'check', 'check.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

class Report {
  readonly checks = new Set<CheckName>();
  readonly skipped: Skipped[] = [];
  #findings: Finding[] = [];

  made(checks: readonly CheckName[], findings: readonly Finding[]): void {
    for (const check of checks) this.checks.add(check);
    this.#findings.push(...findings);
  }

  without(explained: (finding: Finding) => boolean): void {
    this.#findings = this.#findings.filter((finding) => !explained(finding));
  }

  skip(checks: readonly CheckName[], why: string): void {
    for (const check of checks) this.skipped.push({ check, why });
  }

  /** By check, then shard in loader order. */
  sorted(run: RunState): Finding[] {
    const order = new Map([...run.tokens, ...run.text].map(({ path }, at) => [path, at]));
    const place = ({ shard }: Finding): number => (shard === null ? -1 : (order.get(shard) ?? order.size));
    return this.#findings.sort((a, b) => CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check) || place(a) - place(b));
  }
}

/** What the token shards alone say; null where the run has none. */
async function tokenChecks(
  run: RunState,
  options: CheckOptions,
  model: Known | null,
  damaged: ReadonlySet<string>,
  report: Report,
  signal: AbortSignal,
  progress: (words: string) => void,
): Promise<Scan | null> {
  const asked = tokenizeOptions(run);
  if (run.tokens.length === 0) {
    report.skip(['contract', 'ids', 'eos', 'lengths', 'empty', 'duplicates', 'language'], 'the run has no token shards: add the step tokenize to its manifest');
    return null;
  }
  const ofModel = model !== null && addsBos(model.tokenizer) ? model.tokenizer.contract.bos_id : null;
  const bos = ofModel !== null || (asked !== null && asked.bos !== false);
  const scan = await scanTokens(run, { seqLen: options.seqLen, eos: asked !== null && asked.eos !== false, bos, bosId: ofModel, damaged }, signal, progress);
  report.made(['contract', 'ids', 'eos', 'lengths', 'empty', 'duplicates'], scan.findings);
  if (asked === null || asked.eos === false) report.skip(['eos'], 'tokenize was told to write no EOS');
  return scan;
}

/** What sampled documents say once they are read as text. */
async function readChecks(
  run: RunState,
  scan: Scan,
  tokenizer: LoadedTokenizer,
  model: Known | null,
  report: Report,
  signal: AbortSignal,
  progress: (words: string) => void,
): Promise<ReadShards> {
  progress('contract: reading sampled documents');
  const parseSpecial = tokenizeOptions(run)?.special === 'parse';
  if (model !== null) report.made(['contract'], await checkContract(scan, tokenizer, model));
  const others = (): Known[] =>
    [...SHIPPED_TOKENIZERS.map((name) => ({ name, tokenizer: shippedTokenizer(name) })), ...(model === null ? [] : [model])].filter(
      (one) => one.tokenizer.contract.sha256 !== tokenizer.contract.sha256,
    );
  const unreadable = await checkReadable(scan.samples, tokenizer, others, parseSpecial, signal);
  report.made(['contract'], unreadable);
  // ids that are no text have no language, and an EOS among them is none: one fault, one finding
  const unread = new Set(unreadable.map(({ shard }) => shard));
  report.without(({ check, severity, shard }) => check === 'eos' && severity === 'warning' && unread.has(shard));
  const samples = scan.samples.filter(({ path }) => !unread.has(path));
  const languages = await checkLanguages(run, samples, tokenizer, signal);
  report.made(['language'], languages.findings);
  return { samples, languages };
}

/** Shards whose ids are text, and the languages of their sampled documents. */
export interface ReadShards {
  readonly samples: readonly SampledShard[];
  readonly languages: LanguageCheck;
}

async function modelChecks(
  run: RunState,
  options: CheckOptions,
  read: ReadShards | null,
  tokenizer: LoadedTokenizer | null,
  report: Report,
  signal: AbortSignal,
  progress: (words: string) => void,
): Promise<LossFigures | null> {
  if (options.model === 'none') {
    report.skip(['loss-outlier', 'model'], 'no model was to be asked (--model none)');
    return null;
  }
  const model = await openModel(options.model, placeModel(options.device ?? 'cpu'));
  if (model === null) {
    report.skip(['loss-outlier', 'model'], 'this package ships no reference model; name one with --model DIR');
    return null;
  }
  report.made(['model'], model.findings);
  if (model.scorer === null || read === null || tokenizer === null) {
    report.skip(['loss-outlier'], model.scorer === null ? `the model ${model.name} cannot be asked` : 'no shard was read as text');
    return null;
  }
  const { findings, loss } = await checkLosses(run, read.samples, read.languages.languageOf, tokenizer, model.scorer, signal, progress);
  model.scorer.close();
  report.made(['loss-outlier'], findings);
  return loss;
}
