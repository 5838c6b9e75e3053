// `refine doctor`: what this machine offers; exit 1 when something that a run needs is missing.
import type { Command } from 'commander';
import { examine } from '../doctor.js';
import { bugReport } from '../doctor-report.js';
import { action, data, EXIT, words } from './command.js';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what this machine offers: addon, instruction sets, memory, disk, models, lists and tokenizers found')
    .option('--json', 'one JSON array, for programs')
    .option('--report', 'a block of text to paste into a bug report: versions, machine, tools; no paths of yours, no values that could be secret')
    .action(
      action(async (options: { json?: boolean; report?: boolean }) => {
        if (options.report === true) {
          await data(await bugReport(process.cwd()));
          return EXIT.done;
        }
        const findings = await examine(process.cwd());
        const missing = findings.filter((finding) => finding.state === 'missing');
        if (options.json === true) await data(`${JSON.stringify(findings, null, 2)}\n`);
        else {
          const width = Math.max(...findings.map((finding) => finding.name.length));
          for (const { name, value, state, next } of findings)
            await data(`${state.padEnd(7)}  ${name.padEnd(width)}  ${value}${next === undefined ? '' : `. ${next}`}\n`);
        }
        words(missing.length === 0 ? 'Everything a run needs is here.' : `Missing: ${missing.map((finding) => finding.name).join(', ')}.`);
        return missing.length === 0 ? EXIT.done : EXIT.failed;
      }),
    );
}
