// `refine index`: what earlier runs kept, as keys, so that a new crawl is deduplicated against them without their text.
import { type Command, InvalidArgumentError } from 'commander';
import { KEEPS, type Keep } from '../dedupe-index-keeps.js';
import { action, memory } from './command.js';

export interface AddFlags {
  readonly name?: string;
  readonly with: Readonly<Record<string, unknown>>;
  readonly finalText?: boolean;
  readonly maxMemory: number;
  readonly signatures?: readonly string[];
}

export interface BuildFlags extends AddFlags {
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
        return (await import('./dedupe-index-answers.js')).buildIndex(folders, flags);
      }),
    );

  adding(command.command('add').description('appends finished runs to an index'))
    .argument('<index>', 'an index')
    .argument('[runs...]', 'run folders, finished, with text/')
    .action(action(async (index: string, folders: string[], flags: AddFlags) => (await import('./dedupe-index-answers.js')).addToIndex(index, folders, flags)));

  command
    .command('show')
    .description('the runs in an index, its keys and its size')
    .argument('<index>', 'an index')
    .option('--json', 'one JSON object, for programs')
    .action(
      action(async (index: string, flags: { json?: boolean }) => {
        return (await import('./dedupe-index-answers.js')).showIndex(index, flags.json === true);
      }),
    );

  command
    .command('verify')
    .description('reads every byte of an index and compares it with the catalogue')
    .argument('<index>', 'an index')
    .action(
      action(async (index: string) => {
        return (await import('./dedupe-index-answers.js')).checkIndex(index);
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
