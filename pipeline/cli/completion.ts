// `refine completion SHELL`: a script that completes commands, options, their values and files, made from commander's definitions.
import type { Command } from 'commander';
import { bashCompletion } from '../completion/bash.js';
import { type CommandShape, shapeOf } from '../completion/shape.js';
import { fishCompletion } from '../completion/fish.js';
import { zshCompletion } from '../completion/zsh.js';
import { action, data, EXIT } from './command.js';

const SHELLS: Readonly<Record<string, (root: CommandShape) => string>> = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function registerCompletion(program: Command): void {
  const command = program
    .command('completion')
    .description('a script for the shell: Tab completes commands, options, their values and files, after `refine` and after `npx refine`')
    .addHelpText(
      'after',
      `
To keep it, one line:
  bash  npx refine completion bash > ~/.refine-completion && echo 'source ~/.refine-completion' >> ~/.bashrc
  zsh   npx refine completion zsh > ~/.refine-completion && echo 'source ~/.refine-completion' >> ~/.zshrc
  fish  npx refine completion fish > ~/.config/fish/completions/refine.fish`,
    )
    .action(
      action(async (shell: string) => {
        await data(SHELLS[shell]!(shapeOf(program)));
        return EXIT.done;
      }),
    );
  command.addArgument(command.createArgument('<shell>', 'which shell').choices(Object.keys(SHELLS)));
}
