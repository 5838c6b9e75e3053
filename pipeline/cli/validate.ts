// `refine validate`: line and column of every mistake in a manifest, with the likely fix. Reads no input and writes nothing.
import type { Command } from 'commander';
import { action, collect, EXIT, words } from './command.js';

export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description('line and column of every mistake in a manifest, with the likely fix')
    .argument('<manifest>', 'a manifest (YAML)')
    .option('--set <step.option=value>', 'as for run; may stand several times', collect)
    .action(
      action(async (path: string, options: { set?: string[] }) => {
        const { loadManifest } = await import('../manifest.js');
        const { manifestWarnings } = await import('../manifest-warnings.js');
        const manifest = await loadManifest(path, { sets: options.set ?? [] });
        for (const warning of manifestWarnings(manifest)) words(warning);
        words(
          `${path} is a valid manifest: source ${manifest.source.kind}, ${manifest.steps.length} ${manifest.steps.length === 1 ? 'step' : 'steps'} (${manifest.steps.map((step) => step.name).join(', ')}).`,
        );
        return EXIT.done;
      }),
    );
}
