// What `refine try` does with its files: each read by its format, through the steps, a line a document.
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Batch } from '../../native/batch.js';
import { RefineError } from '../../native/errors.js';
import type { Input, InputFormat } from '../../stages/contract/source.js';
import { readsOf, type StageEnv } from '../../stages/contract/stage.js';
import { localGate, openInput } from '../inputs.js';
import { documentJson } from '../json-lines.js';
import { stepWarnings } from '../manifest-warnings.js';
import { loadStep } from '../registry.js';
import { mostShown, type ShownDocument, showPage, shownDocuments } from '../show-page.js';
import { sniffFile } from '../sniff.js';
import { type Outcome, type Rows, Trial } from '../trial.js';
import { parseSteps } from '../try-steps.js';
import type { Step } from '../types.js';
import { data, EXIT, words } from './command.js';

/** One file as given. `failure` is set where it cannot be read at all. */
interface Given {
  readonly name: string;
  readonly location: string;
  readonly format: InputFormat | null;
  failure: RefineError | null;
}

export async function tryFiles(
  names: string,
  files: readonly string[],
  options: { with?: string; show?: string },
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  const given: Given[] = [];
  for (const name of files) given.push(await look(name, folder, signal));
  const asked = await parseSteps(names.split(','), options.with, { baseDir: process.cwd() });
  const env = { seed: 0n, baseDir: process.cwd(), device: 'cpu' } as const;
  const { steps, added } = await withExtract(asked, given, env);
  const show = options.show === undefined ? null : new Show(options.show, steps);
  for (const warning of stepWarnings(steps, env)) words(warning);
  const trial = await Trial.open(steps, env);
  try {
    const use = (step: Step, input: number): boolean => step !== added || hasHtml(given[input]!);
    let next = 0; // files before this one have had their say
    for await (const outcome of trial.documents(readAll(given, show, signal), use, signal)) {
      for (; next < outcome.input; next++) await sayFailure(given[next]!);
      await data(`${line(outcome, trial)}\n`);
    }
    for (; next < given.length; next++) await sayFailure(given[next]!);
    await show?.write();
    return EXIT.done;
  } finally {
    await trial.close();
  }
}

function hasHtml(file: Given): boolean {
  return file.format === 'html' || file.format === 'warc';
}

/** Where a step needs text and an input has pages, `extract` with its defaults goes first. */
async function withExtract(
  asked: readonly Step[],
  given: readonly Given[],
  env: StageEnv,
): Promise<{ readonly steps: readonly Step[]; readonly added: Step | null }> {
  const reads = (step: Step): boolean => readsOf(step.stage, step.options, env).includes('text');
  const maker = asked.findIndex((step) => step.stage.writes.includes('text') && !reads(step));
  const reader = asked.findIndex(reads);
  const needs = reader >= 0 && (maker < 0 || reader < maker);
  if (!needs || !given.some(hasHtml) || asked.some((step) => step.name === 'extract')) return { steps: asked, added: null };
  words(`"${asked[reader]!.name}" reads text and the input has HTML: running extract first, with its defaults.`);
  const extract = (await loadStep('extract'))!;
  const added: Step = { name: 'extract', stage: extract, options: extract.schema.parse({}) };
  return { steps: [added, ...asked], added };
}

async function look(name: string, folder: string, signal: AbortSignal): Promise<Given> {
  try {
    if (name !== '-') return { name: name.replaceAll('\\', '/'), location: resolve(name), format: await sniffFile(name), failure: null };
    const location = join(folder, 'stdin');
    await pipeline(process.stdin, createWriteStream(location), { signal });
    return { name: 'stdin', location, format: await sniffFile(location), failure: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RefineError)) throw error;
    return { name, location: '', format: null, failure: error };
  }
}

/** What `--show` gathers while the documents pass. */
class Show {
  private readonly mode: ShownDocument['mode'];
  private readonly documents: ShownDocument[] = [];
  private left = 0;

  constructor(
    private readonly file: string,
    steps: readonly Step[],
  ) {
    const extract = steps.find((step) => step.stage.name === 'extract');
    if (extract === undefined)
      throw new RefineError('ERR_REFINE_USAGE', '--show draws what extract kept, and no step here is extract. Add it: try extract --show FILE.', {
        place: 'try',
      });
    this.mode = (extract.options as { mode: ShownDocument['mode'] }).mode;
  }

  add(batch: Batch): void {
    if (this.documents.length >= mostShown) {
      this.left += batch.rows;
      return;
    }
    const found = shownDocuments(batch, this.mode);
    const fit = found.slice(0, mostShown - this.documents.length);
    this.documents.push(...fit);
    this.left += found.length - fit.length;
  }

  async write(): Promise<void> {
    await writeFile(this.file, showPage(this.documents, this.left));
    words(`What extract kept of ${this.documents.length} documents and why: ${this.file}`);
  }
}

async function* readAll(given: readonly Given[], show: Show | null, signal: AbortSignal): AsyncGenerator<Rows> {
  const gate = localGate();
  for (const [input, file] of given.entries()) {
    if (file.format === null) continue;
    const described: Input = {
      path: file.name,
      location: file.location,
      format: file.format,
      bytes: null,
      identity: '',
      ...(file.format === 'jsonl' ? { textField: 'text' } : {}),
    };
    let row = 0;
    try {
      for await (const batch of openInput(described, { gate }).batches(signal)) {
        show?.add(batch);
        yield { input, rows: Uint32Array.from({ length: batch.rows }, (_, at) => row + at), batch };
        row += batch.rows;
      }
    } catch (error) {
      if (!(error instanceof RefineError) || error.code === 'ERR_REFINE_INTERRUPTED') throw error;
      file.failure = error;
    }
  }
}

function line(outcome: Outcome, trial: Trial): string {
  const duplicate = outcome.keptId === undefined ? {} : { kept_id: outcome.keptId };
  return documentJson(outcome.batch, outcome.at, trial.columns, { kept: outcome.reason === null, reason: outcome.reason, ...duplicate });
}

/** A file that could not be read, or not to its end, is a line of its own after its documents. */
async function sayFailure(file: Given): Promise<void> {
  if (file.failure === null) return;
  words(file.failure.format());
  await data(`${JSON.stringify({ id: plainId(file.name), kept: false, reason: `source/${reasonOf(file.failure)}` })}\n`);
}

function reasonOf(error: RefineError): string {
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'not-found';
    case 'EISDIR':
      return 'is-folder';
    case 'EACCES':
    case 'EPERM':
      return 'no-permission';
    case 'UNSUPPORTED':
      return 'unsupported-format';
    default:
      if (error.message.startsWith('no WARC or ARC record')) return 'no-record';
      return error.message.startsWith('unsupported container') ? 'unsupported-container' : 'unreadable';
  }
}

/** A plain file's id (DESIGN section 6): its base name less one .gz or .zst, then less one of the suffixes of documents. */
function plainId(name: string): string {
  return basename(name)
    .replace(/\.(gz|zst)$/, '')
    .replace(/\.(html|htm|txt|jsonl|warc)$/, '');
}
