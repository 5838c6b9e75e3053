// `refine index`: what earlier runs kept, as keys, so that a new crawl is deduplicated against them without their text.
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { RefineError } from '../../native/errors.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { type AddOptions, createIndex } from '../dedupe-index.js';
import { defaultKeeps, KEEPS, type Keep, openIndexRun, signaturesStep, stepsOfIndex, stepsToKeep } from '../dedupe-index-run.js';
import { addRun, keysOf } from '../dedupe-index-segment.js';
import { addSignatures } from '../dedupe-index-signatures.js';
import { damageError, verifyIndex } from '../dedupe-index-verify.js';
import { type Catalogue, type IndexSegment, readCatalogue } from '../index-files.js';
import { readRun, type RunState } from '../run-folder.js';
import { number } from '../stats-text.js';
import { action, data, EXIT, interruptible, memory, words } from './command.js';

interface AddFlags {
  readonly name?: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly finalText?: boolean;
  readonly maxMemory: number;
  readonly signatures?: readonly string[];
}

interface BuildFlags extends AddFlags {
  readonly out: string;
  readonly keep?: readonly Keep[];
}

export function registerIndex(program: Command): void {
  const command = program
    .command('index')
    .description('an index of what earlier runs kept: a new crawl is deduplicated against it (dedupe-minhash: { against: INDEX })');

  adding(command.command('build').description('makes an index of finished runs'))
    .argument('[runs...]', 'run folders, finished, with text/')
    .requiredOption('-o, --out <index>', 'the folder to make')
    .option(
      '--keep <what>',
      `of ${KEEPS.join(',')}, joined by ","; default: keys of the first run's dedupe steps, and shingles where it has dedupe-minhash`,
      keep,
    )
    .addHelpText(
      'after',
      '\nshingles are what verification needs (verify: survivor or pair) and take about the size of the text; without them only verify: none is possible.',
    )
    .action(
      action(async (folders: string[], flags: BuildFlags) => {
        const runs = await readRuns(folders, flags);
        if (runs.length === 0) {
          await createIndex(resolve(flags.out), keysOf([await signaturesStep(flags.with)], env()), false);
          return add(resolve(flags.out), flags.out, runs, flags);
        }
        const keeps = flags.keep ?? defaultKeeps(runs[0]!);
        const steps = await stepsToKeep(runs[0]!, keeps, flags.with);
        for (const run of runs) await openIndexRun(run, steps, env(), flags.finalText === true); // before anything is made
        await createIndex(resolve(flags.out), keysOf(steps, env()), keeps.includes('shingles'));
        return add(resolve(flags.out), flags.out, runs, flags);
      }),
    );

  adding(command.command('add').description('appends finished runs to an index'))
    .argument('<index>', 'an index')
    .argument('[runs...]', 'run folders, finished, with text/')
    .action(action(async (index: string, folders: string[], flags: AddFlags) => add(resolve(index), index, await readRuns(folders, flags), flags)));

  command
    .command('show')
    .description('the runs in an index, its keys and its size')
    .argument('<index>', 'an index')
    .option('--json', 'one JSON object, for programs')
    .action(
      action(async (index: string, flags: { json?: boolean }) => {
        const catalogue = readCatalogue(resolve(index));
        await data(flags.json === true ? `${JSON.stringify(summary(catalogue))}\n` : `${shown(catalogue).join('\n')}\n`);
        return EXIT.done;
      }),
    );

  command
    .command('verify')
    .description('reads every byte of an index and compares it with the catalogue')
    .argument('<index>', 'an index')
    .action(
      action(async (index: string) => {
        const { signal, done } = interruptible();
        try {
          const verified = await verifyIndex(resolve(index), signal);
          for (const { path, found } of verified.damage) words(`ERR_REFINE_INDEX ${path}  ${found}`);
          for (const path of verified.leftovers)
            words(`${path} is in no catalogue: a writer that was killed left it, or one is at work. Delete it if none is.`);
          const error = damageError(index, verified);
          if (error !== null) throw error;
          await data(`${index}: ${number(verified.files)} files, ${number(verified.bytes)} bytes, as its catalogue says\n`);
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

function adding(command: Command): Command {
  return command
    .option('--name <name>', "what the run is called in the index (default: its manifest's name)")
    .option('--with <json>', 'options of dedupe steps in place of those of the run: {"dedupe-minhash": {"preset": "refinedweb"}}', stepOptions, {})
    .option('--signatures <folders...>', "datatrove's MinHash signatures (its stage 1's folder) as entries, for verify: none")
    .option('--final-text', 'index a run whose text was changed after its dedupe steps')
    .option('--max-memory <size>', 'for sorting; what passes it goes to disk', memory('--max-memory'), 2 ** 29);
}

const env = (): StageEnv => ({ seed: 0n, baseDir: process.cwd(), device: 'cpu' });

async function readRuns(folders: readonly string[], flags: AddFlags): Promise<RunState[]> {
  const all = [...folders, ...(flags.signatures ?? [])];
  if (all.length === 0) throw new RefineError('ERR_REFINE_USAGE', 'expected a run folder, or --signatures FOLDER.');
  if (flags.name !== undefined && all.length > 1) throw new RefineError('ERR_REFINE_USAGE', '--name names one run, and here are several. Add them one by one.');
  const runs: RunState[] = [];
  for (const folder of folders) runs.push(await readRun(folder));
  return runs;
}

async function add(index: string, called: string, runs: readonly RunState[], flags: AddFlags): Promise<number> {
  const { signal, done } = interruptible();
  try {
    const enter = async (name: string, write: (options: AddOptions) => Promise<IndexSegment | null>): Promise<void> => {
      let said = 0;
      const progress = (documents: number): void => {
        if (documents - said >= 1_000_000) words(`${name}: ${number((said = documents))} documents`);
      };
      const segment = await write({ memoryBytes: flags.maxMemory, signal, progress, ...(flags.name === undefined ? {} : { name: flags.name }) });
      await data(segment === null ? `${called}: ${flags.name ?? name} is in it already\n` : `${called}: ${segmentLine(segment)}\n`);
    };
    for (const run of runs) {
      const { keys } = readCatalogue(index);
      const steps = await stepsOfIndex(run, keys, flags.with);
      const opened = await openIndexRun(run, steps, env(), flags.finalText === true);
      await enter(opened.name, (options) => addRun(index, opened, steps, env(), options));
    }
    for (const folder of flags.signatures ?? [])
      await enter(folder, async (options) => addSignatures(index, folder, await signaturesStep(flags.with), env(), options));
    return EXIT.done;
  } finally {
    done();
  }
}

/** What a file is of, for people: the bands of dedupe-minhash are one thing. */
function kindOf(role: string): string {
  return role.startsWith('bands-') ? 'bands' : role;
}

function bytesByKind(segments: readonly IndexSegment[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const segment of segments)
    for (const [role, file] of Object.entries(segment.files)) bytes.set(kindOf(role), (bytes.get(kindOf(role)) ?? 0) + file.bytes);
  return new Map([...bytes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function perDocument(segments: readonly IndexSegment[]): string {
  const documents = segments.reduce((sum, segment) => sum + segment.documents, 0);
  const bytes = bytesByKind(segments);
  const each = (of: number): string => number(Math.round(of / Math.max(1, documents)));
  const parts = [...bytes].map(([kind, of]) => `${kind} ${each(of)}`);
  const all = [...bytes.values()].reduce((sum, of) => sum + of, 0);
  return `${each(all)} bytes a document (${parts.join(', ')})`;
}

function segmentLine(segment: IndexSegment): string {
  return `${segment.name}, ${number(segment.documents)} documents, ${perDocument([segment])}`;
}

function shown(catalogue: Catalogue): string[] {
  const keys = Object.entries(catalogue.keys).map(
    ([stage, space]) =>
      `${stage}  ${Object.entries(space)
        .filter(([name]) => name !== 'form')
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
  );
  const { documents, bytes } = summary(catalogue);
  const total = `${number(documents)} documents of ${catalogue.segments.length} runs, ${number(bytes)} bytes, ${perDocument(catalogue.segments)}`;
  return [
    ...keys,
    ...(catalogue.keys['dedupe-minhash'] === undefined || catalogue.shingles ? [] : ['no shingle sets: verify: none only']),
    ...catalogue.segments.map(segmentLine),
    total,
  ];
}

interface Summary {
  readonly keys: Catalogue['keys'];
  readonly shingles: boolean;
  readonly documents: number;
  readonly bytes: number;
  readonly runs: readonly { readonly name: string; readonly documents: number; readonly bytes: Readonly<Record<string, number>> }[];
}

function summary({ keys, shingles, segments }: Catalogue): Summary {
  const runs = segments.map((segment) => ({ name: segment.name, documents: segment.documents, bytes: Object.fromEntries(bytesByKind([segment])) }));
  const bytes = [...bytesByKind(segments).values()].reduce((sum, of) => sum + of, 0);
  return { keys, shingles, documents: segments.reduce((sum, segment) => sum + segment.documents, 0), bytes, runs };
}

function keep(text: string): Keep[] {
  const parts = text.split(',');
  const wrong = parts.find((part) => !(KEEPS as readonly string[]).includes(part));
  if (wrong !== undefined) throw new InvalidArgumentError(`--keep holds "${wrong}"; expected some of ${KEEPS.join(', ')}, joined by ",".`);
  return KEEPS.filter((part) => parts.includes(part));
}

function stepOptions(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`--with is not JSON (${(error as Error).message}).`);
  }
  const isObject = (one: unknown): one is Record<string, unknown> => typeof one === 'object' && one !== null && !Array.isArray(one);
  if (!isObject(value) || !Object.values(value).every(isObject))
    throw new InvalidArgumentError('--with is {"step": {"option": value}}, such as {"dedupe-url": {"normalise": "c4"}}.');
  return value;
}
