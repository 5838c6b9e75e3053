// `refine`: one file a command, registered here.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { packagePath } from '../../native/package-root.js';
import { EXIT, reportError } from './command.js';
import { registerDoctor } from './doctor.js';
import { registerFetch } from './fetch-lists.js';
import { registerInspect } from './inspect.js';
import { registerLoad } from './load.js';
import { registerPlan } from './plan.js';
import { registerRun } from './run.js';
import { registerStats } from './stats.js';
import { registerTry } from './try.js';
import { registerUrl } from './url.js';
import { registerValidate } from './validate.js';

function version(): string {
  return (JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }).version;
}

export function buildProgram(): Command {
  const program = new Command('refine')
    .description('Web-scale pretraining corpora: CommonCrawl WARC files to deduplicated, tokenized Arrow shards, and on into training jobs.')
    .version(version())
    .showHelpAfterError('(add --help to see the options)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'ERR_REFINE_USAGE ')) })
    .exitOverride();
  for (const register of [
    registerRun,
    registerPlan,
    registerValidate,
    registerTry,
    registerStats,
    registerInspect,
    registerLoad,
    registerUrl,
    registerFetch,
    registerDoctor,
  ])
    register(program);
  for (const command of program.commands)
    command.exitOverride().configureOutput(program.configureOutput()).showHelpAfterError('(add --help to see the options)');
  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 a run, manifest or model failed, 2 usage, 130 interrupted.\nTo begin: refine run manifests/sample.yaml',
  );
  return program;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

const program = buildProgram();
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
