// Completion for fish: a line an option, under the condition that its command stands on the line.
import { type CommandShape, everyCommand, type ValueKind } from './shape.js';

export function fishCompletion(root: CommandShape): string {
  const lines = ['# fish completion for refine; made by `refine completion fish`', 'complete -c refine -f'];
  for (const command of everyCommand(root)) {
    const here = condition(command);
    const when = ` -n ${quoted(here)}`;
    const names = command.commands.map(({ name }) => name);
    const none = names.length === 0 ? '' : `${here === 'true' ? '' : `${here}; and `}not __fish_seen_subcommand_from ${names.join(' ')}`;
    for (const child of command.commands) lines.push(`complete -c refine -n ${quoted(none)} -a ${child.name} -d ${quoted(child.description)}`);
    for (const option of command.options) {
      const flags = option.flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
      lines.push(`complete -c refine${when} ${flags}${option.value === null ? '' : ` ${valueFlags(option.value)}`} -d ${quoted(option.description)}`);
    }
    if (names.length > 0) continue;
    for (const value of command.values) {
      if (value === 'file') lines.push(`complete -c refine${when} -F`);
      else if (value === 'folder') lines.push(`complete -c refine${when} -a '(__fish_complete_directories)'`);
      else if (typeof value === 'object') lines.push(`complete -c refine${when} -a ${quoted(value.words.join(' '))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function condition({ path }: CommandShape): string {
  if (path === '') return 'true';
  return path
    .split(' ')
    .map((word) => `__fish_seen_subcommand_from ${word}`)
    .join('; and ');
}

function valueFlags(value: ValueKind): string {
  if (value === 'file') return '-rF';
  if (value === 'folder') return "-x -a '(__fish_complete_directories)'";
  return value === 'free' ? '-x' : `-x -a ${quoted(value.words.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
