// `refine`: one file a command, registered here.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import { packagePath } from '../../native/package-root.js';
import { EXIT, type Register, reportError } from './command.js';
import { addExamples } from './examples.js';

/** In the order of --help. Only the command that is called is loaded: `refine load` gives its first batch before the rest is read. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  run: async () => (await import('./run.js')).registerRun,
  plan: async () => (await import('./plan.js')).registerPlan,
  status: async () => (await import('./status.js')).registerStatus,
  init: async () => (await import('./init.js')).registerInit,
  validate: async () => (await import('./validate.js')).registerValidate,
  try: async () => (await import('./try.js')).registerTry,
  stats: async () => (await import('./stats.js')).registerStats,
  report: async () => (await import('./report.js')).registerReport,
  check: async () => (await import('./check.js')).registerCheck,
  inspect: async () => (await import('./inspect.js')).registerInspect,
  sample: async () => (await import('./sample.js')).registerSample,
  search: async () => (await import('./search.js')).registerSearch,
  export: async () => (await import('./export.js')).registerExport,
  load: async () => (await import('./load.js')).registerLoad,
  worker: async () => (await import('./worker.js')).registerWorker,
  submit: async () => (await import('./submit.js')).registerSubmit,
  remove: async () => (await import('./remove.js')).registerRemove,
  index: async () => (await import('./dedupe-index.js')).registerIndex,
  url: async () => (await import('./url.js')).registerUrl,
  fetch: async () => (await import('./fetch-lists.js')).registerFetch,
  tokenizer: async () => (await import('./tokenizer.js')).registerTokenizer,
  model: async () => (await import('./model.js')).registerModel,
  'train-ngram': async () => (await import('./train-ngram.js')).registerTrainNgram,
  'train-classifier': async () => (await import('./train-classifier.js')).registerTrainClassifier,
  generate: async () => (await import('./generate.js')).registerGenerate,
  clean: async () => (await import('./clean.js')).registerClean,
  explain: async () => (await import('./explain.js')).registerExplain,
  doctor: async () => (await import('./doctor.js')).registerDoctor,
  completion: async () => (await import('./completion.js')).registerCompletion,
};

function version(): string {
  return (JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }).version;
}

/** What the call needs: its own command; all of them for help, completion and a name that none has; none to say the version. */
function loaders(called: string | undefined): readonly (() => Promise<Register>)[] {
  if (called === '--version' || called === '-V') return [];
  const one = called === undefined || called === 'completion' || !Object.hasOwn(COMMANDS, called) ? undefined : COMMANDS[called];
  return one === undefined ? Object.values(COMMANDS) : [one];
}

async function buildProgram(called: string | undefined): Promise<Command> {
  const program = new Command('refine')
    .description('Web-scale pretraining corpora: CommonCrawl WARC files to deduplicated, tokenized Arrow shards, and on into training jobs.')
    .version(version())
    .showHelpAfterError('(add --help to see the options)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'ERR_REFINE_USAGE ')) })
    .exitOverride();
  for (const load of loaders(called)) (await load())(program);
  for (const command of program.commands)
    command.exitOverride().configureOutput(program.configureOutput()).showHelpAfterError('(add --help to see the options)');
  addExamples(program);
  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 a run, manifest or model failed, 2 usage, 130 interrupted (Ctrl-C), 143 told to stop (SIGTERM).\nTo begin: refine run manifests/sample.yaml',
  );
  return program;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  process.exit(reportError(outputError(error)));
});

/** The file that standard output goes to took no more: what it holds is cut short, and nobody may take it for whole. */
function outputError(cause: NodeJS.ErrnoException): Error {
  return new RefineError(
    'ERR_REFINE_DISK',
    `cannot be written: ${cause.code ?? cause.message}; what it holds is not whole. Make room where it goes, then run the same command again.`,
    {
      place: 'standard output',
      cause,
    },
  );
}

const program = await buildProgram(process.argv[2]);
if (process.argv.length <= 2) {
  program.outputHelp({ error: true });
  process.exitCode = EXIT.usage;
} else {
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
